/**
 * Code from S3: out of the embedded bucket of that name, or else from the S3-compatible server that is configured. Each object is read
 * once, so an upload that replaces it meanwhile cannot mix with it.
 *
 * **By design**
 * - Without a configured server nothing is asked for outside this machine.
 * - AWS takes larger zips from S3 than by themselves; here 50 MiB is the limit for both.
 */
import { AwsClient } from "aws4fetch";
import type { AwsEndpoint } from "../core/aws-endpoint.ts";
import { PACKAGE_ZIPPED_BYTES_MAX } from "../core/limits.ts";
import { AwsError, invalidParameter } from "../errors/aws-error.ts";
import { zippedTooLarge } from "./refusals.ts";

export interface S3ObjectName {
  readonly bucket: string;
  readonly key: string;
  readonly versionId?: string | undefined;
}

export interface S3Source {
  /** @throws AwsError InvalidParameterValueException, AccessDeniedException, RequestEntityTooLargeException: always a 4xx. */
  read(object: S3ObjectName): Promise<Uint8Array>;
}

/** The buckets in the data directory, as `src/s3` has them. */
export interface EmbeddedBuckets {
  readWhole(
    object: S3ObjectName,
    bytesMax: number,
  ): Promise<
    | { readonly kind: "found"; readonly bytes: Uint8Array }
    | { readonly kind: "no-bucket" }
    | { readonly kind: "too-large" }
    | { readonly kind: "refused"; readonly code: string; readonly message: string }
  >;
}

export interface RemoteS3 extends AwsEndpoint {
  /** For the answer's head, and for all of it. */
  readonly timeoutsMs?: { readonly head: number; readonly whole: number };
}

const TIMEOUTS_MS = { head: 10_000, whole: 120_000 };
const TRIES_MAX = 3;
const RETRY_AFTER_MS = 200;
const ERROR_BYTES_MAX = 64 * 1024;

export function s3Source(places: { embedded: EmbeddedBuckets; remote: RemoteS3 | null }): S3Source {
  const { embedded, remote } = places;
  return {
    async read(object) {
      const own = await embedded.readWhole(object, PACKAGE_ZIPPED_BYTES_MAX);
      switch (own.kind) {
        case "found":
          return own.bytes;
        case "too-large":
          throw zippedTooLarge();
        case "refused":
          throw refusal(object, own);
        case "no-bucket":
          if (remote) return readRemote(remote, object);
          throw refusal(object, { code: "NoSuchBucket", message: "The specified bucket does not exist" });
        default:
          throw own satisfies never;
      }
    },
  };
}

async function readRemote(remote: RemoteS3, object: S3ObjectName): Promise<Uint8Array> {
  const url = urlOf(remote, object);
  const timeouts = remote.timeoutsMs ?? TIMEOUTS_MS;
  const whole = AbortSignal.timeout(timeouts.whole);
  try {
    const response = await ask(remote, url, { whole, headMs: timeouts.head });
    if (response.status !== 200) throw await readRefusal(response, object);
    return await readBody(response, PACKAGE_ZIPPED_BYTES_MAX, zippedTooLarge);
  } catch (cause) {
    if (cause instanceof AwsError) throw cause;
    throw unreachable(remote, { cause, timeouts });
  }
}

/** The first answer that is not a passing failure, or the last one. */
async function ask(remote: RemoteS3, url: string, limits: { whole: AbortSignal; headMs: number }): Promise<Response> {
  for (let left = TRIES_MAX - 1; ; left--) {
    const response = await askOnce(remote, url, limits);
    if (left === 0 || (response.status < 500 && response.status !== 429)) return response;
    await response.body?.cancel();
    await Bun.sleep(RETRY_AFTER_MS);
  }
}

async function askOnce(
  remote: RemoteS3,
  url: string,
  limits: { whole: AbortSignal; headMs: number },
): Promise<Response> {
  const slow = new AbortController();
  const timer = setTimeout(() => slow.abort(new DOMException("no answer in time", "TimeoutError")), limits.headMs);
  try {
    const request = await signed(remote, url);
    const signal = AbortSignal.any([limits.whole, slow.signal]);
    // The bytes as they are stored, even if their encoding is called gzip; and no key of ours to where a redirect points.
    return await fetch(request, { signal, redirect: "manual", decompress: false });
  } finally {
    clearTimeout(timer);
  }
}

async function signed({ credentials, region }: RemoteS3, url: string): Promise<Request> {
  if (!credentials) return new Request(url);
  const { sessionToken, ...keys } = credentials;
  const client = new AwsClient({ ...keys, region, service: "s3", ...(sessionToken !== undefined && { sessionToken }) });
  return client.sign(url);
}

/** Path style. */
function urlOf({ url }: RemoteS3, { bucket, key, versionId }: S3ObjectName): string {
  // A URL resolves such segments, however they are encoded: it would name another object.
  if (key.split("/").some((segment) => segment === "." || segment === ".."))
    throw invalidParameter(`Cannot fetch the code: the S3Key '${key}' has a part '.' or '..', which no URL can carry`);
  const path = `${encodeSegment(bucket)}/${key.split("/").map(encodeSegment).join("/")}`;
  return `${url}/${path}${versionId === undefined ? "" : `?versionId=${encodeSegment(versionId)}`}`;
}

const encodeSegment = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);

/** Reads on only as long as the limit holds, whatever the server said of the length. */
async function readBody(response: Response, bytesMax: number, refuse: () => Error): Promise<Uint8Array> {
  const declared = Number(response.headers.get("content-length") ?? 0);
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  if (declared > bytesMax) {
    await response.body?.cancel();
    throw refuse();
  }
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length;
    if (bytes > bytesMax) throw refuse();
    chunks.push(chunk);
  }
  if (declared > 0 && bytes < declared) throw new Error(`the connection ended after ${bytes} of ${declared} bytes`);
  return new Uint8Array(Buffer.concat(chunks));
}

async function readRefusal(response: Response, object: S3ObjectName): Promise<AwsError> {
  const body = await readBody(response, ERROR_BYTES_MAX, () => new Error("the error is too long"));
  const xml = new TextDecoder().decode(body);
  const region = response.headers.get("x-amz-bucket-region");
  const code = textOf(xml, "Code") ?? (response.status === 403 ? "AccessDenied" : `HTTP ${response.status}`);
  if (response.status >= 300 && response.status < 400) {
    const message = `The bucket is in this region: ${region}. Please use this region to retry the request`;
    return refusal(object, { code: "PermanentRedirect", message });
  }
  return refusal(object, { code, message: textOf(xml, "Message") ?? (response.statusText || "(no message)") });
}

function textOf(xml: string, name: string): string | undefined {
  const text = new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1];
  return text?.replace(/&(lt|gt|quot|apos|amp);/g, (_, entity: string) => ENTITIES[entity] ?? "");
}

const ENTITIES: Readonly<Record<string, string>> = { lt: "<", gt: ">", quot: '"', apos: "'", amp: "&" };

/**
 * AWS's words. Sources: recorded on AWS for NoSuchKey; for AccessDenied and PermanentRedirect as clients report them (among
 * others issues of awslabs/lambda-streams-to-firehose and aws-samples/amazon-textract-enhancer).
 */
function refusal({ bucket, key }: S3ObjectName, { code, message }: { code: string; message: string }): AwsError {
  const told = `S3 Error Code: ${code}. S3 Error Message: ${message}`;
  if (code === "AccessDenied" || code === "AllAccessDisabled")
    return new AwsError(
      "AccessDeniedException",
      `Your access has been denied by S3, please make sure your request credentials have permission to GetObject for ${bucket}/${key}. ${told}`,
    );
  return invalidParameter(`Error occurred while GetObject. ${told}`);
}

/** Our own text: AWS's S3 is always there. */
function unreachable(
  remote: RemoteS3,
  failure: { cause: unknown; timeouts: { head: number; whole: number } },
): AwsError {
  const { cause, timeouts } = failure;
  const isTimeout = cause instanceof Error && cause.name === "TimeoutError";
  const why = isTimeout
    ? `it did not answer in time (${timeouts.head / 1000} s for the beginning, ${timeouts.whole / 1000} s for all)`
    : `the connection failed (${codeOf(cause)})`;
  return new AwsError(
    "InvalidParameterValueException",
    `Cannot fetch the code from ${remote.url}: ${why}. Check that an S3-compatible server runs there and that AWS_ENDPOINT_URL_S3 or AWS_ENDPOINT_URL names it, or put the object into an embedded bucket`,
    { cause },
  );
}

const codeOf = (cause: unknown): string =>
  cause instanceof Error ? ("code" in cause ? String(cause.code) : cause.message) : String(cause);
