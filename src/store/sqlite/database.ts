/** The connection that all queries share, and the one way to write through it. */
import { Database } from "bun:sqlite";
import { drizzle } from "drizzle-orm/bun-sqlite";
import { migrate } from "./migrations.ts";

export const BUSY_TIMEOUT_MS = 5000;

const SETTINGS = [
  // Readers never wait for the writer, and a commit is one append to the log instead of a rewrite of pages.
  "PRAGMA journal_mode = WAL",
  // WAL's usual NORMAL syncs at checkpoints only, so that a power cut takes back commits that were answered already.
  // FULL syncs the log at every commit. Source: sqlite.org/pragma.html#pragma_synchronous.
  "PRAGMA synchronous = FULL",
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
 * Runs `work` in one transaction: all of it is durable on return, or none of it happened. IMMEDIATE takes the write lock before
 * the first read, so what `work` decided upon cannot change before it writes. Throws once the database is closed.
 */
export function atomically<T>(db: StoreDatabase, work: () => T): T {
  return db.transaction(work, { behavior: "immediate" });
}

/**
 * The same without waiting for the disk: a kill of this process takes nothing back, a power cut may take back what came after the last
 * `atomically`, whose sync covers all before it. For what a start would do again by itself.
 */
export function atomicallySoon<T>(db: StoreDatabase, work: () => T): T {
  db.$client.run("PRAGMA synchronous = NORMAL");
  try {
    return atomically(db, work);
  } finally {
    db.$client.run("PRAGMA synchronous = FULL");
  }
}

/** Folds the log into the file, so that a copy of it alone is whole, and closes. */
export function closeDatabase(db: StoreDatabase): void {
  db.$client.run("PRAGMA wal_checkpoint(TRUNCATE)");
  db.$client.close();
}
