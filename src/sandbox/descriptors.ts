/** How many descriptors this process has, and may have. For Linux. Source: proc(5), proc_pid_fd(5), proc_pid_limits(5). */
import { readdirSync, readFileSync, statSync } from "node:fs";

const OWN = "/proc/self/fd";

/** As many as the soft limit allows. */
export function descriptorsMax(): number {
  const line = /^Max open files +(\d+|unlimited)/m.exec(readFileSync("/proc/self/limits", "utf8"))?.[1];
  return line === undefined || line === "unlimited" ? Number.MAX_SAFE_INTEGER : Number(line);
}

/** Costs no descriptor from Linux 6.2 on, and next to nothing, however many there are. */
export function descriptorCount(): number {
  const { size } = statSync(OWN);
  if (size > 0) return size;
  try {
    return readdirSync(OWN).length;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EMFILE") return descriptorsMax();
    throw error;
  }
}

/** No descriptor has this number or a higher one. */
export function descriptorNumbersEnd(): number {
  try {
    return Number(/^FDSize:\s*(\d+)/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1]);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EMFILE") return Number.MAX_SAFE_INTEGER; // there is none left to read it by
    throw error;
  }
}
