/** The one way in for code: checked, digested, kept. The same for create and update, with and without DryRun. */
import { AwsError, invalidParameter, notSupported } from "../../errors/aws-error.ts";
import { type Archive, fileNames, readArchive } from "../../packages/archive.ts";
import { digestOf } from "../../packages/digest.ts";
import { findHandlerFile } from "../../packages/handler-file.ts";
import type { CodeUse } from "../../store/port.ts";
import type { ServiceContext } from "../context.ts";
import { isRunnable } from "./runtimes.ts";

export interface CodeSource {
  readonly ZipFile?: Uint8Array | undefined;
  readonly S3Bucket?: string | undefined;
  readonly S3Key?: string | undefined;
  readonly S3ObjectVersion?: string | undefined;
  readonly ImageUri?: string | undefined;
}

export interface TakenCode extends CodeUse {
  readonly archive: Archive;
  readonly zip: Uint8Array;
}

/** @throws AwsError InvalidParameterValueException or RequestEntityTooLargeException; nothing is kept yet. */
export async function takeCode(
  ctx: ServiceContext,
  input: { source: CodeSource; handler: string; runtime: string | null },
): Promise<TakenCode> {
  const { source, handler, runtime } = input;
  if (source.ImageUri !== undefined) throw notSupported("a container image as code (ImageUri)");
  const zip = await readZip(ctx, source);
  const archive = await readArchive(zip);
  if (runtime !== null && isRunnable(runtime) && findHandlerFile(fileNames(archive), handler) === undefined) {
    ctx.warn(`The package has no file for the handler ${handler}: calls will end with Runtime.ImportModuleError`);
  }
  return { sha256: digestOf(zip).base64, bytes: zip.length, archive, zip };
}

/** The bytes, wherever they are: sent along, or in S3. Layers come the same way. */
export async function readZip(ctx: ServiceContext, source: CodeSource): Promise<Uint8Array> {
  const { ZipFile, S3Bucket: bucket, S3Key: key, S3ObjectVersion: versionId } = source;
  const namesS3 = bucket !== undefined || key !== undefined || versionId !== undefined;
  if (ZipFile !== undefined && namesS3)
    throw invalidParameter("Please do not provide other FunctionCode parameters when providing a ZipFile.");
  if (ZipFile !== undefined) return ZipFile;
  if (!namesS3) throw invalidParameter("Please provide a source for function code.");
  if (bucket === undefined || key === undefined)
    throw invalidParameter("Cannot read the code from S3: both S3Bucket and S3Key are needed");
  return ctx.s3Source.read({ bucket, key, versionId });
}

/** AWS's words for an account whose code outgrows its quota. */
export const codeStorageExceeded = (): AwsError =>
  new AwsError("CodeStorageExceededException", "Code storage limit exceeded.");
