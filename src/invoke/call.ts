/** One call on its way through an environment. */
import type { Chunks } from "./chunks.ts";
import type { Invocation, InvocationResult, Outcome } from "./invocation.ts";

export type CallEnd = { readonly outcome: Outcome; readonly marked: boolean; readonly status?: "timeout" | "error" };

export interface Call {
  readonly invocation: Invocation;
  readonly timeoutMs: number;
  readonly chunks: Chunks;
  readonly resolve: (result: InvocationResult) => void;
  readonly reject: (error: NotBegunError) => void;
  /** performance.now() */
  beganAtMs: number;
  deadline: Timer | undefined;
}

/** The environment ended before the call that was handed to it began: another one can have it. */
export class NotBegunError extends Error {}
