/**
 * What of one environment waits for a connection. Each wait holds a descriptor of this process, and may be in vain: who waited may have been
 * interrupted, which nobody says. So there are only so many, and those in vain are looked for as they grow.
 */
export interface Wait {
  /** Of a socket. */
  readonly descriptor: number;
  /** Whether a call of the environment waits as well, which is then answered; else only we want to know. */
  readonly isCall: boolean;
  isWanted(): boolean;
}

/** So many calls of one environment may wait; AWS's environments have 1,024 descriptors for everything. */
const CALLS_MAX = 128;
const SWEEP_FROM = 64;

export class Waits {
  readonly #waits = new Map<Wait, () => void>();
  #sweepAt = SWEEP_FROM;

  /** Resolves when the connection is there, failed, or is not wanted any more. */
  until(wait: Wait): Promise<void> {
    if (this.#waits.size >= this.#sweepAt) this.#sweep();
    return new Promise((resolve) => {
      this.#waits.set(wait, resolve);
    });
  }

  get all(): Iterable<Wait> {
    return this.#waits.keys();
  }

  get calls(): number {
    let count = 0;
    for (const { isCall } of this.#waits.keys()) if (isCall) count++;
    return count;
  }

  /** Whether no further call may wait. */
  get isFull(): boolean {
    if (this.calls >= CALLS_MAX) this.#sweep();
    return this.calls >= CALLS_MAX;
  }

  end(wait: Wait): void {
    this.#waits.get(wait)?.();
    this.#waits.delete(wait);
  }

  close(): void {
    for (const wait of this.#waits.keys()) this.end(wait);
  }

  #sweep(): void {
    for (const wait of this.#waits.keys()) if (!wait.isWanted()) this.end(wait);
    this.#sweepAt = Math.max(SWEEP_FROM, 2 * this.#waits.size);
  }
}
