/** What a pool has learned of how long its calls and its cold starts take. */
import type { InvocationResult } from "./invocation.ts";
import { RunningLow } from "./running-low.ts";
import { RunningMean } from "./running-mean.ts";

/** What a start is taken to cost before the first one was seen. */
const COLD_START_GUESS_MS = 25;
/** Calls that take less are handed to a busy environment ahead of their turn. */
const SHORT_CALL_MS = 2;

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

  /** No call has ended yet. */
  get areUnknown(): boolean {
    return this.#callMs.isEmpty;
  }

  /** Calls are so short that the way to the runner and back is what they take. */
  get areShort(): boolean {
    return !this.#callMs.isEmpty && this.#callMs.value <= SHORT_CALL_MS;
  }

  get coldMs(): number {
    return this.#coldMs.value;
  }

  /** How long a call takes when nothing holds it up. */
  get unhinderedCallMs(): number {
    return this.#unhinderedCallMs.value;
  }
}
