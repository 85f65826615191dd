/** The HTTP door: every operation of the API under its method and path, and Lambent's own pages under `/_lambent`. */
import { type Context, Hono } from "hono";
import { AwsError, notSupported } from "../errors/aws-error.ts";
import { renderError } from "../errors/render.ts";
import type { Services } from "../services/context.ts";
import { OPERATIONS, type OperationName, type OperationRow } from "../shapes/operations.ts";
import { bind } from "./bind.ts";
import { lambentPages } from "./lambent-pages.ts";
import { metricsText } from "./metrics.ts";
import { openScope } from "./request-context.ts";
import { respond } from "./respond.ts";
import { VERBS } from "./routes/all.ts";

export function makeApp(services: Services): Hono {
  const app = new Hono({ strict: false });
  for (const { method, path, names } of doors()) {
    app.on(method, path, (c) => serve(services, c, names));
  }
  app.get("/metrics", async (c) => c.text(await metricsText(services.dispatcher)));
  app.route("/_lambent", lambentPages(services));
  app.notFound((c) => refuse(services, { error: unknownOperation(c), requestId: services.ids.uuid() }));
  app.onError((error) => refuse(services, { error, requestId: services.ids.uuid() }));
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

async function serve(services: Services, c: Context, names: readonly OperationName[]): Promise<Response> {
  const requestId = services.ids.uuid();
  try {
    const name = names.length === 1 ? names[0] : names.find((candidate) => matchesQuery(c, candidate));
    if (name === undefined) throw unknownOperation(c);
    return await perform(services, c, { name, requestId });
  } catch (error) {
    return refuse(services, { error, requestId });
  }
}

const matchesQuery = (c: Context, name: OperationName): boolean =>
  Object.entries((OPERATIONS[name] as OperationRow).query ?? {}).every(([key, value]) => c.req.query(key) === value);

async function perform<Name extends OperationName>(
  services: Services,
  c: Context,
  { name, requestId }: { name: Name; requestId: string },
): Promise<Response> {
  const verb = VERBS[name];
  if (verb === undefined) throw notSupported(name);
  const { ctx, headers } = openScope(services, c, requestId);
  const output = await verb(ctx, await bind(c, name));
  return respond(name, output as Record<string, unknown> | undefined, headers());
}

/** The answer to anything thrown. What is not the caller's to read goes to the log, with its cause. */
function refuse(services: Services, { error, requestId }: { error: unknown; requestId: string }): Response {
  if (!(error instanceof AwsError)) services.log.error({ err: error, requestId }, "A request failed");
  const { status, headers, body } = renderError(error, requestId);
  return new Response(body, { status, headers });
}

const unknownOperation = (c: Context): AwsError =>
  new AwsError("UnknownOperationException", `No operation of the Lambda API is at ${c.req.method} ${c.req.path}`);
