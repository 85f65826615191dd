/** What the platform writes around each call of an environment, and what of the log belongs to that call. */
import type { ExecutionSpec, Invocation } from "../invocation.ts";
import type { EnvironmentLog } from "./environment-log.ts";
import { type PlatformLines, platformLines, type Report } from "./platform-lines.ts";

type Measured = Omit<Report, "memoryMib">;

export class CallLog {
  readonly lines: PlatformLines;
  readonly #log: EnvironmentLog;
  readonly #spec: ExecutionSpec;

  constructor(log: EnvironmentLog, spec: ExecutionSpec, nowMs: () => number) {
    this.#log = log;
    this.#spec = spec;
    this.lines = platformLines(spec.logging, nowMs);
  }

  begin({ requestId, wantsLogTail }: Invocation): void {
    if (wantsLogTail) this.#log.keepTail();
    this.#log.beginRange();
    this.#log.line(this.lines.start(requestId, this.#spec.functionVersion));
  }

  end(measured: Measured): { logTail: Uint8Array | undefined; logFrom: number; logTo: number } {
    const report = { ...measured, memoryMib: this.#spec.memoryMib };
    this.#log.line(this.lines.end(measured.requestId) + this.lines.report(report));
    const logTail = this.#log.takeTail();
    const { logFrom, logTo } = this.#log.range();
    return { logTail, logFrom, logTo };
  }

  /** The call that an environment was started for has its lines, too, when its handler could not even be loaded. Answers the tail. */
  neverBegan(measured: Measured): Uint8Array | undefined {
    this.#log.line(this.lines.start(measured.requestId, this.#spec.functionVersion));
    return this.end(measured).logTail;
  }
}
