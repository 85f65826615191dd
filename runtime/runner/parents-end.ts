/** The kernel's own notice that a parent ended, for a process that cannot look at its channel: frozen, or busy. */
import { dlopen, FFIType } from "bun:ffi";

const PR_SET_PDEATHSIG = 1;

/**
 * Has Linux send this process `signal` when its parent ends. Elsewhere, and where there is no such C library, the channel that
 * closes has to do. Source: prctl(2).
 */
export function signalAtParentsEnd(signal: number): void {
  if (process.platform !== "linux") return;
  for (const library of ["libc.so.6", `libc.musl-${process.arch === "arm64" ? "aarch64" : "x86_64"}.so.1`]) {
    try {
      const { symbols } = dlopen(library, { prctl: { args: [FFIType.i32, FFIType.u64], returns: FFIType.i32 } });
      symbols.prctl(PR_SET_PDEATHSIG, signal);
      return;
    } catch {
      // the next name may be this system's
    }
  }
}
