/** Landlock, from the kernel's side. Source: Linux, include/uapi/linux/landlock.h; landlock(7). */
import { syscall } from "../libc.ts";
import { type Architecture, isWalled, syscallNumber } from "../seccomp/syscalls.ts";

/** Which version the kernel speaks; 0: none. */
export function landlockVersion(): number {
  if (process.platform !== "linux" || !isWalled(process.arch)) return 0;
  const CREATE_RULESET_VERSION = 1;
  return Math.max(0, syscall(numberOf("landlock_create_ruleset"), 0, 0, CREATE_RULESET_VERSION));
}

/** The first that lets files be moved from one folder to another (Linux 5.19). */
export const LANDLOCK_VERSION_MIN = 2;
/** The first that looks after truncating (Linux 6.2). */
export const LANDLOCK_VERSION_TRUNCATE = 3;
/** The first that keeps signals and abstract sockets in (Linux 6.12). */
export const LANDLOCK_VERSION_SCOPES = 6;

const right = (bit: number): number => 2 ** bit;
const EXECUTE = right(0);
const WRITE_FILE = right(1);
const READ_FILE = right(2);
const READ_DIR = right(3);
/** Those above, removing, making (all kinds), REFER, TRUNCATE and IOCTL_DEV: all of version 5 and later. */
const ALL = right(16) - 1;
const TRUNCATE = right(14);
const IOCTL_DEV = right(15);
const VERSION_IOCTL_DEV = 5;
const MAKE_CHAR = right(6);
const MAKE_SOCK = right(9);
const MAKE_BLOCK = right(11);
/** What there is for files; the others are refused for anything but a folder. */
const FOR_FILES = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | IOCTL_DEV;

export const RIGHTS = {
  readAndExecute: READ_FILE | READ_DIR | EXECUTE,
  read: READ_FILE | READ_DIR,
  readAndWrite: READ_FILE | WRITE_FILE | TRUNCATE,
  /** Neither devices nor sockets are made there. */
  all: ALL & ~(MAKE_CHAR | MAKE_BLOCK | MAKE_SOCK | IOCTL_DEV),
} as const;

const SCOPE_ABSTRACT_UNIX_SOCKET = 1;
const SCOPE_SIGNAL = 2;

const numberOf = (name: "landlock_create_ruleset" | "landlock_add_rule" | "landlock_restrict_self"): number =>
  syscallNumber(name, process.arch as Architecture) ?? -1;

export interface Ruleset {
  readonly descriptor: number;
  /** That it is about. */
  readonly rights: number;
}

/** A ruleset that allows nothing; every right of the file system that the version knows, up to the sixth, and both scopes, are its. */
export function makeRuleset(version: number): Ruleset {
  const unknown = (version < LANDLOCK_VERSION_TRUNCATE ? TRUNCATE : 0) | (version < VERSION_IOCTL_DEV ? IOCTL_DEV : 0);
  const rights = ALL & ~unknown;
  const scopes = version < LANDLOCK_VERSION_SCOPES ? 0 : SCOPE_ABSTRACT_UNIX_SOCKET | SCOPE_SIGNAL;
  const attributes = new BigUint64Array([BigInt(rights), 0n, BigInt(scopes)]); // a kernel that knows fewer minds none that are 0
  const made = syscall(numberOf("landlock_create_ruleset"), attributes, attributes.byteLength, 0);
  return { descriptor: check("make a ruleset", made), rights };
}

/** Allows the rights below a folder, or for a file, of which a descriptor is given. */
export function allowBeneath(ruleset: Ruleset, { descriptor, rights, isFolder }: Beneath): void {
  const RULE_PATH_BENEATH = 1;
  const attributes = new Uint8Array(12);
  const view = new DataView(attributes.buffer);
  view.setBigUint64(0, BigInt(rights & ruleset.rights & (isFolder ? ALL : FOR_FILES)), true);
  view.setInt32(8, descriptor, true);
  check("add a rule", syscall(numberOf("landlock_add_rule"), ruleset.descriptor, RULE_PATH_BENEATH, attributes, 0));
}

export interface Beneath {
  readonly descriptor: number;
  readonly rights: number;
  readonly isFolder: boolean;
}

/** From now on this thread, and all that it starts, has no more rights than the ruleset allows. It may gain no privileges any more. */
export function restrictSelf(ruleset: Ruleset): void {
  check("restrict this process", syscall(numberOf("landlock_restrict_self"), ruleset.descriptor, 0));
}

/** @throws Error that tells what failed. */
export function check(what: string, result: number): number {
  if (result < 0) throw new Error(`Cannot ${what}: error ${-result}`);
  return result;
}
