/** The kernel's own notice that a parent ended, for a process that cannot look at its channel: frozen, or busy. */
import { FFIType } from "bun:ffi";
import { openLibc } from "./libc.ts";

const PR_SET_PDEATHSIG = 1;

/**
 * Has Linux send this process `signal` when its parent ends. Elsewhere, and where there is no such C library, the channel that
 * closes has to do. Source: prctl(2).
 */
export function signalAtParentsEnd(signal: number): void {
  if (process.platform !== "linux") return;
  const libc = openLibc<{ prctl(option: number, signal: number): number }>({
    prctl: { args: [FFIType.i32, FFIType.u64], returns: FFIType.i32 },
  });
  libc?.prctl(PR_SET_PDEATHSIG, signal);
}
