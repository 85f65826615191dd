/**
 * What a process left behind that ended by itself, where no namespace ends it. Walled-in processes take in their own orphans; when they end,
 * this process inherits them, and ends them. A child of its own is told from an orphan by the filter of system calls that walls put on and
 * that nobody can take off. For Linux; source: prctl(2), PR_SET_CHILD_SUBREAPER; proc(5), Seccomp_filters; wait4(2).
 */
import { syscall } from "./libc.ts";
import { childrenOf, killTree, readQuietly } from "./process-tree.ts";
import { type Architecture, syscallNumber } from "./seccomp/syscalls.ts";

const PR_SET_CHILD_SUBREAPER = 36;
const WNOHANG = 1;
const SWEEP_AGAIN_MS = 20;

export class Orphans {
  /** Processes that were started on purpose and are waited for elsewhere. */
  readonly #own = new Set<number>();
  readonly #filters = filtersOf("self");
  #again: Timer | undefined;

  /** From now on this process inherits what its descendants leave behind. */
  constructor() {
    syscall(syscallNumber("prctl", process.arch as Architecture) ?? -1, PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
  }

  started(pid: number): void {
    this.#own.add(pid);
  }

  /** To be called when a process that was started on purpose is gone: what it left is ended, and what that leaves. */
  ended(pid: number): void {
    this.#own.delete(pid);
    this.#sweep();
  }

  #sweep(): void {
    const orphans = childrenOf("self").filter((pid) => !this.#own.has(pid) && filtersOf(pid) > this.#filters);
    for (const pid of orphans) {
      killTree(pid);
      syscall(syscallNumber("wait4", process.arch as Architecture) ?? -1, pid, 0, WNOHANG, 0);
    }
    if (orphans.length === 0 || this.#again) return;
    this.#again = setTimeout(() => {
      this.#again = undefined;
      this.#sweep(); // until each is gone: those that they leave come here, too
    }, SWEEP_AGAIN_MS);
    this.#again.unref();
  }
}

function filtersOf(pid: number | "self"): number {
  return Number(/^Seccomp_filters:\s+(\d+)/m.exec(readQuietly(`/proc/${pid}/status`))?.[1] ?? 0);
}
