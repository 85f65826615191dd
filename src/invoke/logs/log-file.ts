/** One function's log: what is written to it is gathered, and appended to the newest of its files. */
import { constants, readdirSync, statSync } from "node:fs";
import { appendFile, mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { LogSink } from "./environment-log.ts";
import { isLogName, logName, startOf } from "./log-name.ts";

const FLUSH_AFTER_MS = 100;
const BUFFER_BYTES_MAX = 1024 * 1024;
const FILE_BYTES_MAX = 16 * 1024 * 1024;
const FILES_MAX = 4;

/** The file that is written to; `end`: the position behind its last byte. */
interface Current {
  readonly path: string;
  readonly start: number;
  end: number;
}

export class LogFile implements LogSink {
  /** Behind all that was written, on disk or not yet. */
  position: number;
  readonly #folder: string;
  readonly #onError: (error: unknown) => void;
  #buffer: Uint8Array[] = [];
  #bufferBytes = 0;
  #timer: Timer | undefined;
  #writing: Promise<void> = Promise.resolve();
  #current: Current | undefined;

  constructor(folder: string, onError: (error: unknown) => void) {
    this.#folder = folder;
    this.#onError = onError;
    this.#current = newestIn(folder);
    this.position = this.#current?.end ?? 0;
  }

  write(bytes: Uint8Array): void | Promise<void> {
    this.position += bytes.length;
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
    const at = this.position - this.#bufferBytes;
    this.#buffer = [];
    this.#bufferBytes = 0;
    this.#writing = this.#writing.then(() => this.#append(Buffer.concat(batch), at)).catch(this.#onError);
    return this.#writing;
  }

  async #append(bytes: Uint8Array, at: number): Promise<void> {
    const current = this.#current;
    this.#current = undefined; // a batch that fails leaves a file that nobody knows the end of
    const goesOn = current && current.end === at && at - current.start < FILE_BYTES_MAX;
    const file = goesOn && (await appendTo(current.path, bytes)) ? current : await this.#begin(bytes, at);
    this.#current = { ...file, end: at + bytes.length };
  }

  async #begin(bytes: Uint8Array, at: number): Promise<Current> {
    await mkdir(this.#folder, { recursive: true });
    const names = (await readdir(this.#folder)).filter(isLogName).sort();
    for (const name of names.slice(0, -(FILES_MAX - 1))) await rm(join(this.#folder, name), { force: true });
    const path = join(this.#folder, logName(at));
    await appendFile(path, bytes);
    return { path, start: at, end: at };
  }
}

/** False when somebody removed the file: under its name one would begin that starts elsewhere. */
async function appendTo(path: string, bytes: Uint8Array): Promise<boolean> {
  try {
    await appendFile(path, bytes, { flag: constants.O_WRONLY | constants.O_APPEND });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return false;
    throw error;
  }
}

/** It goes on after a restart, until it is full. */
function newestIn(folder: string): Current | undefined {
  try {
    const newest = readdirSync(folder).filter(isLogName).sort().at(-1);
    if (newest === undefined) return undefined;
    const path = join(folder, newest);
    const start = startOf(newest);
    return { path, start, end: start + statSync(path).size };
  } catch {
    return undefined; // there is none yet
  }
}
