/** The gate before Lambent's own pages and metrics: each asks for a permission of its own, of the service `lambent`. */
import type { Context, MiddlewareHandler } from "hono";
import type { AwsError } from "../errors/aws-error.ts";
import type { Caller } from "../services/access/caller.ts";
import type { Services } from "../services/context.ts";
import { readBytes } from "./body.ts";
import { peerOf } from "./exchange.ts";
import { callerOf, claimedKeyId } from "./gate.ts";
import { type Guards, isRefusal, whoOf } from "./guarded.ts";

interface Page {
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  /** Of the path, from its first slash. */
  readonly pattern: RegExp;
  /** Null: open to everybody. */
  readonly action: string | null;
}

const page = (method: Page["method"], pattern: RegExp, action: Page["action"]): Page => ({ method, pattern, action });

/** What is not listed needs `lambent:Other`, which of the ready roles admin and deployer have. */
const PAGES: readonly Page[] = [
  page("GET", /^\/_lambent\/health\/?$/, null),
  page("GET", /^\/_lambent\/packages\//, null), // the link itself is the permission
  page("GET", /^\/metrics\/?$/, "GetMetrics"),
  page("GET", /^\/_lambent\/capabilities\/?$/, "GetCapabilities"),
  page("GET", /^\/_lambent\/invocations\/?$/, "ListInvocations"),
  page("GET", /^\/_lambent\/logs\//, "GetLogs"),
  page("GET", /^\/_lambent\/events(\/queued)?\/?$/, "ListEvents"),
  page("GET", /^\/_lambent\/events\//, "GetEvent"),
  page("POST", /^\/_lambent\/events\/redrive\/?$/, "RedriveEvents"),
  page("DELETE", /^\/_lambent\/events(\/|$)/, "PurgeEvents"),
  page("GET", /^\/_lambent\/schedules(\/|$)/, "GetSchedules"),
  page("POST", /^\/_lambent\/schedules(\/|$)/, "PutSchedule"),
  page("PUT", /^\/_lambent\/schedules\//, "PutSchedule"),
  page("DELETE", /^\/_lambent\/schedules\//, "DeleteSchedule"),
  page("GET", /^\/_lambent\/clock\/?$/, "GetClock"),
  page("POST", /^\/_lambent\/clock\/?$/, "MoveClock"),
  page("GET", /^\/_lambent\/audit\/?$/, "GetAudit"),
  page("GET", /^\/_lambent\/keys(\/|$)/, "ListKeys"),
  page("POST", /^\/_lambent\/keys\/?$/, "CreateKey"),
  page("POST", /^\/_lambent\/keys\/[^/]+\/rotate\/?$/, "RotateKey"),
  page("DELETE", /^\/_lambent\/keys\//, "DeleteKey"),
];

const OTHER = "Other";
const BODY_BYTES_MAX = 1024 * 1024;
const OK_STATUS_MAX = 399;

export function guardPages(services: Services, guards: Guards): MiddlewareHandler {
  const { home, ids } = services;
  const guard: MiddlewareHandler = async (c, next) => {
    const path = c.req.path;
    const asked = PAGES.find(({ method, pattern }) => method === c.req.method && pattern.test(path));
    if (asked?.action === null) return next();
    const action = `lambent:${asked?.action ?? OTHER}`;
    const resource = `arn:aws:lambent:${home.region}:${home.accountId}:${path.replace(/^\/(_lambent\/)?/, "")}`;
    const requestId = ids.uuid();
    let caller: Caller = callerOf(c.req.raw, { peer: peerOf(c.env), key: undefined });
    const note = (outcome: string, refused: boolean, claimed?: string | null): void => {
      if (refused || c.req.method !== "GET")
        guards.audit?.write({ requestId, action, resource, outcome, ...whoOf(caller, claimed) }, { refused });
    };
    const request = c.req.raw;
    const peer = peerOf(c.env);
    try {
      if (guards.gate) {
        caller = isBasic(request)
          ? guards.gate.enterByPassword(request, peer)
          : await guards.gate.enterWith(request, { peer, body: await takeBody(c) });
        await guards.gate.authorizeFor(caller, { action, resource });
      } else await takeBody(c);
    } catch (error) {
      if (isRefusal(error)) note((error as AwsError).code, true, claimedKeyId(error));
      throw error;
    }
    peer?.timeout(request, 0); // a page may have a lot to do
    await next();
    peer?.timeout(request, peer.idleSeconds);
    note(c.res.status <= OK_STATUS_MAX ? "ok" : String(c.res.status), false);
  };
  return (c, next) => {
    const request = c.req.raw;
    return guard(c, next).finally(() => peerOf(c.env)?.bodies.give(request));
  };
}

/** Prometheus cannot sign, but it knows passwords. */
const isBasic = ({ url, headers }: Request): boolean =>
  new URL(url).pathname === "/metrics" && (headers.get("authorization") ?? "").startsWith("Basic ");

/** Reads it, and leaves the request with one that can be read again. */
async function takeBody(c: Context): Promise<Uint8Array> {
  const { raw } = c.req;
  if (raw.body === null) return new Uint8Array();
  const exchange = { request: raw, peer: peerOf(c.env) };
  const body = await readBytes(exchange, { bytesMax: BODY_BYTES_MAX, name: "Lambent" });
  c.req.raw = new Request(raw.url, { method: raw.method, headers: raw.headers, body: Buffer.from(body) });
  return body;
}
