/** The HTTP door: every operation of the API under its method and path, and Lambent's own pages under `/_lambent`. */
import { Hono } from "hono";
import { TrieRouter } from "hono/router/trie-router";
import { AwsError } from "../errors/aws-error.ts";
import { renderError } from "../errors/render.ts";
import type { S3Door } from "../s3/door.ts";
import type { Services } from "../services/context.ts";
import { metricsText } from "../services/metrics.ts";
import { OPERATIONS, type OperationName, type OperationRow } from "../shapes/operations.ts";
import { giveBody } from "./body.ts";
import { type Exchange, honoExchange, invokeExchange, peerOf } from "./exchange.ts";
import { type Guards, isChange, NO_GUARDS, perform, performGuarded } from "./guarded.ts";
import { guardPages } from "./guarded-pages.ts";
import { lambentPages } from "./lambent-pages.ts";
import { pacedAnswer } from "./paced-answer.ts";
import { scopesOf } from "./request-context.ts";
import { respond } from "./respond.ts";
import { makeUrlDoor, type UrlDoor } from "./url-door.ts";

/** `s3`: asked about what no route is for. */
export function makeApp(services: Services, s3?: S3Door, guards = NO_GUARDS): Hono {
  const app = new Hono({ strict: false, router: new TrieRouter() });
  const serve = servantOf(services, guards);
  for (const { method, path, names } of doors()) {
    app.on(method, path, (c) => serve(honoExchange(c), names));
  }
  app.use("/metrics", guardPages(services, guards));
  app.use("/_lambent/*", guardPages(services, guards));
  app.get("/metrics", async (c) => c.text(await metricsText(services)));
  app.route("/_lambent", lambentPages(services, guards));
  app.notFound(
    (c) =>
      s3?.(c.req.raw, peerOf(c.env)) ??
      refuse(services, { error: unknownOperation(c.req.raw), requestId: services.ids.uuid() }),
  );
  app.onError((error) => refuse(services, { error, requestId: services.ids.uuid() }));
  return withShortcuts(app, {
    serve,
    url: makeUrlDoor(services, { guards, refuse: (error, requestId) => refuse(services, { error, requestId }) }),
    refuse: (error) => refuse(services, { error, requestId: services.ids.uuid() }),
  });
}

type Servant = (exchange: Exchange, names: readonly OperationName[]) => Promise<Response>;

/** Function URLs and Invoke are found before the routes are asked; Invoke is then served like every other operation. */
function withShortcuts(
  app: Hono,
  doors: { serve: Servant; url: UrlDoor; refuse: (error: AwsError) => Response },
): Hono {
  const { fetch } = app;
  let plainOrigin = NOWHERE; // that of the request before, as long as it leads to no function URL
  app.fetch = (request, env, ...rest) => {
    const { url } = request;
    const peer = peerOf(env);
    if (url.startsWith(plainOrigin)) {
      const exchange = invokeExchange(request, peer);
      if (exchange) return doors.serve(exchange, ["Invoke"]);
    } else if (!URL.canParse(url)) return doors.refuse(unreadableHost());
    const answered = doors.url(request, peer);
    if (answered) return answered;
    plainOrigin = url.slice(0, url.indexOf("/", "https://".length) + 1) || NOWHERE;
    const exchange = invokeExchange(request, peer);
    return exchange ? doors.serve(exchange, ["Invoke"]) : fetch(request, env, ...rest);
  };
  return app;
}

/** No request's address begins with it. */
const NOWHERE = " ";

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

function servantOf(services: Services, guards: Guards): Servant {
  const openScope = scopesOf(services);
  return async (exchange, names) => {
    const requestId = services.ids.uuid();
    let stream: unknown;
    try {
      const name = names.length === 1 ? names[0] : names.find((candidate) => matchesQuery(exchange, candidate));
      if (name === undefined) throw unknownOperation(exchange.request);
      const scope = openScope(exchange.request, requestId);
      const output =
        guards.gate || isChange(name)
          ? await performGuarded(scope.ctx, { exchange, name, guards })
          : await perform(scope.ctx, exchange, name);
      stream = output?.["EventStream"];
      exchange.peer?.timeout(exchange.request, exchange.peer.idleSeconds);
      const response = respond(name, output, scope.headers());
      return name === "InvokeWithResponseStream" ? pacedAnswer(response, exchange) : response;
    } catch (error) {
      exchange.peer?.timeout(exchange.request, exchange.peer.idleSeconds);
      return refuse(services, { error, requestId });
    } finally {
      giveBody(exchange, stream);
    }
  };
}

const matchesQuery = (exchange: Exchange, name: OperationName): boolean =>
  Object.entries((OPERATIONS[name] as OperationRow).query ?? {}).every(([key, value]) => exchange.query(key) === value);

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
