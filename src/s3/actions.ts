/** What each operation of the S3 door needs to be allowed. Source: Service Authorization Reference, "Actions defined by Amazon S3". */
import { copySourceOf, type Target } from "./target.ts";

export interface S3Needed {
  readonly action: string;
  readonly resource: string;
}

const BUCKET_ACTIONS: Readonly<Record<string, string>> = {
  CreateBucket: "CreateBucket",
  HeadBucket: "ListBucket",
  DeleteBucket: "DeleteBucket",
  ListObjects: "ListBucket",
  ListObjectsV2: "ListBucket",
  ListObjectVersions: "ListBucketVersions",
  ListMultipartUploads: "ListBucketMultipartUploads",
  GetBucketLocation: "GetBucketLocation",
  GetBucketVersioning: "GetBucketVersioning",
  PutBucketVersioning: "PutBucketVersioning",
};

const OBJECT_ACTIONS: Readonly<Record<string, string>> = {
  PutObject: "PutObject",
  CopyObject: "PutObject",
  GetObject: "GetObject",
  HeadObject: "GetObject",
  DeleteObject: "DeleteObject",
  GetObjectTagging: "GetObjectTagging",
  PutObjectTagging: "PutObjectTagging",
  DeleteObjectTagging: "DeleteObjectTagging",
  CreateMultipartUpload: "PutObject",
  UploadPart: "PutObject",
  UploadPartCopy: "PutObject",
  CompleteMultipartUpload: "PutObject",
  AbortMultipartUpload: "AbortMultipartUpload",
  ListParts: "ListMultipartUploadParts",
};

/** Actions that have another name for one version of an object. */
const VERSIONED: ReadonlySet<string> = new Set([
  "GetObject",
  "DeleteObject",
  "GetObjectTagging",
  "PutObjectTagging",
  "DeleteObjectTagging",
]);

const bucketResource = (bucket: string): string => `arn:aws:s3:::${bucket}`;
export const objectResource = (bucket: string, key: string): string => `${bucketResource(bucket)}/${key}`;

/** `GetObject` is `GetObjectVersion` for one version, and `GetObjectTagging` `GetObjectVersionTagging`. */
export function objectAction(action: string, versionId: string | undefined): string {
  if (versionId === undefined || !VERSIONED.has(action)) return `s3:${action}`;
  return `s3:${action.replace(/^(\w+?Object)/, "$1Version")}`;
}

/**
 * All of it has to be allowed. `DeleteObjects` asks for each of its keys, once it has read them.
 * @throws S3Error for a source of a copy that is none
 */
export function s3Needed(operation: string, { bucket = "", key = "", query }: Target, headers: Headers): S3Needed[] {
  const ofBucket = BUCKET_ACTIONS[operation];
  if (ofBucket !== undefined) return [{ action: `s3:${ofBucket}`, resource: bucketResource(bucket) }];
  const ofObject = OBJECT_ACTIONS[operation];
  if (ofObject === undefined)
    return operation === "DeleteObjects" ? [] : [{ action: "s3:ListAllMyBuckets", resource: "*" }];
  const action = objectAction(ofObject, query.get("versionId") ?? undefined);
  return [{ action, resource: objectResource(bucket, key) }, ...copiedFrom(headers)];
}

function copiedFrom(headers: Headers): S3Needed[] {
  const header = headers.get("x-amz-copy-source");
  if (header === null) return [];
  const { bucket, key, versionId } = copySourceOf(header);
  return [{ action: objectAction("GetObject", versionId), resource: objectResource(bucket, key) }];
}
