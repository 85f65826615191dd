/**
 * Measures that are compared take turns, so that whatever else the machine does meets all of them alike, and a ratio is taken within
 * each round before the median over the rounds.
 */
import { median } from "./statistics.ts";

export type Rounds<Name extends string> = Readonly<Record<Name, readonly number[]>>;

export async function inTurns<Name extends string>(
  rounds: number,
  measures: Readonly<Record<Name, () => Promise<number>>>,
): Promise<Rounds<Name>> {
  const names = Object.keys(measures) as Name[];
  const values = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<Name, number[]>;
  for (let round = 0; round < rounds; round++) {
    for (const name of names) values[name].push(await measures[name]());
  }
  return values;
}

/** The median over the rounds of `a / b`. */
export const medianRatio = (a: readonly number[], b: readonly number[]): number =>
  median(a.map((value, round) => value / (b[round] ?? Number.NaN)));
