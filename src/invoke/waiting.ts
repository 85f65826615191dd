/** A call that no environment has taken yet. */
import type { Invocation, InvocationResult } from "./invocation.ts";

export interface Waiting {
  readonly invocation: Invocation;
  readonly resolve: (result: InvocationResult) => void;
  readonly reject: (error: unknown) => void;
}

/** A call with a log tail or a stream is told apart from its neighbours by more than its answer. */
export const mayGoAhead = ({ wantsLogTail, stream }: Invocation): boolean => !wantsLogTail && stream === undefined;
