/** The bytes of a request's body, as many as its operation takes. */
import { UNCOUNTED_BYTES_MAX } from "../core/body-budget.ts";
import { REQUEST_BYTES_MAX, SYNC_PAYLOAD_BYTES_MAX } from "../core/limits.ts";
import { AwsError, noRoomForBody, tooLarge } from "../errors/aws-error.ts";
import { endOf } from "../services/invocations/stream-queue.ts";
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

type Source = Pick<Exchange, "request" | "peer">;

/** @throws AwsError RequestEntityTooLargeException, TooManyRequestsException */
export function readBody(exchange: Exchange, name: OperationName): Promise<Uint8Array> | Uint8Array {
  if (exchange.body !== undefined) return exchange.body;
  const small = readSmall(exchange);
  if (small) return small;
  const bytesMax = LARGE_BODIES.has(name) ? REQUEST_BYTES_MAX : SYNC_PAYLOAD_BYTES_MAX;
  return readBytes(exchange, { bytesMax, name: INTERNAL_NAMES[name] ?? name });
}

/** Most bodies: no way is shorter. Asked before the stream is: asking for that makes one, which costs a call 2 µs. */
function readSmall(source: Source): Promise<Uint8Array> | undefined {
  const declared = declaredBytes(source.request);
  if (declared === undefined || !(declared <= SMALL_BYTES)) return undefined;
  if (declared > UNCOUNTED_BYTES_MAX) reserve(source, declared);
  return source.request.bytes();
}

function declaredBytes({ headers }: Request): number | undefined {
  const declared = headers.get("content-length");
  return declared === null ? undefined : Number(declared);
}

/** Its request is answered; with a stream as long as its call runs, which has the body meanwhile. */
export function giveBody({ request, peer }: Source, answer: unknown): void {
  const ended = answer instanceof ReadableStream ? endOf(answer) : undefined;
  if (ended) void ended.then(() => peer?.bodies.give(request));
  else peer?.bodies.give(request);
}

/** @throws AwsError TooManyRequestsException */
function reserve({ request, peer }: Source, bytes: number): void {
  if (peer?.bodies.take(request, bytes) === false) throw noRoomForBody();
}

/**
 * `name`: of the operation, for who is refused.
 * @throws AwsError RequestEntityTooLargeException, TooManyRequestsException, before the rest is read: it may never end
 */
export async function readBytes(
  exchange: Source,
  { bytesMax, name }: { bytesMax: number; name: string },
): Promise<Uint8Array> {
  const body = await readWithin(exchange, bytesMax);
  if (body === undefined) throw tooLarge(name, bytesMax);
  return body;
}

/**
 * Undefined, and the rest unread, when it is larger than `bytesMax`.
 * @throws AwsError TooManyRequestsException when all bodies together are larger than the server wants them to be
 */
export async function readWithin(source: Source, bytesMax: number): Promise<Uint8Array | undefined> {
  const { request, peer } = source;
  const declared = declaredBytes(request);
  if (declared !== undefined && declared > bytesMax) return undefined;
  const small = readSmall(source);
  if (small) return await small;
  if (request.body === null) return new Uint8Array();
  if (declared !== undefined) reserve(source, declared);
  const watch = new BodyWatch(peer, request);
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of request.body) {
    bytes += chunk.length;
    if (bytes > bytesMax) return undefined;
    if (declared === undefined) reserve(source, chunk.length);
    if (!watch.took(chunk.length)) throw tooSlow();
    chunks.push(chunk);
  }
  return chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks);
}

const tooSlow = (): AwsError =>
  new AwsError("InvalidRequestContentException", "The request's body came too slowly", {
    headers: { Connection: "close" },
  });
