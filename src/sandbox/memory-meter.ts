/** How much a process tree holds, read from /proc; where there is none it answers 0. Source: proc(5), statm and status. */
import { closeSync, openSync, readdirSync, readSync } from "node:fs";
import { childrenOf, forEachDescendant, readQuietly } from "./process-tree.ts";

const PAGE_BYTES = 4096;
const BYTES_PER_KIB = 1024;
/** A tree that takes longer to look at than this, and has more than so many processes, multiplies faster than it can be counted. */
const LOOK_MS_MAX = 250;
const LOOKED_AT_MIN = 128;
const NINE = 57;
const buffer = Buffer.alloc(128);

/** What a process and all its descendants hold together. */
export interface TreeUse {
  readonly bytes: number;
  /** Processes and their threads. */
  readonly tasks: number;
}

export class MemoryMeter {
  readonly #root: number;
  #pid: number;
  #descriptor: number | undefined;
  /** Of the tree, at the last look at it. */
  processes = 1;

  /** @param root the process that was started: the one that is meant, or one above it. */
  constructor(root: number) {
    this.#root = root;
    this.#pid = root;
    this.#open();
  }

  /** From now on the process that is meant is the one so many levels below the root, where each has a single child. */
  descend(levels: number): void {
    if (levels === 0) return;
    for (let level = 0; level < levels; level++) this.#pid = childrenOf(this.#pid)[0] ?? this.#pid;
    this.close();
    this.#open();
  }

  /** The process that is meant. */
  get pid(): number {
    return this.#pid;
  }

  /** Memory that is the process's own, in bytes: resident pages less those that it shares with files. Takes 3 µs. */
  ownBytes(): number {
    if (this.#descriptor === undefined) return 0;
    try {
      return ownBytesOf(buffer.toString("latin1", 0, readSync(this.#descriptor, buffer, 0, buffer.length, 0)));
    } catch {
      return 0; // it ended meanwhile
    }
  }

  /**
   * The same with all its descendants', and with what they share with each other and no file. Takes some 100 µs, and 50 for each of them. It
   * looks no further when there are more tasks than `tasksMax`; so many that it takes too long to look at them are more.
   */
  treeUse(tasksMax = Number.POSITIVE_INFINITY): TreeUse {
    if (this.#descriptor === undefined) return { bytes: 0, tasks: 0 };
    const inside = this.#processesInside();
    if (inside > tasksMax) return { bytes: 0, tasks: inside };
    const untilMs = performance.now() + LOOK_MS_MAX;
    const total = useOf(this.#root);
    let processes = 1;
    forEachDescendant(this.#root, (pid) => {
      const { bytes, tasks } = useOf(pid);
      total.bytes += bytes;
      total.tasks += tasks;
      processes++;
      if (processes > LOOKED_AT_MIN && performance.now() > untilMs) total.tasks = Number.POSITIVE_INFINITY;
      return total.tasks <= tasksMax;
    });
    this.processes = processes;
    return total;
  }

  /** One look into the namespace's own /proc is quick even while its processes multiply; looking at each of them is not. */
  #processesInside(): number {
    if (this.#pid === this.#root) return 0;
    try {
      return readdirSync(`/proc/${this.#pid}/root/proc`).filter((name) => name.charCodeAt(0) <= NINE).length;
    } catch {
      return 0; // it ended meanwhile
    }
  }

  close(): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
    this.#descriptor = undefined;
  }

  #open(): void {
    try {
      this.#descriptor = openSync(`/proc/${this.#pid}/statm`, "r");
    } catch {
      this.#descriptor = undefined; // the process is gone already, or the system has no /proc
    }
  }
}

function ownBytesOf(statm: string): number {
  const [, resident = 0, shared = 0] = statm.split(" ").map(Number);
  return Math.max(0, resident - shared) * PAGE_BYTES;
}

/** One that ended and that nobody has asked for yet holds nothing but its number; it counts as one. */
function useOf(pid: number): { bytes: number; tasks: number } {
  const status = readQuietly(`/proc/${pid}/status`);
  const field = (name: string): number => {
    const at = status.indexOf(`\n${name}:`);
    return at < 0 ? 0 : Number.parseInt(status.slice(at + name.length + 2), 10);
  };
  return { bytes: (field("RssAnon") + field("RssShmem")) * BYTES_PER_KIB, tasks: field("Threads") };
}
