/** `If-Match` and its like. Source: RFC 9110, section 13; Amazon S3 API Reference, GetObject, PutObject, CopyObject. */
import type { ObjectName, ObjectVersion } from "./object-rows.ts";
import { S3Error } from "./s3-error.ts";

export interface WriteConditions {
  readonly ifMatch?: string | undefined;
  /** S3 knows `*` alone: only if there is no such object. */
  readonly ifNoneMatch?: string | undefined;
}

export const writeConditions = (headers: Headers): WriteConditions => ({
  ifMatch: headers.get("if-match") ?? undefined,
  ifNoneMatch: headers.get("if-none-match") ?? undefined,
});

/** @throws S3Error PreconditionFailed; NoSuchKey where there is nothing that could match; NotImplemented. */
export function refuseWrite(current: ObjectVersion | undefined, conditions: WriteConditions, name: ObjectName): void {
  const { ifMatch, ifNoneMatch } = conditions;
  if (ifNoneMatch !== undefined) {
    if (ifNoneMatch !== "*") throw new S3Error("NotImplemented", { details: { Header: "If-None-Match" } });
    if (current) throw new S3Error("PreconditionFailed", { details: { Condition: "If-None-Match" } });
  }
  if (ifMatch === undefined) return;
  if (!current) throw new S3Error("NoSuchKey", { details: { Key: name.key } });
  if (!matches(ifMatch, current.etag)) throw new S3Error("PreconditionFailed", { details: { Condition: "If-Match" } });
}

/**
 * For reads; `prefix` for the source of a copy, where "not modified" is a failure too.
 * @throws S3Error PreconditionFailed, NotModified
 */
export function refuseRead(object: ObjectVersion, headers: Headers, prefix = ""): void {
  const value = (name: string): string | undefined => headers.get(`${prefix}${name}`) ?? undefined;
  const failed = (condition: string): S3Error =>
    new S3Error("PreconditionFailed", { details: { Condition: condition } });
  const unchanged = (condition: string): S3Error =>
    prefix === "" ? new S3Error("NotModified", { headers: validators(object) }) : failed(condition);

  const ifMatch = value("if-match");
  const ifUnmodified = secondsOf(value("if-unmodified-since"));
  if (ifMatch !== undefined && !matches(ifMatch, object.etag)) throw failed("If-Match");
  if (ifMatch === undefined && ifUnmodified !== undefined && seconds(object) > ifUnmodified)
    throw failed("If-Unmodified-Since");

  const ifNoneMatch = value("if-none-match");
  const ifModified = secondsOf(value("if-modified-since"));
  if (ifNoneMatch !== undefined && matches(ifNoneMatch, object.etag)) throw unchanged("If-None-Match");
  if (ifNoneMatch === undefined && ifModified !== undefined && seconds(object) <= ifModified)
    throw unchanged("If-Modified-Since");
}

export const validators = (object: ObjectVersion): Record<string, string> => ({
  etag: `"${object.etag}"`,
  "last-modified": new Date(object.modifiedAtMs).toUTCString(),
});

const matches = (condition: string, etag: string): boolean =>
  condition
    .split(",")
    .map((each) =>
      each
        .trim()
        .replace(/^W\//, "")
        .replace(/^"(.*)"$/, "$1"),
    )
    .some((each) => each === "*" || each === etag);

const seconds = (object: ObjectVersion): number => Math.floor(object.modifiedAtMs / 1000);

/** Undefined for what is not a date: such a header is to be ignored. */
function secondsOf(text: string | undefined): number | undefined {
  const ms = text === undefined ? Number.NaN : Date.parse(text);
  return Number.isNaN(ms) ? undefined : ms / 1000;
}
