/** One trial of a queued call: everything that may stand in its way, and the call itself. Nothing is written here. */
import { type ArnHome, functionArn } from "../../core/arn.ts";
import type { Clock } from "../../core/clock.ts";
import { AwsError } from "../../errors/aws-error.ts";
import type { Store } from "../../store/port.ts";
import type { Condition, InvocationHead, QueuedEvent } from "../../store/queue-port.ts";
import type { Dispatcher } from "../dispatcher.ts";
import type { ExecutionSpec } from "../invocation.ts";
import { allowsRecursion, readAsyncConfig } from "./async-config.ts";
import { errorMessageOf } from "./invocation-record.ts";
import { CHAIN_CALLS_MAX, followLineage } from "./lineage.ts";
import { AGE_SECONDS_MIN, isTooOld } from "./retry-policy.ts";

/** A version that runs a call; what the resolver of the services answers. */
export interface Target {
  choose(): { readonly spec: ExecutionSpec };
}

export interface Targets {
  known(named: { name: string; qualifier: string | undefined }): Target | undefined;
  resolve(named: { name: string; qualifier: string | undefined }): Promise<Target>;
}

export interface AttemptDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly home: ArnHome;
  readonly targets: Targets;
  readonly dispatcher: Pick<Dispatcher, "admit" | "run">;
}

export type AttemptEnd =
  | { readonly kind: "ok"; readonly version: string; readonly payload: Uint8Array }
  | { readonly kind: "failed"; readonly version: string; readonly payload: Uint8Array; readonly reason: string }
  /** There was no room for one more call. */
  | { readonly kind: "throttled"; readonly reason: string }
  /** The service's own failure. */
  | { readonly kind: "broken"; readonly reason: string }
  /** There is no point in another trial. */
  | { readonly kind: "over"; readonly condition: Condition; readonly reason: string }
  /** The server is stopping; the lease goes on until the next start. */
  | { readonly kind: "stopping" };

/** An event that was held as often and never settled takes its holders with it, by all appearances. */
export const LOST_MAX = 16;

export async function attempt(deps: AttemptDeps, event: QueuedEvent, head: InvocationHead): Promise<AttemptEnd> {
  const { functionName: name, qualifier } = head;
  const obstacle = await obstacleOf(deps, event, head);
  if (obstacle) return obstacle;
  let spec: ExecutionSpec;
  try {
    const named = { name, qualifier };
    spec = (deps.targets.known(named) ?? (await deps.targets.resolve(named))).choose().spec;
  } catch (error) {
    return unresolved(error);
  }
  const refusal = deps.dispatcher.admit(name);
  if (refusal?.kind === "draining") return { kind: "stopping" };
  if (refusal) return refused(deps, name, refusal.reason);
  try {
    const { outcome } = await deps.dispatcher.run(spec, invocationOf(deps, { event, head, spec }));
    const version = spec.functionVersion;
    switch (outcome.kind) {
      case "ok":
        return { kind: "ok", version, payload: outcome.payload };
      case "function-error": {
        const reason = `${outcome.errorType}: ${errorMessageOf(outcome.payload)}`;
        return { kind: "failed", version, payload: outcome.payload, reason };
      }
      case "rejected":
        return { kind: "over", condition: "RetriesExhausted", reason: `The event is not JSON: ${outcome.reason}` };
      default:
        throw outcome satisfies never;
    }
  } catch (error) {
    return { kind: "broken", reason: textOf(error) };
  }
}

function invocationOf(
  deps: AttemptDeps,
  { event, head, spec }: { event: QueuedEvent; head: InvocationHead; spec: ExecutionSpec },
) {
  const { functionName, qualifier, tenantId } = head;
  return {
    requestId: event.requestId,
    invokedArn: functionArn(deps.home, functionName, qualifier),
    payload: event.body,
    wantsLogTail: false,
    traceId: head.traceId === undefined ? undefined : traceIdOf(deps, { traceId: head.traceId, spec }),
    tenantId,
  };
}

/** The header with the chain counted on, and the version's word where nobody has decided on sampling yet. */
function traceIdOf(deps: AttemptDeps, { traceId, spec }: { traceId: string; spec: ExecutionSpec }): string {
  const decided = /(^|;)Sampled=[01]/.test(traceId)
    ? traceId
    : `${traceId.replace(/(^|;)Sampled=[^;]*/, "")};Sampled=${spec.tracing === "Active" ? 1 : 0}`;
  return followLineage(decided, functionArn(deps.home, spec.functionName)).traceId;
}

async function obstacleOf(
  { store, clock, home }: AttemptDeps,
  event: QueuedEvent,
  { functionName, qualifier, traceId }: InvocationHead,
): Promise<AttemptEnd | undefined> {
  if (event.lostCount >= LOST_MAX) {
    const reason = `It was taken up ${event.lostCount} times, and each time the server ended before the call did`;
    return { kind: "over", condition: "Abandoned", reason };
  }
  const aged = { acceptedAtMs: event.acceptedAtMs, nowMs: clock.nowMs() };
  // No event can be too old before the shortest age that can be set, so a fresh one asks for no configuration.
  if (isTooOld(aged, { retriesMax: 0, ageMsMax: AGE_SECONDS_MIN * 1000 })) {
    if (isTooOld(aged, await readAsyncConfig(store, { functionName, qualifier })))
      return { kind: "over", condition: "EventAgeExceeded", reason: "It waited longer than its maximum age" };
  }
  if (traceId === undefined) return undefined;
  const { callsBefore } = followLineage(traceId, functionArn(home, functionName));
  if (callsBefore < CHAIN_CALLS_MAX || (await allowsRecursion(store, functionName))) return undefined;
  const reason = `The function was called ${callsBefore} times in the same chain of calls`;
  return { kind: "over", condition: "RecursiveInvocation", reason };
}

function unresolved(error: unknown): AttemptEnd {
  if (error instanceof AwsError && error.code === "ResourceNotFoundException")
    return { kind: "over", condition: "FunctionNotFound", reason: error.message };
  return { kind: "broken", reason: textOf(error) };
}

async function refused({ store }: AttemptDeps, name: string, reason: string): Promise<AttemptEnd> {
  if (reason === "ReservedFunctionConcurrentInvocationLimitExceeded") {
    const record = await store.functions.find(name);
    if (record?.reservedConcurrency === 0)
      return { kind: "over", condition: "ZeroReservedConcurrency", reason: "The function's reserved concurrency is 0" };
  }
  return { kind: "throttled", reason: `Throttled: ${reason}` };
}

const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
