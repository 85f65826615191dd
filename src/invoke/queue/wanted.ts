/** How many events are taken from the store ahead of their turn, and of which lanes. */
import type { Lanes } from "./lanes.ts";

/** One step of the store serves several events. */
const TAKEN_COUNT_MAX = 64;
const TAKEN_BYTES_MAX = 512 * 1024;
/** Lanes that one step of the store takes from. */
const LANES_A_TURN = 64;

export interface Wanted {
  lane: string;
  countMax: number;
}

/** Lanes whose store of taken events runs low. */
export function wantedOf(lanes: Lanes, nowMs: number): Wanted[] {
  const wanted: Wanted[] = [];
  for (const lane of lanes.awake) {
    if (lane.dueAtMs > nowMs || lane.blocked) continue;
    const ahead = Math.min(2 * lane.window.size, TAKEN_COUNT_MAX, Math.ceil(TAKEN_BYTES_MAX / (lane.bodyBytes + 1)));
    if (lane.taken.length > ahead / 4) continue;
    wanted.push({ lane: lane.name, countMax: ahead - lane.taken.length });
    if (wanted.length === LANES_A_TURN) break;
  }
  return wanted;
}
