/**
 * The treaty between the control plane and a runner: frames over one stream socket.
 *
 * A frame is `u32 LE total | u32 LE head | head: JSON | payload: raw bytes`, where `total` counts what follows it. Events and results
 * travel as raw payloads, so the control plane never parses what users send. Either side treats the other's bytes as hostile: sizes are
 * bounded before anything is kept, and a head is read by `parseHostFrame` or `parseRunnerFrame`, never trusted as it comes.
 */

/** The socket that frames go through. */
export const CHANNEL_DESCRIPTOR = 3;

/** A socket whose other end the host holds as long as it lives. */
export const LIFELINE_DESCRIPTOR = 4;

/** Stands in a filter for the number of the process that installs it, which only that knows. No process has it. */
export const OWN_PROCESS = 0x7fff_fffe;

/**
 * Of the message on the lifeline by which a runner that asks the host hands over the listener of its filter: all that a socket of this kind
 * does not mind, so that no other message has them by accident (MSG_DONTROUTE, DONTWAIT, EOR, CONFIRM, NOSIGNAL).
 */
export const HANDOVER_FLAGS = 0x04 | 0x40 | 0x80 | 0x800 | 0x4000;

/** What a runner needs to know of its function before the first call. */
export interface InitFrame {
  readonly type: "init";
  /** The folder of the unpacked code. */
  readonly taskRoot: string;
  /** The module to import in place of the handler's own file: a bundle of it, with a source map beside it (`.map`). */
  readonly entry?: string;
  readonly handler: string;
  /** The whole of `process.env`. */
  readonly env: Readonly<Record<string, string>>;
  readonly functionName: string;
  readonly functionVersion: string;
  readonly memoryMib: number;
  readonly logGroupName: string;
  readonly logStreamName: string;
  readonly logFormat: LogFormat;
  /** Messages of `console` below it are dropped; only in JSON, as on AWS. */
  readonly applicationLogLevel: LogLevel;
}

export type LogFormat = "Text" | "JSON";
export type LogLevel = "TRACE" | "DEBUG" | "INFO" | "WARN" | "ERROR" | "FATAL";

/** One call; its payload is the event, JSON as the client sent it (nothing at all means `{}`). */
export interface InvokeFrame {
  readonly type: "invoke";
  /** The invocation's request id. */
  readonly id: string;
  readonly invokedArn: string;
  /** The host ends the call so long after its beginning. It begins when it arrives, or when the call before it has ended. */
  readonly timeoutMs: number;
  /** Whether the runner is to write `outputMark(id)` to its output when the call ends. */
  readonly markOutput: boolean;
  /** Whether the result goes on in chunks: what has both forms is to stream. */
  readonly streams?: boolean | undefined;
  /** JSON of the client context, as decoded from the request. */
  readonly clientContext?: string | undefined;
  readonly traceId?: string | undefined;
  readonly tenantId?: string | undefined;
}

/** Asks for the calls back that have not begun, as the one before them takes long. */
export interface RecallFrame {
  readonly type: "recall";
}

export type HostFrame = InitFrame | InvokeFrame | RecallFrame;

export type FunctionErrorKind = "Handled" | "Unhandled";

export type RunnerFrame =
  /** The process is under its filter and has handed over the listener: from here on somebody has to answer. */
  | { readonly type: "guarded" }
  /** The worker thread is up and waits for its init frame. */
  | { readonly type: "hello" }
  /** The handler is loaded. */
  | { readonly type: "ready" }
  /** The handler could not be loaded; the payload is the error object, JSON. */
  | { readonly type: "init-error"; readonly errorType: string }
  /** A part of a streamed result; `contentType` comes with the first, when the handler set one. */
  | { readonly type: "chunk"; readonly id: string; readonly contentType?: string }
  /** The payload is the result, JSON, or nothing after chunks. `marked`: the output mark was written. */
  | { readonly type: "result"; readonly id: string; readonly marked: boolean }
  /** The payload is the error object, JSON. */
  | {
      readonly type: "error";
      readonly id: string;
      readonly marked: boolean;
      readonly kind: FunctionErrorKind;
      readonly errorType: string;
    }
  /** The answer to a recall, for each call: it has not begun, and will not. */
  | { readonly type: "returned"; readonly id: string }
  /** The event is not JSON; the handler was not called. */
  | { readonly type: "rejected"; readonly id: string; readonly reason: string }
  /** Something outside the handler's promise failed and the runner is about to exit; the payload is the error object. */
  | { readonly type: "fault"; readonly errorType: string };

/** Heads hold environment variables (4 KiB at most) and a client context; nothing in them is longer. */
export const HEAD_BYTES_MAX = 256 * 1024;
/** The largest payload is a result that is just too large to be let through, or an event of 6 MiB. */
export const PAYLOAD_BYTES_MAX = 6 * 1024 * 1024 + 1024;

const PREFIX_BYTES = 8;
/** Up to here head and payload are copied into one buffer and leave in one write. */
const JOINED_BYTES_MAX = 64 * 1024;

const EMPTY = new Uint8Array(0);
// As they are now: a handler may put others in their place.
const { parse: parseJson, stringify: stringifyJson } = JSON;
const { byteLength, allocUnsafe } = Buffer;
const { call } = Function.prototype;
const writeText: (to: Buffer, text: string, at: number) => void = call.bind(Buffer.prototype.write);
const textOf: (of: Buffer, encoding: "utf8", start: number, end: number) => string = call.bind(
  Buffer.prototype.toString,
);

/**
 * What a runner writes to its standard output when a call ends, so that the host, which reads output and frames from two descriptors,
 * knows that it has seen all that the call wrote.
 */
export const outputMark = (id: string): string => `\u001elambent-end ${id}\u001e\n`;

/** One frame as the pieces to write, in order. */
export function encodeFrame(head: HostFrame | RunnerFrame, payload: Uint8Array = EMPTY): Uint8Array[] {
  const text = stringifyJson(head);
  const headLength = byteLength(text);
  const joined = payload.length <= JOINED_BYTES_MAX;
  const first = allocUnsafe(PREFIX_BYTES + headLength + (joined ? payload.length : 0));
  setUint32(first, 0, 4 + headLength + payload.length);
  setUint32(first, 4, headLength);
  writeText(first, text, PREFIX_BYTES);
  if (!joined) return [first, payload];
  first.set(payload, PREFIX_BYTES + headLength);
  return [first];
}

/** Bytes that are no frame, or one that is larger than the treaty allows: whoever sent them is not to be talked to any more. */
export class FrameError extends Error {}

/** Cuts a byte stream into frames. `push` calls `onFrame` for each whole one, in order, and throws FrameError on bad bytes. */
export class FrameReader {
  readonly #onFrame: (head: unknown, payload: Uint8Array) => void;
  readonly #totalMax: number;
  readonly #readHead: (text: string) => unknown;
  /** The frame being collected, its length prefix included; undefined between frames. */
  #frame: Uint8Array | undefined;
  #filled = 0;
  /** A length prefix of which not all four bytes are here yet. */
  #prefix: Uint8Array = EMPTY;

  /** @param options.readHead what `JSON.parse` would answer, or throw. */
  constructor(
    onFrame: (head: unknown, payload: Uint8Array) => void,
    { payloadBytesMax = PAYLOAD_BYTES_MAX, readHead = parseJson as (text: string) => unknown } = {},
  ) {
    this.#onFrame = onFrame;
    this.#readHead = readHead;
    this.#totalMax = 4 + HEAD_BYTES_MAX + payloadBytesMax;
  }

  push(chunk: Uint8Array): void {
    const bytes = this.#prefix.length > 0 ? concat(this.#prefix, chunk) : chunk;
    this.#prefix = EMPTY;
    for (let at = 0; at < bytes.length; )
      at = this.#frame ? this.#fill(this.#frame, bytes, at) : this.#start(bytes, at);
  }

  /** Answers where the next frame begins. */
  #start(bytes: Uint8Array, at: number): number {
    if (bytes.length - at < 4) {
      this.#prefix = bytes.slice(at);
      return bytes.length;
    }
    const total = readUint32(bytes, at);
    if (total < 4 || total > this.#totalMax) throw new FrameError(`a frame of ${total} bytes`);
    const end = at + 4 + total;
    if (bytes.length < end) {
      this.#frame = new Uint8Array(4 + total);
      this.#filled = 0;
      return this.#fill(this.#frame, bytes, at);
    }
    this.#emit(bytes, at, end);
    return end;
  }

  #fill(frame: Uint8Array, bytes: Uint8Array, at: number): number {
    const part = bytes.subarray(at, at + frame.length - this.#filled);
    frame.set(part, this.#filled);
    this.#filled += part.length;
    if (this.#filled === frame.length) {
      this.#frame = undefined;
      this.#emit(frame, 0, frame.length);
    }
    return at + part.length;
  }

  /** The frame that lies between the two places. */
  #emit(bytes: Uint8Array, at: number, end: number): void {
    const headLength = readUint32(bytes, at + 4);
    const [headAt, payloadAt] = [at + PREFIX_BYTES, at + PREFIX_BYTES + headLength];
    if (headLength > HEAD_BYTES_MAX || payloadAt > end) {
      throw new FrameError(`a head of ${headLength} bytes in a frame of ${end - at}`);
    }
    let head: unknown;
    try {
      const buffer = bytes instanceof Buffer ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
      head = this.#readHead(textOf(buffer, "utf8", headAt, payloadAt));
    } catch (cause) {
      throw new FrameError("a head that is not JSON", { cause });
    }
    this.#onFrame(head, bytes.subarray(payloadAt, end));
  }
}

const PLAIN_RESULT = ['{"type":"result","id":"', '","marked":false}'] as const;
const PLAIN_ID = /^[\w-]+$/;

/** As `JSON.parse`, for heads of runners. Nearly all of them are of one form, which takes a third of the time. Not for where user code runs. */
export function readRunnerHead(text: string): unknown {
  const [before, after] = PLAIN_RESULT;
  if (text.startsWith(before) && text.endsWith(after)) {
    const id = text.slice(before.length, -after.length);
    if (PLAIN_ID.test(id)) return { type: "result", id, marked: false };
  }
  return parseJson(text);
}

/** Reads a head that a runner sent. @throws FrameError for anything that is not exactly one of its frames. */
export function parseRunnerFrame(head: unknown): RunnerFrame {
  if (!isObject(head)) throw new FrameError("a head that is not an object");
  const { type, id, marked, kind, errorType, reason, contentType } = head;
  switch (type) {
    case "guarded":
    case "hello":
    case "ready":
      return { type };
    case "init-error":
    case "fault":
      return { type, errorType: text(errorType) };
    case "chunk":
      return contentType === undefined
        ? { type, id: text(id) }
        : { type, id: text(id), contentType: text(contentType) };
    case "result":
      return { type, id: text(id), marked: marked === true };
    case "error":
      return {
        type,
        id: text(id),
        marked: marked === true,
        kind: kind === "Handled" ? "Handled" : "Unhandled",
        errorType: text(errorType),
      };
    case "returned":
      return { type, id: text(id) };
    case "rejected":
      return { type, id: text(id), reason: text(reason) };
    default:
      throw new FrameError("a frame of an unknown type");
  }
}

/** Reads a head that the host sent; the host is trusted for the members' types. */
export function parseHostFrame(head: unknown): HostFrame {
  if (isObject(head) && (head["type"] === "invoke" || head["type"] === "init" || head["type"] === "recall"))
    return head as unknown as HostFrame;
  throw new FrameError("a frame of an unknown type");
}

const TEXT_LENGTH_MAX = 4096;

function text(value: unknown): string {
  if (typeof value !== "string" || value.length > TEXT_LENGTH_MAX)
    throw new FrameError("a member that is not a short text");
  return value;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const readUint32 = (bytes: Uint8Array, at: number): number =>
  ((bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8) | ((bytes[at + 2] ?? 0) << 16) | ((bytes[at + 3] ?? 0) << 24)) >>> 0;

function setUint32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value;
  bytes[at + 1] = value >>> 8;
  bytes[at + 2] = value >>> 16;
  bytes[at + 3] = value >>> 24;
}

function concat(a: Uint8Array, b: Uint8Array): Uint8Array {
  const joined = new Uint8Array(a.length + b.length);
  joined.set(a);
  joined.set(b, a.length);
  return joined;
}
