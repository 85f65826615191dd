/** The system calls that Bun has no API for. Source: pipe(2), fcntl(2), syscall(2). */
import { dlopen, type FFIFunction, FFIType, ptr, read } from "bun:ffi";

const O_CLOEXEC = 0o2000000;

const CANDIDATES =
  process.platform === "darwin"
    ? ["libSystem.B.dylib"]
    : ["libc.so.6", `libc.musl-${process.arch === "arm64" ? "aarch64" : "x86_64"}.so.1`];

/** The C library with these functions. @throws Error where there is none, or it lacks one of them. */
export function openLibc<T>(symbols: Record<string, FFIFunction>): T {
  for (const name of CANDIDATES) {
    try {
      return dlopen(name, symbols).symbols as unknown as T;
    } catch {
      // the next name may be this system's
    }
  }
  throw new Error(`Cannot open the C library: none of ${CANDIDATES.join(", ")} is there`);
}

interface PipeMaker {
  pipe2?(descriptors: unknown, flags: number): number;
  pipe?(descriptors: unknown): number;
}

const openPipeMaker = (): PipeMaker =>
  openLibc<PipeMaker>(
    process.platform === "darwin"
      ? { pipe: { args: [FFIType.ptr], returns: FFIType.i32 } }
      : { pipe2: { args: [FFIType.ptr, FFIType.i32], returns: FFIType.i32 } },
  );

let pipeMaker: PipeMaker | undefined;

/** A pipe that children do not inherit unless they are given one of its ends. */
export function makePipe(): { readEnd: number; writeEnd: number } {
  pipeMaker ??= openPipeMaker();
  const ends = new Int32Array(2);
  const status = pipeMaker.pipe2 ? pipeMaker.pipe2(ptr(ends), O_CLOEXEC) : pipeMaker.pipe?.(ptr(ends));
  if (status !== 0) throw new Error("Cannot make a pipe: the process has too many open descriptors");
  return { readEnd: ends[0] ?? -1, writeEnd: ends[1] ?? -1 };
}

/** What a system call takes: a number, or memory, which has to stay reachable during the call. */
export type SyscallArgument = number | bigint | NodeJS.TypedArray;

interface SyscallLibrary {
  syscall(number: number, ...args: (number | bigint)[]): bigint;
  __errno_location(): number;
}

const SYSCALL_ARGUMENTS = 6;

let syscallLibrary: SyscallLibrary | undefined;

/** A system call by its number; answers what it returned, or the negative error number. For Linux. */
export function syscall(number: number, ...args: SyscallArgument[]): number {
  syscallLibrary ??= openLibc<SyscallLibrary>({
    syscall: { args: Array(1 + SYSCALL_ARGUMENTS).fill(FFIType.i64), returns: FFIType.i64 },
    __errno_location: { args: [], returns: FFIType.ptr },
  });
  const words = Array.from({ length: SYSCALL_ARGUMENTS }, (_, at) => wordOf(args[at] ?? 0));
  const result = Number(syscallLibrary.syscall(number, ...words));
  return result === -1 ? -read.i32(syscallLibrary.__errno_location() as never) : result;
}

const wordOf = (argument: SyscallArgument): number | bigint =>
  typeof argument === "object" ? ptr(argument) : argument;
