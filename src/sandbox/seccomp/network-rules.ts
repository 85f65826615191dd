/** What leads to another host: connecting, and datagrams with an address of their own. Plain sends on a connected socket are not asked about. */
import type { Condition, Rule } from "./filter.ts";

/** `sendto` without an address is `send`. A pointer is compared in halves, as all of it could be in one. */
const hasAddress: readonly (readonly Condition[])[] = [
  [{ argument: 4, isNot: [0] }],
  [{ argument: 4, half: "high", isNot: [0] }],
];

export const NETWORK_RULES: readonly Rule[] = [
  { answer: "ask", calls: ["connect", "sendmsg", "sendmmsg"] },
  { answer: "ask", calls: ["sendto"], when: hasAddress },
];
