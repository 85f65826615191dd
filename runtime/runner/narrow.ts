/** What the process gives up before it loads any code of a function. For Linux; source: setrlimit(2), setpriority(2), proc(5). */
import { FFIType, ptr } from "bun:ffi";
import { writeFileSync } from "node:fs";
import { openLibc } from "./libc.ts";

const PRIO_PROCESS = 0;
const RLIMIT_CORE = 4;
const RLIMIT_NPROC = 6;
const RLIMIT_NOFILE = 7;
/** As AWS's environments have it. Source: Lambda Developer Guide, "Lambda quotas". */
const DESCRIPTORS_MAX = 1024;
/** Set by walls inside which only processes of this environment are counted. */
const TASKS_VARIABLE = "LAMBENT_TASKS_MAX";
/** How far back this process stands where processors are contended. */
const NICENESS_VARIABLE = "LAMBENT_NICENESS";
/** When the host runs out of memory, this process ends before the control plane does. */
const OUT_OF_MEMORY_FIRST = "1000";

export function narrow(): void {
  if (process.platform !== "linux") return;
  try {
    writeFileSync("/proc/self/oom_score_adj", OUT_OF_MEMORY_FIRST);
  } catch {
    // done already by walls that let nobody write there
  }
  const { i32, ptr: pointer } = FFIType;
  const libc = openLibc<Libc>({
    setrlimit: { args: [i32, pointer], returns: i32 },
    setpriority: { args: [i32, i32, i32], returns: i32 },
  });
  if (!libc) return;
  const niceness = Number(process.env[NICENESS_VARIABLE] ?? 0);
  if (niceness > 0) libc.setpriority(PRIO_PROCESS, 0, niceness); // of this thread, and of all that it starts
  const setLimit = (resource: number, value: number): void => {
    const limits = new BigUint64Array([BigInt(value), BigInt(value)]); // the soft one and the hard one: it cannot be raised again
    libc.setrlimit(resource, ptr(limits));
  };
  setLimit(RLIMIT_CORE, 0);
  setLimit(RLIMIT_NOFILE, DESCRIPTORS_MAX);
  const tasksMax = Number(process.env[TASKS_VARIABLE] ?? 0);
  if (tasksMax > 0) setLimit(RLIMIT_NPROC, tasksMax);
}

interface Libc {
  setrlimit(resource: number, limits: unknown): number;
  setpriority(which: number, who: number, niceness: number): number;
}
