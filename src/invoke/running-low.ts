/**
 * The least of the recent values: how long a call takes when nothing holds it up. A mean would grow with the number of calls that share the
 * processors, and a decision that rests on it would feed on itself.
 */
const WINDOW_LENGTH = 32;

export class RunningLow {
  #before = Number.POSITIVE_INFINITY;
  #window = Number.POSITIVE_INFINITY;
  #count = 0;

  get isEmpty(): boolean {
    return this.value === Number.POSITIVE_INFINITY;
  }

  /** Of the last 32 to 64 values. */
  get value(): number {
    return Math.min(this.#before, this.#window);
  }

  add(value: number): void {
    this.#window = Math.min(this.#window, value);
    this.#count++;
    if (this.#count < WINDOW_LENGTH) return;
    this.#before = this.#window;
    this.#window = Number.POSITIVE_INFINITY;
    this.#count = 0;
  }
}
