/** Durability by the group: what comes in while one group is written and synced is the next one. */
interface Pending<T> {
  readonly item: T;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** Gathers what comes in while the group before is written and synced. */
export class GroupCommit<T> {
  readonly #write: (items: readonly T[]) => void;
  readonly #sync: () => Promise<void>;
  #pending: Pending<T>[] = [];
  #running: Promise<void> | undefined;

  constructor(write: (items: readonly T[]) => void, sync: () => Promise<void>) {
    this.#write = write;
    this.#sync = sync;
  }

  /** Resolves once the item is durable; rejects with what kept its group from it. */
  add(item: T): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#pending.push({ item, resolve, reject });
      this.#running ??= this.#run();
    });
  }

  /** When all that was added is durable, or refused. */
  async idle(): Promise<void> {
    while (this.#running) await this.#running;
  }

  async #run(): Promise<void> {
    await new Promise<void>((resolve) => setImmediate(resolve)); // requests that came in together go together
    while (this.#pending.length > 0) {
      const group = this.#pending;
      this.#pending = [];
      try {
        this.#write(group.map(({ item }) => item));
        await this.#sync();
        for (const { resolve } of group) resolve();
      } catch (error) {
        for (const { reject } of group) reject(error);
      }
    }
    this.#running = undefined;
  }
}
