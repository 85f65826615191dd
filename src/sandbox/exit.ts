import { readSync } from "node:fs";
import { constants } from "node:os";
import type { Subprocess } from "bun";
import type { SandboxExit } from "./sandbox.ts";
import type { Walls } from "./walls/walls.ts";

const SIGNAL_CODE_BASE = 128;
const LIFELINE = 4;

/**
 * How a process ended that may have had others above it: one of those says of a process that a signal ended that it exited with 128 and the
 * signal's number. A process that exits with such a code of its own accord leaves a byte in its lifeline.
 */
export function exitOf(process: Subprocess, { processesAbove }: Walls): SandboxExit {
  const { exitCode: code, signalCode } = process;
  const isPlain = processesAbove === 0 || code === null || code <= SIGNAL_CODE_BASE;
  if (isPlain || hasByte(process.stdio[LIFELINE] as number)) return { code, signal: signalCode as string | null };
  const number = code - SIGNAL_CODE_BASE;
  const name = Object.entries(constants.signals).find(([, value]) => value === number)?.[0];
  return name === undefined ? { code, signal: null } : { code: null, signal: name };
}

function hasByte(descriptor: number): boolean {
  try {
    return readSync(descriptor, new Uint8Array(1)) === 1;
  } catch {
    return false; // nothing is there, or nobody is any more
  }
}
