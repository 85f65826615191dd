/**
 * The other side of a filter that asks: a call that waits for an answer, and the memory and descriptors of who made it.
 * Source: seccomp_unotify(2), pidfd_getfd(2), process_vm_readv(2).
 */
import { ptr } from "bun:ffi";
import { closeSync, readFileSync } from "node:fs";
import { type SyscallArgument, syscall } from "../libc.ts";
import { type Architecture, type SyscallName, syscallNumber } from "../seccomp/syscalls.ts";

export interface Notification {
  readonly id: bigint;
  /** The thread that waits. */
  readonly thread: number;
  readonly call: number;
  readonly args: readonly bigint[];
}

/** What the call returns: a value, the negative number of an error, what the kernel makes of it, or what it was given already. */
export type Answer = number | "go on" | "given";

const IOCTL_RECEIVE = 0xc0502100;
const IOCTL_SEND = 0xc0182101;
const IOCTL_IS_VALID = 0x40082102;
const IOCTL_ADD_DESCRIPTOR = 0x40182103;
const FLAG_CONTINUE = 1;
const FLAG_ANSWER_WITH_IT = 2;
const NOTIFICATION_BYTES = 80;
const ANSWER_BYTES = 24;
const ARGUMENTS = 6;

export function receive(listener: number): Notification | undefined {
  const bytes = Buffer.alloc(NOTIFICATION_BYTES); // the kernel takes none that is not zero
  if (linux("ioctl", listener, IOCTL_RECEIVE, bytes) < 0) return undefined; // whoever asked is gone
  return {
    id: bytes.readBigUInt64LE(0),
    thread: bytes.readUInt32LE(8),
    call: bytes.readInt32LE(16),
    args: Array.from({ length: ARGUMENTS }, (_, at) => bytes.readBigUInt64LE(32 + 8 * at)),
  };
}

export function answer(listener: number, id: bigint, said: Answer): void {
  if (said === "given") return;
  const bytes = Buffer.alloc(ANSWER_BYTES);
  bytes.writeBigUInt64LE(id, 0);
  if (said === "go on") bytes.writeUInt32LE(FLAG_CONTINUE, 20);
  else if (said < 0) bytes.writeInt32LE(said, 16);
  else bytes.writeBigInt64LE(BigInt(said), 8);
  linux("ioctl", listener, IOCTL_SEND, bytes); // nobody may be there any more
}

/** Gives the caller a descriptor for one of our own files, which is what its call returns. */
export function giveDescriptor(
  listener: number,
  id: bigint,
  { descriptor, flags }: { descriptor: number; flags: number },
): Answer {
  const bytes = Buffer.alloc(24);
  bytes.writeBigUInt64LE(id, 0);
  bytes.writeUInt32LE(FLAG_ANSWER_WITH_IT, 8);
  bytes.writeInt32LE(descriptor, 12);
  bytes.writeUInt32LE(flags, 20);
  const result = linux("ioctl", listener, IOCTL_ADD_DESCRIPTOR, bytes);
  return result < 0 ? result : "given";
}

/** Whether it still waits. Only then are its memory and descriptors known to have been its own. */
export function stillWaits(listener: number, id: bigint): boolean {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(id);
  return linux("ioctl", listener, IOCTL_IS_VALID, bytes) === 0;
}

export interface Piece {
  readonly address: bigint;
  readonly length: bigint;
}

/** Undefined when not all of it can be read. */
export const readMemory = (thread: number, address: bigint, length: number): Buffer | undefined =>
  readPieces(thread, [{ address, length: BigInt(length) }]);

/** The same of up to 1,024 pieces, one behind the other. */
export function readPieces(thread: number, pieces: readonly Piece[]): Buffer | undefined {
  const total = Number(pieces.reduce((sum, { length }) => sum + length, 0n));
  const bytes = Buffer.alloc(total);
  if (total === 0) return bytes;
  const from = new BigUint64Array(pieces.flatMap(({ address, length }) => [address, length]));
  const copied = linux("process_vm_readv", thread, vectorOf(ptr(bytes), total), 1, from, pieces.length, 0);
  return copied === total ? bytes : undefined;
}

const PAGE_BYTES = 4096;
const PATH_BYTES_MAX = 4096;

/** Up to its end, which may be the last byte that can be read; undefined when there is none. */
export function readString(thread: number, address: bigint): string | undefined {
  const parts: Buffer[] = [];
  for (let length = 0; length < PATH_BYTES_MAX; ) {
    const from = address + BigInt(length);
    const part = readMemory(thread, from, PAGE_BYTES - Number(from % BigInt(PAGE_BYTES)));
    if (!part) return undefined;
    const end = part.indexOf(0);
    parts.push(end === -1 ? part : part.subarray(0, end));
    if (end !== -1) return Buffer.concat(parts).toString("utf8");
    length += part.length;
  }
  return undefined;
}

export function writeMemory(thread: number, address: bigint, bytes: Uint8Array): boolean {
  const { length } = bytes;
  return (
    linux("process_vm_writev", thread, vectorOf(ptr(bytes), length), 1, vectorOf(address, length), 1, 0) === length
  );
}

/** A descriptor of our own for the same file, or the negative number of an error. */
export function fetchDescriptor(thread: number, descriptor: number): number {
  const process = linux("pidfd_open", processOf(thread), 0);
  if (process < 0) return process;
  const fetched = linux("pidfd_getfd", process, descriptor, 0);
  closeDescriptor(process);
  return fetched;
}

/** The process that a thread belongs to. */
export function processOf(thread: number): number {
  try {
    return Number(/^Tgid:\s+(\d+)$/m.exec(readFileSync(`/proc/${thread}/status`, "latin1"))?.[1] ?? thread);
  } catch {
    return thread; // it is gone
  }
}

export function closeDescriptor(descriptor: number): void {
  try {
    closeSync(descriptor);
  } catch {
    // closed already
  }
}

/** A system call by its name; answers what it returned, or the negative error number. */
export const linux = (name: SyscallName, ...args: SyscallArgument[]): number =>
  syscall(syscallNumber(name, process.arch as Architecture) ?? -1, ...args);

/** What a C `int` makes of a register. */
export const intOf = (word: bigint | undefined): number => Number(BigInt.asIntN(32, word ?? 0n));

const vectorOf = (address: bigint | number, length: number): BigUint64Array =>
  new BigUint64Array([BigInt(address), BigInt(length)]);
