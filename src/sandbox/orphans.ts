/**
 * What a walled-in process left behind: this process inherits it, ends it and takes its exit status, which the first process of a container
 * often does for nobody. A child of its own is told from an orphan by the filter of system calls that walls put on and that nobody can take
 * off. For Linux; source: prctl(2), PR_SET_CHILD_SUBREAPER; proc(5), Seccomp_filters; wait4(2).
 */
import { syscall } from "./libc.ts";
import { childrenOf, killTree, readQuietly } from "./process-tree.ts";
import { type Architecture, syscallNumber } from "./seccomp/syscalls.ts";

const PR_SET_CHILD_SUBREAPER = 36;
const WNOHANG = 1;
const SWEEP_AGAIN_MS = 20;

class Orphans {
  /** Processes that were started on purpose and are waited for elsewhere. */
  readonly #own = new Set<number>();
  /** Orphans that were ended and whose exit status is still to be had. */
  readonly #ending = new Set<number>();
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
    for (const pid of childrenOf("self")) {
      if (this.#own.has(pid) || this.#ending.has(pid)) continue;
      if (filtersOf(pid) <= this.#filters && !isSupervisor(pid)) continue;
      killTree(pid);
      this.#ending.add(pid);
    }
    for (const pid of this.#ending) {
      const answer = syscall(syscallNumber("wait4", process.arch as Architecture) ?? -1, pid, 0, WNOHANG, 0);
      if (answer !== 0) this.#ending.delete(pid); // it is gone, or somebody else's by now
    }
    if (this.#ending.size === 0 || this.#again) return;
    this.#again = setTimeout(() => {
      this.#again = undefined;
      this.#sweep(); // until each is gone: those that they leave come here, too
    }, SWEEP_AGAIN_MS);
    this.#again.unref();
  }
}

/** The first process of a namespace: when it has ended, its name is all that is left to tell it by. */
const isSupervisor = (pid: number): boolean => readQuietly(`/proc/${pid}/comm`) === "bwrap\n";

let shared: Orphans | undefined;

/** One for the whole process: what one of several did not start would look like an orphan to it. */
export function orphansOfThisProcess(): Orphans {
  shared ??= new Orphans();
  return shared;
}

function filtersOf(pid: number | "self"): number {
  return Number(/^Seccomp_filters:\s+(\d+)/m.exec(readQuietly(`/proc/${pid}/status`))?.[1] ?? 0);
}
