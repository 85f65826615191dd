/** Landlock, from the kernel's side. Source: Linux, include/uapi/linux/landlock.h; landlock(7). */
import { syscall } from "../libc.ts";
import { type Architecture, isWalled, syscallNumber } from "../seccomp/syscalls.ts";

/** Which version the kernel speaks; 0: none. */
export function landlockVersion(): number {
  if (process.platform !== "linux" || !isWalled(process.arch)) return 0;
  const CREATE_RULESET_VERSION = 1;
  return Math.max(0, syscall(numberOf("landlock_create_ruleset"), 0, 0, CREATE_RULESET_VERSION));
}

/** The first that keeps signals and abstract sockets in (Linux 6.12). */
export const LANDLOCK_VERSION_MIN = 6;

const right = (bit: number): number => 2 ** bit;
const EXECUTE = right(0);
const WRITE_FILE = right(1);
const READ_FILE = right(2);
const READ_DIR = right(3);
/** Those above, removing, making (all kinds), REFER, TRUNCATE and IOCTL_DEV: all of version 5 and later. */
const ALL = right(16) - 1;
const IOCTL_DEV = right(15);
const MAKE_CHAR = right(6);
const MAKE_SOCK = right(9);
const MAKE_BLOCK = right(11);
/** What there is for files; the others are refused for anything but a folder. */
const FOR_FILES = EXECUTE | WRITE_FILE | READ_FILE | right(14) | IOCTL_DEV;

export const RIGHTS = {
  readAndExecute: READ_FILE | READ_DIR | EXECUTE,
  read: READ_FILE | READ_DIR,
  readAndWrite: READ_FILE | WRITE_FILE | right(14),
  /** Neither devices nor sockets are made there. */
  all: ALL & ~(MAKE_CHAR | MAKE_BLOCK | MAKE_SOCK | IOCTL_DEV),
} as const;

const SCOPE_ABSTRACT_UNIX_SOCKET = 1;
const SCOPE_SIGNAL = 2;

const numberOf = (name: "landlock_create_ruleset" | "landlock_add_rule" | "landlock_restrict_self"): number =>
  syscallNumber(name, process.arch as Architecture) ?? -1;

/** A ruleset that allows nothing; every right of the file system that version 6 knows, and both scopes, are its. */
export function makeRuleset(): number {
  const attributes = new BigUint64Array([BigInt(ALL), 0n, BigInt(SCOPE_ABSTRACT_UNIX_SOCKET | SCOPE_SIGNAL)]);
  return check("make a ruleset", syscall(numberOf("landlock_create_ruleset"), attributes, attributes.byteLength, 0));
}

/** Allows the rights below a folder, or for a file, of which a descriptor is given. */
export function allowBeneath(ruleset: number, { descriptor, rights, isFolder }: Beneath): void {
  const RULE_PATH_BENEATH = 1;
  const attributes = new Uint8Array(12);
  const view = new DataView(attributes.buffer);
  view.setBigUint64(0, BigInt(isFolder ? rights : rights & FOR_FILES), true);
  view.setInt32(8, descriptor, true);
  check("add a rule", syscall(numberOf("landlock_add_rule"), ruleset, RULE_PATH_BENEATH, attributes, 0));
}

export interface Beneath {
  readonly descriptor: number;
  readonly rights: number;
  readonly isFolder: boolean;
}

/** From now on this thread, and all that it starts, has no more rights than the ruleset allows. It may gain no privileges any more. */
export function restrictSelf(ruleset: number): void {
  check("restrict this process", syscall(numberOf("landlock_restrict_self"), ruleset, 0));
}

/** @throws Error that tells what failed. */
export function check(what: string, result: number): number {
  if (result < 0) throw new Error(`Cannot ${what}: error ${-result}`);
  return result;
}
