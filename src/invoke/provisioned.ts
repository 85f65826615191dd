/**
 * How many environments of a version are there before anybody calls (provisioned concurrency), and how the start of one that fails is
 * tried again: at growing intervals, for as long as they are wanted.
 */

export interface ProvisionState {
  /** Started, ready or not. */
  readonly allocated: number;
  /** Ready, or running a call. */
  readonly available: number;
  /** The last start failed. */
  readonly failing: boolean;
}

const RETRY_MS_MIN = 500;
const RETRY_MS_MAX = 60_000;

export class Provision {
  count = 0;
  readonly #retry: () => void;
  #failures = 0;
  #timer: Timer | undefined;

  /** `retry` is called when it is time to start again. */
  constructor(retry: () => void) {
    this.#retry = retry;
  }

  get failing(): boolean {
    return this.#failures > 0;
  }

  /** Whether one more may be started when there are `present`. */
  lacks(present: number): boolean {
    return present < this.count && this.#timer === undefined;
  }

  started(isReady: boolean): void {
    if (isReady) {
      this.#failures = 0;
      return;
    }
    if (this.count === 0) return;
    const delayMs = Math.min(RETRY_MS_MAX, RETRY_MS_MIN * 2 ** this.#failures++);
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#retry();
    }, delayMs);
    this.#timer.unref();
  }

  end(): void {
    this.count = 0;
    this.#failures = 0;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
