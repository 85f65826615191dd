/** Which connections go when there are too many. */

/** What the choice is made by. */
export interface Candidate {
  /** Where it comes from. */
  readonly network: string;
  /** A request of its is under way. */
  readonly isBusy: boolean;
  readonly quietMs: number;
}

/**
 * Those beyond `countMax`: of the network that has the most, one after the other, and of its own those first that have been quiet for
 * longest. One that is busy goes only when no other is left.
 */
export function surplusOf<T extends Candidate>(connections: readonly T[], countMax: number): T[] {
  const count = Math.max(connections.length - countMax, 0);
  const groups = [...Map.groupBy(connections, ({ network }) => network).values()]
    .map((members) => ({ size: members.length, members: members.sort(lastToGoFirst) }))
    .sort((a, b) => b.size - a.size);
  const chosen: T[] = [];
  for (const alsoBusy of [false, true]) {
    for (let level = groups[0]?.size ?? 0; level > 0; level--) {
      for (const { size, members } of groups) {
        if (chosen.length === count) return chosen;
        if (size < level) break;
        const next = members.at(-1);
        if (next === undefined || members.length < level || (next.isBusy && !alsoBusy)) continue;
        chosen.push(next);
        members.pop();
      }
    }
  }
  return chosen;
}

const lastToGoFirst = (a: Candidate, b: Candidate): number =>
  a.isBusy === b.isBusy ? a.quietMs - b.quietMs : a.isBusy ? -1 : 1;
