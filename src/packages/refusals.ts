/**
 * What a deployment package is refused with. The first three texts are AWS's, recorded; `nonEmptyZip` as clients report
 * it (among others github-aws-runners and serverless-chrome issues). The others begin like AWS's and say what to change.
 */
import { PACKAGE_UNZIPPED_BYTES_MAX, PACKAGE_ZIPPED_BYTES_MAX } from "../core/limits.ts";
import { AwsError, invalidParameter } from "../errors/aws-error.ts";

const NAME_CHARS_SHOWN = 200;

/** 400: the bytes are no zip, or one that was cut short. */
export const cannotUnzip = (cause?: unknown): AwsError =>
  new AwsError(
    "InvalidParameterValueException",
    "Could not unzip uploaded file. Please check your file, then try to upload again.",
    { cause },
  );

/** 413: over 50 MiB as uploaded. */
export const zippedTooLarge = (): AwsError =>
  new AwsError("RequestEntityTooLargeException", `Zipped size must be smaller than ${PACKAGE_ZIPPED_BYTES_MAX} bytes`);

/** 400: over 250 MiB after unpacking. */
export const unzippedTooLarge = (): AwsError =>
  invalidParameter(`Unzipped size must be smaller than ${PACKAGE_UNZIPPED_BYTES_MAX} bytes`);

/** 400: a zip without a single file in it. */
export const nonEmptyZip = (): AwsError => invalidParameter("Uploaded file must be a non-empty zip");

/** 400: one entry cannot be taken; `why` continues the sentence "the entry "x" …" and tells the way out. */
export const badEntry = (name: string, why: string): AwsError =>
  invalidParameter(`Could not unzip uploaded file: the entry ${quote(name)} ${why}`);

/** 400: more files and folders than a package may have. */
export const tooManyEntries = (countMax: number): AwsError =>
  invalidParameter(
    `Could not unzip uploaded file: it has more than ${countMax} files and folders. Leave out what the function does not need.`,
  );

/** A name as shown in a message: escaped, and cut where it is absurdly long. */
export const quote = (name: string): string =>
  JSON.stringify(name.length > NAME_CHARS_SHOWN ? `${name.slice(0, NAME_CHARS_SHOWN)}…` : name);
