/**
 * One execution environment: a runner process that serves one function version, one call at a time. The host enforces every limit: it
 * arms its own deadline, watches memory from outside, and ends the process tree when either is crossed.
 */
import { encodeFrame, type InvokeFrame, parseRunnerFrame, type RunnerFrame } from "../../runtime/protocol.ts";
import { Sandbox, type SandboxExit } from "../sandbox/sandbox.ts";
import { Chunks } from "./chunks.ts";
import { exited, outOfMemory, timedOut } from "./failures.ts";
import type { CallMetrics, ExecutionSpec, Invocation, InvocationResult, Outcome } from "./invocation.ts";
import { EnvironmentLog, type LogSink } from "./logs/environment-log.ts";
import { type PlatformLines, platformLines } from "./logs/platform-lines.ts";

export type EnvironmentState = "starting" | "idle" | "busy" | "stopping" | "dead";

const NEXT: Record<EnvironmentState, readonly EnvironmentState[]> = {
  starting: ["idle", "stopping", "dead"],
  idle: ["busy", "stopping", "dead"],
  busy: ["idle", "stopping", "dead"],
  stopping: ["dead"],
  dead: [],
};

export type StartOutcome =
  | { readonly kind: "ready"; readonly initMs: number }
  | { readonly kind: "failed"; failureOf(requestId: string): Outcome }
  | { readonly kind: "overrun" };

export interface EnvironmentOptions {
  readonly spec: ExecutionSpec;
  readonly command: readonly string[];
  readonly processVariables: Readonly<Record<string, string>>;
  readonly variables: Readonly<Record<string, string>>;
  readonly region: string;
  readonly logGroupName: string;
  readonly logStreamName: string;
  readonly logSink: LogSink;
  readonly nowMs: () => number;
  /** Once, when the process is gone. */
  readonly onDead: () => void;
}

const BYTES_PER_MIB = 1024 * 1024;

type CallEnd = { readonly outcome: Outcome; readonly marked: boolean; readonly status?: "timeout" | "error" };

export class Environment {
  readonly spec: ExecutionSpec;
  state: EnvironmentState = "starting";
  /** When the last call ended; performance.now(). */
  idleSinceMs = performance.now();
  callCount = 0;

  readonly #options: EnvironmentOptions;
  readonly #log: EnvironmentLog;
  readonly #lines: PlatformLines;
  readonly #startedAtMs = performance.now();
  #sandbox: Sandbox | undefined;
  #onStart: ((outcome: StartOutcome) => void) | undefined;
  #onCallEnd: ((end: CallEnd) => void) | undefined;
  #currentId: string | undefined;
  #fault: Outcome | undefined;
  #chunks = new Chunks(undefined);
  #initMs: number | undefined;
  #ranOutOfMemory = false;
  #frozen = false;
  #peakBytes = 0;

  constructor(options: EnvironmentOptions) {
    this.#options = options;
    this.spec = options.spec;
    this.#log = new EnvironmentLog(options.logSink);
    this.#lines = platformLines(options.spec.logging, options.nowMs);
  }

  /** Starts the process and loads the handler. After anything but "ready" the environment is ending and takes no call. */
  async start(timeoutMs: number, wantsLogTail: boolean): Promise<StartOutcome> {
    const { promise, resolve } = Promise.withResolvers<StartOutcome>();
    this.#onStart = resolve;
    if (wantsLogTail) this.#log.keepTail();
    this.#log.line(this.#lines.initStart(this.spec.runtime, this.#options.region));
    try {
      this.#sandbox = Sandbox.start(
        { command: this.#options.command, workingDirectory: this.spec.taskRoot, env: this.#options.processVariables },
        {
          onFrame: (head, payload) => this.#receive(parseRunnerFrame(head), payload),
          onOutput: (bytes) => this.#log.output(bytes),
          onExit: (exit) => this.#end(exit),
        },
      );
    } catch (error) {
      this.#move("dead");
      this.#options.onDead();
      throw error;
    }
    const timer = setTimeout(() => {
      resolve({ kind: "overrun" });
      this.stop();
    }, timeoutMs);
    const outcome = await promise;
    clearTimeout(timer);
    this.#onStart = undefined;
    if (outcome.kind === "ready" && this.state === "starting") this.#move("idle");
    else this.stop();
    return outcome;
  }

  /** Runs one call; only while idle. Whatever the handler does, this resolves at most a moment after `timeoutMs`. */
  async invoke(invocation: Invocation, timeoutMs = this.spec.timeoutMs): Promise<InvocationResult> {
    this.#move("busy");
    this.#thaw();
    const { requestId } = invocation;
    const { promise, resolve } = Promise.withResolvers<CallEnd>();
    this.#onCallEnd = resolve;
    this.#currentId = requestId;
    this.#chunks = new Chunks(invocation.stream);
    this.#peakBytes = 0;
    if (invocation.wantsLogTail) this.#log.keepTail();
    this.#log.line(this.#lines.start(requestId, this.spec.functionVersion));
    const startedAtMs = performance.now();
    const timer = setTimeout(() => {
      resolve({ outcome: timedOut(requestId, this.spec.timeoutMs), marked: false, status: "timeout" });
      this.stop();
    }, timeoutMs);
    this.#sandbox?.send(encodeFrame(this.#frameOf(invocation, timeoutMs), invocation.payload));
    const end = await promise;
    clearTimeout(timer);
    const durationMs = performance.now() - startedAtMs;
    this.#onCallEnd = undefined;
    this.#currentId = undefined;
    this.#noteMemory(this.#sandbox?.memory.ownBytes() ?? 0);
    if (end.marked) await this.#log.untilMarked(requestId);
    const memoryUsedMib = Math.max(1, Math.round(this.#peakBytes / BYTES_PER_MIB));
    const metrics = { durationMs, initMs: this.#initMs, memoryUsedMib, logStreamName: this.#options.logStreamName };
    this.#initMs = undefined;
    const logTail = this.#report(requestId, metrics, end.status);
    this.callCount++;
    this.idleSinceMs = performance.now();
    if (this.state === "busy") this.#move("idle");
    return { outcome: end.outcome, metrics, ...(logTail !== undefined && { logTail }) };
  }

  /** An environment is frozen between calls, as on AWS: what a handler left running goes on in the next call. */
  get isFrozen(): boolean {
    return this.#frozen;
  }

  freeze(): void {
    if (this.state !== "idle" || this.#frozen) return;
    this.#frozen = true;
    this.#sandbox?.freeze();
  }

  #thaw(): void {
    if (!this.#frozen) return;
    this.#frozen = false;
    this.#sandbox?.thaw();
  }

  /** Ends the process tree. A call that is running ends with whatever its own end says, or as exited. */
  stop(): void {
    if (this.state === "dead" || this.state === "stopping") return;
    this.#move("stopping");
    this.#sandbox?.kill();
  }

  /** Reads how much memory the process tree holds, and ends it when that is more than the function may have. */
  watchMemory(): void {
    if (this.state === "busy" || this.state === "starting") this.#noteMemory(this.#sandbox?.memory.treeBytes() ?? 0);
  }

  #noteMemory(bytes: number): void {
    if (bytes > this.#peakBytes) this.#peakBytes = bytes;
    if (bytes <= this.spec.memoryMib * BYTES_PER_MIB || this.#ranOutOfMemory) return;
    this.#ranOutOfMemory = true;
    this.#sandbox?.kill();
  }

  #frameOf(invocation: Invocation, timeoutMs: number): InvokeFrame {
    return {
      type: "invoke",
      id: invocation.requestId,
      invokedArn: invocation.invokedArn,
      deadlineMs: this.#options.nowMs() + timeoutMs,
      markOutput: invocation.wantsLogTail,
      ...(invocation.clientContext === undefined ? {} : { clientContext: invocation.clientContext }),
      ...(invocation.traceId === undefined ? {} : { traceId: invocation.traceId }),
      ...(invocation.tenantId === undefined ? {} : { tenantId: invocation.tenantId }),
    };
  }

  #receive(frame: RunnerFrame, payload: Uint8Array): void {
    switch (frame.type) {
      case "hello":
        this.#sendInit();
        break;
      case "ready":
        this.#initMs = performance.now() - this.#startedAtMs;
        this.#onStart?.({ kind: "ready", initMs: this.#initMs });
        break;
      case "init-error": {
        const failure: Outcome = {
          kind: "function-error",
          functionError: "Unhandled",
          errorType: frame.errorType,
          payload,
        };
        this.#onStart?.({ kind: "failed", failureOf: () => failure });
        break;
      }
      case "fault":
        this.#fault = { kind: "function-error", functionError: "Unhandled", errorType: frame.errorType, payload };
        break;
      case "chunk":
        this.#takeChunk(frame, payload);
        break;
      case "result":
        this.#endCall(frame.id, { outcome: this.#chunks.result(payload), marked: frame.marked });
        break;
      case "error": {
        const { kind: functionError, errorType, marked } = frame;
        this.#endCall(frame.id, { outcome: { kind: "function-error", functionError, errorType, payload }, marked });
        break;
      }
      case "rejected":
        this.#endCall(frame.id, { outcome: { kind: "rejected", reason: frame.reason }, marked: false });
        break;
      default:
        frame satisfies never;
    }
  }

  #takeChunk(frame: { id: string; contentType?: string }, bytes: Uint8Array): void {
    if (frame.id !== this.#currentId) return;
    const pause = this.#chunks.take(bytes, frame.contentType);
    if (!pause) return;
    this.#sandbox?.pauseFrames();
    void pause.finally(() => this.#sandbox?.resumeFrames());
  }

  #sendInit(): void {
    const { variables, logGroupName, logStreamName } = this.#options;
    const { format: logFormat, applicationLevel: applicationLogLevel } = this.spec.logging;
    const { taskRoot, handler, functionName, functionVersion, memoryMib } = this.spec;
    const init = { taskRoot, handler, functionName, functionVersion, memoryMib };
    this.#sandbox?.send(
      encodeFrame({
        type: "init",
        ...init,
        env: variables,
        logGroupName,
        logStreamName,
        logFormat,
        applicationLogLevel,
      }),
    );
  }

  /** An answer to any other call than the running one is forged or late: nobody waits for it. */
  #endCall(id: string, end: CallEnd): void {
    if (id === this.#currentId) this.#onCallEnd?.(end);
  }

  #end(exit: SandboxExit): void {
    this.#log.flush();
    const failureOf = (requestId: string): Outcome =>
      this.#ranOutOfMemory ? outOfMemory(requestId) : (this.#fault ?? exited(requestId, exit));
    this.#onStart?.({ kind: "failed", failureOf });
    if (this.#currentId !== undefined) {
      this.#onCallEnd?.({ outcome: failureOf(this.#currentId), marked: false, status: "error" });
    }
    this.#move("dead");
    this.#options.onDead();
  }

  #report(requestId: string, metrics: CallMetrics, status: CallEnd["status"]): Uint8Array | undefined {
    this.#log.line(this.#lines.end(requestId));
    this.#log.line(this.#lines.report({ requestId, memoryMib: this.spec.memoryMib, ...metrics, status }));
    return this.#log.takeTail();
  }

  #move(next: EnvironmentState): void {
    if (!NEXT[this.state].includes(next)) throw new Error(`An environment cannot go from ${this.state} to ${next}`);
    this.state = next;
  }
}
