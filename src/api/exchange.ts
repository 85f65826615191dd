/**
 * What the door asks of a request. Hono answers it for all operations; for Invoke, where each microsecond counts, the request's own text
 * does.
 */
import type { Context } from "hono";
import type { Peer } from "./peer.ts";

export interface Exchange {
  readonly request: Request;
  /** Who is at the other end; undefined in tests that ask the app directly. */
  readonly peer: Peer | undefined;
  /** Where it has been read already. */
  readonly body?: Uint8Array;
  /** A parameter of the path, decoded. */
  param(name: string): string | undefined;
  query(name: string): string | undefined;
  queries(name: string): string[] | undefined;
}

export const honoExchange = (c: Context): Exchange => ({
  request: c.req.raw,
  peer: peerOf(c.env),
  param: (name) => c.req.param(name),
  query: (name) => c.req.query(name),
  queries: (name) => c.req.queries(name),
});

/** The app is given the server with each request: Hono calls it the environment, and makes an empty one where there is none. */
export const peerOf = (env: unknown): Peer | undefined =>
  typeof env === "object" && env !== null && "requestIP" in env ? (env as Peer) : undefined;

const FUNCTIONS = "/2015-03-31/functions/";
const INVOCATIONS = "/invocations";
/** `http://` and at least one character of a host. */
const HOST_FROM = 8;

/** A request for Invoke, and undefined for every other, also for those that merely look unusual: Hono knows better. */
export function invokeExchange(request: Request, peer: Peer | undefined): Exchange | undefined {
  const { url } = request;
  const pathAt = url.indexOf("/", HOST_FROM);
  if (request.method !== "POST" || !url.startsWith(FUNCTIONS, pathAt)) return undefined;
  const nameAt = pathAt + FUNCTIONS.length;
  const nameEnd = url.indexOf("/", nameAt);
  if (nameEnd <= nameAt || !url.startsWith(INVOCATIONS, nameEnd)) return undefined;
  const name = decode(url.slice(nameAt, nameEnd));
  const queryAt = nameEnd + INVOCATIONS.length;
  if (name === undefined || (queryAt !== url.length && url[queryAt] !== "?")) return undefined;
  const param = (): string => name;
  if (queryAt === url.length) return { request, peer, param, query: nothing, queries: nothing };
  const query = new URLSearchParams(url.slice(queryAt));
  return { request, peer, param, query: (key) => query.get(key) ?? undefined, queries: (key) => query.getAll(key) };
}

const nothing = (): undefined => undefined;

function decode(text: string): string | undefined {
  if (!text.includes("%")) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
