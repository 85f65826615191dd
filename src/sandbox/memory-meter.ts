/** How much memory a process holds, read from /proc; elsewhere it answers 0. Source: proc(5), statm. */
import { closeSync, openSync, readSync } from "node:fs";

const PAGE_BYTES = 4096;
const buffer = Buffer.alloc(128);

export class MemoryMeter {
  #descriptor: number | undefined;

  constructor(pid: number) {
    try {
      this.#descriptor = openSync(`/proc/${pid}/statm`, "r");
    } catch {
      this.#descriptor = undefined; // the process is gone already, or the system has no /proc
    }
  }

  /** Memory that is the process's own, in bytes: resident pages less those that it shares with files. */
  ownBytes(): number {
    if (this.#descriptor === undefined) return 0;
    try {
      const length = readSync(this.#descriptor, buffer, 0, buffer.length, 0);
      const [, resident = 0, shared = 0] = buffer.toString("latin1", 0, length).split(" ").map(Number);
      return Math.max(0, resident - shared) * PAGE_BYTES;
    } catch {
      return 0;
    }
  }

  close(): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
    this.#descriptor = undefined;
  }
}
