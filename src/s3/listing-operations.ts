/** ListObjects, ListObjectsV2, ListObjectVersions. */
import { OWNER } from "./bucket-operations.ts";
import { type Exchange, isoTime, numberOf, type Operation, quoted, xmlResponse } from "./exchange.ts";
import { type Listing, list } from "./listing.ts";
import type { ObjectVersion } from "./object-rows.ts";
import { S3Error } from "./s3-error.ts";
import { element, type Xml } from "./xml.ts";

const KEYS_MAX = 1000;
const COUNT_MAX = 2 ** 31 - 1; // more than a page holds may be asked for; that many come

interface Asked {
  readonly prefix: string;
  readonly delimiter: string;
  readonly countAsked: number;
  /** As the names are to be written. */
  readonly name: (name: string) => string;
}

function readAsked({ query }: Exchange): Asked {
  const encoding = query.get("encoding-type");
  if (encoding !== null && encoding !== "url")
    throw new S3Error("InvalidArgument", { details: { ArgumentName: "encoding-type" } });
  return {
    prefix: query.get("prefix") ?? "",
    delimiter: query.get("delimiter") ?? "",
    countAsked: numberOf(query, "max-keys", { min: 0, max: COUNT_MAX, fallback: KEYS_MAX }),
    name: encoding === "url" ? (name) => encodeURIComponent(name).replaceAll("%2F", "/") : (name) => name,
  };
}

const frame = (exchange: Exchange, asked: Asked, page: Listing): Xml[] => [
  element("Name", exchange.bucket),
  element("Prefix", asked.name(asked.prefix)),
  element("Delimiter", asked.delimiter === "" ? undefined : asked.name(asked.delimiter)),
  element("MaxKeys", Math.min(asked.countAsked, KEYS_MAX)),
  element("EncodingType", exchange.query.get("encoding-type") ?? undefined),
  element("IsTruncated", page.isTruncated),
];

const commonPrefixes = (asked: Asked, page: Listing): Xml[] =>
  page.prefixes.map((prefix) => element("CommonPrefixes", [element("Prefix", asked.name(prefix))]));

const facts = (object: ObjectVersion): Xml[] => [
  element("LastModified", isoTime(object.modifiedAtMs)),
  element("ETag", quoted(object.etag)),
  element("Size", object.bytes),
  element("StorageClass", "STANDARD"),
];

export const listObjectsV2: Operation = (exchange) => {
  const { query, bucket, buckets } = exchange;
  const asked = readAsked(exchange);
  const token = query.get("continuation-token");
  const startAfter = query.get("start-after");
  const page = list(buckets.db, {
    ...asked,
    bucket,
    countMax: Math.min(asked.countAsked, KEYS_MAX),
    after: token === null ? (startAfter ?? "") : Buffer.from(token, "base64url").toString(),
    versions: false,
  });
  const next = page.isTruncated && page.last ? Buffer.from(page.last.key).toString("base64url") : undefined;
  const owner = query.get("fetch-owner") === "true" ? OWNER : undefined;
  return xmlResponse("ListBucketResult", [
    ...frame(exchange, asked, page),
    element("KeyCount", page.objects.length + page.prefixes.length),
    element("ContinuationToken", token ?? undefined),
    element("NextContinuationToken", next),
    element("StartAfter", startAfter === null ? undefined : asked.name(startAfter)),
    ...page.objects.map((object) =>
      element("Contents", [element("Key", asked.name(object.key)), ...facts(object), owner]),
    ),
    ...commonPrefixes(asked, page),
  ]);
};

export const listObjects: Operation = (exchange) => {
  const { query, bucket, buckets } = exchange;
  const asked = readAsked(exchange);
  const marker = query.get("marker") ?? "";
  const countMax = Math.min(asked.countAsked, KEYS_MAX);
  const page = list(buckets.db, { ...asked, bucket, countMax, after: marker, versions: false });
  return xmlResponse("ListBucketResult", [
    ...frame(exchange, asked, page),
    element("Marker", asked.name(marker)),
    element("NextMarker", page.isTruncated && page.last ? asked.name(page.last.key) : undefined),
    ...page.objects.map((object) =>
      element("Contents", [element("Key", asked.name(object.key)), ...facts(object), OWNER]),
    ),
    ...commonPrefixes(asked, page),
  ]);
};

export const listObjectVersions: Operation = (exchange) => {
  const { query, bucket, buckets } = exchange;
  const asked = readAsked(exchange);
  const keyMarker = query.get("key-marker") ?? "";
  const versionIdMarker = query.get("version-id-marker") || undefined;
  if (versionIdMarker !== undefined && keyMarker === "")
    throw new S3Error("InvalidArgument", { message: "A version-id marker cannot be specified without a key marker." });
  const page = list(buckets.db, {
    ...asked,
    bucket,
    countMax: Math.min(asked.countAsked, KEYS_MAX),
    after: keyMarker,
    afterVersionId: versionIdMarker,
    versions: true,
  });
  const next = page.isTruncated ? page.last : undefined;
  return xmlResponse("ListVersionsResult", [
    ...frame(exchange, asked, page),
    element("KeyMarker", asked.name(keyMarker)),
    element("VersionIdMarker", versionIdMarker ?? ""),
    element("NextKeyMarker", next && asked.name(next.key)),
    element("NextVersionIdMarker", next?.versionId),
    ...page.objects.map((object) =>
      element(object.isDeleteMarker ? "DeleteMarker" : "Version", [
        element("Key", asked.name(object.key)),
        element("VersionId", object.versionId),
        element("IsLatest", object.isLatest),
        ...(object.isDeleteMarker ? [element("LastModified", isoTime(object.modifiedAtMs))] : facts(object)),
        OWNER,
      ]),
    ),
    ...commonPrefixes(asked, page),
  ]);
};
