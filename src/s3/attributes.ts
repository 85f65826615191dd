/** What a client says about an object in headers, on the way in and on the way out. */
import { type Checksum, checksumHeader } from "./checksums.ts";
import { validators } from "./conditions.ts";
import { type Attributes, type Bucket, NULL_VERSION, type ObjectVersion } from "./object-rows.ts";
import { S3Error } from "./s3-error.ts";

const KEPT = [
  "content-type",
  "cache-control",
  "content-disposition",
  "content-encoding",
  "content-language",
  "expires",
];
const METADATA_PREFIX = "x-amz-meta-";
const METADATA_BYTES_MAX = 2048;
const TAGS_MAX = 10;
const CONTENT_TYPE_DEFAULT = "binary/octet-stream";

/** @throws S3Error MetadataTooLarge, InvalidTag, NotImplemented for encryption with a key of the client's */
export function readAttributes(headers: Headers): Omit<Attributes, "checksum"> {
  if (headers.has("x-amz-server-side-encryption-customer-key"))
    throw new S3Error("NotImplemented", { details: { Header: "x-amz-server-side-encryption-customer-key" } });
  const kept: Record<string, string> = {};
  const metadata: Record<string, string> = {};
  for (const name of KEPT) {
    const value = headers.get(name);
    if (value !== null) kept[name] = value;
  }
  // `aws-chunked` is about the way here only.
  const encodings = (kept["content-encoding"] ?? "").split(/\s*,\s*/).filter((each) => each && each !== "aws-chunked");
  if (encodings.length > 0) kept["content-encoding"] = encodings.join(",");
  else delete kept["content-encoding"];
  let bytes = 0;
  for (const [name, value] of headers) {
    if (!name.startsWith(METADATA_PREFIX)) continue;
    metadata[name.slice(METADATA_PREFIX.length)] = value;
    bytes += name.length - METADATA_PREFIX.length + Buffer.byteLength(value);
  }
  if (bytes > METADATA_BYTES_MAX) throw new S3Error("MetadataTooLarge");
  const tags = Object.fromEntries(new URLSearchParams(headers.get("x-amz-tagging") ?? ""));
  refuseTags(tags);
  return { headers: kept, metadata, tags };
}

/** @throws S3Error InvalidTag */
export function refuseTags(tags: Attributes["tags"]): void {
  const entries = Object.entries(tags);
  if (entries.length > TAGS_MAX || entries.some(([key, value]) => key === "" || key.length > 128 || value.length > 256))
    throw new S3Error("InvalidTag");
}

/** Headers whose meaning is dropped. */
const NOT_ACTED_UPON =
  /^x-amz-(acl|grant-[\w-]+|server-side-encryption[\w-]*|storage-class|website-redirect-location|object-lock[\w-]*|bucket-object-lock-enabled)$/;
const DEFAULTS: Readonly<Record<string, string>> = {
  "x-amz-acl": "private",
  "x-amz-storage-class": "STANDARD",
  "x-amz-server-side-encryption": "AES256",
};

/** Says in `x-lambent-warning` what was asked for and is not done. */
export function warningHeaders(headers: Headers): Record<string, string> {
  const dropped = [...headers].filter(([name, value]) => NOT_ACTED_UPON.test(name) && DEFAULTS[name] !== value);
  if (dropped.length === 0) return {};
  const names = dropped.map(([name]) => name).join(", ");
  return { "x-lambent-warning": `The embedded buckets do not act upon ${names}` };
}

/** The headers of GetObject and HeadObject, those about the length apart. */
export function objectHeaders(
  bucket: Bucket,
  object: ObjectVersion,
  { query, headers, isWhole }: { query: URLSearchParams; headers: Headers; isWhole: boolean },
): Record<string, string> {
  const { attributes } = object;
  const result: Record<string, string> = {
    ...validators(object),
    "accept-ranges": "bytes",
    "content-type": CONTENT_TYPE_DEFAULT,
    ...attributes.headers,
    ...versionHeader(bucket, object.versionId),
  };
  for (const [name, value] of Object.entries(attributes.metadata)) result[METADATA_PREFIX + name] = value;
  const tagCount = Object.keys(attributes.tags).length;
  if (tagCount > 0) result["x-amz-tagging-count"] = String(tagCount);
  // Clients compare it with what they receive.
  if (isWhole && headers.get("x-amz-checksum-mode")?.toUpperCase() === "ENABLED")
    Object.assign(result, checksumHeaders(attributes.checksum));
  for (const name of KEPT) {
    const value = query.get(`response-${name}`);
    if (value !== null) result[name] = value;
  }
  return result;
}

export const checksumHeaders = (checksum: Checksum | null): Record<string, string> =>
  checksum ? { [checksumHeader(checksum.algorithm)]: checksum.value, "x-amz-checksum-type": "FULL_OBJECT" } : {};

/** Buckets that never had versioning do not speak of versions. */
export const versionHeader = (bucket: Bucket, versionId: string): Record<string, string> =>
  bucket.versioning === null && versionId === NULL_VERSION ? {} : { "x-amz-version-id": versionId };
