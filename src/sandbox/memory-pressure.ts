/** Whether the host runs short of memory. Source: proc(5), meminfo; where there is none the answer is no. */
import { readFileSync } from "node:fs";

/** Below this share of all memory, what is idle has to go. */
const AVAILABLE_SHARE_MIN = 0.08;

export function isMemoryShort(): boolean {
  let text: string;
  try {
    text = readFileSync("/proc/meminfo", "latin1");
  } catch {
    return false;
  }
  const kib = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(text)?.[1] ?? Number.NaN);
  return kib("MemAvailable") < kib("MemTotal") * AVAILABLE_SHARE_MIN;
}
