/** A clock that stands still until it is moved: hours of retries pass in a moment. For tests, and `serve --clock manual`. */
import type { CancelTimer, Clock } from "./clock.ts";

interface Timer {
  readonly atMs: number;
  readonly callback: () => void;
}

export class ManualClock implements Clock {
  #nowMs: number;
  readonly #timers = new Set<Timer>();
  /** Moves that were asked for while another one goes on take their turn. */
  #moving: Promise<void> = Promise.resolve();

  constructor(nowMs: number) {
    this.#nowMs = nowMs;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  setTimer(atMs: number, callback: () => void): CancelTimer {
    const timer = { atMs, callback };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /**
   * Goes from timer to timer, each at its own instant, and waits after each until what it set off has come to rest: a retry that
   * fails sets the timer of the next one, which may fall within the same move.
   */
  advance(byMs: number, untilQuiet: () => Promise<void> = nothing): Promise<void> {
    const move = this.#moving.then(() => this.#advanceTo(this.#nowMs + byMs, untilQuiet));
    this.#moving = move.catch(() => undefined);
    return move;
  }

  async #advanceTo(endMs: number, untilQuiet: () => Promise<void>): Promise<void> {
    await untilQuiet();
    for (let timer = this.#next(endMs); timer; timer = this.#next(endMs)) {
      this.#timers.delete(timer);
      this.#nowMs = Math.max(this.#nowMs, timer.atMs);
      timer.callback();
      await untilQuiet();
    }
    this.#nowMs = endMs;
  }

  #next(endMs: number): Timer | undefined {
    let next: Timer | undefined;
    for (const timer of this.#timers) {
      if (timer.atMs <= endMs && (next === undefined || timer.atMs < next.atMs)) next = timer;
    }
    return next;
  }
}

const nothing = async (): Promise<void> => {};
