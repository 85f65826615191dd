/**
 * Counts what an environment starts, where the kernel counts the processes of a user and the user is root, or has other environments too.
 * Beyond its limit a call that would start one more answers that there is no room for it, as the kernel's own limit does.
 */
import { readdirSync } from "node:fs";
import { forEachDescendant } from "../process-tree.ts";
import type { Answer } from "./notifications.ts";

const EAGAIN = -11;
/** One that starts as many as it can asks again and again; counting a thousand takes some milliseconds. */
const COUNT_EVERY_MS = 50;

export class Tasks {
  readonly #root: number;
  readonly #most: number;
  /** No fewer than there are: what ended since the last count is not known. */
  #known = Number.POSITIVE_INFINITY;
  #countAgainAtMs = 0;

  /** @param root what all of them descend from. @param most processes and threads, itself included. */
  constructor(root: number, most: number) {
    this.#root = root;
    this.#most = most;
  }

  decide(): Answer {
    if (this.#known >= this.#most && performance.now() >= this.#countAgainAtMs) this.#count();
    if (this.#known >= this.#most) return EAGAIN;
    this.#known++;
    return "go on"; // its arguments are in registers, so nothing that was looked at can have changed
  }

  #count(): void {
    let count = threadsOf(this.#root);
    forEachDescendant(this.#root, (pid) => {
      count += threadsOf(pid);
      return count < this.#most;
    });
    this.#known = count;
    this.#countAgainAtMs = performance.now() + COUNT_EVERY_MS;
  }
}

/** One that ended and that nobody has asked for yet counts as one. */
function threadsOf(pid: number): number {
  try {
    return readdirSync(`/proc/${pid}/task`).length;
  } catch {
    return 0; // it is gone
  }
}
