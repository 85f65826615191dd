/**
 * Durability by the group. SQLite's own sync at a commit holds up the whole process while the disk works; here a commit only writes
 * to the log, and the sync that makes it durable runs beside, for all commits that were made by then.
 */
import { closeSync, fdatasync, openSync } from "node:fs";

/** Syncs a database's write-ahead log. SQLite takes no locks on that file, so opening it a second time is harmless. */
export class LogSync {
  readonly #path: string;
  #descriptor: number | undefined;

  constructor(databasePath: string) {
    this.#path = `${databasePath}-wal`;
  }

  /** All that was committed before the call is on the disk when this resolves. */
  sync(): Promise<void> {
    this.#descriptor ??= openSync(this.#path, "r+"); // the first commit has made the file, and it stays until the database is closed
    const descriptor = this.#descriptor;
    return new Promise((resolve, reject) => fdatasync(descriptor, (error) => (error ? reject(error) : resolve())));
  }

  close(): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
    this.#descriptor = undefined;
  }
}

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
