/** So many requests a second for each key, and as many at once: a token bucket, which holds one second's worth. */
import type { Clock } from "../core/clock.ts";

interface Bucket {
  tokens: number;
  filledAtMs: number;
}

const SECOND_MS = 1000;

export class RateLimiter<Key extends object> {
  readonly #clock: Clock;
  readonly #buckets = new WeakMap<Key, Bucket>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Takes one of `rate` a second; 0: no limit. Answers 0, or after how many milliseconds there is one again. */
  take(key: Key, rate: number): number {
    if (rate <= 0) return 0;
    const nowMs = this.#clock.nowMs();
    const bucket = this.#buckets.get(key) ?? { tokens: rate, filledAtMs: nowMs };
    const passedMs = Math.max(0, nowMs - bucket.filledAtMs); // a clock may be set back
    bucket.tokens = Math.min(rate, bucket.tokens + (passedMs * rate) / SECOND_MS);
    bucket.filledAtMs = nowMs;
    this.#buckets.set(key, bucket);
    if (bucket.tokens < 1) return Math.ceil(((1 - bucket.tokens) * SECOND_MS) / rate);
    bucket.tokens -= 1;
    return 0;
  }
}
