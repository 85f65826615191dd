/** Operations on multipart uploads. */
import { checksumHeaders, readAttributes, versionHeader, warningHeaders } from "./attributes.ts";
import { slicePieces } from "./blobs.ts";
import { OWNER } from "./bucket-operations.ts";
import { refuseRead, writeConditions } from "./conditions.ts";
import {
  type Exchange,
  empty,
  isoTime,
  numberOf,
  type Operation,
  objectName,
  quoted,
  unquoted,
  xmlResponse,
} from "./exchange.ts";
import { IncomingBody } from "./incoming-body.ts";
import { rangeOf } from "./range.ts";
import { S3Error } from "./s3-error.ts";
import { copySourceOf } from "./target.ts";
import {
  abortUpload,
  beginUpload,
  completeUpload,
  insertPart,
  PART_NUMBER_MAX,
  partsOf,
  putPart,
  requireUpload,
  uploadsOf,
} from "./uploads.ts";
import { element } from "./xml.ts";
import { childrenOf, childText, readXml } from "./xml-reader.ts";

const PAGE_ITEMS_MAX = 1000;
const STORAGE_CLASS = element("StorageClass", "STANDARD");

const uploadIdOf = ({ query }: Exchange): string => query.get("uploadId") ?? "";
const partNumberOf = ({ query }: Exchange): number => numberOf(query, "partNumber", { min: 1, max: PART_NUMBER_MAX });

/** **Gaps**: a checksum over the whole of a multipart upload is not kept. */
export const createMultipartUpload: Operation = (exchange) => {
  const { buckets, request, bucket, key } = exchange;
  const id = beginUpload(buckets, objectName(exchange), { ...readAttributes(request.headers), checksum: null });
  return xmlResponse(
    "InitiateMultipartUploadResult",
    [element("Bucket", bucket), element("Key", key), element("UploadId", id)],
    warningHeaders(request.headers),
  );
};

export const uploadPart: Operation = async (exchange) => {
  const { buckets } = exchange;
  const [uploadId, number] = [uploadIdOf(exchange), partNumberOf(exchange)];
  requireUpload(buckets, objectName(exchange), uploadId);
  const body = new IncomingBody(exchange);
  const written = await buckets.blobs.write(body);
  await putPart(buckets, objectName(exchange), { uploadId, number, written, etag: body.etag });
  return empty(200, { etag: quoted(body.etag), ...checksumHeaders(body.checksum) });
};

/** The bytes are read for their MD5, but not copied. */
export const uploadPartCopy: Operation = async (exchange) => {
  const { buckets, request } = exchange;
  const [uploadId, number] = [uploadIdOf(exchange), partNumberOf(exchange)];
  requireUpload(buckets, objectName(exchange), uploadId);
  const source = copySourceOf(request.headers.get("x-amz-copy-source") ?? "");
  const object = buckets.find(source, source.versionId);
  refuseRead(object, request.headers, "x-amz-copy-source-");
  const range = rangeOf(request.headers.get("x-amz-copy-source-range"), object.bytes);
  const pieces = slicePieces(buckets.piecesOf(object), range ?? { start: 0, bytes: object.bytes });
  const blobs = pieces.map((piece) => piece.blob);
  buckets.blobs.hold(blobs);
  try {
    const md5 = new Bun.CryptoHasher("md5");
    for await (const chunk of buckets.blobs.chunks(pieces)) md5.update(chunk);
    const etag = md5.digest("hex");
    await insertPart(buckets, objectName(exchange), { uploadId, number, pieces, etag, copied: true });
    const modified = element("LastModified", isoTime(buckets.clock.nowMs()));
    return xmlResponse("CopyPartResult", [modified, element("ETag", quoted(etag))]);
  } finally {
    buckets.blobs.release(blobs);
  }
};

export const completeMultipartUpload: Operation = async (exchange) => {
  const { buckets, request, bucket, key } = exchange;
  const root = readXml(await IncomingBody.text(exchange), "CompleteMultipartUpload");
  const named = childrenOf(root, "Part").map((part) => {
    const [number, etag] = [childText(part, "PartNumber"), childText(part, "ETag")];
    if (number === undefined || !/^\s*\d+\s*$/.test(number) || etag === undefined) throw new S3Error("MalformedXML");
    return { number: Number(number), etag: unquoted(etag) };
  });
  if (named.length === 0) throw new S3Error("MalformedXML");
  const conditions = writeConditions(request.headers);
  const stored = await completeUpload(buckets, objectName(exchange), {
    uploadId: uploadIdOf(exchange),
    named,
    conditions,
  });
  const location = element("Location", new URL(request.url).href.split("?", 1)[0]);
  const members = [location, element("Bucket", bucket), element("Key", key), element("ETag", quoted(stored.etag))];
  return xmlResponse("CompleteMultipartUploadResult", members, versionHeader(stored.bucket, stored.versionId));
};

export const abortMultipartUpload: Operation = async (exchange) => {
  await abortUpload(exchange.buckets, objectName(exchange), uploadIdOf(exchange));
  return empty(204);
};

export const listParts: Operation = (exchange) => {
  const { buckets, bucket, key, query } = exchange;
  const id = uploadIdOf(exchange);
  requireUpload(buckets, objectName(exchange), id);
  const marker = numberOf(query, "part-number-marker", { min: 0, max: PART_NUMBER_MAX, fallback: 0 });
  const asked = numberOf(query, "max-parts", { min: 0, max: 2 ** 31 - 1, fallback: PAGE_ITEMS_MAX });
  const countMax = Math.min(asked, PAGE_ITEMS_MAX);
  const rest = partsOf(buckets, id).filter((part) => part.number > marker);
  const page = rest.slice(0, countMax);
  return xmlResponse("ListPartsResult", [
    element("Bucket", bucket),
    element("Key", key),
    element("UploadId", id),
    OWNER,
    STORAGE_CLASS,
    element("PartNumberMarker", marker),
    element("NextPartNumberMarker", page.at(-1)?.number),
    element("MaxParts", countMax),
    element("IsTruncated", rest.length > page.length),
    ...page.map((part) =>
      element("Part", [
        element("PartNumber", part.number),
        element("LastModified", isoTime(part.modifiedAtMs)),
        element("ETag", quoted(part.etag)),
        element("Size", part.bytes),
      ]),
    ),
  ]);
};

/** **Gaps**: `delimiter` is not looked at. */
export const listMultipartUploads: Operation = (exchange) => {
  const { buckets, bucket, query } = exchange;
  const prefix = query.get("prefix") ?? "";
  const [keyMarker, idMarker] = [query.get("key-marker") ?? "", query.get("upload-id-marker") ?? ""];
  const asked = numberOf(query, "max-uploads", { min: 0, max: 2 ** 31 - 1, fallback: PAGE_ITEMS_MAX });
  const countMax = Math.min(asked, PAGE_ITEMS_MAX);
  const name = query.get("encoding-type") === "url" ? encodeURIComponent : (text: string): string => text;
  const rest = uploadsOf(buckets, bucket, prefix).filter(
    ({ key, id }) => key > keyMarker || (key === keyMarker && idMarker !== "" && id > idMarker),
  );
  const page = rest.slice(0, countMax);
  const isTruncated = rest.length > page.length;
  return xmlResponse("ListMultipartUploadsResult", [
    element("Bucket", bucket),
    element("KeyMarker", name(keyMarker)),
    element("UploadIdMarker", idMarker),
    element("NextKeyMarker", isTruncated ? name(page.at(-1)?.key ?? "") : undefined),
    element("NextUploadIdMarker", isTruncated ? page.at(-1)?.id : undefined),
    element("Prefix", name(prefix)),
    element("EncodingType", query.get("encoding-type") ?? undefined),
    element("MaxUploads", countMax),
    element("IsTruncated", isTruncated),
    ...page.map(({ key, id, createdAtMs }) =>
      element("Upload", [
        element("Key", name(key)),
        element("UploadId", id),
        OWNER,
        STORAGE_CLASS,
        element("Initiated", isoTime(createdAtMs)),
      ]),
    ),
  ]);
};
