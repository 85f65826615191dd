import type { Shape } from "./dsl.ts";

/** What a value has to satisfy, as a test for the fast way (`fits`) and as AWS's sentences for the refusal (`rulesOf`). */

/** Longer text is never given to a pattern: no pattern of the API allows it, and none may cost more than its time. */
const PATTERN_LENGTH_MAX = 10_000;

/** Whether a value of the right type satisfies the shape's own constraints; those of its parts are asked apart. */
export function fits(shape: Shape, value: unknown): boolean {
  switch (shape.kind) {
    case "string": {
      if (typeof value !== "string") return false;
      if (shape.max !== undefined && value.length > shape.max) return false;
      if (shape.min !== undefined && value.length < shape.min) return false;
      if (shape.regex !== undefined && !matches(shape.regex, value)) return false;
      return shape.oneOf === undefined || shape.oneOf.includes(value);
    }
    case "integer":
    case "long":
    case "double":
      return typeof value === "number" && !(value > (shape.max ?? Infinity)) && !(value < (shape.min ?? -Infinity));
    case "list":
    case "map":
    case "blob": {
      if (shape.max === undefined && shape.min === undefined) return true;
      const size = sizeOf(value);
      return !(size > (shape.max ?? Infinity)) && !(size < (shape.min ?? 0));
    }
    default:
      return true;
  }
}

/** One constraint: AWS's sentence for it, and its test. */
export interface Rule {
  readonly text: string;
  readonly holds: (value: unknown) => boolean;
}

/** A shape's constraints in the order in which AWS lists them: maximum, minimum, pattern, enum, then its parts'. */
export function rulesOf(shape: Shape): Rule[] {
  const rules: Rule[] = [];
  const add = (text: string, holds: (value: unknown) => boolean) => rules.push({ text: `Member must ${text}`, holds });
  if (shape.kind === "integer" || shape.kind === "long" || shape.kind === "double") {
    const { max, min } = shape;
    const print = (bound: number) => (shape.kind === "double" ? printDouble(bound) : String(bound));
    if (max !== undefined) add(`have value less than or equal to ${print(max)}`, (v) => Number(v) <= max);
    if (min !== undefined) add(`have value greater than or equal to ${print(min)}`, (v) => Number(v) >= min);
  }
  if (shape.kind === "string" || shape.kind === "blob" || shape.kind === "list" || shape.kind === "map") {
    const { max, min } = shape;
    if (max !== undefined) add(`have length less than or equal to ${max}`, (v) => sizeOf(v) <= max);
    if (min !== undefined) add(`have length greater than or equal to ${min}`, (v) => sizeOf(v) >= min);
  }
  if (shape.kind === "string") {
    const { regex, pattern, oneOf, max } = shape;
    // Of text that is both too long and too costly, the length alone is reported.
    const skips = (v: string) => v.length > PATTERN_LENGTH_MAX && max !== undefined;
    if (regex !== undefined)
      add(`satisfy regular expression pattern: ${pattern}`, (v) => skips(String(v)) || matches(regex, String(v)));
    if (oneOf !== undefined) add(`satisfy enum value set: [${oneOf.join(", ")}]`, (v) => oneOf.includes(String(v)));
  }
  return rules;
}

/** How AWS lists the constraints on the parts of a list or map: all of them, whichever failed. */
export function describe(shape: Shape): string[] {
  const own = rulesOf(shape).map((rule) => rule.text);
  if (shape.kind === "list") return [...own, onItems(shape.of)];
  if (shape.kind === "map") return [...own, onKeys(shape.key), onValues(shape.value)];
  return own;
}

export const onItems = (of: Shape): string => `Member must satisfy constraint: [${nonNull(of)}]`;
export const onValues = (value: Shape): string => `Map value must satisfy constraint: [${nonNull(value)}]`;
export const onKeys = (key: Shape): string => `Map keys must satisfy constraint: [${describe(key).join(", ")}]`;

const nonNull = (shape: Shape): string => [...describe(shape), "Member must not be null"].join(", ");

/** As Java prints it: `1.0`, not `1`. */
export const printDouble = (value: number): string => (Number.isInteger(value) ? value.toFixed(1) : String(value));

const matches = (regex: RegExp, value: string): boolean => value.length <= PATTERN_LENGTH_MAX && regex.test(value);

function sizeOf(value: unknown): number {
  if (typeof value === "string" || Array.isArray(value) || value instanceof Uint8Array) return value.length;
  return typeof value === "object" && value !== null ? Object.keys(value).length : 0;
}
