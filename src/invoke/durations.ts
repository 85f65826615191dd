/** What a pool has learned of how long its calls and its cold starts take, and what follows for the number of its environments. */
import { availableParallelism } from "node:os";
import type { InvocationResult } from "./invocation.ts";
import { RunningLow } from "./running-low.ts";
import { RunningMean } from "./running-mean.ts";

/** What a start is taken to cost before the first one was seen. */
const COLD_START_GUESS_MS = 25;
/** Calls that take less are handed to a busy environment ahead of their turn. */
const SHORT_CALL_MS = 2;

/** So long may calls that came at the same time take one after the other, before the next one is worth waking another process. */
const GATHERED_MS_MAX = 0.5;

/** Calls wait at least this long for a busy environment before one more is started on no better evidence. */
const PATIENCE_MS_MIN = 5;
/** How many environments a function of unknown duration starts with when many call at once. */
const FIRST_ENVIRONMENTS_MAX = 2 * availableParallelism();
/** A function whose calls are short has to be stuck for so many starts' time before it gets more environments. */
const QUICK_CALL_PATIENCE = 4;

export class Durations {
  readonly #callMs = new RunningMean();
  readonly #unhinderedCallMs = new RunningLow();
  readonly #coldMs = new RunningMean(COLD_START_GUESS_MS);

  addCall({ metrics }: InvocationResult): void {
    if (!metrics) return;
    this.#callMs.add(metrics.durationMs);
    this.#unhinderedCallMs.add(metrics.durationMs);
  }

  addColdStart(ms: number): void {
    this.#coldMs.add(ms);
  }

  /** Calls are so short that the way to the runner and back is what they take. */
  get areShort(): boolean {
    return !this.#callMs.isEmpty && this.#callMs.value <= SHORT_CALL_MS;
  }

  /** Whether one call more may join `count` others in the same environment, where others would be free. */
  areWorthGathering(count: number): boolean {
    return this.areShort && count * this.#callMs.value < GATHERED_MS_MAX;
  }

  /** Whether `waiting` calls are served sooner with one environment more than the `count` there are, running or starting. */
  areWorthOneMore(count: number, waiting: number): boolean {
    if (count === 0) return true;
    if (this.#callMs.isEmpty) return count < FIRST_ENVIRONMENTS_MAX;
    return (waiting * this.#unhinderedCallMs.value) / count > this.#coldMs.value;
  }

  /** How long calls wait before that is looked at again. */
  get patienceMs(): number {
    return Math.max(PATIENCE_MS_MIN, this.#coldMs.value);
  }

  /**
   * From when on a running call shows that its function has turned slow. A machine that is short of processor time makes quick calls look slow
   * now and then; more processes would be no help to it.
   */
  get stuckAfterMs(): number {
    return this.#coldMs.value * (this.areShort ? QUICK_CALL_PATIENCE : 1);
  }
}
