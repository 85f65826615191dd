/** Operations on one object. */
import {
  checksumHeaders,
  objectHeaders,
  readAttributes,
  refuseTags,
  versionHeader,
  warningHeaders,
} from "./attributes.ts";
import { refuseRead, writeConditions } from "./conditions.ts";
import { piecesOf } from "./contents.ts";
import {
  type Exchange,
  empty,
  isoTime,
  type Operation,
  objectName,
  quoted,
  versionIdOf,
  xmlResponse,
} from "./exchange.ts";
import { IncomingBody } from "./incoming-body.ts";
import { objectBody } from "./object-body.ts";
import { rangeOf } from "./range.ts";
import { S3Error } from "./s3-error.ts";
import { copySourceOf } from "./target.ts";
import { element } from "./xml.ts";
import { childrenOf, childText, readXml } from "./xml-reader.ts";

export const putObject: Operation = async (exchange) => {
  const { buckets, request } = exchange;
  buckets.require(exchange.bucket); // before a byte of the body is read
  const attributes = readAttributes(request.headers);
  const body = new IncomingBody(exchange);
  const written = await buckets.blobs.write(body);
  const stored = await buckets.put(objectName(exchange), {
    written,
    etag: body.etag,
    attributes: { ...attributes, checksum: body.checksum },
    conditions: writeConditions(request.headers),
  });
  return empty(200, {
    etag: quoted(body.etag),
    ...checksumHeaders(body.checksum),
    ...versionHeader(stored.bucket, stored.versionId),
    ...warningHeaders(request.headers),
  });
};

export const getObject: Operation = async (exchange) => {
  const { buckets, request } = exchange;
  const { object, headers, range } = resolve(exchange);
  const sent =
    request.method === "HEAD"
      ? { body: null, headers: { "content-length": String(range?.bytes ?? object.bytes) } }
      : await objectBody(buckets, object, range);
  const partial = range && {
    "content-range": `bytes ${range.start}-${range.start + range.bytes - 1}/${object.bytes}`,
  };
  return new Response(sent.body, { status: range ? 206 : 200, headers: { ...sent.headers, ...headers, ...partial } });
};

/** As GetObject, whose body is left out for the method. */
export const headObject: Operation = getObject;

function resolve(exchange: Exchange) {
  const { buckets, request, query } = exchange;
  const object = buckets.find(objectName(exchange), versionIdOf(exchange));
  refuseRead(object, request.headers);
  const range = rangeOf(request.headers.get("range"), object.bytes);
  const asked = { query, headers: request.headers, isWhole: range === undefined };
  return { object, range, headers: objectHeaders(buckets.require(exchange.bucket), object, asked) };
}

export const deleteObject: Operation = async (exchange) => {
  const { buckets, request, bucket, key } = exchange;
  const { ifMatch } = writeConditions(request.headers);
  const [deleted] = await buckets.delete(bucket, [{ key, versionId: versionIdOf(exchange) }], { ifMatch });
  return empty(204, {
    ...(deleted && versionHeader(deleted.bucket, deleted.versionId)),
    ...(deleted?.isDeleteMarker && { "x-amz-delete-marker": "true" }),
  });
};

/** Without copying a byte: both objects consist of the same blobs. */
export const copyObject: Operation = async (exchange) => {
  const { buckets, request } = exchange;
  const { headers } = request;
  const source = copySourceOf(headers.get("x-amz-copy-source") ?? "");
  buckets.require(exchange.bucket);
  const object = buckets.find(source, source.versionId);
  refuseRead(object, headers, "x-amz-copy-source-");
  const given = readAttributes(headers);
  const replaces = (directive: string): boolean => headers.get(directive)?.toUpperCase() === "REPLACE";
  const ofSource = object.attributes;
  const isReplaced = replaces("x-amz-metadata-directive");
  const isItself = source.bucket === exchange.bucket && source.key === exchange.key && source.versionId === undefined;
  if (isItself && !isReplaced && !headers.has("x-amz-storage-class"))
    throw new S3Error("InvalidRequest", {
      message:
        "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, storage class, website redirect location or encryption attributes.",
    });
  const stored = await buckets.store(objectName(exchange), {
    etag: object.etag,
    attributes: {
      ...(isReplaced ? given : { headers: ofSource.headers, metadata: ofSource.metadata }),
      tags: replaces("x-amz-tagging-directive") ? given.tags : ofSource.tags,
      checksum: ofSource.checksum,
    },
    conditions: writeConditions(headers),
    pieces: () => piecesOf(buckets.db, object.content), // nothing was awaited since it was found
  });
  const copy = buckets.find(objectName(exchange), stored.versionId);
  return xmlResponse(
    "CopyObjectResult",
    [element("LastModified", isoTime(copy.modifiedAtMs)), element("ETag", quoted(object.etag))],
    {
      ...versionHeader(stored.bucket, stored.versionId),
      ...(source.versionId !== undefined && { "x-amz-copy-source-version-id": source.versionId }),
      ...warningHeaders(headers),
    },
  );
};

export const getObjectTagging: Operation = (exchange) => {
  const { attributes } = exchange.buckets.find(objectName(exchange), versionIdOf(exchange));
  const tags = Object.entries(attributes.tags).map(([key, value]) =>
    element("Tag", [element("Key", key), element("Value", value)]),
  );
  return xmlResponse("Tagging", [element("TagSet", tags)]);
};

export const putObjectTagging: Operation = async (exchange) => {
  const root = readXml(await IncomingBody.text(exchange), "Tagging");
  const [set] = childrenOf(root, "TagSet");
  if (set === undefined) throw new S3Error("MalformedXML");
  const tags = Object.fromEntries(
    childrenOf(set, "Tag").map((tag) => [childText(tag, "Key") ?? "", childText(tag, "Value") ?? ""]),
  );
  refuseTags(tags);
  exchange.buckets.setTags(exchange.buckets.find(objectName(exchange), versionIdOf(exchange)), tags);
  return empty(200);
};

export const deleteObjectTagging: Operation = (exchange) => {
  exchange.buckets.setTags(exchange.buckets.find(objectName(exchange), versionIdOf(exchange)), {});
  return empty(204);
};
