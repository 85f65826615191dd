import { dlopen, type FFIFunction } from "bun:ffi";

/** glibc's name, and musl's. */
const NAMES = ["libc.so.6", `libc.musl-${process.arch === "arm64" ? "aarch64" : "x86_64"}.so.1`];

/** Functions of Linux's C library; undefined where there is none that has them. */
export function openLibc<T>(symbols: Record<string, FFIFunction>): T | undefined {
  for (const name of NAMES) {
    try {
      return dlopen(name, symbols).symbols as unknown as T;
    } catch {
      // the next name may be this system's
    }
  }
  return undefined;
}
