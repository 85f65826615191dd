/** The few system calls that Bun has no API for. Source: pipe(2), fcntl(2). */
import { dlopen, FFIType, ptr } from "bun:ffi";

const O_CLOEXEC = 0o2000000;

const CANDIDATES =
  process.platform === "darwin"
    ? ["libSystem.B.dylib"]
    : ["libc.so.6", `libc.musl-${process.arch === "arm64" ? "aarch64" : "x86_64"}.so.1`];

const open = () => {
  const symbols =
    process.platform === "darwin"
      ? ({ pipe: { args: [FFIType.ptr], returns: FFIType.i32 } } as const)
      : ({ pipe2: { args: [FFIType.ptr, FFIType.i32], returns: FFIType.i32 } } as const);
  for (const name of CANDIDATES) {
    try {
      return dlopen(name, symbols).symbols as unknown as Libc;
    } catch {
      // the next name may be this system's
    }
  }
  throw new Error(`Cannot open the C library: none of ${CANDIDATES.join(", ")} is there`);
};

interface Libc {
  pipe2?(descriptors: unknown, flags: number): number;
  pipe?(descriptors: unknown): number;
}

let libc: Libc | undefined;

/** A pipe that children do not inherit unless they are given one of its ends. */
export function makePipe(): { readEnd: number; writeEnd: number } {
  libc ??= open();
  const ends = new Int32Array(2);
  const status = libc.pipe2 ? libc.pipe2(ptr(ends), O_CLOEXEC) : libc.pipe?.(ptr(ends));
  if (status !== 0) throw new Error("Cannot make a pipe: the process has too many open descriptors");
  return { readEnd: ends[0] ?? -1, writeEnd: ends[1] ?? -1 };
}
