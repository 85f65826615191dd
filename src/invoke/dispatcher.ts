/**
 * Leads each call to an environment of its function version, within the account's concurrency and the host's room for environments.
 * It holds all pools, watches memory and time on their behalf, and lets go of what nobody uses.
 */
import { randomBytes } from "node:crypto";
import type { Clock } from "../core/clock.ts";
import { INIT_TIMEOUT_MS } from "../core/limits.ts";
import { isMemoryShort } from "../sandbox/memory-pressure.ts";
import { Concurrency } from "./concurrency.ts";
import { Environment } from "./environment.ts";
import type { ExecutionSpec, Invocation, InvocationResult, ThrottleReason } from "./invocation.ts";
import type { LogSink } from "./logs/environment-log.ts";
import { placesOf } from "./places.ts";
import { Pool } from "./pool.ts";
import type { ProvisionState } from "./provisioned.ts";
import { runtimeVariables } from "./runtime-variables.ts";
import { type Holds, sandboxSpecOf } from "./sandbox-spec.ts";
import { Statistics } from "./statistics.ts";

export interface DispatcherOptions extends Holds {
  /** Starts a runner: the executable itself with its hidden command. */
  readonly runnerCommand: readonly string[];
  readonly region: string;
  readonly concurrencyMax: number;
  /** How many environments may exist at the same time, busy or idle. */
  readonly environmentsMax: number;
  /** After so many calls an environment is replaced by a new one. */
  readonly callsMax: number;
  /** An environment that no call used for so long ends. */
  readonly idleTimeoutMs: number;
  /** How long a handler may take to load before that is done again on its first call's time; AWS's 10 seconds unless said otherwise. */
  readonly initTimeoutMs?: number;
  readonly credentials: Readonly<Record<string, string>>;
  readonly clock: Clock;
  /** Keeps a package, or a tree, from being swept until the returned function is called. */
  readonly holdCode: (codeSha256: string) => () => void;
  /** After each call, before its answer leaves: has to be quick. */
  readonly onFinished?: (spec: ExecutionSpec, invocation: Invocation, result: InvocationResult) => void;
  readonly logSinkOf: (stream: { functionName: string; logGroupName: string; logStreamName: string }) => LogSink;
}

/**
 * How often running environments are looked at: one that holds too much memory ends within this time and one reading. An environment that was
 * idle between two looks is frozen, so that a busy function's are never stopped and continued for each call.
 */
const WATCH_EVERY_MS = 20;
const REAP_EVERY_MS = 1000;
/** Of the host's environments, busy or idle, when one more is started ahead of any call. */
const PROVISIONED_SHARE_MAX = 0.75;

/** Why a call is not taken; `draining`: the server is about to stop. */
export type Refusal = { readonly kind: "throttled"; readonly reason: ThrottleReason } | { readonly kind: "draining" };

export class Dispatcher {
  readonly concurrency: Concurrency;
  readonly statistics = new Statistics();
  readonly #options: DispatcherOptions;
  readonly #pools = new Map<string, Pool>();
  readonly #closing = new Set<Pool>();
  readonly #watch: Timer;
  readonly #reaper: Timer;
  #environmentCount = 0;
  #runningCount = 0;
  #draining = false;
  #closed = false;
  /** No call runs, and everything is frozen: there is nothing to look at. */
  #quiet = true;
  #onDrained: (() => void) | undefined;

  constructor(options: DispatcherOptions) {
    this.#options = options;
    this.concurrency = new Concurrency(options.concurrencyMax);
    this.#watch = setInterval(() => this.#look(), WATCH_EVERY_MS);
    this.#reaper = setInterval(() => this.#reap(), REAP_EVERY_MS);
    this.#watch.unref();
    this.#reaper.unref();
  }

  /** Takes a call in, or says why not. Who was taken in calls `run` next. */
  admit(functionName: string): Refusal | undefined {
    if (this.#draining) return { kind: "draining" };
    const reason = this.concurrency.enter(functionName);
    if (reason !== undefined) {
      this.statistics.countThrottle(functionName, reason);
      return { kind: "throttled", reason };
    }
    this.#runningCount++;
    this.#quiet = false;
    return undefined;
  }

  /** Runs a call that was admitted. */
  async run(spec: ExecutionSpec, invocation: Invocation): Promise<InvocationResult> {
    try {
      const result = await this.#poolOf(spec).invoke(invocation);
      this.statistics.countCall(spec.functionName, result);
      this.#options.onFinished?.(spec, invocation, result);
      return result;
    } finally {
      this.concurrency.leave(spec.functionName);
      this.#runningCount--;
      if (this.#runningCount === 0) this.#onDrained?.();
    }
  }

  /**
   * After a function (with `version`: this one of it) changed or went: its environments take no new call, and calls that run finish
   * on what they began with.
   */
  retire(functionName: string, version?: string): void {
    for (const [key, pool] of this.#pools) {
      const { spec } = pool;
      const isMeant = version === undefined || spec.functionVersion === version;
      if (spec.functionName === functionName && isMeant) this.#closePool(key, pool);
    }
  }

  /** From now on these versions of the function have so many environments, used or not, and its other versions none. */
  provision(functionName: string, wanted: readonly { readonly spec: ExecutionSpec; readonly count: number }[]): void {
    const keys = new Set(wanted.map(({ spec }) => spec.key));
    for (const pool of this.#pools.values()) {
      if (pool.spec.functionName === functionName && !keys.has(pool.spec.key)) pool.keep(0);
    }
    for (const { spec, count } of wanted) this.#poolOf(spec).keep(count);
  }

  /** How far that is from being so. */
  provisionOf(spec: ExecutionSpec): ProvisionState {
    return this.#pools.get(spec.key)?.provision ?? { allocated: 0, available: 0, failing: false };
  }

  /** Takes no new call and waits until none runs, at most `deadlineMs`; answers how many still do. */
  async drain(deadlineMs: number): Promise<number> {
    this.#draining = true;
    if (this.#runningCount > 0) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const timer = setTimeout(resolve, deadlineMs);
      this.#onDrained = resolve;
      await promise;
      clearTimeout(timer);
    }
    return this.#runningCount;
  }

  /** Ends every environment, and starts none from here on. */
  close(): void {
    this.#closed = true;
    clearInterval(this.#watch);
    clearInterval(this.#reaper);
    for (const pool of [...this.#pools.values(), ...this.#closing]) {
      pool.close();
      for (const environment of pool.environments) environment.stop();
    }
    this.#pools.clear();
  }

  /** For the operator's eyes. */
  census(): { environments: number; running: number; waiting: number; byState: Record<string, number> } {
    const byState: Record<string, number> = {};
    let waiting = 0;
    for (const pool of [...this.#pools.values(), ...this.#closing]) waiting += pool.waitingCount;
    for (const environment of this.#environments()) byState[environment.state] = (byState[environment.state] ?? 0) + 1;
    return { environments: this.#environmentCount, running: this.#runningCount, waiting, byState };
  }

  #poolOf(spec: ExecutionSpec): Pool {
    const known = this.#pools.get(spec.key);
    if (known) return known;
    const pool = new Pool(spec, {
      initTimeoutMs: this.#options.initTimeoutMs ?? INIT_TIMEOUT_MS,
      callsMax: this.#options.callsMax,
      makeEnvironment: (ofSpec, onDead, options) => this.#makeEnvironment(ofSpec, onDead, options),
    });
    this.#pools.set(spec.key, pool);
    return pool;
  }

  #makeEnvironment(
    spec: ExecutionSpec,
    onDead: (environment: Environment) => void,
    { provisioned }: { provisioned: boolean },
  ): Environment | undefined {
    if (this.#closed) return undefined;
    // What is kept for some must leave room for the others: they could evict nothing of it.
    if (provisioned && this.#environmentCount >= this.#options.environmentsMax * PROVISIONED_SHARE_MAX)
      return undefined;
    if (this.#environmentCount >= this.#options.environmentsMax && !this.#evictOldestIdle()) return undefined;
    const { region, credentials, clock, runnerCommand, walls } = this.#options;
    const logGroupName = spec.logging.group;
    const logStreamName = logStreamNameOf(clock.nowMs(), spec.functionVersion);
    this.#environmentCount++;
    const holds = [spec.codeSha256, ...(spec.opt?.treeSha256s ?? [])].map(this.#options.holdCode);
    const { spec: seen, view } = placesOf(spec, walls);
    const variables = runtimeVariables({ spec: seen, region, logGroupName, logStreamName, credentials, provisioned });
    const environment: Environment = new Environment({
      spec: seen,
      sandbox: sandboxSpecOf(seen, { command: runnerCommand, variables, view }, this.#options),
      variables,
      region,
      logGroupName,
      logStreamName,
      logSink: this.#options.logSinkOf({ functionName: spec.functionName, logGroupName, logStreamName }),
      nowMs: () => clock.nowMs(),
      onDead: () => {
        this.#environmentCount--;
        for (const release of holds) release();
        onDead(environment);
        this.#pumpAll();
      },
    });
    return environment;
  }

  /** Makes room by ending the environment that has been idle longest, whosever it is. */
  #evictOldestIdle(): boolean {
    let oldest: Pool | undefined;
    for (const pool of this.#pools.values()) {
      const idleMs = pool.oldestIdleMs;
      if (idleMs !== undefined && idleMs < (oldest?.oldestIdleMs ?? Number.POSITIVE_INFINITY)) oldest = pool;
    }
    const idleMs = oldest?.oldestIdleMs;
    if (!oldest || idleMs === undefined) return false;
    oldest.reap(idleMs + Number.EPSILON * idleMs);
    return true;
  }

  #pumpAll(): void {
    for (const pool of this.#pools.values()) pool.pump();
    for (const pool of this.#closing) {
      pool.pump();
      if (pool.size === 0 && pool.isIdle) this.#closing.delete(pool);
    }
  }

  #closePool(key: string, pool: Pool): void {
    this.#pools.delete(key);
    if (pool.size > 0 || !pool.isIdle) this.#closing.add(pool); // calls may wait for its first environment
    pool.close();
  }

  #reap(): void {
    const beforeMs = performance.now() - this.#options.idleTimeoutMs;
    for (const [key, pool] of this.#pools) {
      pool.reap(beforeMs);
      if (pool.size === 0 && pool.isIdle) this.#pools.delete(key);
    }
    if (isMemoryShort()) this.#evictOldestIdle(); // one a second, until there is room again
  }

  #look(): void {
    if (this.#quiet) return;
    const idleBeforeMs = performance.now() - WATCH_EVERY_MS;
    let quiet = this.#runningCount === 0;
    for (const environment of this.#environments()) {
      if (environment.state !== "idle") environment.watch();
      else if (environment.idleSinceMs < idleBeforeMs) environment.freeze();
      quiet &&= environment.isFrozen;
    }
    this.#quiet = quiet;
  }

  *#environments(): Iterable<Environment> {
    for (const pool of this.#pools.values()) yield* pool.environments;
    for (const pool of this.#closing) yield* pool.environments;
  }
}

/** `2026/11/25/[$LATEST]<32 hex digits>`: one stream per environment. */
function logStreamNameOf(nowMs: number, version: string): string {
  const day = new Date(nowMs).toISOString().slice(0, 10).replaceAll("-", "/");
  return `${day}/[${version}]${randomBytes(16).toString("hex")}`;
}
