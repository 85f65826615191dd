/**
 * Reads what a request says about its signature, in the `Authorization` header or in the query. Source: IAM User Guide, "AWS Signature
 * Version 4 for API requests". Nothing is proven here.
 */
import { incomplete, SignatureError } from "./signature-error.ts";

export interface SignedRequest {
  readonly method: string;
  /** As the client sent it, nothing decoded. */
  readonly url: string;
  readonly headers: Headers;
}

export interface Signature {
  readonly form: "header" | "query";
  readonly accessKeyId: string;
  /** `20150830`. */
  readonly date: string;
  readonly region: string;
  readonly service: string;
  /** `20150830T123600Z`, or empty where only a `Date` header has the time. */
  readonly amzDate: string;
  readonly signedAtMs: number;
  /** In lower case, sorted. */
  readonly signedHeaders: readonly string[];
  /** 64 characters of lower-case hex. */
  readonly signature: string;
  readonly token: string | undefined;
  /** Of a presigned request. */
  readonly expiresSeconds: number | undefined;
}

export const ALGORITHM = "AWS4-HMAC-SHA256";
/** A week. */
export const PRESIGNED_SECONDS_MAX = 604_800;

/** @throws SignatureError missing, incomplete */
export function readSignature(request: SignedRequest): Signature {
  const header = request.headers.get("authorization");
  if (header !== null) return fromHeader(request.headers, header);
  const queryAt = request.url.indexOf("?");
  if (queryAt >= 0 && request.url.includes("X-Amz-", queryAt)) {
    const query = new URLSearchParams(request.url.slice(queryAt));
    if (query.has("X-Amz-Signature") || query.has("X-Amz-Algorithm")) return fromQuery(query);
  }
  throw new SignatureError("missing", "Missing Authentication Token");
}

function fromHeader(headers: Headers, header: string): Signature {
  if (!header.startsWith(`${ALGORITHM} `) && header !== ALGORITHM)
    throw incomplete(`Cannot read the Authorization header: it has to begin with ${ALGORITHM}`);
  const parts = partsOf(header.slice(ALGORITHM.length + 1));
  const date = headers.get("x-amz-date");
  const missing = ["Credential", "Signature", "SignedHeaders"].filter((name) => !parts.get(name));
  const complaints = missing.map((name) => `Authorization header requires '${name}' parameter.`);
  if (date === null && headers.get("date") === null)
    complaints.push("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.");
  if (complaints.length > 0) throw incomplete(complaints.join(" "));
  return {
    form: "header",
    ...readCredential(parts.get("Credential") ?? ""),
    ...readTime(date, headers.get("date")),
    signedHeaders: readSignedHeaders(parts.get("SignedHeaders") ?? ""),
    signature: readHex(parts.get("Signature") ?? ""),
    token: headers.get("x-amz-security-token") ?? undefined,
    expiresSeconds: undefined,
  };
}

/** `a=b, c=d`, where some clients leave out the space. */
function partsOf(text: string): Map<string, string> {
  const parts = new Map<string, string>();
  for (const part of text.split(",")) {
    const at = part.indexOf("=");
    if (at < 0)
      throw incomplete(
        `'${part.trim().slice(0, 64)}' not a valid key=value pair (missing equal-sign) in Authorization header`,
      );
    parts.set(part.slice(0, at).trim(), part.slice(at + 1).trim());
  }
  return parts;
}

function fromQuery(query: URLSearchParams): Signature {
  const given = (name: string): string => query.get(`X-Amz-${name}`) ?? "";
  const missing = ["Algorithm", "Credential", "Signature", "SignedHeaders", "Date"].filter((name) => !given(name));
  if (missing.length > 0)
    throw incomplete(missing.map((name) => `AWS query-string parameters must include 'X-Amz-${name}'.`).join(" "));
  if (given("Algorithm") !== ALGORITHM)
    throw incomplete(`Unsupported AWS 'algorithm': '${given("Algorithm").slice(0, 64)}': it has to be ${ALGORITHM}`);
  const expires = query.get("X-Amz-Expires");
  const expiresSeconds = expires === null ? undefined : Number(expires);
  if (expires !== null && (!/^\d{1,6}$/.test(expires) || Number(expires) > PRESIGNED_SECONDS_MAX))
    throw incomplete(`X-Amz-Expires has to be a whole number of seconds from 0 to ${PRESIGNED_SECONDS_MAX}`);
  return {
    form: "query",
    ...readCredential(given("Credential")),
    ...readTime(given("Date"), null),
    signedHeaders: readSignedHeaders(given("SignedHeaders")),
    signature: readHex(given("Signature")),
    token: query.get("X-Amz-Security-Token") ?? undefined,
    expiresSeconds,
  };
}

const CREDENTIAL = /^([\w-]{4,128})\/(\d{8})\/([a-z0-9-]{1,64})\/([a-z0-9-]{1,64})\/aws4_request$/;

function readCredential(text: string) {
  const [, accessKeyId, date, region, service] = CREDENTIAL.exec(text) ?? [];
  if (!accessKeyId || !date || !region || !service)
    throw incomplete(
      `Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/aws4_request`,
    );
  return { accessKeyId, date, region, service };
}

const AMZ_DATE = /^(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})Z$/;

function readTime(amzDate: string | null, httpDate: string | null): { amzDate: string; signedAtMs: number } {
  if (amzDate !== null) {
    const [, year, month, day, hour, minute, second] = AMZ_DATE.exec(amzDate) ?? [];
    const signedAtMs = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
    if (!Number.isNaN(signedAtMs)) return { amzDate, signedAtMs };
    throw incomplete("Date must be in ISO-8601 'basic format', like 20150830T123600Z");
  }
  const signedAtMs = Date.parse(httpDate ?? "");
  if (Number.isNaN(signedAtMs)) throw incomplete("Cannot read the Date header: it has to be an HTTP date");
  return { amzDate: new Date(signedAtMs).toISOString().replace(/[-:]|\.\d{3}/g, ""), signedAtMs };
}

const SIGNED_HEADERS = /^[a-z0-9!#$%&'*+.^_`|~-]+(;[a-z0-9!#$%&'*+.^_`|~-]+)*$/;

function readSignedHeaders(text: string): string[] {
  if (text.length > 8192 || !SIGNED_HEADERS.test(text))
    throw incomplete("SignedHeaders has to be names of headers in lower case, with ';' between them");
  const names = text.split(";");
  if (!names.includes("host")) throw incomplete("'Host' must be a 'SignedHeader' in the AWS Authorization");
  return names;
}

function readHex(text: string): string {
  if (/^[0-9a-f]{64}$/.test(text)) return text;
  throw incomplete("Signature has to be 64 digits of lower-case hexadecimal");
}
