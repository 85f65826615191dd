/**
 * The log stream of one execution environment: what its process prints between the platform's own lines, in order, with the last
 * 4,096 bytes of the current call at hand. Bytes pass through; nothing grows with what a function prints.
 */
import { outputMark } from "../../../runtime/protocol.ts";
import { LogTail } from "./log-tail.ts";

export interface LogSink {
  /** Answers a promise when whoever writes should wait before it writes more. */
  write(bytes: Uint8Array): void | Promise<void>;
  writeText(text: string): void | Promise<void>;
  /** How many bytes were written before, by all who share it. */
  readonly position: number;
}

/** How long a call waits for its end mark to come through the output pipe: a handler may have closed it. */
const MARK_WAIT_MS = 100;

const encoder = new TextEncoder();
const NO_PAUSE = undefined as void | Promise<void>;

export class EnvironmentLog {
  readonly #sink: LogSink;
  #tail: LogTail | undefined;
  /** The mark that ends the current call's output, once the call is over. */
  #awaited: { mark: string; seen: () => void } | undefined;
  #marks = new Set<string>();
  #lines = "";
  #held: Uint8Array | undefined;
  readonly #firstFrom: number;
  #from: number | undefined;

  constructor(sink: LogSink) {
    this.#sink = sink;
    this.#firstFrom = sink.position;
  }

  /** From here on `range` counts; the first call's begins with the environment's own start. */
  beginRange(): void {
    this.#from = this.#from === undefined ? this.#firstFrom : this.#sink.position;
  }

  /** Where in the log all is that was written since, and perhaps what others wrote meanwhile. */
  range(): { logFrom: number; logTo: number } {
    return { logFrom: this.#from ?? this.#firstFrom, logTo: this.#sink.position };
  }

  /** From here on the log's last bytes are kept for `takeTail`, behind those of `earlier`. */
  keepTail(earlier?: Uint8Array): void {
    if (this.#tail) return;
    this.flushLines(); // what was written before does not belong to it
    this.#tail = new LogTail();
    if (earlier) this.#tail.push(earlier);
  }

  takeTail(): Uint8Array | undefined {
    this.flushLines();
    const bytes = this.#tail?.bytes();
    this.#tail = undefined;
    return bytes;
  }

  /** One of the platform's own lines; it leaves with the next output, or with `flushLines`. */
  line(text: string): void {
    this.#lines += text;
  }

  flushLines(): void {
    if (this.#lines === "") return;
    const lines = this.#lines;
    this.#lines = "";
    if (this.#tail) this.#emit(encoder.encode(lines));
    else void this.#sink.writeText(lines);
  }

  /** What the process printed. Answers as the sink does. */
  output(bytes: Uint8Array): void | Promise<void> {
    this.flushLines();
    let rest = bytes;
    let pause = NO_PAUSE;
    if (this.#held) {
      rest = Buffer.concat([this.#held, rest]);
      this.#held = undefined;
    }
    for (let at = possibleMark(rest, 0); at >= 0; at = possibleMark(rest, at + 1)) {
      const mark = this.#markAt(rest, at);
      if (mark === "partial") {
        this.#held = rest.slice(at);
        return this.#emit(rest.subarray(0, at)) ?? pause;
      }
      if (mark !== undefined) {
        pause = this.#emit(rest.subarray(0, at)) ?? pause;
        rest = rest.subarray(at + mark.length);
        this.#see(mark);
        at = -1;
      }
    }
    return this.#emit(rest) ?? pause;
  }

  /** Resolves when the call's end mark has come by, with all that the call printed before it. */
  async untilMarked(requestId: string): Promise<void> {
    const mark = outputMark(requestId);
    if (this.#marks.delete(mark)) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#awaited = { mark, seen: resolve };
    const timer = setTimeout(resolve, MARK_WAIT_MS);
    await promise;
    clearTimeout(timer);
    this.#awaited = undefined;
    this.#marks.delete(mark);
  }

  /** Hands on what was held back as the possible beginning of a mark. */
  flush(): void {
    this.flushLines();
    if (this.#held) this.#emit(this.#held);
    this.#held = undefined;
  }

  #markAt(bytes: Uint8Array, at: number): string | "partial" | undefined {
    const rest = bytes.subarray(at, at + MARK_LENGTH);
    const text = Buffer.from(rest.buffer, rest.byteOffset, rest.length).toString("latin1");
    if (rest.length < MARK_LENGTH)
      return MARK_PREFIX.startsWith(text.slice(0, MARK_PREFIX.length)) ? "partial" : undefined;
    return MARK.test(text) ? text : undefined;
  }

  #see(mark: string): void {
    // A handler can print marks of its own making: only the last one is remembered, so they cannot pile up.
    this.#marks = new Set([mark]);
    if (this.#awaited?.mark === mark) this.#awaited.seen();
  }

  #emit(bytes: Uint8Array): void | Promise<void> {
    if (bytes.length === 0) return;
    this.#tail?.push(bytes);
    return this.#sink.write(bytes);
  }
}

const SAMPLE_MARK = outputMark("00000000-0000-0000-0000-000000000000");
const MARK_LENGTH = SAMPLE_MARK.length;
const MARK_PREFIX = SAMPLE_MARK.slice(0, SAMPLE_MARK.indexOf("0"));
/** With a request id in it: other text of that length is the handler's own. */
const MARK = new RegExp(`^${SAMPLE_MARK.replace(/[\d-]{36}/, "[\\da-f-]{36}")}$`);
const MARK_PREFIX_BYTES = Buffer.from(MARK_PREFIX);

/** Where a mark may begin, from `from` on: its whole prefix, or at the very end the beginning of one; else -1. */
function possibleMark(bytes: Uint8Array, from: number): number {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const whole = buffer.indexOf(MARK_PREFIX_BYTES, from);
  if (whole >= 0) return whole;
  for (let at = Math.max(from, bytes.length - MARK_PREFIX_BYTES.length + 1); at < bytes.length; at++) {
    if (MARK_PREFIX_BYTES.subarray(0, bytes.length - at).equals(buffer.subarray(at))) return at;
  }
  return -1;
}
