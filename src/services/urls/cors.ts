/**
 * Cross-origin requests, as a URL's configuration has them: preflights are answered without the function, and answers get headers that
 * take the place of the function's own.
 * Source: Lambda Developer Guide, "Creating and managing Lambda function URLs"; Fetch Standard, "CORS protocol".
 */
import type { UrlAnswer } from "./url-answer.ts";
import type { UrlConfig } from "./url-configs.ts";
import type { UrlRequest } from "./url-request.ts";

type Cors = NonNullable<UrlConfig["cors"]>;

/** Undefined for what is no preflight. An origin that is not allowed gets an answer that says nothing. */
export function preflightAnswer(cors: Cors | undefined, { method, headers }: UrlRequest): UrlAnswer | undefined {
  const wanted = headers.get("access-control-request-method");
  if (!cors || method !== "OPTIONS" || wanted === null || !headers.has("origin")) return undefined;
  const allowed = originHeaders(cors, headers.get("origin"));
  if (allowed.length === 0) return { status: 200, headers: [], body: null };
  const wantedHeaders = headers.get("access-control-request-headers");
  return {
    status: 200,
    headers: [
      ...allowed,
      ...listHeader("access-control-allow-methods", cors.AllowMethods, { cors, echoed: wanted }),
      ...listHeader("access-control-allow-headers", cors.AllowHeaders, { cors, echoed: wantedHeaders }),
      ...(cors.MaxAge === undefined ? [] : [["access-control-max-age", String(cors.MaxAge)] as const]),
    ],
    body: null,
  };
}

/** The answer with the headers that its origin is due. */
export function withCors(answer: UrlAnswer, cors: Cors | undefined, { headers }: UrlRequest): UrlAnswer {
  const allowed = cors ? originHeaders(cors, headers.get("origin")) : [];
  if (!cors || allowed.length === 0) return answer;
  const exposed = listHeader("access-control-expose-headers", cors.ExposeHeaders, { cors, echoed: null });
  const own = answer.headers.filter(([name]) => !OWN_OF_ANSWERS.has(name.toLowerCase()));
  return { ...answer, headers: [...own, ...allowed, ...exposed] };
}

const OWN_OF_ANSWERS: ReadonlySet<string> = new Set([
  "access-control-allow-origin",
  "access-control-allow-credentials",
  "access-control-expose-headers",
]);

type Header = readonly [name: string, value: string];

/** None when the origin is not allowed. */
function originHeaders(cors: Cors, origin: string | null): Header[] {
  const origins = cors.AllowOrigins ?? [];
  if (origin === null || !origins.some((pattern) => matches(pattern, origin))) return [];
  if (!cors.AllowCredentials && origins.includes("*")) return [["access-control-allow-origin", "*"]];
  return [
    ["access-control-allow-origin", origin],
    ...(cors.AllowCredentials ? ([["access-control-allow-credentials", "true"]] as const) : []),
    ["vary", "Origin"],
  ];
}

const matches = (pattern: string, origin: string): boolean =>
  pattern === "*" ||
  pattern === origin ||
  ((pattern === "http://*" || pattern === "https://*") && origin.startsWith(pattern.slice(0, -1)));

/** With credentials `*` is a name like any other to browsers, so what was asked for is said instead. */
function listHeader(
  name: string,
  listed: readonly string[] | undefined,
  { cors, echoed }: { cors: Cors; echoed: string | null },
): Header[] {
  if (!listed?.length) return [];
  if (!listed.includes("*")) return [[name, listed.join(",")]];
  const value = cors.AllowCredentials ? echoed : "*";
  return value === null ? [] : [[name, value]];
}
