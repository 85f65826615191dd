/**
 * Changes modes, times and owners of files in an environment's place, if they are its own. It may not do that itself where the kernel would
 * let it do the same with the host's: as root, or behind walls that only look at what is opened.
 */
import type { SyscallName } from "../../seccomp/syscalls.ts";
import {
  type Answer,
  closeDescriptor,
  intOf,
  linux,
  type Notification,
  readMemory,
  readString,
  stillWaits,
} from "../notifications.ts";
import { isOwn, type Named, type OwnPlace, openNamed, pathOf } from "./own-place.ts";

export interface OwnFilesOptions {
  readonly listener: number;
  readonly place: OwnPlace;
  /** As it sees itself. */
  readonly ids: { readonly user: number; readonly group: number };
}

type Args = Notification["args"];

/** What a call does to the file that it names. */
type Change =
  | { readonly kind: "mode"; readonly mode: number }
  | { readonly kind: "times"; readonly address: bigint }
  | { readonly kind: "size"; readonly bytes: bigint }
  | { readonly kind: "owner"; readonly user: number; readonly group: number };

interface Form {
  /** Where in its arguments a call has a folder's descriptor, a path (without it: the descriptor is the file's) and flags. */
  readonly at?: number;
  readonly path?: number;
  readonly flags?: number;
  readonly follows?: false;
  change(args: Args): Change;
}

const mode =
  (at: number) =>
  (args: Args): Change => ({ kind: "mode", mode: intOf(args[at]) });
const owner =
  (at: number) =>
  (args: Args): Change => ({
    kind: "owner",
    user: intOf(args[at]),
    group: intOf(args[at + 1]),
  });

const FORMS: Partial<Record<SyscallName, Form>> = {
  chmod: { path: 0, change: mode(1) },
  fchmod: { at: 0, change: mode(1) },
  fchmodat: { at: 0, path: 1, change: mode(2) },
  fchmodat2: { at: 0, path: 1, flags: 3, change: mode(2) },
  chown: { path: 0, change: owner(1) },
  lchown: { path: 0, follows: false, change: owner(1) },
  fchown: { at: 0, change: owner(1) },
  fchownat: { at: 0, path: 1, flags: 4, change: owner(2) },
  truncate: { path: 0, change: (args) => ({ kind: "size", bytes: BigInt.asIntN(64, args[1] ?? 0n) }) },
  utimensat: { at: 0, path: 1, flags: 3, change: (args) => ({ kind: "times", address: args[2] ?? 0n }) },
};

const EPERM = -1;
const EFAULT = -14;
const EINVAL = -22;
const EFBIG = -27;
const RLIMIT_FSIZE = 1;
const AT_FDCWD = -100;
const AT_SYMLINK_NOFOLLOW = 0x100;
const AT_EMPTY_PATH = 0x1000;
/** To run with its owner's or group's rights: those are the server's. */
const SET_ID_BITS = 0o6000;
const MODE_BITS = 0o7777;
const TIMES_BYTES = 32;
const UNCHANGED = -1;

export class OwnFiles {
  readonly #options: OwnFilesOptions;

  constructor(options: OwnFilesOptions) {
    this.#options = options;
  }

  decide(call: SyscallName, { id, thread, args }: Notification): Answer {
    const { listener, place } = this.#options;
    const form = FORMS[call];
    if (form === undefined) return EPERM;
    const named = namedBy(form, { thread, args });
    if (typeof named === "number") return named;
    const descriptor = openNamed(thread, named, place);
    if (descriptor < 0) return descriptor;
    try {
      if (!isOwn(descriptor, place, thread) || !stillWaits(listener, id)) return EPERM;
      return this.#perform(form.change(args), { descriptor, thread });
    } finally {
      closeDescriptor(descriptor);
    }
  }

  #perform(change: Change, { descriptor, thread }: { descriptor: number; thread: number }): Answer {
    const path = Buffer.from(`${pathOf(descriptor)}\0`);
    if (change.kind === "mode") {
      if ((change.mode & SET_ID_BITS) !== 0) return EPERM;
      return linux("fchmodat", AT_FDCWD, path, change.mode & MODE_BITS);
    }
    if (change.kind === "size")
      return change.bytes > bytesMaxOf(thread) ? EFBIG : linux("truncate", path, change.bytes);
    if (change.kind === "owner") {
      const { user, group } = this.#options.ids;
      return isKept(change.user, user) && isKept(change.group, group) ? 0 : EPERM;
    }
    const times = change.address === 0n ? 0 : readMemory(thread, change.address, TIMES_BYTES);
    return times === undefined ? EFAULT : linux("utimensat", AT_FDCWD, path, times, 0);
  }
}

/** Its own limit, which is none of ours. */
function bytesMaxOf(thread: number): bigint {
  const limits = new BigUint64Array(2); // the soft one and the hard one
  return linux("prlimit64", thread, RLIMIT_FSIZE, 0, limits) < 0 ? 0n : (limits[0] ?? 0n);
}

const isKept = (wanted: number, own: number): boolean => wanted === UNCHANGED || wanted === own;

function namedBy(form: Form, { thread, args }: { thread: number; args: Args }): Named | number {
  const flags = form.flags === undefined ? 0 : intOf(args[form.flags]);
  if ((flags & ~(AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH)) !== 0) return EINVAL;
  const at = form.at === undefined ? BigInt(AT_FDCWD) : (args[form.at] ?? 0n);
  const follows = form.follows ?? (flags & AT_SYMLINK_NOFOLLOW) === 0;
  const address = form.path === undefined ? 0n : (args[form.path] ?? 0n);
  if (address === 0n) return { at, path: undefined, follows };
  const path = readString(thread, address);
  if (path === undefined) return EFAULT;
  return { at, path: path === "" && (flags & AT_EMPTY_PATH) !== 0 ? undefined : path, follows };
}
