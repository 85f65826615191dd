/**
 * From how a trial went to what becomes of its event: another trial, or the end, and what is told to whom then. What AWS would drop,
 * because nothing is configured for it, goes into the dead-letter box.
 */
import { type ArnHome, functionArn, parseFunctionReference } from "../../core/arn.ts";
import type { Clock } from "../../core/clock.ts";
import type { Ids } from "../../core/ids.ts";
import type { Log } from "../../core/log.ts";
import { LATEST } from "../../core/states.ts";
import type { Store } from "../../store/port.ts";
import type {
  Condition,
  DeliveryHead,
  EventHead,
  InvocationHead,
  NewDeadLetter,
  NewEvent,
  QueuedEvent,
  Settlement,
} from "../../store/queue-port.ts";
import { type AsyncConfig, readAsyncConfig, readDeadLetterArn } from "./async-config.ts";
import type { AttemptEnd } from "./attempt.ts";
import type { DeliveryEnd } from "./deliver.ts";
import { type CallResponse, encodeRecord, errorMessageOf } from "./invocation-record.ts";
import { followLineage } from "./lineage.ts";
import { afterDeferral, afterFailure, deferralMs } from "./retry-policy.ts";

export interface EndingDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly home: ArnHome;
  readonly log: Log;
}

/** A destination that does not take a record is tried so often, over about two minutes. */
export const DELIVERY_ATTEMPTS_MAX = 8;

const HTTP_OK = 200;
const HTTP_TOO_MANY_REQUESTS = 429;

/** What a trial of a call leads to. `configs` keeps what was read already, for those that ended together. */
export async function settleCall(
  deps: EndingDeps,
  tried: { event: QueuedEvent; head: InvocationHead; end: Exclude<AttemptEnd, { kind: "stopping" }> },
  configs: Map<string, Promise<AsyncConfig>>,
): Promise<Settlement> {
  const { event, head, end } = tried;
  const { id, acceptedAtMs, deferralCount } = event;
  const nowMs = deps.clock.nowMs();
  const config = await configOf(deps, head, configs);
  const finish = (call: Omit<Ended, "event" | "head" | "config">) => endOf(deps, { event, head, config, ...call });
  switch (end.kind) {
    case "ok": {
      const response = { executedVersion: end.version, functionError: false, payload: end.payload };
      return finish({ condition: "Success", attemptCount: event.attemptCount + 1, response, reason: "" });
    }
    case "failed": {
      const attemptCount = event.attemptCount + 1;
      const next = afterFailure({ acceptedAtMs, nowMs, attemptCount }, config);
      if (next.next === "again") return { id, next: "again", dueAtMs: next.dueAtMs, attemptCount, deferralCount: 0 };
      const response = { executedVersion: end.version, functionError: true, payload: end.payload };
      return finish({ condition: next.condition, attemptCount, response, reason: end.reason });
    }
    case "throttled":
    case "broken": {
      const { attemptCount } = event;
      const next = afterDeferral({ acceptedAtMs, nowMs, deferralCount }, config);
      if (next.next === "end") return finish({ condition: next.condition, attemptCount, reason: end.reason });
      return { id, next: "again", dueAtMs: next.dueAtMs, attemptCount, deferralCount: deferralCount + 1 };
    }
    case "over":
      return finish({ condition: end.condition, attemptCount: event.attemptCount, reason: end.reason });
    default:
      throw end satisfies never;
  }
}

/** What a trial of a delivery leads to. */
export function settleDelivery(
  deps: EndingDeps,
  { event, head, end }: { event: QueuedEvent; head: DeliveryHead; end: DeliveryEnd },
): Settlement {
  const { id } = event;
  if (end.kind === "delivered") return { id, next: "end" };
  const attemptCount = event.attemptCount + 1;
  if (end.kind === "failed" && attemptCount < DELIVERY_ATTEMPTS_MAX) {
    const dueAtMs = deps.clock.nowMs() + deferralMs(event.attemptCount);
    return { id, next: "again", dueAtMs, attemptCount, deferralCount: 0 };
  }
  const functionName = parseFunctionReference(head.functionArn)?.name ?? "";
  const reason = `Cannot deliver to ${head.targetArn}: ${end.reason}`;
  return {
    id,
    next: "end",
    box: [boxed(deps, event, { functionName, condition: head.condition, reason, attemptCount })],
  };
}

interface Ended {
  readonly event: QueuedEvent;
  readonly head: InvocationHead;
  readonly config: AsyncConfig;
  readonly condition: Condition;
  readonly attemptCount: number;
  readonly response?: CallResponse;
  /** Why it failed; empty for a success. */
  readonly reason: string;
}

async function endOf(deps: EndingDeps, ended: Ended): Promise<Settlement> {
  const { event, head, config, condition, attemptCount, response, reason } = ended;
  const { id } = event;
  const targets: NewEvent[] = [];
  const destinationArn = condition === "Success" ? config.onSuccessArn : config.onFailureArn;
  if (destinationArn !== undefined) targets.push(recordFor(deps, ended, destinationArn));
  if (condition !== "Success") {
    const { functionName, qualifier } = head;
    const version = response?.executedVersion;
    const queueArn = await readDeadLetterArn(deps.store, { functionName, qualifier, version });
    if (queueArn !== undefined) targets.push(deadLetterFor(deps, ended, queueArn));
  }
  if (condition === "Success" || targets.length > 0) return { id, next: "end", enqueue: targets };
  const { functionName } = head;
  return { id, next: "end", box: [boxed(deps, event, { functionName, condition, reason, attemptCount })] };
}

/** The record of the call for a destination: another function gets it as its event. */
function recordFor(deps: EndingDeps, ended: Ended, targetArn: string): NewEvent {
  const { event, head, condition, attemptCount, response } = ended;
  const nowMs = deps.clock.nowMs();
  const callArn = functionArn(deps.home, head.functionName, head.qualifier ?? LATEST);
  const { requestId, body: requestPayload } = event;
  const record = {
    nowMs,
    requestId,
    functionArn: callArn,
    condition,
    invokeCount: attemptCount,
    requestPayload,
    response,
  };
  const next = { acceptedAtMs: nowMs, dueAtMs: nowMs, body: encodeRecord(record) };
  const traceId = traceAfter(deps, head);
  const called = ownFunction(deps.home, targetArn);
  if (called) {
    const { name: functionName, qualifier } = called;
    const call = { kind: "invocation" as const, functionName, qualifier, traceId };
    return { ...next, lane: functionName, requestId: deps.ids.uuid(), head: call };
  }
  return {
    ...next,
    lane: targetArn,
    requestId,
    head: deliveryHead(deps, { targetArn, functionArn: callArn, condition, traceId }),
  };
}

/** What a dead-letter queue gets is the event as it came. */
function deadLetterFor(deps: EndingDeps, ended: Ended, targetArn: string): NewEvent {
  const { event, head, condition, response, reason } = ended;
  const nowMs = deps.clock.nowMs();
  const callArn = functionArn(deps.home, head.functionName, head.qualifier ?? LATEST);
  const attributes = response
    ? { errorCode: HTTP_OK, errorMessage: errorMessageOf(response.payload) }
    : { errorCode: HTTP_TOO_MANY_REQUESTS, errorMessage: reason };
  return {
    lane: targetArn,
    requestId: event.requestId,
    acceptedAtMs: nowMs,
    dueAtMs: nowMs,
    head: {
      ...deliveryHead(deps, { targetArn, functionArn: callArn, condition, traceId: traceAfter(deps, head) }),
      attributes,
    },
    body: event.body,
  };
}

const deliveryHead = (
  deps: EndingDeps,
  facts: Pick<DeliveryHead, "targetArn" | "functionArn" | "condition" | "traceId">,
): DeliveryHead => ({ kind: "delivery", ...facts, deliveryId: deps.ids.uuid() });

/** The chain of calls goes on through whatever the call's end is told to. */
const traceAfter = ({ home }: EndingDeps, { traceId, functionName }: InvocationHead): string | undefined =>
  traceId && followLineage(traceId, functionArn(home, functionName)).traceId;

/** A function of this server's account and region. */
function ownFunction(home: ArnHome, arn: string): { name: string; qualifier: string | undefined } | undefined {
  const reference = arn.includes(":lambda:") ? parseFunctionReference(arn) : undefined;
  if (reference?.region !== home.region || reference.accountId !== home.accountId) return undefined;
  return { name: reference.name, qualifier: reference.qualifier };
}

function boxed(
  deps: EndingDeps,
  event: QueuedEvent,
  facts: { functionName: string; condition: Condition; reason: string; attemptCount: number },
): NewDeadLetter {
  const { lane, requestId, acceptedAtMs, body } = event;
  const { functionName, condition, reason } = facts;
  deps.log.warn({ requestId, functionName, condition, reason }, "An event went into the dead-letter box");
  const head: EventHead = event.head;
  return { ...facts, lane, requestId, acceptedAtMs, boxedAtMs: deps.clock.nowMs(), head, body };
}

function configOf(
  { store }: EndingDeps,
  { functionName, qualifier }: InvocationHead,
  configs: Map<string, Promise<AsyncConfig>>,
): Promise<AsyncConfig> {
  const key = `${functionName}:${qualifier ?? LATEST}`;
  const known = configs.get(key);
  if (known) return known;
  const reading = readAsyncConfig(store, { functionName, qualifier });
  configs.set(key, reading);
  return reading;
}
