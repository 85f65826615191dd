import type { Lanes } from "./lanes.ts";
import { STALLED_MS } from "./window.ts";

/** Looks at lanes that are at work: one whose whole window stands still gets a larger one. */
export class StallWatch {
  readonly #lanes: Lanes;
  readonly #onLooked: () => void;
  #timer: Timer | undefined;

  constructor(lanes: Lanes, onLooked: () => void) {
    this.#lanes = lanes;
    this.#onLooked = onLooked;
  }

  /** Looks once, after a while. */
  arm(): void {
    if (this.#timer) return;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      const nowMs = performance.now();
      for (const lane of this.#lanes.awake) {
        if (lane.running >= lane.window.size) lane.window.growIfStalled(nowMs);
      }
      this.#onLooked();
    }, STALLED_MS);
    this.#timer.unref();
  }

  clear(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
