/**
 * When an event is tried again, and when it has come to its end. Source: Lambda Developer Guide, "How Lambda handles errors and
 * retries with asynchronous invocation"; instants as recorded on AWS.
 */
import type { Condition } from "../../store/queue-port.ts";

export interface RetryPolicy {
  /** Trials after the first one, as long as the function fails. */
  readonly retriesMax: number;
  /** Counted from when the event was accepted. */
  readonly ageMsMax: number;
}

export const RETRIES_MAX_DEFAULT = 2;
export const AGE_SECONDS_MAX_DEFAULT = 21_600;
export const AGE_SECONDS_MIN = 60;
/** 60 s after the first failure, 120 s after the second. */
export const RETRY_STEP_MS = 60_000;
/** 1 s, 2 s, 4 s and so on, until it is this. */
export const DEFERRAL_MS_MAX = 300_000;

export type Next =
  | { readonly next: "again"; readonly dueAtMs: number }
  | { readonly next: "end"; readonly condition: Extract<Condition, "RetriesExhausted" | "EventAgeExceeded"> };

interface Tried {
  readonly acceptedAtMs: number;
  readonly nowMs: number;
}

/** After the function failed; `attemptCount` counts this trial. */
export function afterFailure(event: Tried & { attemptCount: number }, policy: RetryPolicy): Next {
  if (event.attemptCount > policy.retriesMax) return { next: "end", condition: "RetriesExhausted" };
  return unlessTooOld(event, { policy, delayMs: event.attemptCount * RETRY_STEP_MS });
}

/** After there was no room, or the service failed: the trial does not count. `deferralCount` counts those before. */
export function afterDeferral(event: Tried & { deferralCount: number }, policy: RetryPolicy): Next {
  return unlessTooOld(event, { policy, delayMs: deferralMs(event.deferralCount) });
}

export const deferralMs = (deferralCount: number): number =>
  Math.min(DEFERRAL_MS_MAX, 1000 * 2 ** Math.min(deferralCount, 30));

export const isTooOld = (event: Tried, policy: RetryPolicy): boolean =>
  event.nowMs - event.acceptedAtMs >= policy.ageMsMax;

/** AWS looks ahead: an event that would be too old by its next trial ends at once. */
function unlessTooOld(event: Tried, { policy, delayMs }: { policy: RetryPolicy; delayMs: number }): Next {
  const dueAtMs = event.nowMs + delayMs;
  if (isTooOld({ ...event, nowMs: dueAtMs }, policy)) return { next: "end", condition: "EventAgeExceeded" };
  return { next: "again", dueAtMs };
}
