/**
 * The whole control plane in one process: the app over a store in memory, a clock that stands still, ids that count, and a dispatcher
 * with real runners.
 */
import { afterAll, beforeAll, beforeEach } from "bun:test";
import { createHash } from "node:crypto";
import type { Hono } from "hono";
import pino from "pino";
import { makeApp } from "../../src/api/app.ts";
import type { Ids } from "../../src/core/ids.ts";
import { ManualClock } from "../../src/core/manual-clock.ts";
import { makeEventQueue } from "../../src/invoke/queue/event-queue.ts";
import { backgroundPlaces } from "../../src/invoke/queue/places.ts";
import { Router } from "../../src/invoke/routing.ts";
import { Scheduler } from "../../src/invoke/schedules/scheduler.ts";
import { Sources } from "../../src/invoke/sources/sources.ts";
import { Bundler } from "../../src/packages/bundle/bundler.ts";
import { s3Source } from "../../src/packages/s3-source.ts";
import { Sealer } from "../../src/security/seal.ts";
import { AccessFacts } from "../../src/services/access/access-facts.ts";
import { Authorizer } from "../../src/services/access/authorizer.ts";
import type { Services } from "../../src/services/context.ts";
import { Activations } from "../../src/services/functions/activations.ts";
import { Downloads } from "../../src/services/functions/downloads.ts";
import { HandlerChecks } from "../../src/services/functions/handler-checks.ts";
import { Resolver } from "../../src/services/invocations/resolver.ts";
import { openStore } from "../../src/store/open-store.ts";
import type { Store } from "../../src/store/port.ts";
import { FAKE_NOW_MS, startDispatcher } from "./dispatcher.ts";
import { BUNDLER_COMMAND } from "./own-commands.ts";
import { zipOf } from "./zip.ts";

export const REGION = "us-east-1";
export const ACCOUNT = "000000000000";
export const ROLE = `arn:aws:iam::${ACCOUNT}:role/any`;
export const arnOf = (name: string, qualifier?: string): string =>
  `arn:aws:lambda:${REGION}:${ACCOUNT}:function:${name}${qualifier === undefined ? "" : `:${qualifier}`}`;

export interface TestAnswer {
  readonly status: number;
  readonly headers: Headers;
  /** Undefined for an empty body. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look into whatever was answered
  readonly body: any;
}

export interface TestApp {
  readonly app: Hono;
  readonly services: Services;
  readonly clock: ManualClock;
  send(method: string, path: string, body?: unknown): Promise<TestAnswer>;
  /** Makes an active function of `handlerSource`, JavaScript; `change` is for the request. */
  createFunction(name: string, change?: Record<string, unknown>): Promise<TestAnswer>;
  /** Resolves when no version is on its way to be active. */
  settled(): Promise<void>;
  close(): Promise<void>;
}

export interface TestAppOptions {
  readonly concurrencyMax?: number;
  readonly codeBytesMax?: number;
  readonly guarded?: boolean;
  readonly networkPolicyIds?: readonly string[];
  readonly sealer?: Sealer;
  /** Default: a new one in memory, closed with the app. */
  readonly store?: Store;
}

export const HANDLER_SOURCE =
  "exports.handler = async (event) => ({ version: process.env.AWS_LAMBDA_FUNCTION_VERSION, event });";

/** One for all tests: its process takes a third of a second to start, and ends by itself. */
const bundler = new Bundler({ command: BUNDLER_COMMAND });

export async function startApp(options: TestAppOptions = {}): Promise<TestApp> {
  const store = options.store ?? (await openStore({ memory: true }));
  const clock = new ManualClock(FAKE_NOW_MS);
  const ids = countingIds();
  const log = pino({ level: "silent" });
  const sealer = options.sealer ?? new Sealer([{ id: "test", secret: Buffer.alloc(32, 1) }]);
  const home = { region: REGION, accountId: ACCOUNT };
  const running = startDispatcher({
    clock,
    concurrencyMax: options.concurrencyMax ?? 1000,
    holdCode: (sha256) => store.packages.hold(sha256),
  });
  const activations: Activations = new Activations({
    store,
    checks: new HandlerChecks({ packages: store.packages, bundler, log }),
    ids,
    log,
    onSettled: (name) => resolver.forget(name),
  });
  const places = backgroundPlaces({ concurrencyMax: 100, environmentsMax: 100 });
  const facts = new AccessFacts({ store, log });
  const resolver: Resolver = new Resolver({
    home,
    store,
    sealer,
    activations,
    router: new Router("seed"),
    onForget: (name) => facts.forget(name),
  });
  const events = makeEventQueue({
    store,
    clock,
    ids,
    home,
    log,
    targets: resolver,
    dispatcher: running.dispatcher,
    endpoints: { sqs: null, sns: null, events: null, s3: null },
    places,
  });
  const services: Services = {
    home,
    store,
    sealer,
    records: { list: async () => [] }, // nor records
    logs: { read: async function* () {} }, // the dispatcher of tests keeps logs itself
    dispatcher: running.dispatcher,
    events,
    schedules: new Scheduler({ store, clock, ids, home, log, queue: events }),
    sources: new Sources({
      store,
      endpoint: null,
      clock,
      ids,
      log,
      places,
      attempt: async () => ({ kind: "stopping" }), // nothing is polled
    }),
    activations,
    resolver,
    facts,
    authorizer: new Authorizer({ home, clock, facts }),
    guarded: options.guarded ?? false,
    downloads: new Downloads(new Uint8Array(32), clock),
    s3Source: s3Source({ embedded: { readWhole: async () => ({ kind: "no-bucket" }) }, remote: null }),
    clock,
    ids,
    log,
    codeBytesMax: options.codeBytesMax ?? 1024 ** 3,
    functionErrors: "documented",
    isolation: "none",
    controllers: [],
    networkPolicyIds: options.networkPolicyIds ?? [],
  };
  const app = makeApp(services);
  const zip = Buffer.from(await zipOf({ "index.js": HANDLER_SOURCE })).toString("base64");

  const send = (method: string, path: string, body?: unknown): Promise<TestAnswer> => ask(app, { method, path, body });
  const settled = (): Promise<void> => activations.allSettled();
  return {
    app,
    services,
    clock,
    send,
    settled,
    async createFunction(name, change = {}) {
      const created = await send("POST", "/2015-03-31/functions", {
        FunctionName: name,
        Runtime: "nodejs22.x",
        Role: ROLE,
        Handler: "index.handler",
        Code: { ZipFile: zip },
        ...change,
      });
      if (created.status !== 201) throw new Error(`Cannot create ${name}: ${JSON.stringify(created.body)}`);
      await settled();
      return created;
    },
    async close() {
      await settled();
      await events.close();
      await running.close();
      if (!options.store) await store.close();
    },
  };
}

async function ask(
  app: Hono,
  { method, path, body }: { method: string; path: string; body: unknown },
): Promise<TestAnswer> {
  const answer = await app.request(path, {
    method,
    ...(body !== undefined && { body: typeof body === "string" ? body : JSON.stringify(body) }),
  });
  const text = await answer.text();
  return { status: answer.status, headers: answer.headers, body: text === "" ? undefined : JSON.parse(text) };
}

/** Each is another one, and the same in every run. */
function countingIds(): Ids {
  let count = 0;
  return {
    uuid() {
      const hex = createHash("sha256").update(String(++count)).digest("hex");
      return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/, "$1-$2-$3-$4-$5");
    },
  };
}

/** One app for all tests of a file, emptied before each: call the answer to get at it. */
export function appForEach(options: TestAppOptions = {}): () => TestApp {
  let app: TestApp | undefined;
  beforeAll(async () => {
    app = await startApp(options);
  });
  beforeEach(async () => {
    if (app) await empty(app);
  });
  afterAll(() => app?.close());
  return () => {
    if (!app) throw new Error("The app is there during a test only");
    return app;
  };
}

async function empty({ services, send, settled }: TestApp): Promise<void> {
  await settled();
  const { functions, documents } = services.store;
  for (const { functionName } of (await functions.list({ versions: "latest", count: 1000 })).items)
    await send("DELETE", `/2015-03-31/functions/${functionName}`);
  for (const kind of ["event-source-mapping", "code-signing-config", "layer", "layer-version", "layer-policy"]) {
    for (const document of (await documents.list({ kind, count: 1000 })).items) await documents.delete(document);
  }
}
