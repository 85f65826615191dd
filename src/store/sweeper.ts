/**
 * Sweeps one after the other, however often they are asked for: who asks while one waits to begin shares it, and after each there is a rest, so
 * that thousands of updates in a row cost a few sweeps and none of the calls in between.
 */
type InUse = () => Promise<ReadonlySet<string>>;
type Swept = readonly string[];

/** Of the time that the sweep before it took. */
const REST_SHARE = 20;
/** A disk that was slow once does not keep the next sweep waiting for long. */
const REST_MAX_MS = 1000;

export class Sweeper {
  readonly #sweep: (inUse: InUse) => Promise<Swept>;
  #running: Promise<unknown> = Promise.resolve();
  #waiting: Promise<Swept> | undefined;
  #restUntilMs = 0;
  #endRest: (() => void) | undefined;
  #closed = false;
  #inUse: InUse | undefined;

  constructor(sweep: (inUse: InUse) => Promise<Swept>) {
    this.#sweep = sweep;
  }

  ask(inUse: InUse): Promise<Swept> {
    this.#inUse = inUse;
    if (this.#waiting) return this.#waiting;
    const mine = this.#running.then(() => this.#run(inUse));
    this.#waiting = mine;
    this.#running = mine.catch(() => undefined); // its caller hears of the failure; the next sweep tries again
    return mine;
  }

  /** What the last one asked for, once more; failures are the next one's. */
  async askAgain(): Promise<void> {
    if (this.#inUse && !this.#closed) await this.ask(this.#inUse).catch(() => undefined);
  }

  /** Resolves when none is under way; none begins any more. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#endRest?.();
    await this.#running;
  }

  async #run(inUse: InUse): Promise<Swept> {
    await this.#rest();
    this.#waiting = undefined;
    if (this.#closed) return [];
    const beganAtMs = performance.now();
    try {
      return await this.#sweep(inUse);
    } finally {
      const tookMs = performance.now() - beganAtMs;
      this.#restUntilMs = performance.now() + Math.min(REST_MAX_MS, REST_SHARE * tookMs);
    }
  }

  #rest(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, Math.max(0, this.#restUntilMs - performance.now()));
    this.#endRest = () => {
      clearTimeout(timer);
      resolve();
    };
    return promise;
  }
}
