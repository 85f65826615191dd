/** What an execution environment is made with. */
import type { SandboxSpec } from "../sandbox/sandbox.ts";
import type { ExecutionSpec, InvocationResult } from "./invocation.ts";
import type { LogSink } from "./logs/environment-log.ts";

export interface EnvironmentOptions {
  /** With its paths as the handler sees them. */
  readonly spec: ExecutionSpec;
  /** The runner and its walls. */
  readonly sandbox: SandboxSpec;
  readonly variables: Readonly<Record<string, string>>;
  readonly region: string;
  readonly logGroupName: string;
  readonly logStreamName: string;
  readonly logSink: LogSink;
  readonly nowMs: () => number;
  /** Once, when the process is gone. */
  readonly onDead: () => void;
}

/** What came of starting an environment. */
export type StartOutcome =
  | { readonly kind: "ready"; readonly initMs: number }
  | { readonly kind: "failed"; resultFor(requestId: string): InvocationResult }
  /** `resultFor` when the call's own time is over with it. */
  | {
      readonly kind: "overrun";
      readonly logTail: Uint8Array | undefined;
      resultFor(requestId: string): InvocationResult;
    };

export interface StartOptions {
  readonly timeoutMs: number;
  readonly phase?: "init" | "invoke";
  readonly wantsLogTail?: boolean;
  /** Of an environment that was started before for the same call. */
  readonly earlierTail?: Uint8Array | undefined;
}
