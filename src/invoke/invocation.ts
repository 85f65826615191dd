/** What is asked of an execution environment, and what comes of it. */
import type { FunctionErrorKind, LogFormat, LogLevel } from "../../runtime/protocol.ts";

/** All that running a function version takes; two versions, or two revisions of one, never share an environment. */
export interface ExecutionSpec {
  /** Names the function, its version and the revision of its code and settings. */
  readonly key: string;
  readonly functionName: string;
  readonly functionVersion: string;
  readonly handler: string;
  /** Base64; what is held as long as an environment runs it. */
  readonly codeSha256: string;
  /** The folder of the unpacked code. */
  readonly taskRoot: string;
  /** Absent for a function without layers. */
  readonly opt?: OptTree;
  /** The bundle to load in place of the handler's own file, which its frames are mapped to. */
  readonly entry?: string;
  readonly memoryMib: number;
  /** What `/tmp` may hold. */
  readonly ephemeralStorageMib: number;
  readonly timeoutMs: number;
  /** Environment variables as the function's owner set them. */
  readonly variables: Readonly<Record<string, string>>;
  readonly runtime: string;
  readonly logging: Logging;
  /** What the operator's network policies are chosen by. */
  readonly securityGroupIds: readonly string[];
  /** Traces are sampled, or follow the client's decision. */
  readonly tracing: "Active" | "PassThrough";
}

/** A function's layers, merged. */
export interface OptTree {
  /** The folder that stands for `/opt`; whoever can mount it there says `/opt` to the function. */
  readonly path: string;
  /** Base64; held like the code. */
  readonly treeSha256s: readonly string[];
}

export interface Logging {
  readonly format: LogFormat;
  readonly applicationLevel: LogLevel;
  readonly systemLevel: "DEBUG" | "INFO" | "WARN";
  readonly group: string;
}

export interface Invocation {
  readonly requestId: string;
  readonly invokedArn: string;
  /** JSON as the client sent it; empty means `{}`. */
  readonly payload: Uint8Array;
  readonly wantsLogTail: boolean;
  /** JSON. */
  readonly clientContext?: string | undefined;
  readonly traceId?: string | undefined;
  readonly tenantId?: string | undefined;
  /** Where a streamed result goes, chunk by chunk; without it the chunks are put together. */
  readonly stream?: ChunkSink | undefined;
}

export interface ChunkSink {
  /** While the answer is pending the environment is not read from. */
  chunk(bytes: Uint8Array, contentType: string | undefined): void | Promise<void>;
}

export type Outcome =
  | { readonly kind: "ok"; readonly payload: Uint8Array }
  | {
      readonly kind: "function-error";
      readonly functionError: FunctionErrorKind;
      readonly errorType: string;
      /** The error object, JSON. */
      readonly payload: Uint8Array;
    }
  /** The event was not JSON; the handler was not called. */
  | { readonly kind: "rejected"; readonly reason: string };

export interface InvocationResult {
  readonly outcome: Outcome;
  /** The last 4,096 bytes of the log, when the call asked for them. */
  readonly logTail?: Uint8Array | undefined;
  /** Absent when the handler was never called, as when it cannot be loaded. */
  readonly metrics?: CallMetrics;
}

export interface CallMetrics {
  readonly durationMs: number;
  /** Only for the first call of an environment. */
  readonly initMs?: number | undefined;
  readonly memoryUsedMib: number;
  readonly logStreamName: string;
  /** Between these two positions of the function's log are the call's lines, and perhaps others' that ran at the same time. */
  readonly logFrom: number;
  readonly logTo: number;
}

/** The account or the function has no room for one more call at a time. */
export type ThrottleReason =
  | "ConcurrentInvocationLimitExceeded"
  | "ReservedFunctionConcurrentInvocationLimitExceeded"
  | "FunctionInvocationRateLimitExceeded";
