/** A mean that follows its recent values: each new one counts for a fifth. */
const WEIGHT = 0.2;

export class RunningMean {
  #value: number;
  #isEmpty = true;

  /** `guess` is the value until the first one was added. */
  constructor(guess = 0) {
    this.#value = guess;
  }

  get isEmpty(): boolean {
    return this.#isEmpty;
  }

  get value(): number {
    return this.#value;
  }

  add(value: number): void {
    this.#value = this.#isEmpty ? value : this.#value + WEIGHT * (value - this.#value);
    this.#isEmpty = false;
  }
}
