/**
 * The S3 API over HTTP, on the port that the Lambda API has: it takes what no operation of Lambda's is at.
 *
 * **Gaps**
 * - Signatures are not verified: `admit` is where that will be done.
 * - Access control lists, policies, lifecycle, encryption settings and all other configuration of buckets but versioning: NotImplemented.
 * - A key with a segment `.` or `..` cannot be reached: Bun resolves them in the path, as URLs have it, before we see it.
 *
 * **By design**
 * - A bucket cannot be named like a date: those paths are the Lambda API's.
 * - Headers that are not acted upon (`x-amz-acl`, …) are named in `x-lambent-warning`.
 */
import type { Ids } from "../core/ids.ts";
import type { Log } from "../core/log.ts";
import type { Buckets } from "./buckets.ts";
import { routeOf } from "./routes.ts";
import { S3Error } from "./s3-error.ts";
import { type Target, targetOf } from "./target.ts";
import { errorDocument } from "./xml.ts";

/** The answer, or undefined when the request is not S3's. */
export type S3Door = (request: Request) => Promise<Response> | undefined;

export interface S3DoorParts {
  readonly buckets: Buckets;
  readonly region: string;
  readonly ids: Ids;
  readonly log: Log;
  /** Lets a caller in, or throws an S3Error (AccessDenied, …). Default: everybody. */
  readonly admit?: (request: Request, asked: { operation: string; target: Target }) => void | Promise<void>;
}

/** In the scope of a signature. */
const SERVICE = /\/(\w+)\/aws4_request\b/;

export function makeS3Door(parts: S3DoorParts): S3Door {
  return (request) => {
    const signedFor = SERVICE.exec(request.headers.get("authorization") ?? "")?.[1];
    if (signedFor === "lambda") return undefined; // wherever it goes: its client reads JSON
    try {
      const target = targetOf(request, { surelyS3: signedFor === "s3" });
      return target && answer(parts, request, target);
    } catch (error) {
      return Promise.resolve(refuse(parts, request, { error, requestId: newRequestId(parts.ids) }));
    }
  };
}

async function answer(parts: S3DoorParts, request: Request, target: Target): Promise<Response> {
  const requestId = newRequestId(parts.ids);
  try {
    const { name, run } = routeOf(request, target);
    await parts.admit?.(request, { operation: name, target });
    const { bucket = "", key = "", query } = target;
    const response = await run({ ...parts, request, query, bucket, key });
    response.headers.set("x-amz-request-id", requestId);
    return response;
  } catch (error) {
    return refuse(parts, request, { error, requestId });
  }
}

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
