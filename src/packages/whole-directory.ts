/**
 * Folders that are there whole or not at all, and read-only where their makers want it so. Nothing is synced here: a maker
 * whose files cannot be checked against something else syncs them itself.
 */
import { lstatSync } from "node:fs";
import { chmod, mkdir, mkdtemp, readdir, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

const TEMPORARY = ".tmp-";

/**
 * Puts what `write` makes of an empty folder in the place of `directory`. The folder lies beside it until it is whole; when
 * `write` fails it goes, and what was at `directory` before is gone too.
 */
export async function replaceDirectory(directory: string, write: (temporary: string) => Promise<void>): Promise<void> {
  await removeTree(directory);
  const temporary = await makeBeside(directory);
  try {
    await write(temporary);
    await rename(temporary, directory);
  } catch (error) {
    await removeTree(temporary);
    throw error;
  }
}

/** Its parent is nearly always there. */
async function makeBeside(directory: string): Promise<string> {
  try {
    return await mkdtemp(directory + TEMPORARY);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    await mkdir(dirname(directory), { recursive: true });
    return mkdtemp(directory + TEMPORARY);
  }
}

/** Removes a folder, read-only ones in it too. It is moved away first: what is being removed is never found under its name. */
export async function removeTree(directory: string): Promise<void> {
  if (lstatSync(directory, { throwIfNoEntry: false }) === undefined) return;
  const doomed = basename(directory).includes(TEMPORARY) ? directory : await mkdtemp(directory + TEMPORARY);
  if (doomed !== directory) await rename(directory, doomed);
  await makeWritable(doomed);
  await rm(doomed, { recursive: true, force: true });
}

/** Removes what a crash left half-written in `parent`. For the start, when nothing is being made yet. */
export async function removeLeftovers(parent: string): Promise<void> {
  const names = await readdir(parent).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw error;
  });
  for (const name of names) if (name.includes(TEMPORARY)) await removeTree(join(parent, name));
}

async function makeWritable(directory: string): Promise<void> {
  await chmod(directory, 0o700);
  for (const entry of await readdir(directory, { withFileTypes: true }))
    if (entry.isDirectory()) await makeWritable(join(directory, entry.name));
}
