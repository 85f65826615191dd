/** The worker's side of the treaty: takes the host's frames one by one and answers each call once. */
import {
  type FunctionErrorKind,
  type HostFrame,
  type InitFrame,
  type InvokeFrame,
  outputMark,
  type RunnerFrame,
} from "../protocol.ts";
import { type CallOutcome, callHandler, callStreamingHandler } from "./call.ts";
import { logLine, setConsoleRequestId, setLogFormat } from "./console.ts";
import type { EmptyLoop } from "./empty-loop.ts";
import { type ErrorObject, toErrorObject, toLogText } from "./error-object.ts";
import { streamedForm } from "./fetch-handler.ts";
import { parseEvent } from "./json-event.ts";
import { type Handler, HandlerLoadError, loadHandler } from "./load-handler.ts";
import { takeWritten, writeOutput } from "./output.ts";
import { isStreaming, type StreamTarget } from "./response-stream.ts";

/** Exit codes of a runner that ends because of an error outside the handler's promise; AWS's runtime has the same. */
const EXIT_UNHANDLED_REJECTION = 128;
const EXIT_UNCAUGHT_EXCEPTION = 129;

/** 100 bytes over 6 MiB: so does AWS's own emulator (aws-lambda-rie, maxPayloadSize). */
const RESPONSE_BYTES_MAX = 6 * 1024 * 1024 + 100;

// Taken before user code runs: a handler may replace any global.
const { stringify } = JSON;
const tellMainThread: (what: string) => void = postMessage.bind(globalThis);
const exitProcess: (code: number) => never = process.exit.bind(process);
const encoder = new TextEncoder();
const NOTHING = new Uint8Array(0);
const encodeText = encoder.encode.bind(encoder);

export interface Sender {
  /** Answers whether the host took everything. */
  send(frame: RunnerFrame, payload?: Uint8Array): boolean;
  /** Calls `then` once the host has taken everything. */
  onceEmpty(then: () => void): void;
}

export class Session {
  readonly #sender: Sender;
  readonly #emptyLoop: EmptyLoop;
  #init: InitFrame | undefined;
  #handler: Handler | undefined;
  #current: InvokeFrame | undefined;
  readonly #ahead: { invoke: InvokeFrame; payload: Uint8Array }[] = [];

  constructor(sender: Sender, emptyLoop: EmptyLoop) {
    this.#sender = sender;
    this.#emptyLoop = emptyLoop;
  }

  async receive(frame: HostFrame, payload: Uint8Array): Promise<void> {
    if (frame.type === "init") return this.#start(frame);
    if (frame.type === "recall") return this.#giveBack();
    this.#invoke(frame, payload);
  }

  async #start(init: InitFrame): Promise<void> {
    this.#init = init;
    replaceEnvironment(init.env);
    setLogFormat(init.logFormat, init.applicationLogLevel);
    try {
      this.#handler = await loadHandler(init);
    } catch (error) {
      const wire = error instanceof HandlerLoadError ? error.wire : toErrorObject(error);
      logLine("ERROR", `Uncaught Exception \t${stringify({ ...wire, stack: wire.trace, trace: undefined })}`);
      this.#sender.send({ type: "init-error", errorType: wire.errorType }, encodeError(wire));
      return;
    }
    takeWritten();
    this.#sender.send({ type: "ready" });
    tellMainThread("ready");
  }

  #invoke(invoke: InvokeFrame, payload: Uint8Array): void {
    const { id } = invoke;
    const init = this.#init;
    const handler = this.#handler;
    if (!init || !handler) return; // the host sends no call before "ready"
    if (this.#current) {
      this.#ahead.push({ invoke, payload });
      return;
    }
    const parsed = parseEvent(payload);
    if (!parsed.ok) {
      this.#sender.send({ type: "rejected", id, reason: parsed.reason.slice(0, 1000) });
      return this.#next();
    }
    this.#current = invoke;
    setConsoleRequestId(id);
    if (invoke.traceId !== undefined) process.env["_X_AMZN_TRACE_ID"] = invoke.traceId;
    const settle = (outcome: CallOutcome): void => this.#settle(invoke, outcome);
    const call = { event: parsed.event, init, invoke, emptyLoop: this.#emptyLoop, settle };
    const streaming = isStreaming(handler) ? handler : invoke.streams ? streamedForm(handler) : undefined;
    if (streaming) callStreamingHandler({ ...call, handler: streaming, target: this.#streamTarget(invoke) });
    else callHandler({ ...call, handler });
  }

  #streamTarget({ id }: InvokeFrame): StreamTarget {
    return {
      send: (chunk, contentType) =>
        this.#sender.send({ type: "chunk", id, ...(contentType !== undefined && { contentType }) }, chunk),
      onDrain: (then) => this.#sender.onceEmpty(then),
    };
  }

  #settle(invoke: InvokeFrame, outcome: CallOutcome): void {
    if (this.#current !== invoke) return;
    this.#answer(invoke, outcome);
    this.#current = undefined;
    this.#next();
  }

  /** The host may hand over calls ahead of their turn; each begins when the one before it is answered. */
  #next(): void {
    const next = this.#ahead.shift();
    if (next) this.#invoke(next.invoke, next.payload);
  }

  /** They go to an environment that is not held up. */
  #giveBack(): void {
    for (let next = this.#ahead.shift(); next; next = this.#ahead.shift()) {
      this.#sender.send({ type: "returned", id: next.invoke.id });
    }
  }

  #answer(invoke: InvokeFrame, outcome: CallOutcome): void {
    if (!outcome.ok) {
      logLine("ERROR", `Invoke Error \t${toLogText(outcome.error)}`);
      return this.#fail(invoke, toErrorObject(outcome.error), "Handled");
    }
    let payload: Uint8Array;
    try {
      payload = outcome.streamed ? NOTHING : encodeText(stringify(outcome.value) ?? "null");
    } catch (error) {
      const trace = toErrorObject(error).trace;
      return this.#fail(
        invoke,
        { errorType: "Error", errorMessage: "Unable to stringify response body", trace },
        "Unhandled",
      );
    }
    if (payload.length > RESPONSE_BYTES_MAX) return this.#refuseLargeResponse(invoke, payload.length);
    this.#sender.send({ type: "result", id: invoke.id, marked: this.#markOutput(invoke) }, payload);
  }

  #refuseLargeResponse(invoke: InvokeFrame, bytes: number): void {
    const errorType = "Function.ResponseSizeTooLarge";
    const errorMessage = `Response payload size exceeded maximum allowed payload size (${RESPONSE_BYTES_MAX} bytes).`;
    logLine("ERROR", `Response of ${bytes} bytes is larger than the ${RESPONSE_BYTES_MAX} that are allowed`);
    const payload = encodeText(stringify({ errorMessage, errorType }));
    this.#sender.send(
      { type: "error", id: invoke.id, kind: "Unhandled", errorType, marked: this.#markOutput(invoke) },
      payload,
    );
  }

  #fail(invoke: InvokeFrame, wire: ErrorObject, kind: FunctionErrorKind): void {
    const payload = encodeText(stringify(wire));
    if (payload.length > RESPONSE_BYTES_MAX) return this.#refuseLargeResponse(invoke, payload.length);
    const head = {
      type: "error",
      id: invoke.id,
      kind,
      errorType: wire.errorType,
      marked: this.#markOutput(invoke),
    } as const;
    this.#sender.send(head, payload);
  }

  /** Only when there is output to wait for, or when the host asks: a mark costs a system call on either side. */
  #markOutput(invoke: InvokeFrame): boolean {
    const marks = takeWritten() || invoke.markOutput;
    if (marks) {
      writeOutput(1, outputMark(invoke.id));
      takeWritten();
    }
    return marks;
  }

  /** An error that no promise of the handler holds ends the environment, during a call and between calls. */
  endByError(error: unknown, origin: "uncaughtException" | "unhandledRejection"): never {
    const rejected = origin === "unhandledRejection";
    const thrown = toErrorObject(error);
    const wire = rejected
      ? {
          errorType: "Runtime.UnhandledPromiseRejection",
          errorMessage: `${thrown.errorType}: ${thrown.errorMessage}`,
          trace: [
            `Runtime.UnhandledPromiseRejection: ${thrown.errorType}: ${thrown.errorMessage}`,
            ...thrown.trace.slice(1),
          ],
        }
      : thrown;
    logLine("ERROR", `${rejected ? "Unhandled Promise Rejection" : "Uncaught Exception"} \t${toLogText(error)}`);
    this.#sender.send({ type: "fault", errorType: wire.errorType }, encodeError(wire));
    exitProcess(rejected ? EXIT_UNHANDLED_REJECTION : EXIT_UNCAUGHT_EXCEPTION);
  }
}

const LONG_MESSAGE_LENGTH = 64 * 1024;

/** An error that ends the environment; one too large for a frame is cut, as no other answer can take its place. */
function encodeError(wire: ErrorObject): Uint8Array {
  const whole = encodeText(stringify(wire));
  if (whole.length <= RESPONSE_BYTES_MAX) return whole;
  const { errorType, errorMessage } = wire;
  return encodeText(stringify({ errorType, errorMessage: errorMessage.slice(0, LONG_MESSAGE_LENGTH), trace: [] }));
}

/** Where walls cannot mount, what is temporary has a folder that only they know. */
function replaceEnvironment(env: Readonly<Record<string, string>>): void {
  const { TMPDIR } = process.env;
  for (const name of Object.keys(process.env)) delete process.env[name];
  Object.assign(process.env, TMPDIR === undefined ? {} : { TMPDIR }, env);
}
