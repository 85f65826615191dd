/** One call on its way through an environment. */
import { Chunks } from "./chunks.ts";
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
  /** Nothing can end it any more, though it may still wait for the rest of its output. */
  isOver: boolean;
}

/** The call that was handed to an environment will not begin there, since that ended or is held up: another one can have it. */
export class NotBegunError extends Error {}

/** A call that has not begun, and the promise of its result. */
export function makeCall(
  invocation: Invocation,
  timeoutMs: number,
): { call: Call; promise: Promise<InvocationResult> } {
  const { promise, resolve, reject } = Promise.withResolvers<InvocationResult>();
  const chunks = new Chunks(invocation.stream);
  return { call: { invocation, timeoutMs, chunks, resolve, reject, beganAtMs: 0, isOver: false }, promise };
}
