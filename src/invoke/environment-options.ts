/** What an execution environment is made with. */
import type { ExecutionSpec, InvocationResult } from "./invocation.ts";
import type { LogSink } from "./logs/environment-log.ts";

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

/** What came of starting an environment. */
export type StartOutcome =
  | { readonly kind: "ready"; readonly initMs: number }
  | { readonly kind: "failed"; resultFor(requestId: string): InvocationResult }
  | { readonly kind: "overrun" };
