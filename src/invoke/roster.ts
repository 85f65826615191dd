/**
 * The environments of one function version, and which of them takes the next call. Where calls are so short that the way to the runner and
 * back is most of what they take, more environments would only take processor time from each other: then a few do all the work, each with
 * several calls at once on the way to it.
 */
import { availableParallelism } from "node:os";
import type { Durations } from "./durations.ts";
import type { Environment } from "./environment.ts";
import type { Invocation } from "./invocation.ts";
import { isPlain } from "./waiting.ts";

/** How many environments a quick function gets while calls keep waiting for it. */
export const PARALLEL_ENVIRONMENTS = availableParallelism();

export class Roster {
  /** How many load their handler, as the pool started them; it counts. */
  starting = 0;
  readonly #durations: Durations;
  readonly #isDone: (environment: Environment) => boolean;
  readonly #all = new Set<Environment>();
  /** The environment used last is used next, so that what is not needed grows old and is reaped. */
  readonly #idle: Environment[] = [];
  /** Took the call before: others that come in the same turn may go along. */
  #last: Environment | undefined;

  /** @param parts.isDone a call more is not for it. */
  constructor({ durations, isDone }: { durations: Durations; isDone: (environment: Environment) => boolean }) {
    this.#durations = durations;
    this.#isDone = isDone;
  }

  get all(): ReadonlySet<Environment> {
    return this.#all;
  }

  get idle(): readonly Environment[] {
    return this.#idle;
  }

  add(environment: Environment): void {
    this.#all.add(environment);
  }

  delete(environment: Environment): void {
    this.#all.delete(environment);
    const at = this.#idle.indexOf(environment);
    if (at >= 0) this.#idle.splice(at, 1);
    if (this.#last === environment) this.#last = undefined;
  }

  /** Nobody waits for it. */
  rest(environment: Environment): void {
    this.#idle.push(environment);
  }

  /** An environment for a call; undefined when it had better wait. `isFirst`: no other call waits. */
  takeFor(invocation: Invocation, { isFirst }: { isFirst: boolean }): Environment | undefined {
    const mayShare = isFirst && isPlain(invocation);
    if (mayShare && this.#last && this.#isGathering(this.#last)) return this.#last;
    if (!this.#hasEnoughAtWork) this.#last = this.takeIdle();
    else this.#last = mayShare ? this.#withRoomAhead() : undefined;
    return this.#last;
  }

  takeIdle(): Environment | undefined {
    for (let environment = this.#idle.pop(); environment; environment = this.#idle.pop()) {
      if (environment.state === "idle") return environment;
    }
    return undefined;
  }

  /** None idle any more: all that were. */
  takeAllIdle(): Environment[] {
    return this.#idle.splice(0);
  }

  /** Whether a plain call may lie behind the one that runs there. */
  mayJoin(environment: Environment): boolean {
    return environment.hasRoomAhead && !this.#isDone(environment);
  }

  /** Beyond what `takeFor` would use. */
  get hasMoreThanEnoughAtWork(): boolean {
    return this.#durations.areShort && this.#atWork > PARALLEL_ENVIRONMENTS;
  }

  get #hasEnoughAtWork(): boolean {
    return this.#durations.areShort && this.#atWork >= PARALLEL_ENVIRONMENTS;
  }

  /** One that a long call holds up does no work for others. */
  get #atWork(): number {
    let count = this.#all.size - this.starting - this.#idle.length;
    for (const { isHeldUp } of this.#all) if (isHeldUp) count--;
    return count;
  }

  /** Calls that came at the same time leave together, as long as that takes less than to wake another process. */
  #isGathering(environment: Environment): boolean {
    const { unsentCalls } = environment;
    return unsentCalls > 0 && this.mayJoin(environment) && this.#durations.areWorthGathering(unsentCalls);
  }

  #withRoomAhead(): Environment | undefined {
    for (const environment of this.#all) if (this.mayJoin(environment)) return environment;
    return undefined;
  }
}
