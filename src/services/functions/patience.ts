/**
 * How long answers wait for what they can do without. Each a short while, and all together a tenth of the time once some waiting has been
 * used up: who deploys a few functions is told everything, and who creates hundreds in a row is not slowed down.
 */
export interface PatienceLimits {
  /** For one answer: starting the bundler and a small bundle take 0.3 s. */
  readonly onceMs: number;
  /** Of waiting saved up at most. */
  readonly savedMs: number;
}

const LIMITS: PatienceLimits = { onceMs: 500, savedMs: 500 };
const SHARE_OF_TIME = 0.1;

export class Patience {
  readonly #limits: PatienceLimits;
  #savedMs: number;
  #atMs = performance.now();

  constructor(limits = LIMITS) {
    this.#limits = limits;
    this.#savedMs = limits.savedMs;
  }

  /** Resolves with `work`, which must not fail, or when there is no more time for it. */
  async waitFor(work: Promise<unknown>): Promise<void> {
    this.#save();
    const late = Promise.withResolvers<void>();
    const timer = setTimeout(late.resolve, Math.max(0, Math.min(this.#limits.onceMs, this.#savedMs)));
    const beganAtMs = performance.now();
    await Promise.race([work, late.promise]);
    clearTimeout(timer);
    this.#savedMs = Math.max(0, this.#savedMs - (performance.now() - beganAtMs));
  }

  #save(): void {
    const nowMs = performance.now();
    this.#savedMs = Math.min(this.#limits.savedMs, this.#savedMs + (nowMs - this.#atMs) * SHARE_OF_TIME);
    this.#atMs = nowMs;
  }
}
