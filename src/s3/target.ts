/** What a request is about: the service, a bucket, or an object; and with which parameters. */
import { API_DATE, refuseBucketName } from "./bucket-name.ts";
import { S3Error } from "./s3-error.ts";

export interface Target {
  readonly bucket: string | undefined;
  readonly key: string | undefined;
  readonly query: URLSearchParams;
}

const KEY_BYTES_MAX = 1024;
/** `photos.s3.localhost:4566` and `photos.localhost:4566`: clients that put the bucket before the host's name find it there. */
const BUCKET_HOST = /^([a-z0-9][a-z0-9.-]*?)\.(?:s3\.)?localhost$/;
const OURS = "_lambent";

/**
 * Undefined when the path belongs to the Lambda API or to Lambent itself.
 * @throws S3Error InvalidURI, KeyTooLongError; InvalidBucketName instead of undefined where `surelyS3`.
 */
export function targetOf(request: Request, { surelyS3 }: { surelyS3: boolean }): Target | undefined {
  const { pathname, hostname, search } = partsOf(request.url);
  const [, first = "", rest] = /^\/([^/]*)(?:\/([\s\S]*))?$/.exec(pathname) ?? [];
  if (surelyS3 && API_DATE.test(first)) refuseBucketName(first);
  if (API_DATE.test(first) || first === OURS) return undefined;
  const query = new URLSearchParams(search);
  const hosted = BUCKET_HOST.exec(hostname)?.[1];
  if (hosted !== undefined && hosted !== "s3") return { bucket: hosted, key: keyOf(pathname.slice(1)), query };
  return { bucket: first === "" ? undefined : decode(first), key: first === "" ? undefined : keyOf(rest ?? ""), query };
}

/** By hand: `URL` would decode nothing, but it would rewrite what it takes for relative. */
function partsOf(url: string): { hostname: string; pathname: string; search: string } {
  const match = /^\w+:\/\/([^/?#]*)([^?#]*)(?:\?([^#]*))?/.exec(url);
  const hostname = (match?.[1] ?? "").replace(/:\d+$/, "");
  return { hostname, pathname: match?.[2] || "/", search: match?.[3] ?? "" };
}

function keyOf(path: string): string | undefined {
  const key = decode(path);
  if (key === "") return undefined;
  if (key.includes("\0")) throw new S3Error("InvalidURI");
  if (Buffer.byteLength(key) > KEY_BYTES_MAX) throw new S3Error("KeyTooLongError");
  return key;
}

function decode(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch (cause) {
    throw new S3Error("InvalidURI", { cause });
  }
}

/** `/bucket/key` or `bucket/key`, perhaps with `?versionId=`: the header of a copy. */
export function copySourceOf(header: string): { bucket: string; key: string; versionId: string | undefined } {
  const [path = "", parameters] = header.replace(/^\//, "").split("?", 2);
  const [, bucket, key] = /^([^/]+)\/([\s\S]+)$/.exec(decode(path)) ?? [];
  if (bucket === undefined || key === undefined)
    throw new S3Error("InvalidArgument", { message: "Copy Source must mention the source bucket and key" });
  return { bucket, key, versionId: new URLSearchParams(parameters).get("versionId") ?? undefined };
}
