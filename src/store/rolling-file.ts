/**
 * A stream of bytes that is only ever appended to, on disk in a folder of files. A file is named by the position of its first byte in all that
 * was ever written; one that is full makes room for a new one, and only the newest few are kept. What is written is gathered, and appended off
 * the path of whoever writes; who writes faster than the disk is made to wait.
 */
import { constants, readdirSync, statSync } from "node:fs";
import { appendFile, mkdir, readdir, rm, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { ByteBuffer } from "../core/byte-buffer.ts";

const FLUSH_AFTER_MS = 100;
/** What is gathered up to here is written at once. */
const BATCH_BYTES = 128 * 1024;
/** Who writes while so much is on its way to the disk has to wait. */
const UNWRITTEN_BYTES_MAX = 1024 * 1024;
const FILE_BYTES_MAX = 16 * 1024 * 1024;
const FILES_MAX = 4;
const DIGITS = 16; // as many as a safe integer has

/** The file that is written to; `end`: the position behind its last byte. */
interface Current {
  readonly path: string;
  readonly start: number;
  end: number;
}

export interface RollingFileOptions {
  readonly folder: string;
  readonly onError: (error: unknown) => void;
  /** How many files are kept; 4 of 16 MiB unless said otherwise. */
  readonly filesMax?: number;
}

export class RollingFile {
  /** Behind all that was written, on disk or not yet. */
  position: number;
  readonly #options: RollingFileOptions;
  #gathered: ByteBuffer | undefined;
  #unwrittenBytes = 0;
  #timer: Timer | undefined;
  #writing: Promise<void> = Promise.resolve();
  #current: Current | undefined;

  constructor(options: RollingFileOptions) {
    this.#options = options;
    this.#current = newestIn(options.folder);
    this.position = this.#current?.end ?? 0;
  }

  /** Answers a promise when whoever writes should wait before it writes more. */
  write(bytes: Uint8Array): void | Promise<void> {
    this.#buffer.append(bytes);
    return this.#wrote(bytes.length);
  }

  writeText(text: string): void | Promise<void> {
    return this.#wrote(this.#buffer.appendText(text));
  }

  flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const batch = this.#gathered;
    if (!batch) return this.#writing;
    this.#gathered = undefined;
    const at = this.position - batch.length;
    this.#writing = this.#writing.then(async () => {
      await this.#append(batch.bytes, at).catch(this.#options.onError);
      this.#unwrittenBytes -= batch.length;
      giveBack(batch);
    });
    return this.#writing;
  }

  get #buffer(): ByteBuffer {
    this.#gathered ??= spare.pop() ?? new ByteBuffer();
    return this.#gathered;
  }

  #wrote(bytes: number): void | Promise<void> {
    this.position += bytes;
    this.#unwrittenBytes += bytes;
    if (this.#buffer.length > BATCH_BYTES) void this.flush();
    else this.#timer ??= setTimeout(() => void this.flush(), FLUSH_AFTER_MS);
    if (this.#unwrittenBytes > UNWRITTEN_BYTES_MAX) return this.#writing;
  }

  async #append(bytes: Uint8Array, at: number): Promise<void> {
    const current = this.#current;
    this.#current = undefined; // a batch that fails leaves a file that nobody knows the end of
    const goesOn = current && current.end === at && at - current.start < FILE_BYTES_MAX;
    const file = goesOn && (await appendTo(current.path, bytes)) ? current : await this.#begin(bytes, at);
    this.#current = { ...file, end: at + bytes.length };
  }

  async #begin(bytes: Uint8Array, at: number): Promise<Current> {
    const { folder, filesMax = FILES_MAX } = this.#options;
    await mkdir(folder, { recursive: true });
    for (const path of (await piecesIn(folder)).slice(0, -(filesMax - 1))) await rm(path, { force: true });
    const path = join(folder, `${String(at).padStart(DIGITS, "0")}.log`);
    await appendFile(path, bytes);
    return { path, start: at, end: at };
  }
}

/** Large ones are used again, by whichever function writes much next. */
const spare: ByteBuffer[] = [];
const SPARE_MAX = 4;

function giveBack(buffer: ByteBuffer): void {
  const isOfUse = buffer.capacity >= BATCH_BYTES && buffer.capacity <= 4 * BATCH_BYTES;
  if (!isOfUse || spare.length >= SPARE_MAX) return;
  buffer.clear();
  spare.push(buffer);
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
    const newest = piecesOf(folder, readdirSync(folder)).at(-1);
    if (newest === undefined) return undefined;
    const start = startOf(newest);
    return { path: newest, start, end: start + statSync(newest).size };
  } catch {
    return undefined; // there is none yet
  }
}

/** The paths of the files that are there, in the order in which they were written. */
export async function piecesIn(folder: string): Promise<string[]> {
  return piecesOf(folder, await readdir(folder).catch(() => []));
}

const piecesOf = (folder: string, names: readonly string[]): string[] =>
  names
    .filter((name) => /^\d{16}\.log$/.test(name))
    .sort()
    .map((name) => join(folder, name));

/** The position of a file's first byte. */
export const startOf = (path: string): number => Number.parseInt(basename(path), 10);

/** Removes the files that nothing was written to since. */
export async function removeOlder(folder: string, beforeMs: number): Promise<void> {
  for (const path of await piecesIn(folder)) {
    if ((await stat(path)).mtimeMs < beforeMs) await rm(path, { force: true });
  }
}
