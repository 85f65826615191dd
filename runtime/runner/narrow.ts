/** What the process gives up before it loads any code of a function. For Linux; source: setrlimit(2), proc(5). */
import { dlopen, FFIType, ptr } from "bun:ffi";
import { writeFileSync } from "node:fs";
import { setPriority } from "node:os";

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
  const niceness = Number(process.env[NICENESS_VARIABLE] ?? 0);
  if (niceness > 0) setPriority(niceness);
  const setLimit = openSetLimit();
  setLimit?.(RLIMIT_CORE, 0);
  setLimit?.(RLIMIT_NOFILE, DESCRIPTORS_MAX);
  const tasksMax = Number(process.env[TASKS_VARIABLE] ?? 0);
  if (tasksMax > 0) setLimit?.(RLIMIT_NPROC, tasksMax);
}

function openSetLimit(): ((resource: number, value: number) => void) | undefined {
  for (const library of ["libc.so.6", `libc.musl-${process.arch === "arm64" ? "aarch64" : "x86_64"}.so.1`]) {
    try {
      const { symbols } = dlopen(library, { setrlimit: { args: [FFIType.i32, FFIType.ptr], returns: FFIType.i32 } });
      return (resource, value) => {
        const limits = new BigUint64Array([BigInt(value), BigInt(value)]); // the soft one and the hard one: it cannot be raised again
        symbols.setrlimit(resource, ptr(limits));
      };
    } catch {
      // the next name may be this system's
    }
  }
  return undefined;
}
