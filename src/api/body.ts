/** The bytes of a request's body, as many as its operation takes. */
import { REQUEST_BYTES_MAX, SYNC_PAYLOAD_BYTES_MAX } from "../core/limits.ts";
import { AwsError, tooLarge } from "../errors/aws-error.ts";
import type { OperationName } from "../shapes/operations.ts";
import type { Exchange } from "./exchange.ts";
import { BodyWatch } from "./peer.ts";

/** Those whose bodies hold code. */
const LARGE_BODIES: ReadonlySet<OperationName> = new Set([
  "CreateFunction",
  "UpdateFunctionCode",
  "PublishLayerVersion",
]);
/** The names that AWS's messages have for some operations. */
const INTERNAL_NAMES: Partial<Record<OperationName, string>> = { Invoke: "InvokeFunction" };
/** One that is declared to be so small comes in one piece, in all likelihood. */
const SMALL_BYTES = 256 * 1024;

/** @throws AwsError RequestEntityTooLargeException */
export function readBody(exchange: Exchange, name: OperationName): Promise<Uint8Array> | Uint8Array {
  if (exchange.body !== undefined) return exchange.body;
  if (isSmall(exchange.request)) return exchange.request.bytes(); // most calls: no way is shorter
  const bytesMax = LARGE_BODIES.has(name) ? REQUEST_BYTES_MAX : SYNC_PAYLOAD_BYTES_MAX;
  return readBytes(exchange, { bytesMax, name: INTERNAL_NAMES[name] ?? name });
}

/** Asked before the stream is: asking for that makes one, which costs a call 2 µs. */
function isSmall(request: Request): boolean {
  const declared = request.headers.get("content-length");
  return declared !== null && Number(declared) <= SMALL_BYTES;
}

/**
 * `name`: of the operation, for who is refused.
 * @throws AwsError RequestEntityTooLargeException, before the rest is read: it may never end
 */
export async function readBytes(
  exchange: Pick<Exchange, "request" | "peer">,
  { bytesMax, name }: { bytesMax: number; name: string },
): Promise<Uint8Array> {
  const body = await readWithin(exchange, bytesMax);
  if (body === undefined) throw tooLarge(name, bytesMax);
  return body;
}

/** Undefined, and the rest unread, when it is larger than `bytesMax`. */
export async function readWithin(
  { request, peer }: Pick<Exchange, "request" | "peer">,
  bytesMax: number,
): Promise<Uint8Array | undefined> {
  const declared = request.headers.get("content-length");
  if (Number(declared) > bytesMax) return undefined;
  if (isSmall(request) || request.body === null) return await request.bytes();
  const watch = new BodyWatch(peer, request);
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of request.body) {
    bytes += chunk.length;
    if (bytes > bytesMax) return undefined;
    if (!watch.took(chunk.length)) throw tooSlow();
    chunks.push(chunk);
  }
  return chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks);
}

const tooSlow = (): AwsError =>
  new AwsError("InvalidRequestContentException", "The request's body came too slowly", {
    headers: { Connection: "close" },
  });
