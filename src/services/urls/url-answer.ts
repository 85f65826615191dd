/**
 * From what a function returned to the answer of its URL.
 * Source: Lambda Developer Guide, "Invoking Lambda function URLs" (response payload format); statuses and texts as recorded.
 */

export interface UrlAnswer {
  /** 200 to 599. */
  readonly status: number;
  /** A name may be there several times, as `set-cookie` may. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Uint8Array | string | ReadableStream<Uint8Array> | null;
}

/** The function failed, or answered what is no HTTP. */
export const FAILED: UrlAnswer = {
  status: 502,
  headers: [["content-type", "application/json"]],
  body: "Internal Server Error",
};

const JSON_TYPE = ["content-type", "application/json"] as const;
const BYTES_TYPE = ["content-type", "application/octet-stream"] as const;
/** Between what a streaming handler says of its answer and the body. */
export const PRELUDE_END = new Uint8Array(8);
const QUOTE = 0x22;
const BRACE = 0x7b;

/** What the handler of a BUFFERED URL returned, or wrote to its stream. */
export function answerOf(payload: Uint8Array): UrlAnswer {
  const first = payload[0];
  if (first !== BRACE && first !== QUOTE) return plain(payload);
  const bytes = Buffer.from(payload.buffer, payload.byteOffset, payload.length);
  const preludeEnd = bytes.includes(0) ? bytes.indexOf(PRELUDE_END) : -1; // JSON has no NUL
  if (preludeEnd >= 0) {
    const head = headOf(parse(bytes.subarray(0, preludeEnd)), BYTES_TYPE);
    return head ? { ...head, body: bytes.subarray(preludeEnd + PRELUDE_END.length) } : FAILED;
  }
  const value = parse(bytes);
  if (typeof value === "string") return { status: 200, headers: [JSON_TYPE], body: value };
  if (!isObject(value) || value["statusCode"] === undefined) return plain(payload);
  const head = headOf(value, JSON_TYPE);
  const body = head && bodyOf(value);
  return head && body !== undefined ? { ...head, body } : FAILED;
}

/** A handler that streams nothing may still be called by a URL that streams: its result goes out as it is. */
export const unstreamedAnswer = (payload: Uint8Array): UrlAnswer => ({
  status: 200,
  headers: payload.length === 0 ? [BYTES_TYPE] : [JSON_TYPE],
  body: payload,
});

/** What comes before the body of a stream: its JSON, or undefined when it is none that HTTP has. */
export const streamHeadOf = (prelude: Uint8Array): Omit<UrlAnswer, "body"> | undefined =>
  headOf(parse(prelude), BYTES_TYPE);

function plain(payload: Uint8Array): UrlAnswer {
  const isJson = payload.length > 0 && parseable(payload);
  return { status: 200, headers: [isJson ? JSON_TYPE : BYTES_TYPE], body: payload };
}

/** Numbers, lists and the like are short, or not worth a look: whoever writes bytes says what they are in a prelude. */
const LOOKED_AT_BYTES_MAX = 64 * 1024;
const JSON_START = /^[[\d"{tfn-]/;

const parseable = (payload: Uint8Array): boolean =>
  payload.length > LOOKED_AT_BYTES_MAX
    ? JSON_START.test(String.fromCharCode(payload[0] ?? 0))
    : parse(payload) !== undefined;

function headOf(value: unknown, type: readonly [string, string]): Omit<UrlAnswer, "body"> | undefined {
  if (!isObject(value)) return undefined;
  const status = statusOf(value["statusCode"] ?? 200);
  const headers = headersOf(value["headers"] ?? {});
  const cookies = cookiesOf(value["cookies"] ?? []);
  if (status === undefined || headers === undefined || cookies === undefined) return undefined;
  const isTyped = headers.some(([name]) => name === "content-type");
  return { status, headers: [...(isTyped ? [] : [type]), ...headers, ...cookies] };
}

function statusOf(value: unknown): number | undefined {
  const status = typeof value === "string" && /^\d{3}$/.test(value) ? Number(value) : value;
  return typeof status === "number" && Number.isInteger(status) && status >= 200 && status <= 599 ? status : undefined;
}

/** The server's own business: it knows how long the body is and how it goes out. */
const FRAMING: ReadonlySet<string> = new Set([
  "connection",
  "content-length",
  "keep-alive",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

const NAME = /^[!#$%&'*+.^_`|~\w-]{1,256}$/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what a value may not have
const NOT_IN_VALUE = /[\0-\x08\x0a-\x1f\x7f]/;
const HEADERS_BYTES_MAX = 64 * 1024;

type Header = readonly [name: string, value: string];

function headersOf(value: unknown): Header[] | undefined {
  if (!isObject(value)) return undefined;
  const headers: Header[] = [];
  for (const [name, member] of Object.entries(value)) {
    if (member === null) continue;
    const text = typeof member === "object" ? undefined : headerText(String(member));
    if (!NAME.test(name) || text === undefined) return undefined;
    if (!FRAMING.has(name.toLowerCase())) headers.push([name.toLowerCase(), text]);
  }
  return sizeOf(headers) > HEADERS_BYTES_MAX ? undefined : headers;
}

function cookiesOf(value: unknown): Header[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const cookies: Header[] = [];
  for (const cookie of value) {
    const text = typeof cookie === "string" ? headerText(cookie) : undefined;
    if (text === undefined) return undefined;
    cookies.push(["set-cookie", text]);
  }
  return sizeOf(cookies) > HEADERS_BYTES_MAX ? undefined : cookies;
}

const sizeOf = (headers: readonly Header[]): number =>
  headers.reduce((size, [name, value]) => size + name.length + value.length, 0);

/** What goes out is Latin-1: text beyond it goes out as the bytes of its UTF-8. */
function headerText(text: string): string | undefined {
  if (NOT_IN_VALUE.test(text)) return undefined;
  return /[^\0-\xff]/.test(text) ? Buffer.from(text).toString("latin1") : text;
}

/** Undefined for what says that it is base64 and is not. A body that is no text goes out as JSON. */
function bodyOf({ body, isBase64Encoded }: Record<string, unknown>): Uint8Array | string | null | undefined {
  if (body === undefined || body === null) return null;
  if (typeof body !== "string") return JSON.stringify(body);
  if (isBase64Encoded !== true) return body;
  try {
    return Uint8Array.fromBase64(body);
  } catch {
    return undefined;
  }
}

const decoder = new TextDecoder("utf-8", { fatal: true });

/** Undefined for what is no JSON. */
function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(decoder.decode(bytes));
  } catch {
    return undefined;
  }
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
