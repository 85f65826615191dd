/**
 * What was changed, and who was refused: a JSON object a line, written before the answer, to a file that is only ever appended to and
 * that its owner alone may read. No payload and no secret comes near it. When the file is large it gets a number and a new one begins;
 * the oldest goes. It is not synced line by line: a power cut may take the last ones, an end of the process none.
 */
import {
  closeSync,
  existsSync,
  fstatSync,
  mkdirSync,
  openSync,
  readSync,
  renameSync,
  statSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import type { Clock } from "../core/clock.ts";

export interface AuditRecord {
  /** ISO 8601. */
  readonly time: string;
  readonly requestId: string;
  /** `lambda:CreateFunction`; of what could not be told, method and path. */
  readonly action: string;
  readonly resource: string | null;
  /** An ARN; null: nobody who could be told. */
  readonly who: string | null;
  readonly keyId: string | null;
  /** An address. */
  readonly from: string | null;
  /** `ok`, or the code of the refusal or failure. */
  readonly outcome: string;
  /** Refusals before this one that were too many to write, a second. */
  readonly unwritten?: number;
}

export interface AuditLogParts {
  readonly directory: string;
  readonly clock: Clock;
  readonly onError: (error: unknown) => void;
  readonly fileBytesMax?: number;
  readonly filesMax?: number;
}

const FILE_BYTES_MAX = 16 * 1024 * 1024;
const FILES_MAX = 8;
/** A flood of refusals must not push everything else out of the files. */
const REFUSALS_PER_SECOND_MAX = 100;
const SECOND_MS = 1000;
const MODE_PRIVATE = 0o600;
const TEXT_MAX = 2048;
const READ_BYTES_MAX = 4 * 1024 * 1024;

export class AuditLog {
  readonly #parts: AuditLogParts;
  readonly #fileBytesMax: number;
  readonly #filesMax: number;
  #file: number | undefined;
  #bytes = 0;
  #second = 0;
  #refusals = 0;
  #unwritten = 0;

  constructor(parts: AuditLogParts) {
    this.#parts = parts;
    this.#fileBytesMax = parts.fileBytesMax ?? FILE_BYTES_MAX;
    this.#filesMax = parts.filesMax ?? FILES_MAX;
  }

  get path(): string {
    return this.#pathOf(0);
  }

  /** A failure to write is for the server's own log: what was done is done. */
  write(record: Omit<AuditRecord, "time" | "unwritten">, { refused = false } = {}): void {
    const nowMs = this.#parts.clock.nowMs();
    if (refused && this.#isTooMany(nowMs)) return;
    const unwritten = this.#unwritten;
    this.#unwritten = 0;
    const line = {
      time: new Date(nowMs).toISOString(),
      ...record,
      action: record.action.slice(0, TEXT_MAX),
      resource: record.resource?.slice(0, TEXT_MAX) ?? null,
      ...(unwritten > 0 && { unwritten }),
    };
    try {
      this.#append(`${JSON.stringify(line)}\n`);
    } catch (error) {
      this.#parts.onError(error);
    }
  }

  /** The newest first, as far as the last few megabytes go. */
  read(count: number): AuditRecord[] {
    const lines: AuditRecord[] = [];
    for (let number = 0; number < this.#filesMax && lines.length < count; number++) {
      const path = this.#pathOf(number);
      if (existsSync(path)) lines.push(...tailOf(path).reverse());
    }
    return lines.slice(0, count);
  }

  close(): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }

  #isTooMany(nowMs: number): boolean {
    const second = Math.floor(nowMs / SECOND_MS);
    if (second !== this.#second) {
      this.#second = second;
      this.#refusals = 0;
    }
    this.#refusals++;
    if (this.#refusals <= REFUSALS_PER_SECOND_MAX) return false;
    this.#unwritten++;
    return true;
  }

  #append(line: string): void {
    if (this.#file === undefined) this.#open();
    const bytes = Buffer.from(line);
    if (this.#bytes > 0 && this.#bytes + bytes.length > this.#fileBytesMax) {
      this.#rotate();
      this.#open();
    }
    writeSync(this.#file ?? -1, bytes);
    this.#bytes += bytes.length;
  }

  #open(): void {
    mkdirSync(this.#parts.directory, { recursive: true });
    this.#file = openSync(this.path, "a", MODE_PRIVATE);
    this.#bytes = fstatSync(this.#file).size;
  }

  #rotate(): void {
    this.close();
    for (let number = this.#filesMax - 1; number > 0; number--) {
      const older = this.#pathOf(number - 1);
      if (existsSync(older)) renameSync(older, this.#pathOf(number));
    }
  }

  #pathOf(number: number): string {
    return join(this.#parts.directory, number === 0 ? "audit.log" : `audit.${number}.log`);
  }
}

function tailOf(path: string): AuditRecord[] {
  const file = openSync(path, "r");
  try {
    const { size } = statSync(path);
    const bytes = Buffer.alloc(Math.min(size, READ_BYTES_MAX));
    readSync(file, bytes, 0, bytes.length, size - bytes.length);
    const lines = bytes.toString().split("\n");
    if (bytes.length < size) lines.shift(); // its beginning is missing
    return lines.flatMap(parseLine);
  } finally {
    closeSync(file);
  }
}

/** A line that a crash cut is none. */
function parseLine(line: string): AuditRecord[] {
  try {
    return line === "" ? [] : [JSON.parse(line) as AuditRecord];
  } catch {
    return [];
  }
}
