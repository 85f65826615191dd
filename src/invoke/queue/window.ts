/**
 * How many events of one lane run side by side. A quick function is served best by a few, for more would only stand in line before it,
 * and synchronous calls behind them; a slow one by as many as there is room for. So the window doubles as long as that makes more
 * events end in the same time, and goes back when it does not.
 */
import { availableParallelism } from "node:os";

export const WINDOW_MIN = Math.max(8, 4 * availableParallelism());
/** A full window in which nothing ended for so long is too small, whatever the function does. */
export const STALLED_MS = 100;
/** Twice as many have to bring at least this much more to be worth it. */
const GAIN_MIN = 1.15;
/** Rates over shorter times say little. */
const SAMPLE_MS_MIN = 50;
/** A size that was not worth it is tried again after so many samples. */
const SAMPLES_UNTIL_NEXT_TRY = 32;

export class Window {
  size = WINDOW_MIN;
  #sinceMs: number;
  #endedCount = 0;
  #lastEndMs: number;
  /** Ends per millisecond at half this size. */
  #rateBefore = 0;
  #restSamples = 0;

  constructor(nowMs: number) {
    this.#sinceMs = nowMs;
    this.#lastEndMs = nowMs;
  }

  /** An event ended; `full`: others had to wait for that. */
  ended(nowMs: number, full: boolean): void {
    this.#lastEndMs = nowMs;
    if (!full) {
      // Nobody waits, so the rate is the arrivals' and not the window's.
      this.#restart(nowMs);
      return;
    }
    this.#endedCount++;
    const spanMs = nowMs - this.#sinceMs;
    if (this.#endedCount < this.size || spanMs < SAMPLE_MS_MIN) return;
    this.#judge(this.#endedCount / spanMs);
    this.#restart(nowMs);
  }

  /** Looked at while it is full and events wait: grows when nothing has ended for a while. */
  growIfStalled(nowMs: number): void {
    if (nowMs - this.#lastEndMs < STALLED_MS) return;
    this.#lastEndMs = nowMs;
    this.#double(0);
    this.#restart(nowMs);
  }

  #judge(rate: number): void {
    if (this.#rateBefore > 0 && rate < this.#rateBefore * GAIN_MIN) {
      this.size = Math.max(WINDOW_MIN, this.size / 2);
      this.#rateBefore = 0;
      this.#restSamples = SAMPLES_UNTIL_NEXT_TRY;
    } else if (this.#restSamples > 0) this.#restSamples--;
    else this.#double(rate);
  }

  #double(rate: number): void {
    this.#rateBefore = rate;
    this.size *= 2;
  }

  #restart(nowMs: number): void {
    this.#sinceMs = nowMs;
    this.#endedCount = 0;
  }
}
