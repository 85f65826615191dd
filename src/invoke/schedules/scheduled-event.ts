/** What a scheduled call gets. Source: EventBridge User Guide, "Events from AWS services", Scheduled Event. */
import type { ArnHome } from "../../core/arn.ts";

/** JSON. `atMs` is the instant that the call was meant for. */
export function scheduledEvent(facts: { home: ArnHome; id: string; scheduleName: string; atMs: number }): string {
  const { home, id, scheduleName, atMs } = facts;
  return JSON.stringify({
    version: "0",
    id,
    "detail-type": "Scheduled Event",
    source: "aws.events",
    account: home.accountId,
    time: new Date(atMs).toISOString().replace(/\.\d+Z$/, "Z"),
    region: home.region,
    resources: [scheduleArn(home, scheduleName)],
    detail: {},
  });
}

export const scheduleArn = (home: ArnHome, name: string): string =>
  `arn:aws:events:${home.region}:${home.accountId}:rule/${name}`;
