/** Gives back what only the start needed. For Linux; source: madvise(2), proc(5). */
import { FFIType } from "bun:ffi";
import { readFileSync } from "node:fs";
import { openLibc } from "./libc.ts";

const MADV_DONTNEED = 4;
const SYMBOLS = { madvise: { args: [FFIType.u64, FFIType.u64, FFIType.i32], returns: FFIType.i32 } };

/**
 * Lets go of the executable's own code, of which the start has touched far more than calls do: what they need comes back from the system's
 * cache, a few pages at a time. It is a third of what an idle environment holds.
 */
export function letGoOfCode(): void {
  if (process.platform !== "linux") return;
  try {
    const mapped = readFileSync("/proc/self/maps", "latin1").split("\n");
    const code = mapped.filter((line) => line.includes(" r-xp ") && line.endsWith(` ${process.execPath}`));
    const libc = code.length > 0 ? openLibc<Libc>(SYMBOLS) : undefined;
    for (const line of code) {
      const [from = 0n, to = 0n] = (line.split(" ", 1)[0] ?? "").split("-").map((address) => BigInt(`0x${address}`));
      libc?.madvise(from, to - from, MADV_DONTNEED);
    }
  } catch {
    // walls let nobody look at that: it stays
  }
}

interface Libc {
  madvise(address: bigint, length: bigint, advice: number): number;
}
