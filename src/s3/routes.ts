/** Which operation a request means: by its method, by what it is about, and by the one parameter that names a subresource. */
import * as bucket from "./bucket-operations.ts";
import type { Operation } from "./exchange.ts";
import * as listing from "./listing-operations.ts";
import * as object from "./object-operations.ts";
import { S3Error } from "./s3-error.ts";
import type { Target } from "./target.ts";
import * as upload from "./upload-operations.ts";

interface Row {
  readonly name: string;
  readonly run: Operation;
}

const row = (name: string, run: Operation): Row => ({ name, run });

/** `<method> <about>[ <subresource>]`. */
const ROWS: Readonly<Record<string, Row>> = {
  "GET service": row("ListBuckets", bucket.listBuckets),

  "PUT bucket": row("CreateBucket", bucket.createBucket),
  "HEAD bucket": row("HeadBucket", bucket.headBucket),
  "DELETE bucket": row("DeleteBucket", bucket.deleteBucket),
  "GET bucket": row("ListObjects", listing.listObjects),
  "GET bucket list-type": row("ListObjectsV2", listing.listObjectsV2),
  "GET bucket versions": row("ListObjectVersions", listing.listObjectVersions),
  "GET bucket uploads": row("ListMultipartUploads", upload.listMultipartUploads),
  "GET bucket location": row("GetBucketLocation", bucket.getBucketLocation),
  "GET bucket versioning": row("GetBucketVersioning", bucket.getBucketVersioning),
  "PUT bucket versioning": row("PutBucketVersioning", bucket.putBucketVersioning),
  "POST bucket delete": row("DeleteObjects", bucket.deleteObjects),

  "PUT object": row("PutObject", object.putObject),
  "PUT object copy": row("CopyObject", object.copyObject),
  "GET object": row("GetObject", object.getObject),
  "HEAD object": row("HeadObject", object.headObject),
  "DELETE object": row("DeleteObject", object.deleteObject),
  "GET object tagging": row("GetObjectTagging", object.getObjectTagging),
  "PUT object tagging": row("PutObjectTagging", object.putObjectTagging),
  "DELETE object tagging": row("DeleteObjectTagging", object.deleteObjectTagging),

  "POST object uploads": row("CreateMultipartUpload", upload.createMultipartUpload),
  "PUT object uploadId": row("UploadPart", upload.uploadPart),
  "PUT object uploadId copy": row("UploadPartCopy", upload.uploadPartCopy),
  "POST object uploadId": row("CompleteMultipartUpload", upload.completeMultipartUpload),
  "DELETE object uploadId": row("AbortMultipartUpload", upload.abortMultipartUpload),
  "GET object uploadId": row("ListParts", upload.listParts),
};

/** Parameters that say how, not what. All others name a subresource. */
const MODIFIERS = new Set(
  `prefix delimiter max-keys marker encoding-type continuation-token start-after fetch-owner key-marker version-id-marker
  versionId max-uploads upload-id-marker max-parts part-number-marker max-buckets bucket-region x-id AWSAccessKeyId Signature Expires`.split(
    /\s+/,
  ),
);
const isModifier = (name: string, about: string): boolean =>
  MODIFIERS.has(name) || /^(response-|x-amz-)/i.test(name) || (name === "partNumber" && about === "part");

/** @throws S3Error NotImplemented, which names what is not. */
export function routeOf(request: Request, { bucket, key, query }: Target): Row {
  const about = bucket === undefined ? "service" : key === undefined ? "bucket" : "object";
  const subresources = [...new Set(query.keys())].filter(
    (name) => !isModifier(name, query.has("uploadId") ? "part" : about),
  );
  const copy = request.method === "PUT" && request.headers.has("x-amz-copy-source") ? ["copy"] : [];
  const route = [request.method, about, ...subresources, ...copy].join(" ");
  const found = Object.hasOwn(ROWS, route) ? ROWS[route] : undefined;
  if (found) return found;
  throw new S3Error("NotImplemented", {
    message:
      `The embedded buckets do not implement ${request.method} of ${about === "service" ? "the service" : `a ${about}`}${subresources.map((name) => ` with ?${name}`).join("")}`.replace(
        " a object",
        " an object",
      ),
    details: { Resource: about },
  });
}
