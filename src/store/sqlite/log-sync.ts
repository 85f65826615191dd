/**
 * Makes commits durable without holding up the process. SQLite's own sync at a commit (`synchronous = FULL`) lets everybody wait for the disk;
 * here a commit only writes to the log, and the sync that makes it durable runs beside, for all commits that were made by then.
 */
import { closeSync, fdatasync, openSync } from "node:fs";
import { SharedSync } from "../shared-sync.ts";

/** A database's write-ahead log. SQLite takes no locks on that file, so opening it a second time is harmless. */
export class LogSync {
  readonly #path: string;
  readonly #shared = new SharedSync(() => this.#syncNow());
  #descriptor: number | undefined;

  constructor(databasePath: string) {
    this.#path = `${databasePath}-wal`;
  }

  /** All that was committed before the call is on the disk when this resolves. */
  sync(): Promise<void> {
    return this.#shared.sync();
  }

  /** When no sync is under way. */
  async close(): Promise<void> {
    await this.#shared.idle();
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
    this.#descriptor = undefined;
  }

  async #syncNow(): Promise<void> {
    this.#descriptor ??= openSync(this.#path, "r+"); // the first commit has made the file, and it stays until the database is closed
    const descriptor = this.#descriptor;
    await new Promise<void>((resolve, reject) => {
      fdatasync(descriptor, (error) => (error ? reject(error) : resolve()));
    });
  }
}
