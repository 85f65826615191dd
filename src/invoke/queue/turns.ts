/** Work that is done one turn after the other, for as long as there is a reason to. */
export class Turns {
  readonly #take: () => Promise<void>;
  readonly #onRest: () => void;
  #running: Promise<void> | undefined;
  #again = false;

  /** @param take one turn; it handles its own failures. @param onRest called when there is no reason for another. */
  constructor(take: () => Promise<void>, onRest: () => void = () => {}) {
    this.#take = take;
    this.#onRest = onRest;
  }

  /** There is a reason for one more. */
  wake(): void {
    this.#again = true;
    this.#running ??= this.#run();
  }

  /** Undefined at rest. */
  get running(): Promise<void> | undefined {
    return this.#running;
  }

  async #run(): Promise<void> {
    await Promise.resolve(); // so that `#running` is set before it is over
    while (this.#again) {
      this.#again = false;
      await this.#take();
    }
    this.#running = undefined;
    this.#onRest();
  }
}
