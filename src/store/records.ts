/**
 * What became of each invocation, for people and tools to look up: a line of JSON each, appended to files. Thousands come in a second and few
 * are ever looked at, so nothing is done for them before somebody asks. They are not synced; what a power cut makes unreadable is left out.
 */
import { open } from "node:fs/promises";
import type { Clock } from "../core/clock.ts";
import { piecesIn, RollingFile, removeOlder, startOf } from "./rolling-file.ts";

export interface InvocationRecord {
  readonly requestId: string;
  readonly functionName: string;
  readonly version: string;
  /** Epoch milliseconds. */
  readonly startedAtMs: number;
  /** Null when the handler was never called. */
  readonly durationMs: number | null;
  /** Null for a warm call. */
  readonly initMs: number | null;
  readonly memoryUsedMib: number | null;
  readonly result: "Success" | "Handled" | "Unhandled" | "Rejected";
  readonly errorType: string | null;
  readonly logStreamName: string | null;
  /** Positions in the function's log: its lines are between them. Null when the handler was never called. */
  readonly logFrom: number | null;
  readonly logTo: number | null;
}

/** `id`: where its line begins among all; later ones have larger ones. */
export type ListedRecord = InvocationRecord & { readonly id: number };

export interface RecordsOptions {
  readonly folder: string;
  readonly clock: Clock;
  readonly retentionMs: number;
  readonly onError: (error: unknown) => void;
}

/** Of 16 MiB: about a million records. */
const FILES_MAX = 14;
const PRUNE_EVERY_MS = 60 * 60 * 1000;
const READ_BYTES = 64 * 1024;
const NEWLINE = 10;

export class Records {
  readonly #options: RecordsOptions;
  readonly #file: RollingFile;
  readonly #pruner: Timer;

  constructor(options: RecordsOptions) {
    const { folder, onError } = options;
    this.#options = options;
    this.#file = new RollingFile({ folder, onError, filesMax: FILES_MAX });
    if (this.#file.position > 0) this.#file.writeText("\n"); // the last line may have been cut off
    this.#pruner = setInterval(() => void this.prune(), PRUNE_EVERY_MS);
    this.#pruner.unref();
  }

  add(record: InvocationRecord): void {
    void this.#file.writeText(`${JSON.stringify(valuesOf(record))}\n`);
  }

  /** Newest first; `before` is the `id` of the last one of the page before. */
  async list(input: {
    readonly functionName?: string | undefined;
    readonly before?: number | undefined;
    readonly count: number;
  }): Promise<ListedRecord[]> {
    const { functionName, before = Number.POSITIVE_INFINITY, count } = input;
    await this.#file.flush();
    const sinceMs = this.#sinceMs;
    const found: ListedRecord[] = [];
    if (count <= 0) return found;
    for await (const { at, text } of linesBefore(this.#options.folder, before)) {
      if (functionName !== undefined && !text.includes(functionName)) continue; // reading it takes longer
      const record = readRecord(at, text);
      const isWanted = functionName === undefined || record?.functionName === functionName;
      if (record && isWanted && record.startedAtMs >= sinceMs && found.push(record) === count) break;
    }
    return found;
  }

  /** Removes the files of which nothing is young enough. */
  async prune(): Promise<void> {
    await removeOlder(this.#options.folder, this.#sinceMs).catch(this.#options.onError);
  }

  async close(): Promise<void> {
    clearInterval(this.#pruner);
    await this.#file.flush();
  }

  get #sinceMs(): number {
    return this.#options.clock.nowMs() - this.#options.retentionMs;
  }
}

interface Line {
  /** The position of its first byte. */
  readonly at: number;
  readonly text: string;
}

/** The lines that begin before the position, the last one first. */
async function* linesBefore(folder: string, position: number): AsyncGenerator<Line> {
  for (const path of (await piecesIn(folder)).reverse()) {
    const start = startOf(path);
    if (start >= position) continue;
    const file = await open(path).catch(() => undefined);
    if (!file) continue; // it was removed meanwhile
    try {
      let end = Math.min(position - start, (await file.stat()).size);
      let rest: Uint8Array = new Uint8Array(0); // the end of a line of which the beginning is not read yet
      while (end > 0) {
        const from = Math.max(0, end - READ_BYTES);
        const { buffer } = await file.read(Buffer.alloc(end - from), 0, end - from, from);
        const bytes = Buffer.concat([buffer, rest]);
        const firstAt = from === 0 ? 0 : bytes.indexOf(NEWLINE) + 1 || bytes.length;
        yield* linesBackwards(bytes.subarray(firstAt), start + from + firstAt);
        rest = bytes.subarray(0, firstAt);
        end = from;
      }
    } finally {
      await file.close();
    }
  }
}

/** @param at the position of the first byte. */
function* linesBackwards(bytes: Buffer, at: number): Generator<Line> {
  for (let end = bytes.length; end > 0; ) {
    const last = bytes[end - 1] === NEWLINE ? end - 1 : end;
    const begin = last === 0 ? 0 : bytes.lastIndexOf(NEWLINE, last - 1) + 1;
    if (begin < last) yield { at: at + begin, text: bytes.toString("utf8", begin, last) };
    end = begin;
  }
}

const DIGITS_MS = 1000; // to the microsecond

const rounded = (ms: number | null): number | null => (ms === null ? null : Math.round(ms * DIGITS_MS) / DIGITS_MS);

/** In this order: names would take most of the room. */
const valuesOf = (one: InvocationRecord) =>
  [
    one.requestId,
    one.functionName,
    one.version,
    one.startedAtMs,
    rounded(one.durationMs),
    rounded(one.initMs),
    one.memoryUsedMib,
    one.result,
    one.errorType,
    one.logStreamName,
    one.logFrom,
    one.logTo,
  ] as const;

/** Undefined for a line that was cut off. */
function readRecord(id: number, text: string): ListedRecord | undefined {
  let values: ReturnType<typeof valuesOf>;
  try {
    values = JSON.parse(text);
  } catch {
    return undefined;
  }
  const [requestId, functionName, version, startedAtMs, durationMs, initMs, memoryUsedMib, ...rest] = values;
  const [result, errorType, logStreamName, logFrom, logTo] = rest;
  return {
    id,
    requestId,
    functionName,
    version,
    startedAtMs,
    durationMs,
    initMs,
    memoryUsedMib,
    result,
    errorType,
    logStreamName,
    logFrom,
    logTo,
  };
}
