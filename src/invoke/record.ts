/** What is kept of a call that has ended. */
import type { InvocationRecord } from "../store/records.ts";
import type { ExecutionSpec, Invocation, InvocationResult, Outcome } from "./invocation.ts";

const ERROR_TYPE_LENGTH_MAX = 200;

export function recordOf(
  { functionName, functionVersion }: ExecutionSpec,
  { requestId }: Invocation,
  { result: { outcome, metrics }, endedAtMs }: { readonly result: InvocationResult; readonly endedAtMs: number },
): InvocationRecord {
  return {
    requestId,
    functionName,
    version: functionVersion,
    startedAtMs: endedAtMs - Math.round(metrics?.durationMs ?? 0),
    durationMs: metrics?.durationMs ?? null,
    initMs: metrics?.initMs ?? null,
    memoryUsedMib: metrics?.memoryUsedMib ?? null,
    result: resultOf(outcome),
    errorType: outcome.kind === "function-error" ? outcome.errorType.slice(0, ERROR_TYPE_LENGTH_MAX) : null,
    logStreamName: metrics?.logStreamName ?? null,
    logFrom: metrics?.logFrom ?? null,
    logTo: metrics?.logTo ?? null,
  };
}

function resultOf(outcome: Outcome): InvocationRecord["result"] {
  if (outcome.kind === "ok") return "Success";
  return outcome.kind === "rejected" ? "Rejected" : outcome.functionError;
}
