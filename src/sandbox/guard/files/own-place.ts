/** Whose file it is that a function asks about: its own are in its temporary folder, and nowhere else. Source: openat2(2), proc(5). */
import { closeSync, fstatSync, openSync, readlinkSync, realpathSync, statSync } from "node:fs";
import { intOf, linux } from "../notifications.ts";

/** Where an environment keeps files of its own. */
export type OwnPlace =
  /** A folder of the host that the environment sees under the same name. */
  | { readonly kind: "folder"; readonly path: string }
  /** What is mounted at its `/tmp`. */
  | { readonly kind: "mount" };

/** As a system call names a file: beneath a folder's descriptor, or the descriptor's own when `path` is undefined. */
export interface Named {
  readonly at: bigint;
  readonly path: string | undefined;
  readonly follows: boolean;
}

const EPERM = -1;
const ENOENT = -2;
const EBADF = -9;
const EXDEV = -18;
const AT_FDCWD = -100;
const O_PATH = 0o10000000;
const O_CLOEXEC = 0o2000000;
const O_NOFOLLOW = process.arch === "arm64" ? 0o100000 : 0o400000;
/** Links of /proc lead where they like, and would lead us to our own. */
const RESOLVE_NO_MAGICLINKS = 0x02;
/** But for this one, which the C library uses itself. */
const MAGIC = /^\/proc\/self\/fd\/(\d+)$/;
const RESOLVE_NO_XDEV = 0x01;
const RESOLVE_IN_ROOT = 0x10;

/**
 * A descriptor (O_PATH) for the file that a thread means, whosever it is; the negative number of an error when there is none.
 * Whoever gets it makes sure that the thread still waits, and closes it.
 */
export function openNamed(thread: number, { at, path, follows }: Named, place: OwnPlace): number {
  if (path === undefined) return openMagic(`/proc/${thread}/fd/${intOf(at)}`);
  if (path === "") return ENOENT;
  const descriptor = MAGIC.exec(path)?.[1];
  if (descriptor !== undefined) return follows ? openMagic(`/proc/${thread}/fd/${descriptor}`) : EPERM;
  const from = place.kind === "mount" ? fromMount(thread, { at, path }) : fromFolder(thread, { at, path, place });
  if (typeof from === "number") return from;
  const how = new BigUint64Array([
    BigInt(O_PATH | O_CLOEXEC | (follows ? 0 : O_NOFOLLOW)),
    0n,
    BigInt(RESOLVE_NO_MAGICLINKS | from.resolve),
  ]);
  try {
    const opened = linux("openat2", from.folder, Buffer.from(`${from.path}\0`), how, how.byteLength);
    return opened === EXDEV ? EPERM : opened;
  } finally {
    closeSync(from.folder);
  }
}

/** Where to look for a file, and how. */
interface From {
  readonly folder: number;
  readonly path: string;
  readonly resolve: number;
}

type Beneath = Pick<Named, "at"> & { readonly path: string };

function fromMount(thread: number, { at, path }: Beneath): From | number {
  const isAbsolute = path.startsWith("/");
  const folder = openMagic(isAbsolute ? `/proc/${thread}/root` : folderNameOf(thread, at));
  return folder < 0 ? folder : { folder, path, resolve: isAbsolute ? RESOLVE_IN_ROOT : 0 };
}

/**
 * From its own folder on, and never into another file system: what hangs there, as a server's that is gone does, would hang who looks, and the host's are
 * in sight.
 */
function fromFolder(
  thread: number,
  { at, path, place }: Beneath & { place: OwnPlace & { kind: "folder" } },
): From | number {
  if (!path.startsWith("/")) {
    const folder = openMagic(folderNameOf(thread, at));
    if (folder < 0 || isOwn(folder, place, thread))
      return folder < 0 ? folder : { folder, path, resolve: RESOLVE_NO_XDEV };
    closeSync(folder);
    return EPERM;
  }
  const name = [place.path, realpathSync(place.path)].find((each) => path === each || path.startsWith(`${each}/`));
  if (name === undefined) return EPERM;
  const folder = openMagic(name);
  return folder < 0 ? folder : { folder, path: `.${path.slice(name.length)}`, resolve: RESOLVE_NO_XDEV };
}

function folderNameOf(thread: number, at: bigint): string {
  const descriptor = intOf(at);
  return `/proc/${thread}/${descriptor === AT_FDCWD ? "cwd" : `fd/${descriptor}`}`;
}

function openMagic(path: string): number {
  try {
    return openSync(path, O_PATH | O_CLOEXEC);
  } catch {
    return EBADF;
  }
}

/** @param thread one of the environment's, which waits. */
export function isOwn(descriptor: number, place: OwnPlace, thread: number): boolean {
  try {
    if (place.kind === "mount") return fstatSync(descriptor).dev === statSync(`/proc/${thread}/root/tmp`).dev;
    const folder = realpathSync(place.path);
    const path = readlinkSync(pathOf(descriptor));
    return path === folder || path.startsWith(`${folder}/`);
  } catch {
    return false; // it ended meanwhile
  }
}

/** A name for what a descriptor of ours stands for, whatever became of its other names. */
export const pathOf = (descriptor: number): string => `/proc/self/fd/${descriptor}`;
