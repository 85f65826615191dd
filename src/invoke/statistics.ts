/** What was counted since the start, per function: cheap to count on the way of a call, read only when somebody asks. */
import type { InvocationResult, ThrottleReason } from "./invocation.ts";

/** Upper bounds of the duration histogram, in milliseconds. */
export const DURATION_BUCKETS_MS = [
  1, 2, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000, 60_000, 900_000,
] as const;

export class FunctionStatistics {
  callCount = 0;
  coldStartCount = 0;
  durationSumMs = 0;
  /** By bucket; the last one counts what is longer than all bounds. */
  readonly durationCounts: number[] = new Array(DURATION_BUCKETS_MS.length + 1).fill(0);
  /** By error type, as in the error object; the handler's own types are counted as `Handled`. */
  readonly errorCounts = new Map<string, number>();
  readonly throttleCounts = new Map<ThrottleReason, number>();
}

export class Statistics {
  readonly #functions = new Map<string, FunctionStatistics>();

  get functions(): ReadonlyMap<string, FunctionStatistics> {
    return this.#functions;
  }

  countCall(functionName: string, { outcome, metrics }: InvocationResult): void {
    const counts = this.#of(functionName);
    counts.callCount++;
    if (outcome.kind === "function-error") {
      // A handler chooses the names of its own errors: counting each apart would let it fill the memory.
      increment(counts.errorCounts, outcome.functionError === "Handled" ? "Handled" : serviceType(outcome.errorType));
    }
    if (!metrics) return;
    if (metrics.initMs !== undefined) counts.coldStartCount++;
    counts.durationSumMs += metrics.durationMs;
    const bucket = DURATION_BUCKETS_MS.findIndex((bound) => metrics.durationMs <= bound);
    const at = bucket < 0 ? DURATION_BUCKETS_MS.length : bucket;
    counts.durationCounts[at] = (counts.durationCounts[at] ?? 0) + 1;
  }

  countThrottle(functionName: string, reason: ThrottleReason): void {
    increment(this.#of(functionName).throttleCounts, reason);
  }

  forget(functionName: string): void {
    this.#functions.delete(functionName);
  }

  #of(functionName: string): FunctionStatistics {
    const known = this.#functions.get(functionName);
    if (known) return known;
    const made = new FunctionStatistics();
    this.#functions.set(functionName, made);
    return made;
  }
}

/** Types that the service gives; any other one is an error that the handler's code threw outside its promise. */
const serviceType = (errorType: string): string =>
  /^(Runtime|Sandbox|Function)\.\w+$/.test(errorType) ? errorType : "Unhandled";

const increment = <Key>(counts: Map<Key, number>, key: Key): void => {
  counts.set(key, (counts.get(key) ?? 0) + 1);
};
