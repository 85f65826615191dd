/** Puts the server together, and takes it apart again without losing a call. */
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { makeApp } from "./api/app.ts";
import type { Config } from "./config.ts";
import { BodyBudget } from "./core/body-budget.ts";
import { type Clock, systemClock } from "./core/clock.ts";
import { randomIds } from "./core/ids.ts";
import { MIB } from "./core/limits.ts";
import { type Log, makeLog } from "./core/log.ts";
import { ManualClock } from "./core/manual-clock.ts";
import { Dispatcher } from "./invoke/dispatcher.ts";
import { LogFiles } from "./invoke/logs/log-files.ts";
import { attempt } from "./invoke/queue/attempt.ts";
import { makeEventQueue } from "./invoke/queue/event-queue.ts";
import { backgroundPlaces } from "./invoke/queue/places.ts";
import { recordOf } from "./invoke/record.ts";
import { Router } from "./invoke/routing.ts";
import { Scheduler } from "./invoke/schedules/scheduler.ts";
import { Sources } from "./invoke/sources/sources.ts";
import { Bundler } from "./packages/bundle/bundler.ts";
import { s3Source } from "./packages/s3-source.ts";
import { Buckets } from "./s3/buckets.ts";
import { makeS3Door } from "./s3/door.ts";
import { UPLOAD_BYTES_MAX } from "./s3/incoming-body.ts";
import type { WallKind } from "./sandbox/walls/walls.ts";
import { openKeyFile } from "./security/key-file.ts";
import type { Sealer } from "./security/seal.ts";
import { ListenError, type Listener, listen } from "./serve-listen.ts";
import { type Callers, openSecurity, type Security } from "./serve-security.ts";
import { type OpenHolds, openHolds } from "./serve-walls.ts";
import { restoreConcurrency } from "./services/concurrency/restore.ts";
import type { Services } from "./services/context.ts";
import { Activations } from "./services/functions/activations.ts";
import { Downloads } from "./services/functions/downloads.ts";
import { HandlerChecks } from "./services/functions/handler-checks.ts";
import { sealAtRest } from "./services/functions/seal-at-rest.ts";
import { Resolver } from "./services/invocations/resolver.ts";
import { openStore } from "./store/open-store.ts";
import type { Store } from "./store/port.ts";
import { Records } from "./store/records.ts";

/** A reason why the server cannot start that the operator can mend; its message is all there is to print. */
export class StartError extends Error {}

export interface Server {
  /** `http://127.0.0.1:4566`. */
  readonly url: string;
  /** What stands around functions. */
  readonly isolation: WallKind;
  readonly callers: Callers;
  /** No new calls; those that run finish, up to the configured deadline. Answers how many did not. */
  stop(): Promise<number>;
}

/**
 * Larger bodies are cut off unread; smaller ones that are still too large get AWS's answer. An object of 5 GiB may come in chunks with
 * signatures between them.
 */
const BODY_BYTES_MAX = UPLOAD_BYTES_MAX + 128 * MIB;
/** How long the last answers may take to leave. */
const LAST_ANSWERS_MS = 1000;

/** How the executable starts itself for what does not run in the server's process. */
export interface OwnCommands {
  readonly runner: readonly string[];
  readonly bundler: readonly string[];
  /** Becomes another program behind walls. */
  readonly wall: readonly string[];
  /** Ends at once. */
  readonly probe: readonly string[];
}

/** @throws StartError */
export async function startServer(config: Config, own: OwnCommands): Promise<Server> {
  const log = makeLog(config.logLevel);
  const holding = Promise.withResolvers<OpenHolds>(); // tries walls in other processes, while this one opens files
  holding.promise.catch(() => {}); // told where it is waited for
  const store = await openStoreOf(config, () => holding.resolve(openHolds(config, { own, log })));
  const sealer = await withStore(store, () => openKeyFile(config.keyFile));
  const logFiles = new LogFiles({
    directory: join(config.dataDirectory, "logs"),
    clock: systemClock,
    retentionMs: config.retentionMs,
    onError: (error) => log.warn({ err: error }, "Cannot keep functions' logs"),
  });
  const records = new Records({
    folder: join(config.dataDirectory, "invocations"),
    clock: systemClock,
    retentionMs: config.retentionMs,
    onError: (error) => log.warn({ err: error }, "Cannot write the records of invocations"),
  });
  const buckets = await withStore(store, () =>
    Buckets.open({ directory: config.dataDirectory, clock: systemClock, ids: randomIds }),
  );
  const bundler = new Bundler({ command: own.bundler });
  const security = await withStore(store, () => openSecurity(config, { store, sealer, log }));
  const holds = await withStore(store, () => holding.promise);
  const services = assemble({
    config,
    log,
    store,
    sealer,
    security,
    buckets,
    records,
    logFiles,
    bundler,
    holds,
    runnerCommand: own.runner,
  });
  const close = async (): Promise<void> => {
    await services.schedules.stop();
    await services.events.close(); // first: a call that the dispatcher ends must not count as one that failed
    services.dispatcher.close();
    await records.close();
    bundler.close();
    await services.activations.allSettled();
    await logFiles.close();
    buckets.close();
    await security.close();
    await store.close();
    await holds.close(); // last: whatever this process has started has to be gone
  };
  let listener: Listener;
  try {
    await sweep(services, buckets); // while nothing is held: what a crash left half written goes too
    await sealAtRest(services);
    await services.activations.resume();
    await restoreConcurrency(services);
    void logFiles.prune();
    listener = openDoor(config, { services, buckets, security });
    if (holds.network) holds.network.guard.ownPorts = [listener.port];
  } catch (error) {
    await close();
    throw error;
  }
  await services.events.start();
  services.schedules.start();
  await services.sources.start();
  return {
    url: urlOf(config, listener.port),
    isolation: holds.walls.kind,
    callers: security.callers,
    async stop() {
      void listener.stop();
      await services.schedules.stop();
      const polled = services.sources.stop();
      services.events.stop();
      const unfinished = await services.dispatcher.drain(config.drainTimeoutMs);
      const deadlineMs = performance.now() + LAST_ANSWERS_MS;
      while (unfinished === 0 && listener.pendingRequests > 0 && performance.now() < deadlineMs) await Bun.sleep(5);
      await listener.stop(true);
      if (unfinished === 0) await Promise.race([polled, Bun.sleep(LAST_ANSWERS_MS)]); // what is done is deleted at its source
      await close();
      return unfinished;
    },
  };
}

function assemble(parts: {
  config: Config;
  log: Log;
  store: Store;
  sealer: Sealer;
  security: Security;
  buckets: Buckets;
  records: Records;
  logFiles: LogFiles;
  bundler: Bundler;
  holds: OpenHolds;
  runnerCommand: readonly string[];
}): Services {
  const { config, log, store } = parts;
  const home = { region: config.region, accountId: config.accountId };
  const dispatcher = new Dispatcher({
    runnerCommand: parts.runnerCommand,
    ...parts.holds,
    region: config.region,
    concurrencyMax: config.concurrencyMax,
    environmentsMax: config.environmentsMax,
    callsMax: config.callsPerEnvironmentMax,
    idleTimeoutMs: config.idleTimeoutMs,
    credentials: { AWS_ACCESS_KEY_ID: "lambent", AWS_SECRET_ACCESS_KEY: "lambent", AWS_SESSION_TOKEN: "lambent" },
    clock: systemClock,
    holdCode: (sha256) => store.packages.hold(sha256),
    onFinished: (spec, invocation, result) =>
      parts.records.add(recordOf(spec, invocation, { result, endedAtMs: systemClock.nowMs() })),
    logSinkOf: ({ functionName }) => parts.logFiles.sinkOf(functionName),
  });
  const activations: Activations = new Activations({
    store,
    checks: new HandlerChecks({ packages: store.packages, bundler: parts.bundler, log }),
    ids: randomIds,
    log,
    onSettled: (name) => resolver.forget(name),
  });
  const { facts, authorizer, callers } = parts.security;
  const resolver: Resolver = new Resolver({
    home,
    store,
    sealer: parts.sealer,
    activations,
    router: new Router(config.seed, config.routing),
    onForget: (name) => facts.forget(name),
  });
  // Calls run in real time, whatever the clock is: it moves only what waits.
  const clock: Clock = config.clock === "manual" ? new ManualClock(systemClock.nowMs()) : systemClock;
  const places = backgroundPlaces(config);
  const waiting = { store, clock, ids: randomIds, home, log, targets: resolver, dispatcher };
  const events = makeEventQueue({
    ...waiting,
    endpoints: { sqs: config.sqs, sns: config.sns, events: config.eventBridge, s3: config.s3 },
    places,
  });
  return {
    home,
    store,
    sealer: parts.sealer,
    records: parts.records,
    logs: parts.logFiles,
    dispatcher,
    events,
    schedules: new Scheduler({ ...waiting, queue: events }),
    sources: new Sources({
      ...waiting,
      endpoint: config.sqs,
      places,
      attempt: (event, head) => attempt(waiting, event, head),
    }),
    activations,
    resolver,
    facts,
    authorizer,
    guarded: callers !== "everybody",
    downloads: new Downloads(randomBytes(32), systemClock),
    s3Source: s3Source({ embedded: parts.buckets, remote: config.s3 }),
    clock,
    ids: randomIds,
    log,
    codeBytesMax: config.codeBytesMax,
    functionErrors: config.functionErrors,
    isolation: parts.holds.walls.kind,
    controllers: parts.holds.groups?.controllers ?? [],
    networkPolicyIds: Object.keys(config.network.policies),
  };
}

function openDoor(
  config: Config,
  { services, buckets, security }: { services: Services; buckets: Buckets; security: Security },
) {
  const { admit, note, guards } = security;
  const door = makeS3Door({ buckets, region: config.region, ids: services.ids, log: services.log, admit, note });
  const app = makeApp(services, door, guards);
  try {
    return listen(config, {
      fetch: (request, peer) => app.fetch(request, peer),
      bodyBytesMax: BODY_BYTES_MAX,
      idleSeconds: config.connectionSeconds,
      bodies: new BodyBudget(config.bodyMemoryBytes),
      log: services.log,
    });
  } catch (error) {
    throw error instanceof ListenError ? new StartError(error.message, { cause: error }) : error;
  }
}

async function openStoreOf(config: Config, onHeld: () => void): Promise<Store> {
  try {
    return await openStore({ directory: config.dataDirectory, onHeld });
  } catch (error) {
    throw new StartError(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

/** Opens what comes after the store, and lets the store go when that fails. @throws StartError */
async function withStore<T>(store: Store, open: () => T | Promise<T>): Promise<T> {
  try {
    return await open();
  } catch (error) {
    await store.close();
    throw new StartError(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

/** Packages that a crash left without a function, and bytes without an object. */
async function sweep({ store, log }: Services, buckets: Buckets): Promise<void> {
  try {
    await store.packages.sweep(() => store.functions.digestsInUse());
    await buckets.sweep();
  } catch (error) {
    log.warn({ err: error }, "Cannot sweep unused packages");
  }
}

const urlOf = ({ host, tlsCert }: Config, port: number): string =>
  `http${tlsCert === null ? "" : "s"}://${host.includes(":") ? `[${host}]` : host}:${port}`;
