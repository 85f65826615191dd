/**
 * The S3 API over HTTP, on the port that the Lambda API has: it takes what no operation of Lambda's is at.
 *
 * **Gaps**
 * - Access control lists, policies, lifecycle, encryption settings and all other configuration of buckets but versioning: NotImplemented.
 * - A key with a segment `.` or `..` cannot be reached: Bun resolves them in the path, as URLs have it, before we see it.
 *
 * **By design**
 * - A bucket cannot be named like a date: those paths are the Lambda API's.
 * - Headers that are not acted upon (`x-amz-acl`, …) are named in `x-lambent-warning`.
 */
import type { BodyBudget } from "../core/body-budget.ts";
import type { Ids } from "../core/ids.ts";
import type { Log } from "../core/log.ts";
import type { AccessKey } from "../security/keys/access-key.ts";
import { s3Needed } from "./actions.ts";
import { type Admission, type Admit, s3RefusalOf } from "./admission.ts";
import type { Buckets } from "./buckets.ts";
import { routeOf } from "./routes.ts";
import { S3Error } from "./s3-error.ts";
import { type Target, targetOf } from "./target.ts";
import { errorDocument } from "./xml.ts";

/** The answer, or undefined when the request is not S3's. */
export type S3Door = (request: Request, peer?: S3Peer) => Promise<Response> | undefined;

/** The other end of the connection, as `Bun.serve` tells of it. */
export interface S3Peer {
  timeout(request: Request, seconds: number): void;
  /** For a body to go on, and for an answer to be taken. */
  readonly idleSeconds: number;
  /** What the bodies of all connections may take. */
  readonly bodies: BodyBudget;
  requestIP(request: Request): { readonly address: string } | null;
}

export interface S3DoorParts {
  readonly buckets: Buckets;
  readonly region: string;
  readonly ids: Ids;
  readonly log: Log;
  /** Lets a caller in, or throws an S3Error (AccessDenied, …). Undefined: everybody may do everything. */
  readonly admit?: Admit | undefined;
  /** Told of every change that was tried, and of everybody who was not let in. */
  readonly note?: ((event: S3Event) => void) | undefined;
}

export interface S3Event {
  readonly request: Request;
  readonly peer: S3Peer | undefined;
  readonly requestId: string;
  /** `s3:PutObject`. */
  readonly action: string;
  readonly target: Target;
  /** Undefined: nobody who could be told. */
  readonly key: AccessKey | undefined;
  /** `ok`, or the code of the error. */
  readonly outcome: string;
  readonly refused: boolean;
}

/** In the scope of a signature. */
const SERVICE = /\/(\w+)\/aws4_request\b/;

export function makeS3Door(parts: S3DoorParts): S3Door {
  return (request, peer) => {
    const signedFor = SERVICE.exec(request.headers.get("authorization") ?? "")?.[1];
    if (signedFor === "lambda") return undefined; // wherever it goes: its client reads JSON
    try {
      const target = targetOf(request, { surelyS3: signedFor === "s3" });
      return target && answer(parts, request, { target, peer });
    } catch (error) {
      return Promise.resolve(refuse(parts, request, { error, requestId: newRequestId(parts.ids) }));
    }
  };
}

async function answer(
  parts: S3DoorParts,
  request: Request,
  { target, peer }: { target: Target; peer: S3Peer | undefined },
): Promise<Response> {
  const requestId = newRequestId(parts.ids);
  let operation = `${request.method} ${new URL(request.url).pathname}`;
  let admission: Admission | undefined;
  const note = (outcome: string, refused: boolean): void => {
    if (!refused && isRead(request)) return;
    const about = { request, peer, requestId, target, outcome, refused, key: admission?.key };
    parts.note?.({ ...about, action: `s3:${operation}` });
  };
  try {
    const { name, run } = routeOf(request, target);
    operation = name;
    admission = parts.admit?.(request, peer);
    if (admission) for (const needed of s3Needed(operation, target, request.headers)) await admission.require(needed);
    const { bucket = "", key = "", query } = target;
    if (request.body === null) peer?.timeout(request, 0); // a copy of gigabytes says nothing while it runs
    const response = await run({ ...parts, request, peer, admission, query, bucket, key });
    response.headers.set("x-amz-request-id", requestId);
    peer?.timeout(request, peer.idleSeconds);
    note("ok", false);
    return response;
  } catch (thrown) {
    peer?.timeout(request, peer.idleSeconds);
    const error = s3RefusalOf(thrown);
    const code = error instanceof S3Error ? error.code : "InternalError";
    note(code, REFUSALS.has(code));
    return refuse(parts, request, { error, requestId });
  } finally {
    peer?.bodies.give(request);
  }
}

const isRead = ({ method }: Request): boolean => method === "GET" || method === "HEAD";

const REFUSALS: ReadonlySet<string> = new Set([
  "AccessDenied",
  "AuthorizationHeaderMalformed",
  "ExpiredToken",
  "InvalidAccessKeyId",
  "RequestTimeTooSkewed",
  "SignatureDoesNotMatch",
  "SlowDown",
]);

function refuse({ log }: S3DoorParts, request: Request, failure: { error: unknown; requestId: string }): Response {
  const { error, requestId } = failure;
  const known = error instanceof S3Error ? error : new S3Error("InternalError");
  if (known !== error) log.error({ err: error, requestId }, "A request to the embedded buckets failed");
  const headers = { "x-amz-request-id": requestId, ...known.headers };
  if (request.method === "HEAD" || known.status === 304) return new Response(null, { status: known.status, headers });
  const body = errorDocument({
    Code: known.code,
    Message: known.message,
    ...known.details,
    Resource: known.details["Resource"] ?? new URL(request.url).pathname,
    RequestId: requestId,
  });
  return new Response(body, { status: known.status, headers: { ...headers, "content-type": "application/xml" } });
}

/** Sixteen characters, as S3's are. */
const newRequestId = (ids: Ids): string => ids.uuid().replaceAll("-", "").slice(0, 16).toUpperCase();
