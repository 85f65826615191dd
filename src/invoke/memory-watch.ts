/** What is known of an environment's memory and processes: their limits, the peak of the call that runs, and when to look again. */
import type { MemoryMeter } from "../sandbox/memory-meter.ts";

const BYTES_PER_MIB = 1024 * 1024;
/** A tree of a thousand processes takes long to look at: at most a tenth of this process's time goes into that. */
const TREE_LOOK_SPACING = 10;
const TASKS_GROWTH = 1.25;
/** Processes and threads. Source: Lambda Developer Guide, "Lambda quotas"; AWS refuses the next one, here it ends the environment. */
export const TASKS_MAX = 1024;

export class MemoryWatch {
  readonly #limitBytes: number;
  readonly #tasksMax: number;
  /** At the last look at the whole tree. */
  hasTooManyTasks = false;
  #lastTasks = 0;
  #lastBytes = 0;
  #peakBytes = 0;
  /** performance.now() */
  #nextTreeLookMs = 0;

  /** @param tasksMax more are found; `Infinity` where the kernel lets nobody have more. */
  constructor(limitMib: number, tasksMax = TASKS_MAX) {
    this.#limitBytes = limitMib * BYTES_PER_MIB;
    this.#tasksMax = tasksMax;
  }

  /** Calls that are too short to be looked at have the last look's. */
  beginCall(): void {
    this.#peakBytes = this.#lastBytes;
  }

  /** The peak of the call that runs. */
  get usedMib(): number {
    return Math.max(1, Math.round(this.#peakBytes / BYTES_PER_MIB));
  }

  /** Looks at the process alone; answers whether it holds more than it may. */
  lookAtProcess(meter: MemoryMeter | undefined): boolean {
    return this.#note(meter?.ownBytes() ?? 0);
  }

  /** Looks at the process and its children, or at the process alone while the last look at all of them took too long. */
  lookAtTree(meter: MemoryMeter | undefined): boolean {
    const beganAtMs = performance.now();
    if (beganAtMs < this.#nextTreeLookMs) return this.lookAtProcess(meter);
    const { bytes, tasks } = meter?.treeUse(TASKS_MAX) ?? { bytes: 0, tasks: 0 };
    this.hasTooManyTasks = tasks > this.#tasksMax;
    const grows = tasks > this.#lastTasks * TASKS_GROWTH; // who multiplies is looked at without a pause
    this.#lastTasks = tasks;
    this.#nextTreeLookMs = grows ? 0 : beganAtMs + TREE_LOOK_SPACING * (performance.now() - beganAtMs);
    return this.#note(bytes);
  }

  #note(bytes: number): boolean {
    this.#lastBytes = bytes;
    if (bytes > this.#peakBytes) this.#peakBytes = bytes;
    return bytes > this.#limitBytes;
  }
}
