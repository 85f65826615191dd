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
const AT_FDCWD = -100;
const O_PATH = 0o10000000;
const O_CLOEXEC = 0o2000000;
const O_NOFOLLOW = process.arch === "arm64" ? 0o100000 : 0o400000;
/** Links of /proc lead where they like, and would lead us to our own. */
const RESOLVE_NO_MAGICLINKS = 0x02;
/** But for this one, which the C library uses itself. */
const MAGIC = /^\/proc\/self\/fd\/(\d+)$/;
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
  const folder = folderOf(thread, { at: intOf(at), isAbsolute: path.startsWith("/") }, place);
  if (folder < 0 && folder !== AT_FDCWD) return folder;
  const within = place.kind === "mount" && path.startsWith("/") ? RESOLVE_IN_ROOT : 0;
  const how = new BigUint64Array([
    BigInt(O_PATH | O_CLOEXEC | (follows ? 0 : O_NOFOLLOW)),
    0n,
    BigInt(RESOLVE_NO_MAGICLINKS | within),
  ]);
  try {
    return linux("openat2", folder, Buffer.from(`${path}\0`), how, how.byteLength);
  } finally {
    if (folder >= 0) closeSync(folder);
  }
}

function folderOf(thread: number, { at, isAbsolute }: { at: number; isAbsolute: boolean }, place: OwnPlace): number {
  if (!isAbsolute) return openMagic(at === AT_FDCWD ? `/proc/${thread}/cwd` : `/proc/${thread}/fd/${at}`);
  return place.kind === "mount" ? openMagic(`/proc/${thread}/root`) : AT_FDCWD;
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
