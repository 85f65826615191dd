/**
 * Handlers in the web standard's form, `fetch(request, env, ctx)`: an HTTP event of payload format 2.0 becomes a Request, and the Response
 * a result of that format, or a stream where one is wanted. Source: Fetch Standard; WinterTC's Minimum Common API; Lambda Developer Guide,
 * "Invoking Lambda function URLs".
 *
 * **By design**: what was handed to `ctx.waitUntil` is done before the call ends, as the environment is frozen then.
 */

import { logLine } from "./console.ts";
import type { HandlerContext } from "./context.ts";
import { toLogText } from "./error-object.ts";
import type { Handler } from "./load-handler.ts";
import { HTTP_CONTENT_TYPE, PRELUDE_END, type ResponseStream, type StreamingHandler } from "./response-stream.ts";

/** What answers requests, with whatever else its platform hands to it. */
export type Answer = (request: Request, call: HttpCall) => unknown;

export interface HttpCall {
  readonly event: HttpEvent;
  readonly ctx: FetchContext;
}

/** The third argument, as Workers have it; and what Lambda's own handlers get. */
export interface FetchContext {
  waitUntil(promise: unknown): void;
  passThroughOnException(): void;
  readonly props: Readonly<Record<string, unknown>>;
  readonly event: unknown;
  readonly context: HandlerContext;
}

/** The part of payload format 2.0 that a request is made of. */
export interface HttpEvent {
  readonly rawPath: string;
  readonly rawQueryString?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly cookies?: readonly string[];
  readonly requestContext: {
    readonly domainName?: string;
    readonly http: { readonly method: string; readonly sourceIp?: string };
  };
  readonly body?: string;
  readonly isBase64Encoded?: boolean;
}

// Taken before user code runs: a handler may replace any global.
const NativeRequest = Request;
const NativeHeaders = Headers;
const Utf8Decoder = TextDecoder;
const { stringify } = JSON;

const STREAMED = Symbol("streamed");

/** The form of a handler that streams its result; undefined when it has none. */
export const streamedForm = (handler: Handler): Handler | undefined => (handler as { [STREAMED]?: Handler })[STREAMED];

/** A module's object that answers requests: a default export, a Hono app. Undefined for anything else. */
export function fetchHandler(candidate: unknown): Handler | undefined {
  if (candidate === null || typeof candidate !== "object") return undefined;
  const { fetch } = candidate as { fetch?: unknown };
  if (typeof fetch !== "function") return undefined;
  return answeringHandler((request, { ctx }) => fetch.call(candidate, request, process.env, ctx));
}

export function answeringHandler(answer: Answer): Handler {
  const buffered = async (event: unknown, context: HandlerContext): Promise<unknown> => {
    const { response, done } = await respond(answer, event, context);
    const result = await resultOf(response);
    await done();
    return result;
  };
  const streamed: StreamingHandler = async (event, stream, context) => {
    const { response, done } = await respond(answer, event, context as HandlerContext);
    await writeTo(stream, response);
    await done();
    stream.end();
  };
  return Object.assign(buffered, { [STREAMED]: streamed as unknown as Handler });
}

async function respond(
  answer: Answer,
  event: unknown,
  context: HandlerContext,
): Promise<{ response: Response; done: () => Promise<void> }> {
  const waiting: Promise<unknown>[] = [];
  const ctx: FetchContext = {
    waitUntil: (promise) => void waiting.push(Promise.resolve(promise).catch(logLate)),
    passThroughOnException: () => {},
    props: {},
    event,
    context,
  };
  const request = requestOf(event);
  const response = await answer(request, { event: event as HttpEvent, ctx });
  if (!isResponse(response))
    throw new TypeError(`Cannot answer the request: fetch has to return a Response, not ${nameOf(response)}`);
  const done = async (): Promise<void> => {
    for (const each of waiting) await each; // also those that are added meanwhile
  };
  return { response, done };
}

/** It is too late for the answer to tell. */
const logLate = (error: unknown): void => logLine("ERROR", `Error in ctx.waitUntil \t${toLogText(error)}`);

const nameOf = (value: unknown): string => (value === null ? "null" : typeof value);

/** Of whatever realm or polyfill. */
function isResponse(value: unknown): value is Response {
  if (typeof value !== "object" || value === null) return false;
  const { status, headers, arrayBuffer } = value as Partial<Response>;
  return typeof status === "number" && typeof headers === "object" && typeof arrayBuffer === "function";
}

class NotHttpError extends Error {
  override readonly name = "Runtime.NotAnHttpEvent";
}

const notHttp = (why: string): NotHttpError =>
  new NotHttpError(
    `Cannot make a Request of the event: ${why}. A handler in fetch form is called by its function URL, or with an event of payload format 2.0`,
  );

function requestOf(value: unknown): Request {
  if (!isHttpEvent(value)) throw notHttp("it has no rawPath and requestContext.http.method");
  const { rawPath, rawQueryString, requestContext, isBase64Encoded, body } = value;
  const headers = headersOf(value);
  const { method } = requestContext.http;
  const scheme = headers.get("x-forwarded-proto") === "http" ? "http" : "https";
  const host = headers.get("host") ?? requestContext.domainName ?? "localhost";
  const hasBody = typeof body === "string" && body !== "" && method !== "GET" && method !== "HEAD";
  try {
    return new NativeRequest(`${scheme}://${host}${rawPath}${rawQueryString ? `?${rawQueryString}` : ""}`, {
      method,
      headers,
      ...(hasBody && { body: isBase64Encoded === true ? Buffer.from(body, "base64") : body }),
    });
  } catch (cause) {
    throw notHttp(cause instanceof Error ? cause.message : "it is none that HTTP has");
  }
}

function isHttpEvent(value: unknown): value is HttpEvent {
  if (typeof value !== "object" || value === null) return false;
  const { rawPath, requestContext } = value as Partial<HttpEvent>;
  return typeof rawPath === "string" && rawPath.startsWith("/") && typeof requestContext?.http?.method === "string";
}

function headersOf({ headers: given, cookies }: HttpEvent): Headers {
  const headers = new NativeHeaders();
  for (const [name, value] of Object.entries(given ?? {})) {
    try {
      headers.set(name, value);
    } catch {
      // no client could have sent it
    }
  }
  if (Array.isArray(cookies) && !headers.has("cookie")) headers.set("cookie", cookies.join("; "));
  return headers;
}

const NO_BYTES = new Uint8Array(0);
const TYPE = "content-type";

/** Status, headers and cookies, as both forms of a result have them. To be asked before the body is: this engine forgets its type then. */
function headOf(response: Response) {
  const headers: Record<string, string> = Object.create(null);
  const cookies: string[] = response.headers.getSetCookie?.() ?? [];
  for (const [name, value] of response.headers) {
    if (name !== "set-cookie") headers[name] = value;
  }
  return { statusCode: response.status, headers, ...(cookies.length > 0 && { cookies }) };
}

type Head = ReturnType<typeof headOf>;

async function resultOf(response: Response): Promise<unknown> {
  const head = headOf(response);
  const bytes = new Uint8Array(await response.arrayBuffer());
  addType(head, bytes);
  const isText = TEXT.test(head.headers[TYPE] ?? "") && head.headers["content-encoding"] === undefined;
  const text = isText || bytes.length === 0 ? decode(bytes) : undefined;
  if (text !== undefined) return { ...head, body: text, isBase64Encoded: false };
  const body = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("base64");
  return { ...head, body, isBase64Encoded: true };
}

async function writeTo(stream: ResponseStream, response: Response): Promise<void> {
  const head = headOf(response);
  const begin = (first: Uint8Array): void => {
    addType(head, first);
    stream.setContentType(HTTP_CONTENT_TYPE);
    stream.write(Buffer.concat([Buffer.from(stringify(head)), PRELUDE_END]));
  };
  // Not with the first bytes of the body, which may be long in coming, unless they have to tell its type.
  let begun = head.headers[TYPE] !== undefined;
  if (begun) begin(NO_BYTES);
  for await (const chunk of response.body ?? []) {
    if (!begun) begin(chunk);
    begun = true;
    if (!stream.write(chunk)) await new Promise<void>((resolve) => stream.once("drain", resolve));
  }
  if (!begun) begin(NO_BYTES);
}

/** The standard gives a Response of text a type; this engine leaves it out. */
function addType({ headers }: Head, bytes: Uint8Array): void {
  if (headers[TYPE] !== undefined || bytes.length === 0) return;
  headers[TYPE] =
    decode(bytes, { stream: true }) === undefined ? "application/octet-stream" : "text/plain;charset=UTF-8";
}

/** Encoded text is bytes. */
const TEXT = /^(text\/|application\/(\S+\+)?(json|xml|javascript|x-www-form-urlencoded)\b)/i;

/** Undefined for what is no UTF-8. */
function decode(bytes: Uint8Array, options?: { stream: boolean }): string | undefined {
  try {
    return new Utf8Decoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes, options);
  } catch {
    return undefined;
  }
}
