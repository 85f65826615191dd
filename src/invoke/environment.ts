/**
 * One execution environment: a runner process that serves one function version, one call at a time. The host enforces every limit: it
 * arms its own deadline, watches memory from outside, and ends the process tree when either is crossed.
 */
import { encodeFrame, parseRunnerFrame, type RunnerFrame } from "../../runtime/protocol.ts";
import { Sandbox, type SandboxExit } from "../sandbox/sandbox.ts";
import { type Call, type CallEnd, makeCall } from "./call.ts";
import { CallsAhead } from "./calls-ahead.ts";
import { Deadline } from "./deadline.ts";
import { initFrameOf, invokeFrameOf } from "./environment-frames.ts";
import type { EnvironmentOptions, StartOptions, StartOutcome } from "./environment-options.ts";
import { assertStep, type EnvironmentState } from "./environment-state.ts";
import { exited, outOfMemory, timedOut, unhandledBy } from "./failures.ts";
import type { ExecutionSpec, Invocation, InvocationResult, Outcome } from "./invocation.ts";
import { CallLog } from "./logs/call-log.ts";
import { EnvironmentLog } from "./logs/environment-log.ts";
import { MemoryWatch, TASKS_MAX } from "./memory-watch.ts";

/** Below this a call is too short for the watch to see it, and reading its memory would cost as much as the call. */
const MEMORY_READ_AFTER_MS = 20;

export class Environment {
  readonly spec: ExecutionSpec;
  state: EnvironmentState = "starting";
  /** When the last call ended; performance.now(). */
  idleSinceMs = performance.now();
  /** How many calls it was handed, begun or not. */
  takenCount = 0;
  isFrozen = false;
  wasReady = false;

  readonly #options: EnvironmentOptions;
  readonly #log: EnvironmentLog;
  readonly #callLog: CallLog;
  readonly #startedAtMs = performance.now();
  #sandbox: Sandbox | undefined;
  #initSent = false;
  #onStart: ((outcome: StartOutcome) => void) | undefined;
  #call: Call | undefined;
  readonly #ahead = new CallsAhead();
  readonly #deadline = new Deadline(() => this.#endByTime());
  #hasPrinted = false;
  #fault: Outcome | undefined;
  #initMs: number | undefined;
  readonly #memory: MemoryWatch;
  #ranOutOfMemory = false;

  constructor(options: EnvironmentOptions) {
    this.#options = options;
    this.spec = options.spec;
    this.#log = new EnvironmentLog(options.logSink);
    const holdsTasks = options.sandbox.place?.groups.controllers.includes("pids");
    this.#memory = new MemoryWatch(options.spec.memoryMib, holdsTasks ? Number.POSITIVE_INFINITY : TASKS_MAX);
    this.#callLog = new CallLog(this.#log, options.spec, options.nowMs);
  }

  /** Starts the process and loads the handler. After anything but "ready" the environment is ending and takes no call. */
  async start({ timeoutMs, phase = "init", wantsLogTail, earlierTail }: StartOptions): Promise<StartOutcome> {
    const { promise, resolve } = Promise.withResolvers<StartOutcome>();
    this.#onStart = resolve;
    if (wantsLogTail) this.#log.keepTail(earlierTail);
    this.#log.line(this.#callLog.lines.initStart(this.spec.runtime, this.#options.region));
    try {
      this.#sandbox = Sandbox.start(this.#options.sandbox, {
        onFrame: (head, payload) => this.#receive(parseRunnerFrame(head), payload),
        onOutput: (bytes) => {
          this.#hasPrinted = true;
          return this.#log.output(bytes);
        },
        onExit: (exit) => this.#end(exit),
      });
    } catch (error) {
      this.#move("dead");
      this.#options.onDead();
      throw error;
    }
    const timer = setTimeout(() => {
      this.#log.line(this.#callLog.lines.initOverrun({ initMs: performance.now() - this.#startedAtMs, phase }));
      const resultFor = (id: string) => this.#failedInit(id, timedOut(id, this.spec.timeoutMs), "timeout");
      resolve({ kind: "overrun", resultFor, logTail: phase === "init" ? this.#log.takeTail() : undefined });
      this.stop();
    }, timeoutMs);
    const outcome = await promise;
    clearTimeout(timer);
    this.#onStart = undefined;
    if (outcome.kind === "ready" && this.state === "starting") this.#move("idle");
    else this.stop();
    return outcome;
  }

  /**
   * Runs a call: at once while idle, or after those before it when there is `hasRoomAhead`. Whatever the handler does, it resolves at most a
   * moment after its time is up. @throws NotBegunError
   */
  invoke(invocation: Invocation, timeoutMs = this.spec.timeoutMs): Promise<InvocationResult> {
    const { call, promise } = makeCall(invocation, timeoutMs);
    const frame = encodeFrame(invokeFrameOf(invocation, timeoutMs), invocation.payload);
    this.takenCount++;
    if (this.#call) this.#ahead.push(call);
    else {
      this.#move("busy");
      if (this.isFrozen) this.#sandbox?.thaw();
      this.isFrozen = false;
      this.#begin(call);
    }
    this.#sandbox?.sendSoon(frame);
    return promise;
  }

  /**
   * Whether a call may be handed over while another runs. Only to one that never printed anything: what two calls print could not be told apart
   * before the end of the first has arrived.
   */
  get hasRoomAhead(): boolean {
    return this.state === "busy" && !this.#hasPrinted && this.#ahead.hasRoom;
  }

  /** How many calls were handed over in this turn of the loop, and leave together at its end. */
  get unsentCalls(): number {
    return this.#sandbox?.unsentFrames ?? 0;
  }

  /** The call that runs takes long: nobody is to wait behind it. */
  get isHeldUp(): boolean {
    return this.#ahead.isHeldUp;
  }

  /** How long the running call has been at it; 0 while none runs. */
  get callAgeMs(): number {
    return this.#call ? performance.now() - this.#call.beganAtMs : 0;
  }

  #begin(call: Call): void {
    this.#call = call;
    this.#ahead.begin(call);
    this.#memory.beginCall();
    this.#callLog.begin(call.invocation);
    call.beganAtMs = performance.now();
    this.#deadline.set(call.beganAtMs + call.timeoutMs);
  }

  #endByTime(): void {
    const id = this.#call?.invocation.requestId ?? "";
    this.#stopAfterAnswer(); // the end of this call is not to begin the next one here
    this.#endCall(id, () => ({ outcome: timedOut(id, this.spec.timeoutMs), marked: false, status: "timeout" }));
  }

  /** An answer to any other call than the running one is forged or late: nobody waits for it. */
  #endCall(id: string, endOf: (call: Call) => CallEnd): void {
    const call = this.#call;
    if (call?.invocation.requestId !== id || call.isOver) return;
    const end = endOf(call);
    this.#deadline.lift();
    call.isOver = true;
    const durationMs = performance.now() - call.beganAtMs;
    if (durationMs > MEMORY_READ_AFTER_MS || this.#initMs !== undefined || call.invocation.wantsLogTail) {
      if (this.#memory.lookAtProcess(this.#sandbox?.memory)) this.#endByMemory();
    }
    if (end.marked) void this.#log.untilMarked(id).then(() => this.#finish(call, end, durationMs));
    else this.#finish(call, end, durationMs);
  }

  #finish(call: Call, end: CallEnd, durationMs: number): void {
    const [initMs, memoryUsedMib] = [this.#initMs, this.#memory.usedMib];
    this.#initMs = undefined;
    const report = { requestId: call.invocation.requestId, durationMs, memoryUsedMib, initMs, status: end.status };
    const { logTail, logFrom, logTo } = this.#callLog.end(report);
    const metrics = { durationMs, initMs, memoryUsedMib, logStreamName: this.#options.logStreamName, logFrom, logTo };
    this.idleSinceMs = performance.now();
    this.#call = undefined;
    const next = this.state === "busy" ? this.#ahead.shift() : undefined;
    if (next) this.#begin(next);
    else if (this.state === "busy") this.#move("idle");
    call.resolve({ outcome: end.outcome, metrics, logTail });
    if (this.#ahead.receiveKept()) this.#sandbox?.resumeFrames();
  }

  /** An environment is frozen between calls, as on AWS: what a handler left running goes on in the next call. */
  freeze(): void {
    if (this.state !== "idle" || this.isFrozen) return;
    // What a timer took after the result would stay taken.
    if (this.#memory.lookAtTree(this.#sandbox?.memory)) return this.#endByMemory();
    if (this.#memory.hasTooManyTasks) return this.stop();
    this.isFrozen = true;
    this.#sandbox?.freeze();
  }

  /** Ends the process tree. A call that is running ends with whatever its own end says, or as exited. */
  stop(): void {
    if (this.state === "dead" || this.state === "stopping") return;
    this.#move("stopping");
    this.#sandbox?.kill();
  }

  /** To be called now and then: holds the process tree to its memory, and asks for calls back that a long one holds up. */
  watch(): void {
    if (this.state !== "busy" && this.state !== "starting") return;
    this.#log.flushLines(); // who follows the log sees that a long call began
    if (this.#ahead.areHeldUpBy(this.callAgeMs)) this.#sandbox?.send(encodeFrame({ type: "recall" }));
    const meter = this.#sandbox?.memory;
    const isShort = this.state === "busy" && this.callAgeMs < MEMORY_READ_AFTER_MS; // children that it may have are looked at before a freeze
    if (isShort ? this.#memory.lookAtProcess(meter) : this.#memory.lookAtTree(meter)) this.#endByMemory();
    else if (this.#memory.hasTooManyTasks) this.stop();
  }

  /** From here on no call begins; the process ends once the answer has left, as ending one takes the system longer than that. */
  #stopAfterAnswer(): void {
    if (this.state !== "busy") return;
    this.#move("stopping");
    setImmediate(() => this.#sandbox?.killSoon());
  }

  #endByMemory(): void {
    this.#ranOutOfMemory = true;
    this.stop(); // also when its call just ended well: no other call is to meet it
  }

  #receive(frame: RunnerFrame, payload: Uint8Array): void {
    if (this.#call?.isOver && "id" in frame && this.#ahead.has(frame.id)) {
      this.#ahead.keep(() => this.#receive(frame, payload));
      return this.#sandbox?.pauseFrames();
    }
    switch (frame.type) {
      case "guarded":
        break; // the sandbox has met the process by now
      case "hello":
        if (!this.#initSent) this.#sandbox?.send(encodeFrame(initFrameOf(this.#options)));
        this.#initSent = true; // each answer waits here until it is read: one is all that is owed
        break;
      case "ready":
        if (this.state !== "starting") break;
        this.wasReady = true;
        this.#initMs = performance.now() - this.#startedAtMs;
        this.#onStart?.({ kind: "ready", initMs: this.#initMs });
        break;
      case "init-error":
        if (this.state !== "starting") break;
        this.#fault = unhandledBy(frame.errorType, payload);
        this.stop(); // its end tells whom it concerns, once all that it printed is here
        break;
      case "fault":
        this.#fault = unhandledBy(frame.errorType, payload);
        break;
      case "chunk":
        this.#takeChunk(frame, payload);
        break;
      case "result":
        this.#endCall(frame.id, ({ chunks }) => ({ outcome: chunks.result(payload), marked: frame.marked }));
        break;
      case "error": {
        const { id, kind: functionError, errorType, marked } = frame;
        this.#endCall(id, () => ({ outcome: { kind: "function-error", functionError, errorType, payload }, marked }));
        break;
      }
      case "returned":
        this.#ahead.giveBack(frame.id);
        break;
      case "rejected":
        this.#endCall(frame.id, () => ({ outcome: { kind: "rejected", reason: frame.reason }, marked: false }));
        break;
      default:
        frame satisfies never;
    }
  }

  #takeChunk(frame: { id: string; contentType?: string }, bytes: Uint8Array): void {
    const call = this.#call;
    const pause = frame.id === call?.invocation.requestId && call.chunks.take(bytes, frame.contentType);
    if (!pause) return;
    this.#sandbox?.pauseFrames();
    void pause.finally(() => this.#sandbox?.resumeFrames());
  }

  #end(exit: SandboxExit): void {
    this.#deadline.close();
    this.#log.flush();
    const failureOf = (requestId: string): Outcome =>
      this.#ranOutOfMemory || exit.ranOutOfMemory ? outOfMemory(requestId) : (this.#fault ?? exited(requestId, exit));
    this.#onStart?.({ kind: "failed", resultFor: (id) => this.#failedInit(id, failureOf(id), "error") });
    this.#move("dead"); // first: the end of this call is not to begin the next one here
    const id = this.#call?.invocation.requestId ?? "";
    this.#endCall(id, () => ({ outcome: failureOf(id), marked: false, status: "error" }));
    this.#ahead.giveBackAll();
    this.#options.onDead();
  }

  #failedInit(requestId: string, outcome: Outcome, status: "error" | "timeout"): InvocationResult {
    const durationMs = performance.now() - this.#startedAtMs;
    const logTail = this.#callLog.neverBegan({ requestId, durationMs, memoryUsedMib: this.#memory.usedMib, status });
    return { outcome, logTail };
  }

  #move(next: EnvironmentState): void {
    assertStep(this.state, next);
    this.state = next;
  }
}
