/** How many calls may run in the background at the same time, whoever begins them: the queue, or what is polled. The rest is for synchronous calls. */

/** Of all places as many are left to synchronous calls, whatever waits in the background. */
const HEADROOM = 0.2;
/** One lane or one source may hold so many times the places that are left: the fewer there are, the fewer one may hold. */
export const SHARE = 4;

/** @param limits calls that may run in the account at the same time, and environments that may exist. */
export function backgroundPlaces(limits: { concurrencyMax: number; environmentsMax: number }): Places {
  const all = Math.min(limits.concurrencyMax, limits.environmentsMax);
  return new Places(Math.max(1, Math.floor(all * (1 - HEADROOM))));
}

export class Places {
  readonly #max: number;
  #takenCount = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(max: number) {
    this.#max = max;
  }

  /** Nobody waits as long as there are any. */
  get leftCount(): number {
    return this.#max - this.#takenCount;
  }

  /** Only while some are left. */
  take(): void {
    this.#takenCount++;
  }

  /** Takes one as soon as one is left. */
  enter(): Promise<void> {
    if (this.leftCount > 0) {
      this.take();
      return Promise.resolve();
    }
    return new Promise((resolve) => {
      this.wait(() => {
        this.take();
        resolve();
      });
    });
  }

  free(): void {
    this.#takenCount--;
    while (this.leftCount > 0 && this.#waiting.length > 0) this.#waiting.shift()?.();
  }

  /** Calls back once one is left, in the order of asking: to take what is wanted of it, at once. */
  wait(callback: () => void): void {
    this.#waiting.push(callback);
  }
}
