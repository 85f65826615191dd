/** How much of a contended processor a process and all that it starts get. Source: sched(7), nice value and autogroups. */
import { writeFileSync } from "node:fs";

/** Further down somebody who has little would get next to nothing. */
const NICENESS_MAX = 3;

/**
 * The niceness that stands for a share of a whole one: 1 → 0, a quarter → 1, a fourteenth → 2. Each step takes a fifth of the weight: enough for
 * an order among functions. Were the weight itself the share, a small function would wait for whatever else its host does, its own
 * server included: with a niceness of 4 that answers a tenth less calls, with 12 half of them.
 */
export const nicenessOf = (share: number): number =>
  Math.min(NICENESS_MAX, Math.max(0, Math.round(-Math.log2(share) / 2)));

/** Read by the program, which gives itself this niceness before it has threads or children: from outside some would be missed. */
export const NICENESS_VARIABLE = "LAMBENT_NICENESS";

/**
 * Where the kernel groups processes by session, it weighs the session instead. It takes few such wishes in a second from anybody but root, and
 * one that it does not take leaves the session as it is.
 */
export function weighSession(pid: number, niceness: number): void {
  try {
    writeFileSync(`/proc/${pid}/autogroup`, String(niceness));
  } catch {
    // it ended meanwhile, or the system has no such groups
  }
}
