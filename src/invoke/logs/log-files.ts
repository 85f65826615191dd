/**
 * Functions' logs on disk, one folder a function. Of each only the newest few files are kept, and none that is older than the retention.
 */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "../../core/clock.ts";
import { piecesIn, RollingFile, removeOlder, startOf } from "../../store/rolling-file.ts";
import type { LogSink } from "./environment-log.ts";

export interface LogRange {
  /** Positions of the first byte, and of the one behind the last. */
  readonly from: number;
  readonly to: number;
}

const PRUNE_EVERY_MS = 60 * 60 * 1000;

export class LogFiles {
  readonly #options: LogFilesOptions;
  readonly #files = new Map<string, RollingFile>();
  readonly #pruner: Timer;

  constructor(options: LogFilesOptions) {
    this.#options = options;
    this.#pruner = setInterval(() => void this.prune(), PRUNE_EVERY_MS);
    this.#pruner.unref();
  }

  sinkOf(functionName: string): LogSink {
    const { directory, onError } = this.#options;
    const file = this.#files.get(functionName) ?? new RollingFile({ folder: join(directory, functionName), onError });
    this.#files.set(functionName, file);
    return file;
  }

  /** What of the range is still there. */
  async *read(functionName: string, { from, to }: LogRange): AsyncGenerator<Uint8Array> {
    await this.#files.get(functionName)?.flush();
    const folder = join(this.#options.directory, functionName);
    for (const path of await piecesIn(folder)) {
      const start = startOf(path);
      const piece = { begin: Math.max(0, from - start), end: Math.min(to - start, Bun.file(path).size) };
      if (piece.begin < piece.end) yield* Bun.file(path).slice(piece.begin, piece.end).stream();
    }
  }

  /** Removes the files that nothing was written to within the retention. */
  async prune(): Promise<void> {
    const { directory, clock, retentionMs, onError } = this.#options;
    const beforeMs = clock.nowMs() - retentionMs;
    try {
      for (const functionName of await readdir(directory).catch(() => [])) {
        await removeOlder(join(directory, functionName), beforeMs);
      }
    } catch (error) {
      onError(error);
    }
  }

  async flush(): Promise<void> {
    await Promise.all([...this.#files.values()].map((file) => file.flush()));
  }

  async close(): Promise<void> {
    clearInterval(this.#pruner);
    await this.flush();
  }
}

export interface LogFilesOptions {
  readonly directory: string;
  readonly clock: Clock;
  readonly retentionMs: number;
  readonly onError: (error: unknown) => void;
}
