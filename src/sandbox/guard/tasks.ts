/**
 * Counts what an environment starts, where the kernel counts the processes of a user and the user is root, or has other environments too.
 * Beyond its limit a call that would start one more answers that there is no room for it, as the kernel's own limit does.
 */
import { readdirSync, readlinkSync } from "node:fs";
import { forEachDescendant, readQuietly } from "../process-tree.ts";
import type { Answer } from "./notifications.ts";

const EAGAIN = -11;
/** One that starts as many as it can asks again and again, and counting a thousand takes some ten milliseconds. */
const COUNT_EVERY_MS = 100;
/** Children of a process that ends while the tree is looked at are elsewhere in it by then. */
const LOOKS_MAX = 8;

export class Tasks {
  readonly #root: number;
  readonly #most: number;
  /** No fewer than there are: what ended since the last count is not known. */
  #known = Number.POSITIVE_INFINITY;
  #countAgainAtMs = 0;
  /** Threads that were let start one, and have perhaps not been given a processor since. */
  readonly #underWay = new Set<number>();

  /** @param root what all of them descend from. @param most processes and threads, itself included. */
  constructor(root: number, most: number) {
    this.#root = root;
    this.#most = most;
  }

  /** @param thread that asks to start a process or a thread. */
  decide(thread: number): Answer {
    this.#underWay.delete(thread);
    if (this.#known >= this.#most && performance.now() >= this.#countAgainAtMs) this.#count(thread);
    if (this.#known >= this.#most) return EAGAIN;
    this.#known++;
    this.#underWay.add(thread);
    return "go on"; // its arguments are in registers, so nothing that was looked at can have changed
  }

  /** Nothing starts meanwhile but what is under way, since whoever wants to start something waits for this. */
  #count(asking: number): void {
    const inside = `/proc/${asking}/root/proc`;
    let count = hasOwnNumbers(asking)
      ? sum(numbersIn(inside).map((pid) => threadsOf(`${inside}/${pid}`)))
      : sum(processesBelow(this.#root).map((pid) => threadsOf(`/proc/${pid}`)));
    for (const thread of this.#underWay) if (!isRunning(thread)) this.#underWay.delete(thread);
    count += this.#underWay.size;
    this.#known = count;
    this.#countAgainAtMs = performance.now() + COUNT_EVERY_MS;
  }
}

/** One that ended and that nobody has asked for yet counts as one. */
function threadsOf(folder: string): number {
  try {
    return readdirSync(`${folder}/task`).length;
  } catch {
    return 0; // it is gone
  }
}

/** A namespace of processes has a /proc that shows them, and all of them. */
function hasOwnNumbers(pid: number): boolean {
  const of = (name: number | string): string => readlinkSync(`/proc/${name}/ns/pid`);
  return of(pid) !== of("self");
}

const numbersIn = (folder: string): number[] => readdirSync(folder).map(Number).filter(Number.isInteger);

/** Itself as well. */
function processesBelow(root: number): number[] {
  const found = new Set([root]);
  for (let look = 0, before = 0; look < LOOKS_MAX && before !== found.size; look++) {
    before = found.size;
    forEachDescendant(root, (pid) => void found.add(pid));
  }
  return [...found];
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, each) => total + each, 0);

/** Whether it has a processor, or waits for one or, inside the call, for a lock of its process. */
const isRunning = (thread: number): boolean => /\) [RD] /.test(readQuietly(`/proc/${thread}/stat`));
