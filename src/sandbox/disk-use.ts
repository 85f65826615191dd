/** How much of the disk a process tree holds in its temporary folder, where the kernel sets it no limit. */
import { lstat, readdir, readlink, stat } from "node:fs/promises";
import { join } from "node:path";
import { forEachDescendant } from "./process-tree.ts";

const BLOCK_BYTES = 512;
/** Files and folders: they take room of the host's, too, though they hold nothing. */
const ENTRIES_MAX = 100_000;
const UNLINKED = " (deleted)";

/** Whether it is more than `bytesMax`, files that were removed and are still open included. It looks no further than it must. */
export async function holdsTooMuchDisk(use: { folder: string; pid: number; bytesMax: number }): Promise<boolean> {
  const count = { bytes: 0, entries: 0 };
  const isOver = (): boolean => count.bytes > use.bytesMax || count.entries > ENTRIES_MAX;
  await addFolder(use.folder, { count, isOver });
  const pids = [use.pid];
  forEachDescendant(use.pid, (pid) => void pids.push(pid));
  for (const pid of pids) if (!isOver()) await addUnlinked(pid, { folder: use.folder, count });
  return isOver();
}

interface Count {
  bytes: number;
  entries: number;
}

async function addFolder(folder: string, to: { count: Count; isOver: () => boolean }): Promise<void> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  for (const entry of entries) {
    if (to.isOver()) return;
    to.count.entries++;
    const path = join(folder, entry.name);
    if (entry.isDirectory()) await addFolder(path, to);
    else to.count.bytes += bytesOf(await lstat(path).catch(() => undefined));
  }
}

async function addUnlinked(pid: number, { folder, count }: { folder: string; count: Count }): Promise<void> {
  const descriptors = `/proc/${pid}/fd`;
  for (const name of await readdir(descriptors).catch(() => [])) {
    const path = join(descriptors, name);
    const target = await readlink(path).catch(() => "");
    if (target.startsWith(folder) && target.endsWith(UNLINKED))
      count.bytes += bytesOf(await stat(path).catch(() => undefined));
  }
}

const bytesOf = (entry: { blocks: number } | undefined): number => (entry?.blocks ?? 0) * BLOCK_BYTES;
