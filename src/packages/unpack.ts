/**
 * Packages on disk: a read-only tree that is there whole or not at all. The tree is a cache of the zip, so nothing is
 * synced; a tree that a power loss left with holes is found out by the sizes of its files, and written anew.
 */
import {
  chmodSync,
  closeSync,
  constants,
  fchmodSync,
  linkSync,
  lstatSync,
  mkdirSync,
  open,
  openSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { inTurn } from "../core/in-turn.ts";
import type { Archive, ArchiveFile, ArchiveNode } from "./archive.ts";
import { inflate } from "./inflate.ts";
import { Pacer } from "./pacer.ts";
import { removeTree, replaceDirectory } from "./whole-directory.ts";

/**
 * A new name may wait for the file system's journal, and when many small packages come at once nobody is to wait with it. For thousands of
 * files in a row the way through another thread would take longer than that.
 */
const openBeside = promisify(open);
const SHORT_MAX = 16;

const FILE_MODE = 0o444;
const EXECUTABLE_MODE = 0o555;
const DIRECTORY_MODE = 0o555;
const OWNER_EXECUTE = 0o100;
const NEW_FILE = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;

/**
 * Makes `directory` hold the archive's tree, read-only (0444, 0555 for executables and folders). A whole tree that is
 * already there is left alone, so calling twice, or twice at once, costs a look at each file.
 */
export const unpackArchive = (archive: Archive, directory: string): Promise<void> =>
  inTurn(directory, async () => {
    if (await isWhole(archive, directory)) return;
    try {
      await replaceDirectory(directory, (temporary) => writeTree(archive, temporary));
    } catch (error) {
      // Another process that shares the folder may have been quicker: its tree is as good as ours.
      if (!(await isWhole(archive, directory))) throw error;
    }
  });

/** Removes an unpacked tree, read-only as it is. Does nothing when there is none. */
export const removeUnpacked = (directory: string): Promise<void> => inTurn(directory, () => removeTree(directory));

async function isWhole(archive: Archive, directory: string): Promise<boolean> {
  if (!lstatSync(directory, { throwIfNoEntry: false })?.isDirectory()) return false;
  const pacer = new Pacer();
  for (const node of archive.nodes) {
    if (!isThere(node, join(directory, node.path))) return false;
    const pause = pacer.spend(0);
    if (pause) await pause;
  }
  return true;
}

function isThere(node: ArchiveNode, path: string): boolean {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) return false;
  switch (node.kind) {
    case "directory":
      return found.isDirectory();
    case "link":
      return found.isSymbolicLink() && readlinkSync(path) === node.target;
    case "file":
      return found.isFile() && found.size === node.bytes && ((found.mode & OWNER_EXECUTE) !== 0) === node.executable;
    default:
      throw node satisfies never;
  }
}

/** Links come last, so that nothing can be written through one. */
async function writeTree(archive: Archive, root: string): Promise<void> {
  const pacer = new Pacer();
  const isShort = archive.nodes.length <= SHORT_MAX;
  for (const node of archive.nodes) {
    if (node.kind === "directory") mkdirSync(join(root, node.path), 0o700);
    else if (node.kind === "file") await writeFile(node, join(root, node.path), { pacer, isShort });
  }
  for (const node of archive.nodes) {
    if (node.kind !== "link") continue;
    symlinkSync(node.target, join(root, node.path));
    const pause = pacer.spend(0);
    if (pause) await pause;
  }
  for (const node of archive.nodes.toReversed())
    if (node.kind === "directory") chmodSync(join(root, node.path), DIRECTORY_MODE);
  chmodSync(root, DIRECTORY_MODE);
}

async function writeFile(
  file: ArchiveFile,
  path: string,
  { pacer, isShort }: { pacer: Pacer; isShort: boolean },
): Promise<void> {
  if (file.twin !== undefined && linked(file.twin, path)) {
    const pause = pacer.spend(0);
    if (pause) await pause;
    return;
  }
  const mode = file.executable ? EXECUTABLE_MODE : FILE_MODE;
  const fd = isShort ? await openBeside(path, NEW_FILE, mode) : openSync(path, NEW_FILE, mode);
  try {
    for await (const chunk of inflate(file)) {
      writeFileSync(fd, chunk);
      const pause = pacer.spend(chunk.length);
      if (pause) await pause;
    }
    fchmodSync(fd, mode); // the process's umask may have taken bits away
  } finally {
    closeSync(fd);
  }
}

/** A file system without hard links, or a file with as many as it may have, gets a copy. */
function linked(from: string, path: string): boolean {
  try {
    linkSync(from, path);
    return true;
  } catch {
    return false;
  }
}
