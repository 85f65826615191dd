/**
 * A deployment package, read and checked whole before anything is written or kept.
 *
 * **By design** stricter than AWS where a package could harm the host (names, links, overlaps); every such refusal carries
 * the code AWS gives for a broken zip, and says what to change.
 */
import { PACKAGE_ZIPPED_BYTES_MAX } from "../core/limits.ts";
import { entryPath, parentPath } from "./entry-path.ts";
import { inflate, type PackedBytes } from "./inflate.ts";
import { LinkMap } from "./links.ts";
import { Pacer } from "./pacer.ts";
import { badEntry, nonEmptyZip, quote, tooManyEntries, zippedTooLarge } from "./refusals.ts";
import { PACKAGE_ENTRIES_MAX, readDirectory, type ZipEntry } from "./zip-directory.ts";

const LINK_TARGET_BYTES_MAX = 4095;
// File types in a Unix mode, inode(7).
const TYPE_MASK = 0o170000;
const TYPE_FILE = 0o100000;
const TYPE_LINK = 0o120000;
const ANY_EXECUTE = 0o111;

export interface ArchiveFile extends PackedBytes {
  readonly kind: "file";
  readonly executable: boolean;
  /** The same file on disk already: a second name for it takes no room. */
  readonly twin?: string;
}
export interface ArchiveDirectory {
  readonly kind: "directory";
  readonly path: string;
}
export interface ArchiveLink {
  readonly kind: "link";
  readonly path: string;
  readonly target: string;
}
export type ArchiveNode = ArchiveFile | ArchiveDirectory | ArchiveLink;

/** Paths are relative, with `/` between their parts; a folder comes before what is in it. Views into the zip's bytes. */
export interface Archive {
  readonly nodes: readonly ArchiveNode[];
  readonly unzippedBytes: number;
}

/** The paths of an archive's files and links: what a handler can be looked up in. */
export const fileNames = (archive: Archive): string[] =>
  archive.nodes.filter((node) => node.kind !== "directory").map((node) => node.path);

/**
 * Reads a package and inflates every byte of it once (keeping none), so that what is accepted can also be unpacked.
 * `bytes` must not change as long as the archive is in use.
 * @throws AwsError InvalidParameterValueException, or RequestEntityTooLargeException over 50 MiB.
 */
export async function readArchive(bytes: Uint8Array): Promise<Archive> {
  if (bytes.length > PACKAGE_ZIPPED_BYTES_MAX) throw zippedTooLarge();
  if (bytes.length === 0) throw nonEmptyZip();
  const tree = new Map<string, ArchiveNode>();
  const pacer = new Pacer();
  let unzippedBytes = 0;
  for (const entry of await readDirectory(bytes)) {
    const node = await readNode(entry);
    add(tree, node);
    if (node.kind === "file") unzippedBytes += node.bytes;
    const pause = pacer.spend(entry.packed.bytes);
    if (pause) await pause;
  }
  const nodes = [...tree.values()];
  await refuseLinksOutside(nodes, pacer);
  if (nodes.every((node) => node.kind === "directory")) throw nonEmptyZip();
  return { nodes, unzippedBytes };
}

async function readNode(entry: ZipEntry): Promise<ArchiveNode> {
  const path = entryPath(entry.name);
  const kind = kindOf(entry);
  if (kind === "directory") return { kind, path };
  if (path === "") throw badEntry(entry.name, "has no name. Remove it.");
  const packed: PackedBytes = { path, ...entry.packed };
  if (kind === "link") return { kind, path, target: await readTarget(packed) };
  for await (const _ of inflate(packed));
  return { kind, ...packed, executable: (entry.mode & ANY_EXECUTE) !== 0 };
}

function kindOf(entry: ZipEntry): ArchiveNode["kind"] {
  const type = entry.mode & TYPE_MASK;
  if (type === TYPE_LINK) return "link";
  if (entry.directory) return "directory";
  if (type === TYPE_FILE || type === 0) return "file";
  throw badEntry(entry.name, "is neither a file nor a folder nor a link. Remove it.");
}

async function readTarget(packed: PackedBytes): Promise<string> {
  if (packed.bytes === 0 || packed.bytes > LINK_TARGET_BYTES_MAX)
    throw badEntry(packed.path, "is a link without a usable target. Put the file itself into the zip.");
  const target = Buffer.concat(await Array.fromAsync(inflate(packed))).toString();
  if (target.includes("\0")) throw badEntry(packed.path, "links to a name with a NUL character. Remove it.");
  return target;
}

/** Adds a node after the folders it is in. A folder may come twice, anything else only once. */
function add(tree: Map<string, ArchiveNode>, node: ArchiveNode): void {
  const there = tree.get(node.path);
  if (there?.kind === "directory" && node.kind === "directory") return;
  if (there !== undefined)
    throw badEntry(node.path, "is in the zip twice, or both as a file and as a folder. Keep one of the two.");
  if (node.path === "") return;
  const parent = parentPath(node.path);
  if (parent !== "") add(tree, { kind: "directory", path: parent });
  if (tree.size === PACKAGE_ENTRIES_MAX) throw tooManyEntries(PACKAGE_ENTRIES_MAX);
  tree.set(node.path, node);
}

/** @throws AwsError InvalidParameterValueException for a link that ever leads out of the tree of these nodes. */
export async function refuseLinksOutside(nodes: readonly ArchiveNode[], pacer = new Pacer()): Promise<void> {
  const links = nodes.filter((node) => node.kind === "link");
  const map = new LinkMap(new Map(links.map((link) => [link.path, link.target])));
  for (const { path, target } of links) {
    if (map.leavesPackage(path))
      throw badEntry(path, `links to ${quote(target)}, outside the package. Put the file itself into the zip.`);
    const pause = pacer.spend(0);
    if (pause) await pause;
  }
}
