/** What the parts of a policy may be. */
import { PolicyError } from "./policy-error.ts";

const VALUES_MAX = 1000;

/** One value or several; numbers and truth values are their texts. */
export function stringsOf(value: unknown, name: string): string[] {
  const list: unknown[] = Array.isArray(value) ? value : [value];
  const texts = list.filter((each) => ["string", "number", "boolean"].includes(typeof each)).map(String);
  if (texts.length === 0 || texts.length < list.length || list.length > VALUES_MAX)
    throw new PolicyError(`${name} has to be a string or a list of ${VALUES_MAX} at most`);
  return texts;
}

export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

export function refuseOthers(value: Record<string, unknown>, known: readonly string[], what: string): void {
  const other = Object.keys(value).find((key) => !known.includes(key));
  if (other !== undefined)
    throw new PolicyError(`${what} has no member '${other.slice(0, 64)}': it may have ${known.join(", ")}`);
}
