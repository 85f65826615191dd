/**
 * From an HTTP request to the event that a function gets: payload format 2.0.
 * Source: Lambda Developer Guide, "Invoking Lambda function URLs"; the API Gateway Developer Guide on format 2.0; what of it functions
 * print there (no `authorizer` for an anonymous caller, cookies both as a header and as a list, forms in base64).
 *
 * **Gaps**: a header that was sent several times is joined by a comma and a space.
 * **By design**: the path is as the HTTP server has it, with `.` and `..` resolved.
 */
import type { Caller } from "./url-access.ts";

export interface UrlRequest {
  readonly method: string;
  readonly scheme: "http" | "https";
  /** As the client wrote it, with a port that is not the scheme's own. */
  readonly host: string;
  /** Encoded; begins with a slash. */
  readonly path: string;
  /** Encoded, without the question mark. */
  readonly query: string;
  readonly headers: Headers;
  readonly body: Uint8Array;
  readonly sourceIp: string;
}

export interface EventFacts {
  readonly urlId: string;
  readonly requestId: string;
  readonly traceId: string;
  readonly nowMs: number;
  /** Undefined: anonymous. */
  readonly caller: Caller | undefined;
}

const encoder = new TextEncoder();

/** JSON. */
export function eventOf(request: UrlRequest, facts: EventFacts): Uint8Array {
  const { caller, urlId, nowMs } = facts;
  const cookie = request.headers.get("cookie");
  return encoder.encode(
    JSON.stringify({
      version: "2.0",
      routeKey: "$default",
      rawPath: request.path,
      rawQueryString: request.query,
      ...(cookie && { cookies: cookie.split(/; */).filter((each) => each !== "") }),
      headers: headersOf(request, facts),
      ...(request.query !== "" && { queryStringParameters: parametersOf(request.query) }),
      requestContext: {
        accountId: caller?.accountId ?? "anonymous",
        apiId: urlId,
        ...(caller && {
          authentication: null,
          authorizer: { iam: { ...caller, cognitoIdentity: null, principalOrgId: null } },
        }),
        domainName: request.host,
        domainPrefix: urlId,
        http: {
          method: request.method,
          path: request.path,
          protocol: "HTTP/1.1",
          sourceIp: request.sourceIp,
          userAgent: readable(request.headers.get("user-agent") ?? ""),
        },
        requestId: facts.requestId,
        routeKey: "$default",
        stage: "$default",
        time: commonLogTime(nowMs),
        timeEpoch: nowMs,
      },
      ...bodyOf(request),
    }),
  );
}

/** Between two neighbours on the way, not for the function. */
const HOP_BY_HOP: ReadonlySet<string> = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

function headersOf(request: UrlRequest, { traceId, caller }: EventFacts): Record<string, string> {
  const headers: Record<string, string> = Object.create(null); // also for one that is called `__proto__`
  for (const [name, value] of request.headers) {
    if (!HOP_BY_HOP.has(name)) headers[name] = readable(value);
  }
  if (caller) delete headers["authorization"]; // it was for the URL
  const before = headers["x-forwarded-for"];
  headers["x-forwarded-for"] = before === undefined ? request.sourceIp : `${before}, ${request.sourceIp}`;
  headers["x-forwarded-proto"] ??= request.scheme;
  headers["x-forwarded-port"] ??=
    /:(\d+)$/.exec(request.host)?.[1] ?? (headers["x-forwarded-proto"] === "https" ? "443" : "80");
  headers["x-amzn-trace-id"] = traceId;
  return headers;
}

function parametersOf(query: string): Record<string, string> {
  const parameters: Record<string, string> = Object.create(null);
  for (const [name, value] of new URLSearchParams(query)) {
    const before = parameters[name];
    parameters[name] = before === undefined ? value : `${before},${value}`;
  }
  return parameters;
}

const strictDecoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
/** What travels as text; everything else, forms among it, in base64. */
const TEXT = /^(?:text\/|application\/(?:[\w.-]+\+)?(?:json|xml|javascript)(?:;|$))/;

function bodyOf({ headers, body }: UrlRequest): { body?: string; isBase64Encoded: boolean } {
  if (body.length === 0) return { isBase64Encoded: false };
  const type = headers.get("content-type")?.toLowerCase().replaceAll(" ", "") ?? "";
  if (TEXT.test(type) && !headers.has("content-encoding")) {
    const text = decodeStrictly(body);
    if (text !== undefined) return { body: text, isBase64Encoded: false };
  }
  return { body: Buffer.from(body.buffer, body.byteOffset, body.length).toString("base64"), isBase64Encoded: true };
}

function decodeStrictly(bytes: Uint8Array): string | undefined {
  try {
    return strictDecoder.decode(bytes);
  } catch {
    return undefined; // what says that it is text may still be none
  }
}

const NOT_ASCII = /[^\0-\x7f]/;

/** The server reads header values as Latin-1; those that are UTF-8 say so by being valid. */
function readable(value: string): string {
  return NOT_ASCII.test(value) ? (decodeStrictly(Buffer.from(value, "latin1")) ?? value) : value;
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** `12/Mar/2020:19:03:58 +0000`. */
function commonLogTime(ms: number): string {
  const [, year, month, day, time] = /^(\d+)-(\d+)-(\d+)T([\d:]+)/.exec(new Date(ms).toISOString()) ?? [];
  return `${day}/${MONTHS[Number(month) - 1]}/${year}:${time} +0000`;
}
