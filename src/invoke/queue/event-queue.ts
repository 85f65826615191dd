/** Puts the queue together. */
import type { Ids } from "../../core/ids.ts";
import { type AttemptDeps, attempt } from "./attempt.ts";
import { type AwsEndpoints, deliver } from "./deliver.ts";
import { type EndingDeps, settleCall, settleDelivery } from "./endings.ts";
import type { Places } from "./places.ts";
import { Poller } from "./poller.ts";

export interface EventQueueDeps extends AttemptDeps, EndingDeps {
  readonly ids: Ids;
  readonly endpoints: AwsEndpoints;
  readonly places: Places;
}

export function makeEventQueue(deps: EventQueueDeps): Poller {
  return new Poller({
    queue: deps.store.queue,
    clock: deps.clock,
    log: deps.log,
    places: deps.places,
    attempt: (event, head) => attempt(deps, event, head),
    deliver: (event, head) => deliver(deps, event, head),
    settleCall: (ended, configs) => settleCall(deps, ended, configs),
    settleDelivery: (ended) => settleDelivery(deps, ended),
  });
}
