/** What an operation of the S3 API is given, and how it answers. */
import type { Admission } from "./admission.ts";
import type { Buckets } from "./buckets.ts";
import type { S3Peer } from "./door.ts";
import type { ObjectName } from "./object-rows.ts";
import { S3Error } from "./s3-error.ts";
import { document, type Xml } from "./xml.ts";

export interface Exchange {
  readonly buckets: Buckets;
  readonly region: string;
  readonly request: Request;
  readonly peer: S3Peer | undefined;
  /** Undefined: everybody may do everything. */
  readonly admission: Admission | undefined;
  readonly query: URLSearchParams;
  /** Empty for an operation on the service. */
  readonly bucket: string;
  /** Empty for an operation on a bucket. */
  readonly key: string;
}

export type Operation = (exchange: Exchange) => Response | Promise<Response>;

export const objectName = ({ bucket, key }: Exchange): ObjectName => ({ bucket, key });

export const versionIdOf = ({ query }: Exchange): string | undefined => query.get("versionId") ?? undefined;

export const xmlResponse = (name: string, content: readonly (Xml | undefined)[], headers?: Record<string, string>) =>
  new Response(document(name, content), { headers: { "content-type": "application/xml", ...headers } });

export const empty = (status: number, headers?: Record<string, string>): Response =>
  new Response(null, { status, headers: { ...(status === 204 ? {} : { "content-length": "0" }), ...headers } });

/** @throws S3Error InvalidArgument */
export function numberOf(query: URLSearchParams, name: string, range: { min: number; max: number; fallback?: number }) {
  const text = query.get(name);
  if (text === null && range.fallback !== undefined) return range.fallback;
  const value = Number(text);
  if (text === null || !/^\d+$/.test(text) || value < range.min || value > range.max)
    throw new S3Error("InvalidArgument", {
      message: `Cannot use '${text ?? ""}' for ${name}: it has to be a whole number from ${range.min} to ${range.max}`,
      details: { ArgumentName: name, ArgumentValue: text ?? "" },
    });
  return value;
}

export const isoTime = (ms: number): string => new Date(ms).toISOString();

export const quoted = (etag: string): string => `"${etag}"`;
export const unquoted = (etag: string): string => etag.trim().replace(/^"(.*)"$/, "$1");
