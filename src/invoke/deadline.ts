/**
 * The time limit of the calls of one environment, of which one runs at a time. A timer that was set for a call is left to go off after its
 * end, and set anew for whichever call runs by then: to set and clear one for each would be a good part of what a short call costs.
 */
export class Deadline {
  readonly #onPassed: () => void;
  #timer: Timer | undefined;
  /** Both by performance.now(); when the timer goes off, and when it should. */
  #goesOffAtMs = 0;
  #atMs = Number.POSITIVE_INFINITY;

  constructor(onPassed: () => void) {
    this.#onPassed = onPassed;
  }

  /** From here on `onPassed` is called at that time (performance.now()), once, unless `lift` or another `set` comes before. */
  set(atMs: number): void {
    this.#atMs = atMs;
    if (this.#timer === undefined || atMs < this.#goesOffAtMs) this.#arm();
  }

  lift(): void {
    this.#atMs = Number.POSITIVE_INFINITY;
  }

  /** Leaves no timer behind. */
  close(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.lift();
  }

  #arm(): void {
    clearTimeout(this.#timer);
    this.#goesOffAtMs = this.#atMs;
    const leftMs = Math.ceil(this.#atMs - performance.now()); // a timer drops the fraction, and would go off too early
    this.#timer = setTimeout(() => this.#goOff(), leftMs);
  }

  #goOff(): void {
    this.#timer = undefined;
    if (this.#atMs === Number.POSITIVE_INFINITY) return;
    if (this.#atMs > performance.now()) return this.#arm();
    this.lift();
    this.#onPassed();
  }
}
