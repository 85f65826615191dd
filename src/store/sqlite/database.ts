/** The connection that all queries share, and the one way to write through it. */
import { Database } from "bun:sqlite";
import { drizzle } from "drizzle-orm/bun-sqlite";
import { migrate } from "./migrations.ts";

export const BUSY_TIMEOUT_MS = 5000;

const SETTINGS = [
  // Readers never wait for the writer, and a commit is one append to the log instead of a rewrite of pages.
  "PRAGMA journal_mode = WAL",
  // Syncs at checkpoints only, and never loses its shape. What a commit needs beyond that, `durable` gives it: FULL would sync the log at every
  // commit, while everybody waits. Source: sqlite.org/pragma.html#pragma_synchronous.
  "PRAGMA synchronous = NORMAL",
  // Off by default in SQLite; deleting a function relies on it to take versions and aliases along.
  "PRAGMA foreign_keys = ON",
  // Nobody else of ours writes (see data-directory.ts), but an operator's sqlite3 or a backup may hold the file for a moment.
  `PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`,
];

export type StoreDatabase = ReturnType<typeof connect>;

/**
 * Opens, sets up and migrates the database at `path`, or one in memory for ":memory:".
 * @throws DatabaseTooNewError, or SQLite's own error when the file is not a database.
 */
export function openDatabase(path: string): StoreDatabase {
  const client = new Database(path, { create: true, readwrite: true, strict: true });
  try {
    for (const setting of SETTINGS) client.run(setting);
    migrate(client);
    return connect(client);
  } catch (error) {
    client.close();
    throw error;
  }
}

function connect(client: Database) {
  return drizzle(client);
}

/**
 * Runs `work` in one transaction: all of it happened on return, or nothing. A kill of this process takes nothing back; a power cut may, unless
 * `durable` is waited for. IMMEDIATE takes the write lock before the first read, so what `work` decided upon cannot change before it writes.
 * Throws once the database is closed.
 */
export function atomically<T>(db: StoreDatabase, work: () => T): T {
  return db.transaction(work, { behavior: "immediate" });
}

/** Runs a write, and resolves once nothing takes it back any more, a power cut included. */
export type Durable = <T>(write: () => T) => Promise<T>;

export const durableBy =
  (sync: () => Promise<void>): Durable =>
  async (write) => {
    const done = write();
    await sync();
    return done;
  };

/** Folds the log into the file, so that a copy of it alone is whole, and closes. */
export function closeDatabase(db: StoreDatabase): void {
  db.$client.run("PRAGMA wal_checkpoint(TRUNCATE)");
  db.$client.close();
}
