/**
 * Functions' logs on disk, one folder a function, written in batches off the path of calls. A file that is full makes room for a new one, and
 * only the newest few are kept. Whoever writes faster than the disk is made to wait.
 */
import { appendFile, mkdir, readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "../../core/clock.ts";
import type { LogSink } from "./environment-log.ts";

const FLUSH_AFTER_MS = 100;
const BUFFER_BYTES_MAX = 1024 * 1024;
const FILE_BYTES_MAX = 16 * 1024 * 1024;
const FILES_MAX = 4;

export class LogFiles {
  readonly #directory: string;
  readonly #clock: Clock;
  readonly #onError: (error: unknown) => void;
  readonly #files = new Map<string, LogFile>();

  constructor(options: { directory: string; clock: Clock; onError: (error: unknown) => void }) {
    this.#directory = options.directory;
    this.#clock = options.clock;
    this.#onError = options.onError;
  }

  sinkOf(functionName: string): LogSink {
    const file =
      this.#files.get(functionName) ?? new LogFile(join(this.#directory, functionName), this.#clock, this.#onError);
    this.#files.set(functionName, file);
    return (bytes) => file.write(bytes);
  }

  async flush(): Promise<void> {
    await Promise.all([...this.#files.values()].map((file) => file.flush()));
  }
}

class LogFile {
  readonly #folder: string;
  readonly #clock: Clock;
  readonly #onError: (error: unknown) => void;
  #buffer: Uint8Array[] = [];
  #bufferBytes = 0;
  #timer: Timer | undefined;
  #writing: Promise<void> = Promise.resolve();
  #path: string | undefined;
  #pathBytes = 0;

  constructor(folder: string, clock: Clock, onError: (error: unknown) => void) {
    this.#folder = folder;
    this.#clock = clock;
    this.#onError = onError;
  }

  write(bytes: Uint8Array): void | Promise<void> {
    this.#buffer.push(bytes);
    this.#bufferBytes += bytes.length;
    if (this.#bufferBytes > BUFFER_BYTES_MAX) return this.flush();
    this.#timer ??= setTimeout(() => void this.flush(), FLUSH_AFTER_MS);
  }

  flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const batch = this.#buffer;
    if (batch.length === 0) return this.#writing;
    this.#buffer = [];
    this.#bufferBytes = 0;
    this.#writing = this.#writing.then(() => this.#append(Buffer.concat(batch))).catch(this.#onError);
    return this.#writing;
  }

  async #append(bytes: Uint8Array): Promise<void> {
    const path = await this.#currentPath();
    await appendFile(path, bytes);
    this.#pathBytes += bytes.length;
    if (this.#pathBytes < FILE_BYTES_MAX) return;
    this.#path = undefined;
    const names = (await readdir(this.#folder)).filter((name) => name.endsWith(".log")).sort();
    for (const name of names.slice(0, -FILES_MAX)) await rm(join(this.#folder, name), { force: true });
  }

  /** The newest file goes on after a restart, until it is full. */
  async #currentPath(): Promise<string> {
    if (this.#path !== undefined) return this.#path;
    await mkdir(this.#folder, { recursive: true });
    const newest = (await readdir(this.#folder))
      .filter((name) => name.endsWith(".log"))
      .sort()
      .at(-1);
    const bytes = newest === undefined ? FILE_BYTES_MAX : (await stat(join(this.#folder, newest))).size;
    const goesOn = newest !== undefined && bytes < FILE_BYTES_MAX;
    this.#path = join(this.#folder, goesOn ? newest : nameAfter(newest, this.#clock.nowMs()));
    this.#pathBytes = goesOn ? bytes : 0;
    return this.#path;
  }
}

/** Names sort by age, also when two files begin within a millisecond and when the clock is set back. */
function nameAfter(newest: string | undefined, nowMs: number): string {
  const name = `${new Date(nowMs).toISOString().replaceAll(":", "-")}.log`;
  if (newest === undefined || newest < name) return name;
  const [, stamp = "", count = "0"] = /^(.*?)(?:_(\d+))?\.log$/.exec(newest) ?? [];
  return `${stamp}_${String(Number(count) + 1).padStart(6, "0")}.log`;
}
