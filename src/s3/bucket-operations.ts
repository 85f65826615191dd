/** Operations on the service and on a bucket, its contents apart. */
import { objectAction, objectResource } from "./actions.ts";
import { warningHeaders } from "./attributes.ts";
import { type Exchange, empty, isoTime, type Operation, xmlResponse } from "./exchange.ts";
import { IncomingBody } from "./incoming-body.ts";
import { S3Error } from "./s3-error.ts";
import { element } from "./xml.ts";
import { childrenOf, childText, readXml } from "./xml-reader.ts";

/** There is one owner, and it has no name. */
export const OWNER = element("Owner", [element("ID", "lambent"), element("DisplayName", "lambent")]);
const KEYS_MAX = 1000;

export const listBuckets: Operation = ({ buckets }) =>
  xmlResponse("ListAllMyBucketsResult", [
    OWNER,
    element(
      "Buckets",
      buckets
        .list()
        .map(({ name, createdAtMs }) =>
          element("Bucket", [element("Name", name), element("CreationDate", isoTime(createdAtMs))]),
        ),
    ),
  ]);

/** The region in the body, if any, is not looked at: all buckets are here. */
export const createBucket: Operation = async (exchange) => {
  const { buckets, bucket, request } = exchange;
  await IncomingBody.text(exchange);
  buckets.create(bucket);
  return empty(200, { location: `/${bucket}`, ...warningHeaders(request.headers) });
};

export const headBucket: Operation = ({ buckets, bucket, region }) => {
  buckets.require(bucket);
  return empty(200, { "x-amz-bucket-region": region });
};

export const deleteBucket: Operation = async ({ buckets, bucket }) => {
  await buckets.remove(bucket);
  return empty(204);
};

/** For us-east-1 S3 answers with nothing at all between the tags. */
export const getBucketLocation: Operation = ({ buckets, bucket, region }) => {
  buckets.require(bucket);
  const xml = region === "us-east-1" ? "" : region;
  return xmlResponse("LocationConstraint", [{ xml }]);
};

export const getBucketVersioning: Operation = ({ buckets, bucket }) => {
  const { versioning } = buckets.require(bucket);
  return xmlResponse("VersioningConfiguration", [element("Status", versioning ?? undefined)]);
};

export const putBucketVersioning: Operation = async (exchange) => {
  const { buckets, bucket } = exchange;
  const configuration = readXml(await IncomingBody.text(exchange), "VersioningConfiguration");
  const status = childText(configuration, "Status");
  if (status !== "Enabled" && status !== "Suspended") throw new S3Error("MalformedXML");
  if (childText(configuration, "MfaDelete") === "Enabled")
    throw new S3Error("NotImplemented", { details: { Member: "MfaDelete" } });
  buckets.setVersioning(bucket, status);
  return empty(200);
};

/** All of them go in one step, or none where one is not allowed. */
export const deleteObjects: Operation = async (exchange: Exchange) => {
  const { buckets, bucket, admission } = exchange;
  const root = readXml(await IncomingBody.text(exchange), "Delete");
  const named = childrenOf(root, "Object").map((object) => {
    const key = childText(object, "Key");
    if (!key) throw new S3Error("MalformedXML");
    return { key, versionId: childText(object, "VersionId") };
  });
  if (named.length === 0 || named.length > KEYS_MAX) throw new S3Error("MalformedXML");
  for (const { key, versionId } of named)
    await admission?.require({
      action: objectAction("DeleteObject", versionId),
      resource: objectResource(bucket, key),
    });
  const deleted = await buckets.delete(bucket, named);
  if (childText(root, "Quiet") === "true") return xmlResponse("DeleteResult", []);
  return xmlResponse(
    "DeleteResult",
    named.map(({ key, versionId }, index) => {
      const done = deleted[index];
      const isMarker = done?.isDeleteMarker ?? false;
      return element("Deleted", [
        element("Key", key),
        element("VersionId", versionId),
        element("DeleteMarker", isMarker ? true : undefined),
        element("DeleteMarkerVersionId", isMarker ? done?.versionId : undefined),
      ]);
    }),
  );
};
