/**
 * Deployment packages on disk: `packages/<hex>.zip`, unpacked `unpacked/<hex>/`, and bundles `bundles/<hex>-<handler's hash>/`, named by the
 * SHA-256 of the zip.
 * A name that starts with a digest is ours; the sweep leaves every other alone.
 */
import assert from "node:assert/strict";
import { existsSync, renameSync } from "node:fs";
import { chmod, mkdir, open, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import type { PackageStore, Release } from "./port.ts";
import { SharedSync } from "./shared-sync.ts";
import { Sweeper } from "./sweeper.ts";

export interface OpenPackages extends PackageStore {
  /** Resolves when no sweep is under way and none will begin by itself. */
  close(): Promise<void>;
}

/** Opens the packages of a data directory, making the folders that are missing. */
export async function openPackages(directory: string): Promise<OpenPackages> {
  const zips = join(directory, "packages");
  const trees = join(directory, "unpacked");
  const bundles = join(directory, "bundles");
  // What users upload is for this process's user; the trees are also entered by runners, which may be another.
  await mkdir(zips, { recursive: true, mode: 0o700 });
  await mkdir(trees, { recursive: true, mode: 0o755 });
  await mkdir(bundles, { recursive: true, mode: 0o755 });
  /** Unused already when a sweep came by, and held: they go when they are let go. */
  const postponed = new Set<string>();
  const holds = new Holds((hex) => {
    if (postponed.delete(hex)) setImmediate(() => void sweeper.askAgain());
  });
  const postpone = (hex: string): void => {
    if (holds.has(hex)) postponed.add(hex);
    else setImmediate(() => void sweeper.askAgain()); // it was let go while the sweep was under way
  };
  const sweeper = new Sweeper((inUse) => sweepFolders({ folders: [zips, trees, bundles], holds, postpone }, inUse));
  const writing = new Map<string, Promise<void>>();
  const names = new SharedSync(() => syncDirectory(zips));
  const zipPath = (hex: string): string => join(zips, `${hex}.zip`);

  return {
    async put({ sha256, bytes }) {
      const hex = hexOf(sha256);
      const release = holds.take(hex);
      try {
        // Whoever puts the same package meanwhile waits too: that a zip is there does not yet mean that it is synced.
        let written = writing.get(hex);
        if (!written) {
          written = keep(zipPath(hex), { bytes, names }).finally(() => writing.delete(hex));
          writing.set(hex, written);
        }
        await written;
        return release;
      } catch (error) {
        release();
        throw error;
      }
    },
    hold: (sha256) => holds.take(hexOf(sha256)),
    async find(sha256) {
      const path = zipPath(hexOf(sha256));
      return existsSync(path) ? path : undefined;
    },
    unpackedPath: (sha256) => join(trees, hexOf(sha256)),
    bundlePath: ({ sha256, handler }) => join(bundles, `${hexOf(sha256)}-${shortHashOf(handler)}`),
    sweep: (inUse) => sweeper.ask(inUse),
    close: () => sweeper.close(),
  };
}

/** Counts who needs a digest now, and remembers for a running sweep who needed it since it began. */
class Holds {
  readonly #counts = new Map<string, number>();
  readonly #onFree: (hex: string) => void;
  readonly #sweeps = new Set<Set<string>>();

  /** `onFree`: nobody needs this digest any more. */
  constructor(onFree: (hex: string) => void) {
    this.#onFree = onFree;
  }

  has(hex: string): boolean {
    return this.#counts.has(hex);
  }

  take(hex: string): Release {
    this.#counts.set(hex, (this.#counts.get(hex) ?? 0) + 1);
    for (const takenSince of this.#sweeps) takenSince.add(hex);
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      const left = (this.#counts.get(hex) ?? 1) - 1;
      if (left > 0) this.#counts.set(hex, left);
      else {
        this.#counts.delete(hex);
        this.#onFree(hex);
      }
    };
  }

  /** Runs `work` with a test for "is held, or was held at any time since `work` began". */
  async during<T>(work: (wasHeld: (hex: string) => boolean) => Promise<T>): Promise<T> {
    const takenSince = new Set(this.#counts.keys());
    this.#sweeps.add(takenSince);
    try {
      return await work((hex) => takenSince.has(hex));
    } finally {
      this.#sweeps.delete(takenSince);
    }
  }
}

/** Nothing to do when it is there: under its own name there are only whole ones. */
async function keep(path: string, content: { bytes: Uint8Array; names: SharedSync }): Promise<void> {
  if (!(await Bun.file(path).exists())) await writeDurably(path, content);
}

async function writeDurably(path: string, { bytes, names }: { bytes: Uint8Array; names: SharedSync }): Promise<void> {
  const temporary = `${path}.part`;
  try {
    const file = await open(temporary, "w", 0o600);
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await names.sync(); // the new name is itself an entry that a power cut can take back
}

/** Makes the names in a directory durable. */
export async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function sweepFolders(
  { folders, holds, postpone }: { folders: readonly string[]; holds: Holds; postpone: (hex: string) => void },
  inUse: () => Promise<ReadonlySet<string>>,
): Promise<readonly string[]> {
  return holds.during(async (wasHeld) => {
    // Listed before the rows are asked, so that a package which comes later is not even a candidate.
    const found = (await Promise.all(folders.map(ourNames))).flat();
    const used = new Set([...(await inUse())].map(hexOf));
    const removed = new Set<string>();
    for (const { folder, name, hex } of found) {
      const isWhole = WHOLE.test(name); // or else a leftover of a write that never ended
      if (isWhole && used.has(hex)) continue;
      if (wasHeld(hex)) {
        postpone(hex);
        continue;
      }
      const doomed = isWhole ? freeName(join(folder, `${name}.doomed`)) : join(folder, name);
      // In the same tick as the check above, so that no `put` falls between: it finds the package held back, or gone.
      if (isWhole) renameSync(join(folder, name), doomed);
      if (isWhole) removed.add(hex);
      await removeTree(doomed);
    }
    return [...removed].map((hex) => Buffer.from(hex, "hex").toString("base64"));
  });
}

/** A crash in the middle of a removal may have left the plain name taken. */
function freeName(path: string): string {
  for (let count = 0; ; count++) if (!existsSync(`${path}${count}`)) return `${path}${count}`;
}

const OURS = /^[0-9a-f]{64}([.-]|$)/;
const SHORT_HASH_LENGTH = 16;
const WHOLE = /^[0-9a-f]{64}(\.zip|-[0-9a-f]{16})?$/;

async function ourNames(folder: string): Promise<{ folder: string; name: string; hex: string }[]> {
  const names = await readdir(folder);
  return names.filter((name) => OURS.test(name)).map((name) => ({ folder, name, hex: name.slice(0, 64) }));
}

/** Removes a file or a tree, a read-only one too: a name leaves only a folder that can be written. */
export async function removeTree(path: string): Promise<void> {
  await makeWritable(path);
  await rm(path, { recursive: true, force: true });
}

async function makeWritable(path: string): Promise<void> {
  const entries = await readdir(path, { withFileTypes: true }).catch(() => undefined);
  if (!entries) return; // a file
  await chmod(path, 0o700);
  for (const entry of entries) if (entry.isDirectory()) await makeWritable(join(path, entry.name));
}

/** Handlers are the owner's words: no name for a folder, and up to 128 characters long. */
const shortHashOf = (text: string): string =>
  new Bun.CryptoHasher("sha256").update(text).digest("hex").slice(0, SHORT_HASH_LENGTH);

function hexOf(sha256: string): string {
  const bytes = Buffer.from(sha256, "base64");
  assert(bytes.length === 32, "a digest is the base64 of 32 bytes");
  return bytes.toString("hex");
}
