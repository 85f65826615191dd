/** The HTTP door: every operation of the API under its method and path, and Lambent's own pages under `/_lambent`. */
import { Hono } from "hono";
import { TrieRouter } from "hono/router/trie-router";
import { AwsError, notSupported } from "../errors/aws-error.ts";
import { renderError } from "../errors/render.ts";
import type { S3Door } from "../s3/door.ts";
import type { ServiceContext, Services } from "../services/context.ts";
import { metricsText } from "../services/metrics.ts";
import { OPERATIONS, type OperationName, type OperationRow } from "../shapes/operations.ts";
import { bind } from "./bind.ts";
import { type Exchange, honoExchange, invokeExchange } from "./exchange.ts";
import { lambentPages } from "./lambent-pages.ts";
import { scopesOf } from "./request-context.ts";
import { respond } from "./respond.ts";
import { VERBS } from "./routes/all.ts";
import { makeUrlDoor, type UrlDoor } from "./url-door.ts";

/** `s3`: asked about what no route is for. */
export function makeApp(services: Services, s3?: S3Door): Hono {
  const app = new Hono({ strict: false, router: new TrieRouter() });
  const serve = servantOf(services);
  for (const { method, path, names } of doors()) {
    app.on(method, path, (c) => serve(honoExchange(c), names));
  }
  app.get("/metrics", async (c) => c.text(await metricsText(services.dispatcher)));
  app.route("/_lambent", lambentPages(services));
  app.notFound(
    (c) => s3?.(c.req.raw) ?? refuse(services, { error: unknownOperation(c.req.raw), requestId: services.ids.uuid() }),
  );
  app.onError((error) => refuse(services, { error, requestId: services.ids.uuid() }));
  return withShortcuts(app, {
    serve,
    url: makeUrlDoor(services, (error, requestId) => refuse(services, { error, requestId })),
    refuse: (error) => refuse(services, { error, requestId: services.ids.uuid() }),
  });
}

type Servant = (exchange: Exchange, names: readonly OperationName[]) => Promise<Response>;

/** What the HTTP server knows of a request beside the request. */
export interface Peer {
  requestIP(request: Request): { readonly address: string } | null;
}

const LOOPBACK = "127.0.0.1";

/** Function URLs and Invoke are found before the routes are asked; Invoke is then served like every other operation. */
function withShortcuts(
  app: Hono,
  doors: { serve: Servant; url: UrlDoor; refuse: (error: AwsError) => Response },
): Hono {
  const { fetch } = app;
  app.fetch = (request, peer, ...rest) => {
    // Without its host the URL is a path: nothing behind could read it.
    if (request.url.startsWith("/")) return doors.refuse(unreadableHost());
    const sourceIp = (): string => (peer as Peer | undefined)?.requestIP?.(request)?.address ?? LOOPBACK;
    const answered = doors.url(request, sourceIp);
    if (answered) return answered;
    const exchange = invokeExchange(request);
    return exchange ? doors.serve(exchange, ["Invoke"]) : fetch(request, peer, ...rest);
  };
  return app;
}

interface Door {
  readonly method: string;
  /** In Hono's syntax. */
  readonly path: string;
  /** Several operations may share a door and differ in a fixed query parameter. */
  readonly names: readonly OperationName[];
}

function doors(): Door[] {
  const byDoor = new Map<string, { method: string; path: string; names: OperationName[] }>();
  for (const [name, row] of Object.entries(OPERATIONS) as [OperationName, OperationRow][]) {
    const path = row.path.replace(/\{(\w+)\}/g, ":$1");
    const key = `${row.method} ${path}`;
    const door = byDoor.get(key) ?? { method: row.method, path, names: [] };
    door.names.push(name);
    byDoor.set(key, door);
  }
  // The operation with the fixed parameter has to be asked first: the other would take any query.
  for (const door of byDoor.values()) door.names.sort((a, b) => fixedCount(b) - fixedCount(a));
  return [...byDoor.values()];
}

const fixedCount = (name: OperationName): number => Object.keys((OPERATIONS[name] as OperationRow).query ?? {}).length;

function servantOf(services: Services): Servant {
  const openScope = scopesOf(services);
  return async (exchange, names) => {
    const requestId = services.ids.uuid();
    try {
      const name = names.length === 1 ? names[0] : names.find((candidate) => matchesQuery(exchange, candidate));
      if (name === undefined) throw unknownOperation(exchange.request);
      const scope = openScope(exchange.request, requestId);
      return respond(name, await perform(scope.ctx, exchange, name), scope.headers());
    } catch (error) {
      return refuse(services, { error, requestId });
    }
  };
}

const matchesQuery = (exchange: Exchange, name: OperationName): boolean =>
  Object.entries((OPERATIONS[name] as OperationRow).query ?? {}).every(([key, value]) => exchange.query(key) === value);

async function perform<Name extends OperationName>(
  ctx: ServiceContext,
  exchange: Exchange,
  name: Name,
): Promise<Record<string, unknown> | undefined> {
  const verb = VERBS[name];
  if (verb === undefined) throw notSupported(name);
  return (await verb(ctx, await bind(exchange, name))) as Record<string, unknown> | undefined;
}

/** The answer to anything thrown. What is not the caller's to read goes to the log, with its cause. */
function refuse(services: Services, { error, requestId }: { error: unknown; requestId: string }): Response {
  const hungUp = error instanceof DOMException && error.name === "AbortError"; // before its body had come
  if (!(error instanceof AwsError || hungUp)) services.log.error({ err: error, requestId }, "A request failed");
  const { status, headers, body } = renderError(error, requestId);
  return new Response(body, { status, headers });
}

const unreadableHost = (): AwsError =>
  new AwsError("InvalidRequestContentException", "The Host header has to be a host name and, if need be, a port");

const unknownOperation = (request: Request): AwsError =>
  new AwsError(
    "UnknownOperationException",
    `No operation of the Lambda API is at ${request.method} ${new URL(request.url).pathname}`,
  );
