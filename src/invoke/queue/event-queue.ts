/** Puts the queue together. */
import type { Ids } from "../../core/ids.ts";
import { type AttemptDeps, attempt } from "./attempt.ts";
import { type AwsEndpoints, deliver } from "./deliver.ts";
import { type EndingDeps, settleCall, settleDelivery } from "./endings.ts";
import { Poller } from "./poller.ts";

export interface EventQueueDeps extends AttemptDeps, EndingDeps {
  readonly ids: Ids;
  readonly endpoints: AwsEndpoints;
  /** Calls that may run in the account at the same time, and environments that may exist. */
  readonly concurrencyMax: number;
  readonly environmentsMax: number;
}

/** Of all places as many are left to synchronous calls, whatever is queued. */
const HEADROOM = 0.2;

export function makeEventQueue(deps: EventQueueDeps): Poller {
  const placesMax = Math.min(deps.concurrencyMax, deps.environmentsMax);
  return new Poller({
    queue: deps.store.queue,
    clock: deps.clock,
    log: deps.log,
    runningMax: Math.max(1, Math.floor(placesMax * (1 - HEADROOM))),
    attempt: (event, head) => attempt(deps, event, head),
    deliver: (event, head) => deliver(deps, event, head),
    settleCall: (ended, configs) => settleCall(deps, ended, configs),
    settleDelivery: (ended) => settleDelivery(deps, ended),
  });
}
