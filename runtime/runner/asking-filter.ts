/**
 * Puts all threads of this process, and all processes that it ever starts, under a filter of system calls that asks the host. Whoever holds
 * the filter's listener answers: the host takes it, and nobody here keeps it. Source: seccomp(2).
 */
import { FFIType, ptr } from "bun:ffi";
import { LISTENER_DESCRIPTOR } from "../protocol.ts";
import { openLibc } from "./libc.ts";

const PR_SET_NO_NEW_PRIVS = 38;
const SECCOMP_SET_MODE_FILTER = 1;
/** TSYNC, NEW_LISTENER, and TSYNC_ESRCH, without which the two cannot be told apart. */
const FLAGS = 1 | 8 | 16;
const INSTRUCTION_BYTES = 8;
const CALLS = process.arch === "arm64" ? { seccomp: 277, dup3: 24 } : { seccomp: 317, dup3: 292 };
const O_CLOEXEC = 0o2000000;

/** @param program classic BPF, in base64. @throws Error when the kernel does not take it. */
export function installAskingFilter(program: string): void {
  const bytes = Buffer.from(program, "base64");
  const { i32, u64, ptr: pointer } = FFIType;
  const libc = openLibc<Libc>({
    prctl: { args: [i32, u64, u64, u64, u64], returns: i32 },
    syscall: { args: [u64, u64, u64, pointer], returns: i32 },
    close: { args: [i32], returns: i32 },
  });
  if (!libc) throw new Error("Cannot filter system calls: there is no C library to ask");
  const { prctl, syscall, close } = libc;
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  const description = new BigUint64Array([BigInt(bytes.length / INSTRUCTION_BYTES), BigInt(ptr(bytes))]);
  const listener = syscall(CALLS.seccomp, SECCOMP_SET_MODE_FILTER, FLAGS, ptr(description));
  if (listener < 0) throw new Error("Cannot filter system calls: the kernel refuses");
  syscall(CALLS.dup3, listener, LISTENER_DESCRIPTOR, O_CLOEXEC);
  close(listener);
}

/** Says when the filter is there, and waits for whoever looks at it. */
export async function probeFilter(program: string): Promise<void> {
  installAskingFilter(program);
  process.stdout.write("ready\n");
  for await (const _ of process.stdin);
}

interface Libc {
  prctl(option: number, ...args: number[]): number;
  syscall(number: number, ...args: number[]): number;
  close(descriptor: number): number;
}
