/**
 * The execution environments of one function version. A call takes an idle one; when there is none it waits, and an environment is
 * started only when waiting would likely take longer than starting. So sixty-four clients of a function that takes a millisecond share
 * a few processes, while a slow function gets an environment for each call.
 */
import { NotBegunError } from "./call.ts";
import { Durations } from "./durations.ts";
import type { Environment } from "./environment.ts";
import type { StartOutcome } from "./environment-options.ts";
import { timedOut } from "./failures.ts";
import type { ExecutionSpec, Invocation, InvocationResult } from "./invocation.ts";
import { Provision, type ProvisionState } from "./provisioned.ts";
import { PARALLEL_ENVIRONMENTS, Roster } from "./roster.ts";
import { isPlain, type Waiting } from "./waiting.ts";

export interface PoolDeps {
  /** How long an environment may take to load the handler before a call is charged for it. */
  readonly initTimeoutMs: number;
  /** After so many calls an environment is replaced by a new one. */
  readonly callsMax: number;
  /** Makes an environment, not started yet, or undefined while the host has no room for one more. */
  readonly makeEnvironment: (
    spec: ExecutionSpec,
    onDead: (environment: Environment) => void,
    options: { readonly provisioned: boolean },
  ) => Environment | undefined;
}

export class Pool {
  readonly spec: ExecutionSpec;
  readonly #deps: PoolDeps;
  readonly #waiting: Waiting[] = [];
  readonly #durations = new Durations();
  readonly #roster: Roster;
  /** How many calls are with an environment, or on their way from one to another. */
  #runs = 0;
  #patienceTimer: Timer | undefined;
  readonly #provision = new Provision<Environment>(() => this.pump());
  /** Were kept for somebody who does not want them any more; each ends when it is idle. */
  readonly #dismissed = new Set<Environment>();
  #closed = false;

  constructor(spec: ExecutionSpec, deps: PoolDeps) {
    this.spec = spec;
    this.#deps = deps;
    this.#roster = new Roster({ durations: this.#durations, isDone: (environment) => this.#isDone(environment) });
  }

  get size(): number {
    return this.#roster.all.size;
  }

  get waitingCount(): number {
    return this.#waiting.length;
  }

  get isIdle(): boolean {
    const isAtRest = this.#runs === 0 && this.#roster.idle.length === this.size;
    return this.#waiting.length === 0 && isAtRest && !this.#provision.isWanted;
  }

  get environments(): Iterable<Environment> {
    return this.#roster.all;
  }

  invoke(invocation: Invocation): Promise<InvocationResult> {
    const environment = this.#roster.takeFor(invocation, { isFirst: this.#waiting.length === 0 });
    if (environment) return this.#run(environment, invocation);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ invocation, resolve, reject });
      this.pump();
    });
  }

  /** Starts environments for those who wait, as far as that is worth it and there is room. */
  pump(): void {
    while (
      this.#roster.starting < this.#waiting.length &&
      this.#durations.areWorthOneMore(this.size, this.#waiting.length)
    ) {
      if (!this.#startOne()) break;
    }
    if (this.#waiting.length > 0) this.#armPatience();
    while (this.#provision.lacks) {
      if (!this.#startOne({ provisioned: true })) break;
    }
  }

  /** From now on so many environments are there, used or not. */
  keep(count: number): void {
    if (this.#closed) return;
    this.#dismiss(this.#provision.resize(count));
    this.pump();
  }

  get provision(): ProvisionState {
    return this.#provision.state;
  }

  #dismiss(environments: readonly Environment[]): void {
    for (const environment of environments) {
      this.#dismissed.add(environment);
      if (environment.state === "idle") environment.stop();
    }
  }

  /** No new call comes: idle environments end now, busy ones after those who already wait were served. */
  close(): void {
    this.#closed = true;
    this.#provision.resize(0);
    for (const environment of this.#roster.takeAllIdle()) environment.stop();
  }

  /** Ends environments that were idle since before `beforeMs` (performance.now()). */
  reap(beforeMs: number): void {
    for (const environment of [...this.#roster.idle]) {
      if (environment.idleSinceMs < beforeMs && !this.#provision.has(environment)) environment.stop();
    }
  }

  /** When its oldest idle environment became idle; undefined when none is, or none can be spared. */
  get oldestIdleMs(): number | undefined {
    return this.#roster.idle.find((environment) => environment.state === "idle" && !this.#provision.has(environment))
      ?.idleSinceMs;
  }

  /**
   * Looks again after as long as a start takes. The estimate may be wrong, as when a quick function turns slow: when every call that runs has
   * taken longer than a start, more are started. When calls do end and some still wait, every processor gets an environment.
   */
  #armPatience(): void {
    if (this.#patienceTimer) return;
    this.#patienceTimer = setTimeout(
      // Behind what has arrived meanwhile: a process that was held up itself would find every call slow.
      () => setImmediate(() => this.#lookAgain()),
      this.#durations.patienceMs,
    );
  }

  #lookAgain(): void {
    this.#patienceTimer = undefined;
    const count = this.size;
    const { stuckAfterMs } = this.#durations;
    const isStuck = [...this.#roster.all].every(({ state, callAgeMs }) => state !== "busy" || callAgeMs > stuckAfterMs);
    if (isStuck) this.#useIdle();
    if (isStuck) this.#startMore(count - this.#roster.starting);
    else if (count < PARALLEL_ENVIRONMENTS) this.#startMore(1);
    this.pump();
  }

  #useIdle(): void {
    while (this.#waiting.length > 0) {
      const environment = this.#roster.takeIdle();
      if (!environment) return;
      this.#offer(environment);
    }
  }

  /** As many as there are, so that their number doubles until it is enough. */
  #startMore(count: number): void {
    for (let n = 0; n < count && this.#roster.starting < this.#waiting.length; n++) {
      if (!this.#startOne()) return;
    }
  }

  #startOne({ provisioned } = { provisioned: false }): boolean {
    const environment = this.#make({ provisioned });
    if (!environment) return false;
    const wantsLogTail = this.#waiting[this.#roster.starting]?.invocation.wantsLogTail ?? false;
    this.#roster.starting++;
    const beganAtMs = performance.now();
    environment
      .start({ timeoutMs: this.#deps.initTimeoutMs, wantsLogTail })
      .finally(() => {
        this.#roster.starting--;
      })
      .then(
        (outcome) => {
          if (outcome.kind === "ready") this.#durations.addColdStart(performance.now() - beganAtMs);
          this.#started(environment, outcome);
        },
        (error) => {
          this.#waiting.shift()?.reject(error);
        },
      );
    return true;
  }

  #make({ provisioned } = { provisioned: false }): Environment | undefined {
    const onDead = (dead: Environment): void => {
      this.#roster.delete(dead);
      this.#dismissed.delete(dead);
      if (this.#provision.delete(dead) && !dead.wasReady) this.#provision.started(false);
      this.pump();
    };
    const environment = this.#deps.makeEnvironment(this.spec, onDead, { provisioned });
    if (environment) this.#roster.add(environment);
    if (environment && provisioned) this.#provision.add(environment);
    return environment;
  }

  #started(environment: Environment, outcome: StartOutcome): void {
    if (outcome.kind === "ready" && this.#provision.has(environment)) this.#provision.started(true);
    if (outcome.kind === "ready") return this.#offer(environment);
    const waiting = this.#waiting.shift();
    if (!waiting) return;
    if (outcome.kind === "failed") waiting.resolve(outcome.resultFor(waiting.invocation.requestId));
    else this.#initWithinCall(waiting.invocation, outcome.logTail).then(waiting.resolve, waiting.reject);
  }

  /** As on AWS: an initialization that overran its 10 seconds is done again inside the call, on the function's own time. */
  async #initWithinCall(invocation: Invocation, earlierTail: Uint8Array | undefined): Promise<InvocationResult> {
    const { timeoutMs } = this.spec;
    const { requestId, wantsLogTail } = invocation;
    const environment = this.#make();
    if (!environment) return { outcome: timedOut(requestId, timeoutMs), logTail: earlierTail };
    const beganAtMs = performance.now();
    const outcome = await environment.start({ timeoutMs, phase: "invoke", wantsLogTail, earlierTail });
    if (outcome.kind !== "ready") return outcome.resultFor(requestId);
    return this.#run(environment, invocation, Math.max(1, timeoutMs - (performance.now() - beganAtMs)));
  }

  async #run(environment: Environment, invocation: Invocation, timeoutMs?: number): Promise<InvocationResult> {
    let result: InvocationResult;
    this.#runs++;
    try {
      result = await environment.invoke(invocation, timeoutMs);
    } catch (error) {
      if (error instanceof NotBegunError) return this.invoke(invocation);
      throw error;
    } finally {
      this.#runs--;
    }
    this.#durations.addCall(result);
    if (environment.state === "idle") this.#release(environment);
    this.#handOver(environment);
    return result;
  }

  /** It takes no call more, and ends when it is idle. */
  #isDone(environment: Environment): boolean {
    const isDismissed = this.#dismissed.size > 0 && this.#dismissed.has(environment);
    return isDismissed || environment.takenCount >= this.#deps.callsMax;
  }

  /** Its last call has ended. */
  #release(environment: Environment): void {
    if (this.#roster.hasMoreThanEnoughAtWork && !this.#isDone(environment)) this.#park(environment);
    else this.#offer(environment);
  }

  #offer(environment: Environment): void {
    if (this.#isDone(environment)) return environment.stop(); // who waits is served by the next one
    const waiting = this.#waiting.shift();
    if (waiting) this.#serve(environment, waiting);
    else if (this.#closed) environment.stop();
    else this.#roster.rest(environment);
  }

  /** Leaves the work to the others. */
  #park(environment: Environment): void {
    this.#roster.rest(environment);
    for (const other of this.#roster.all) this.#handOver(other);
  }

  /** Those who wait next go to an environment that is still busy, as far as it has room for them. */
  #handOver(environment: Environment): void {
    while (this.#roster.mayJoin(environment) && this.#durations.areShort) {
      const next = this.#waiting[0];
      if (!next || !isPlain(next.invocation)) return;
      this.#waiting.shift();
      this.#serve(environment, next);
    }
  }

  #serve(environment: Environment, { invocation, resolve, reject }: Waiting): void {
    this.#run(environment, invocation).then(resolve, reject);
  }
}
