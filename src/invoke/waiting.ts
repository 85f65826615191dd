/** A call that no environment has taken yet. */
import type { Invocation, InvocationResult } from "./invocation.ts";

export interface Waiting {
  readonly invocation: Invocation;
  readonly resolve: (result: InvocationResult) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Whether a call may lie behind another one in a runner, and others behind it. One with a log tail or a stream is told apart from its neighbours
 * by more than its answer, and a stream's reader would hold them up.
 */
export const isPlain = ({ wantsLogTail, stream }: Invocation): boolean => !wantsLogTail && stream === undefined;
