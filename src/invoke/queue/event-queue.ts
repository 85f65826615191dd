/** Puts the queue together. */
import type { Ids } from "../../core/ids.ts";
import { type AttemptDeps, attempt } from "./attempt.ts";
import { BoxWatch } from "./box-watch.ts";
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
  const box = new BoxWatch({ queue: deps.store.queue, log: deps.log });
  return new Poller({
    queue: deps.store.queue,
    clock: deps.clock,
    log: deps.log,
    places: deps.places,
    noteSettled: (settlements) =>
      void box
        .noteSettled(settlements)
        .catch((error: unknown) => deps.log.error({ err: error }, "Cannot measure the box")),
    attempt: (event, head) => attempt(deps, event, head),
    deliver: (event, head) => deliver(deps, event, head),
    settleCall: (ended, configs) => settleCall(deps, ended, configs),
    settleDelivery: (ended) => settleDelivery(deps, ended),
  });
}
