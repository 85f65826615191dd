/** The one pipe for all that a process and its children print, read as fast as whoever takes it allows. */
import { closeSync } from "node:fs";

/** A child that outlives its parent may hold the pipe open; nobody waits longer for what it may still print. */
const GRACE_MS = 50;
/** Unless it is this process that keeps the output waiting: then so many times as long. */
const GRACES_MAX = 100;
/** How long one process's output may keep the event loop from everybody else. */
const TURN_MS = 2;

interface Reader {
  read(): Promise<{ done: false; value: Uint8Array } | { done: true }>;
  cancel(): Promise<void>;
}

export class OutputPipe {
  readonly #reader: Reader;
  readonly #over: Promise<void>;
  #isPaused = false;

  /** @param onOutput while its answer is pending no more is read, and the process waits. */
  constructor(readEnd: number, onOutput: (bytes: Uint8Array) => void | Promise<void>) {
    this.#reader = Bun.file(readEnd).stream().getReader();
    this.#over = this.#read(onOutput)
      .catch(() => {})
      .finally(() => closeQuietly(readEnd));
  }

  async #read(onOutput: (bytes: Uint8Array) => void | Promise<void>): Promise<void> {
    let turnBeganAtMs = performance.now();
    for (let part = await this.#reader.read(); !part.done; part = await this.#reader.read()) {
      const pause = onOutput(part.value);
      if (pause) {
        this.#isPaused = true;
        await pause;
        this.#isPaused = false;
      }
      // Reading goes on within one turn of the event loop as long as there is something to read.
      if (performance.now() - turnBeganAtMs < TURN_MS) continue;
      await new Promise<void>((resolve) => setImmediate(resolve));
      turnBeganAtMs = performance.now();
    }
  }

  /** The process is gone: resolves when all that it printed was handed on. */
  async end(): Promise<void> {
    const over = this.#over.then(() => true);
    for (let graces = 0; graces < GRACES_MAX; graces++) {
      if ((await Promise.race([over, Bun.sleep(GRACE_MS)])) || !this.#isPaused) break;
    }
    await this.#reader.cancel().catch(() => {});
  }
}

export function closeQuietly(descriptor: number): void {
  try {
    closeSync(descriptor);
  } catch {
    // closed already
  }
}
