import { S3Error } from "./s3-error.ts";

/** The Lambda API's paths begin with a date (`/2015-03-31/functions`), and both share one port: a bucket cannot be called so. */
export const API_DATE = /^\d{4}-\d{2}-\d{2}$/;
const NAME = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;
/** A page of Lambent's own, outside its `/_lambent`. */
const PAGES = new Set(["metrics"]);
const IP_ADDRESS = /^\d+\.\d+\.\d+\.\d+$/;

/**
 * Source: Amazon S3 User Guide, "General purpose bucket naming rules".
 * @throws S3Error InvalidBucketName
 */
export function refuseBucketName(name: string): void {
  const details = { BucketName: name };
  if (API_DATE.test(name))
    throw new S3Error("InvalidBucketName", {
      message: `Cannot make the bucket "${name}": paths that begin with a date are the Lambda API's here`,
      details,
    });
  if (PAGES.has(name))
    throw new S3Error("InvalidBucketName", {
      message: `Cannot make the bucket "${name}": /${name} is a page of Lambent's own`,
      details,
    });
  if (!NAME.test(name) || name.includes("..") || IP_ADDRESS.test(name))
    throw new S3Error("InvalidBucketName", { details });
}
