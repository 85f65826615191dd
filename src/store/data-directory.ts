/**
 * The data directory belongs to one process at a time. What says so is a lock that SQLite holds on `lambent.lock`: the kernel
 * drops it with the process, however that ends, so nothing stale can be left. `lambent.pid` only names the holder to people.
 */
import { Database } from "bun:sqlite";
import { chmodSync, closeSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** Two that start at once may see each other's attempt; the lock of a running holder outlasts any wait. */
const LOCK_WAIT_MS = 100;

/** Keeps the connections reachable: one that is garbage collected closes, and lets go of its lock without a word. */
const locksHeld = new Set<Database>();

/** Another process has the data directory. */
export class DataDirectoryHeldError extends Error {
  override readonly name = "DataDirectoryHeldError";
  constructor(
    readonly directory: string,
    /** Undefined when the holder has not written it yet. */
    readonly holderPid: number | undefined,
  ) {
    const holder = holderPid === undefined ? "another process" : `process ${holderPid}`;
    super(`Cannot use data directory "${directory}": ${holder} has it open`);
  }
}

/** The data directory cannot be made, read or written; `cause` is the system's error. */
export class DataDirectoryUnusableError extends Error {
  override readonly name = "DataDirectoryUnusableError";
  constructor(
    readonly directory: string,
    options: { cause: unknown },
  ) {
    const reason = options.cause instanceof Error ? options.cause.message : String(options.cause);
    super(`Cannot use data directory "${directory}": ${reason}`, options);
  }
}

export interface DataDirectory {
  readonly path: string;
  readonly databasePath: string;
  /** Directories to sync, or a power cut may take the database's name (or the directory's own) back. */
  readonly changed: readonly string[];
  /** Lets another process have it. */
  release(): void;
}

/**
 * Makes the directory if it is missing and takes it for this process.
 * @throws DataDirectoryHeldError, DataDirectoryUnusableError
 */
export function acquireDataDirectory(path: string): DataDirectory {
  const databasePath = join(path, "lambent.db");
  const pidPath = join(path, "lambent.pid");
  const changed = [path];
  let lock: Database | undefined;
  try {
    const firstMade = mkdirSync(path, { recursive: true });
    if (firstMade !== undefined) changed.push(...parentsUpTo(dirname(firstMade), path));
    lock = new Database(join(path, "lambent.lock"), { create: true, readwrite: true });
    lock.run(`PRAGMA busy_timeout = ${LOCK_WAIT_MS}`);
    lock.run("BEGIN EXCLUSIVE"); // never ended: the lock lasts as long as the connection, or the process
    writeFileSync(pidPath, `${process.pid}\n`);
    makePrivate(databasePath);
  } catch (error) {
    lock?.close();
    if (isBusy(error)) throw new DataDirectoryHeldError(path, readPid(pidPath));
    throw new DataDirectoryUnusableError(path, { cause: error });
  }
  const held = lock;
  locksHeld.add(held);
  return {
    path,
    databasePath,
    changed,
    release() {
      rmSync(pidPath, { force: true });
      held.run("ROLLBACK");
      held.close();
      locksHeld.delete(held);
    },
  };
}

function parentsUpTo(top: string, path: string): string[] {
  const parent = dirname(path);
  return parent === top || parent === path ? [parent] : [parent, ...parentsUpTo(top, parent)];
}

/** Sealed environment variables and keys are for this user alone; SQLite gives its log the mode of the database. */
function makePrivate(databasePath: string): void {
  closeSync(openSync(databasePath, "a", 0o600));
  chmodSync(databasePath, 0o600);
}

const isBusy = (error: unknown): boolean => error instanceof Error && "code" in error && error.code === "SQLITE_BUSY";

function readPid(pidPath: string): number | undefined {
  try {
    const pid = Number(readFileSync(pidPath, "utf8"));
    process.kill(pid, 0); // throws when nobody has this number: then it is the last holder's, and the new one's is on its way
    return pid > 0 ? pid : undefined;
  } catch {
    return undefined;
  }
}
