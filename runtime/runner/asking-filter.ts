/**
 * Puts all threads of this process, and all processes that it ever starts, under a filter of system calls that asks the host. Whoever holds
 * the filter's listener answers: the host is given it, and nobody here keeps it. Source: seccomp(2), unix(7), cmsg(3).
 */
import { FFIType, ptr } from "bun:ffi";
import { writeSync } from "node:fs";
import { HANDOVER_FLAGS, LIFELINE_DESCRIPTOR, OWN_PROCESS } from "../protocol.ts";
import { openLibc } from "./libc.ts";

const PR_SET_NO_NEW_PRIVS = 38;
const SECCOMP_SET_MODE_FILTER = 1;
/** TSYNC, and TSYNC_ESRCH, so that the number of a thread is not taken for a listener. */
const FLAGS = 1 | 16;
const NEW_LISTENER = 8;
const INSTRUCTION_BYTES = 8;
const CONSTANT_AT = 4;
const CALLS = process.arch === "arm64" ? { seccomp: 277, sendmsg: 211 } : { seccomp: 317, sendmsg: 46 };
const MESSAGE_HEADER_BYTES = 56;
const CONTROL_BYTES = 24;
const CONTROL_LENGTH = 20;
const SOL_SOCKET = 1;
const SCM_RIGHTS = 1;

/** @param programs the one that asks and the one behind it: classic BPF, each in base64. @throws Error when the kernel does not take them. */
export function installAskingFilter(programs: string): void {
  const { i32, u64 } = FFIType;
  const libc = openLibc<Libc>({
    prctl: { args: [i32, u64, u64, u64, u64], returns: i32 },
    syscall: { args: [u64, u64, u64, u64], returns: i32 },
    close: { args: [i32], returns: i32 },
  });
  if (!libc) throw new Error("Cannot filter system calls: there is no C library to ask");
  const [asking = "", behindIt = ""] = programs.split(",");
  libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  const listener = install(libc, asking, FLAGS | NEW_LISTENER);
  const isHandedOver = handOver(libc, listener) >= 0;
  libc.close(listener);
  if (!isHandedOver) throw new Error("Cannot filter system calls: nobody takes the listener");
  install(libc, behindIt, FLAGS);
}

function install({ syscall }: Libc, program: string, flags: number): number {
  const bytes = Buffer.from(program, "base64");
  for (let at = CONSTANT_AT; at < bytes.length; at += INSTRUCTION_BYTES)
    if (bytes.readUInt32LE(at) === OWN_PROCESS) bytes.writeUInt32LE(process.pid, at);
  const description = new BigUint64Array([BigInt(bytes.length / INSTRUCTION_BYTES), BigInt(ptr(bytes))]);
  const result = syscall(CALLS.seccomp, SECCOMP_SET_MODE_FILTER, flags, ptr(description));
  if (result < 0) throw new Error("Cannot filter system calls: the kernel refuses");
  return result;
}

/** The flags are those of the one message that the filter does not ask about. */
function handOver({ syscall }: Libc, descriptor: number): number {
  const byte = new Uint8Array(1);
  const vector = new BigUint64Array([BigInt(ptr(byte)), 1n]);
  const control = Buffer.alloc(CONTROL_BYTES);
  control.writeBigUInt64LE(BigInt(CONTROL_LENGTH), 0);
  control.writeInt32LE(SOL_SOCKET, 8);
  control.writeInt32LE(SCM_RIGHTS, 12);
  control.writeInt32LE(descriptor, 16);
  const header = Buffer.alloc(MESSAGE_HEADER_BYTES);
  header.writeBigUInt64LE(BigInt(ptr(vector)), 16);
  header.writeBigUInt64LE(1n, 24);
  header.writeBigUInt64LE(BigInt(ptr(control)), 32);
  header.writeBigUInt64LE(BigInt(CONTROL_BYTES), 40);
  return syscall(CALLS.sendmsg, LIFELINE_DESCRIPTOR, ptr(header), HANDOVER_FLAGS);
}

const LOOKED_AT_MS = 5000;

/** Says when the filters are there, and waits to be ended by whoever looks at them. Nobody answers: it must do nothing that is asked about. */
export function probeFilter(programs: string): void {
  installAskingFilter(programs);
  writeSync(1, "ready\n");
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, LOOKED_AT_MS);
}

interface Libc {
  prctl(option: number, ...args: number[]): number;
  syscall(number: number, ...args: number[]): number;
  close(descriptor: number): number;
}
