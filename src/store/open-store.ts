import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { acquireDataDirectory, DataDirectoryUnusableError } from "./data-directory.ts";
import { type OpenPackages, openPackages, removeTree, syncDirectory } from "./packages.ts";
import type { Store } from "./port.ts";
import { aliasStore } from "./sqlite/aliases.ts";
import { closeDatabase, durableBy, openDatabase, type StoreDatabase } from "./sqlite/database.ts";
import { documentStore } from "./sqlite/documents.ts";
import { functionQueries } from "./sqlite/function-queries.ts";
import { functionWrites } from "./sqlite/function-writes.ts";
import { functionStore } from "./sqlite/functions.ts";
import { LogSync } from "./sqlite/log-sync.ts";
import { DatabaseTooNewError } from "./sqlite/migrations.ts";
import { type OpenQueue, openQueue } from "./sqlite/queue.ts";
import { scheduleStore } from "./sqlite/schedules.ts";

/**
 * `memory`: nothing outlives `close`; packages are in a temporary directory meanwhile. `onHeld` is called once the directory is there and
 * this process's, and before all the rest: who has something to do in it need not wait for that.
 */
export type StorePlace = { readonly directory: string; readonly onHeld?: () => void } | { readonly memory: true };

/**
 * Opens the embedded store: SQLite, and packages as files beside it.
 * @throws DataDirectoryHeldError when another process has the directory, DataDirectoryUnusableError when it cannot be made,
 * read or written, DatabaseTooNewError when a newer Lambent wrote it.
 */
export function openStore(place: StorePlace): Promise<Store> {
  return "memory" in place ? openInMemory() : openOnDisk(resolve(place.directory), place.onHeld);
}

async function openOnDisk(path: string, onHeld?: () => void): Promise<Store> {
  const directory = acquireDataDirectory(path);
  onHeld?.();
  let db: StoreDatabase | undefined;
  try {
    db = openDatabase(directory.databasePath);
    const packages = await openPackages(path);
    for (const changed of directory.changed) await syncDirectory(changed);
    const log = new LogSync(directory.databasePath);
    const sync = (): Promise<void> => log.sync();
    const queue = openQueue(directory.databasePath, sync);
    return assemble({
      db,
      queue,
      packages,
      sync,
      onClosing: () => log.close(),
      onClosed: async () => directory.release(),
    });
  } catch (error) {
    db?.$client.close();
    directory.release();
    throw error instanceof DatabaseTooNewError ? error : new DataDirectoryUnusableError(path, { cause: error });
  }
}

async function openInMemory(): Promise<Store> {
  const directory = await mkdtemp(join(tmpdir(), "lambent-"));
  const packages = await openPackages(directory);
  const db = openDatabase(":memory:");
  const nothing = async (): Promise<void> => {};
  return assemble({
    db,
    queue: openQueue(db.$client, nothing),
    packages,
    sync: nothing,
    onClosing: nothing,
    onClosed: () => removeTree(directory),
  });
}

function assemble(parts: {
  db: StoreDatabase;
  queue: OpenQueue;
  packages: OpenPackages;
  sync: () => Promise<void>;
  onClosing: () => Promise<void>;
  onClosed: () => Promise<void>;
}): Store {
  const { db, queue, packages } = parts;
  const queries = functionQueries(db);
  const durable = durableBy(parts.sync);
  const schedules = scheduleStore({ db, durable });
  return {
    functions: functionStore({ db, queries, writes: functionWrites(db), durable }),
    aliases: aliasStore({ db, functions: queries, durable }),
    documents: documentStore({ db, functions: queries, durable }),
    packages,
    queue,
    schedules,
    async close() {
      await packages.close();
      await queue.close();
      schedules.finalize();
      await parts.onClosing();
      closeDatabase(db);
      await parts.onClosed();
    },
  };
}
