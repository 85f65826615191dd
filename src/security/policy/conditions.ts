/**
 * Conditions of a statement. Source: IAM User Guide, "IAM JSON policy elements: Condition operators" and "Set operators for multi-valued
 * context keys".
 */
import { BlockList, isIP } from "node:net";
import type { ContextOf } from "./context.ts";
import { PolicyError } from "./policy-error.ts";
import { arnMatcherOf, equalsOf, type Matcher, matcherOf } from "./wildcard.ts";

export type Condition = (context: ContextOf) => boolean;

interface CompileOptions {
  readonly variables: boolean;
}

/** One value of the request against one of the policy. */
type Compile = (value: string, options: CompileOptions) => Matcher;

interface Operator {
  readonly compile: Compile;
  /** `Not…`: holds where no value of the policy matches, and where the request has no value. */
  readonly negated?: true;
}

const compared =
  <T>(read: (text: string) => T | undefined, what: string, holds: (given: T, wanted: T) => boolean): Compile =>
  (value) => {
    const wanted = read(value);
    if (wanted === undefined) throw new PolicyError(`'${value}' has to be ${what}`);
    return (text) => {
      const given = read(text);
      return given !== undefined && holds(given, wanted);
    };
  };

const readNumber = (text: string): number | undefined =>
  text.trim() !== "" && Number.isFinite(Number(text)) ? Number(text) : undefined;

/** ISO 8601, or seconds since 1970. */
function readDate(text: string): number | undefined {
  const ms = /^\d{1,12}$/.test(text) ? Number(text) * 1000 : Date.parse(text);
  return Number.isNaN(ms) ? undefined : ms;
}

const numeric = (holds: (given: number, wanted: number) => boolean): Compile => compared(readNumber, "a number", holds);
const dated = (holds: (given: number, wanted: number) => boolean): Compile =>
  compared(readDate, "a date like 2026-01-31T00:00:00Z", holds);

const isEqual = (given: number, wanted: number): boolean => given === wanted;
const isLess = (given: number, wanted: number): boolean => given < wanted;
const isAtMost = (given: number, wanted: number): boolean => given <= wanted;
const isMore = (given: number, wanted: number): boolean => given > wanted;
const isAtLeast = (given: number, wanted: number): boolean => given >= wanted;

const boolean: Compile = (value) => {
  const wanted = value.toLowerCase();
  if (wanted !== "true" && wanted !== "false") throw new PolicyError(`'${value}' has to be true or false`);
  return (text) => text.toLowerCase() === wanted;
};

const inNetwork: Compile = (value) => {
  const [address = "", length, ...rest] = value.split("/");
  const family = isIP(address);
  const bits = length === undefined ? (family === 4 ? 32 : 128) : Number(length);
  if (family === 0 || rest.length > 0 || !/^\d{1,3}$/.test(String(bits)) || bits > (family === 4 ? 32 : 128))
    throw new PolicyError(`'${value}' has to be an address or a network like 192.0.2.0/24`);
  const network = new BlockList();
  const type = family === 4 ? "ipv4" : "ipv6";
  if (bits > 0) network.addSubnet(address, bits, type);
  return (text) => {
    const given = text.replace(/^::ffff:(?=\d+\.)/i, "");
    return isIP(given) === family && (bits === 0 || network.check(given, type));
  };
};

const sameCase: Compile = (value, options) => equalsOf(value, options);
const anyCase: Compile = (value, options) => equalsOf(value, { ...options, ignoreCase: true });
const like: Compile = (value, options) => matcherOf(value, options);
const arnLike: Compile = (value, options) => arnMatcherOf(value, options);

const OPERATORS: Readonly<Record<string, Operator>> = {
  StringEquals: { compile: sameCase },
  StringNotEquals: { compile: sameCase, negated: true },
  StringEqualsIgnoreCase: { compile: anyCase },
  StringNotEqualsIgnoreCase: { compile: anyCase, negated: true },
  StringLike: { compile: like },
  StringNotLike: { compile: like, negated: true },
  NumericEquals: { compile: numeric(isEqual) },
  NumericNotEquals: { compile: numeric(isEqual), negated: true },
  NumericLessThan: { compile: numeric(isLess) },
  NumericLessThanEquals: { compile: numeric(isAtMost) },
  NumericGreaterThan: { compile: numeric(isMore) },
  NumericGreaterThanEquals: { compile: numeric(isAtLeast) },
  DateEquals: { compile: dated(isEqual) },
  DateNotEquals: { compile: dated(isEqual), negated: true },
  DateLessThan: { compile: dated(isLess) },
  DateLessThanEquals: { compile: dated(isAtMost) },
  DateGreaterThan: { compile: dated(isMore) },
  DateGreaterThanEquals: { compile: dated(isAtLeast) },
  Bool: { compile: boolean },
  BinaryEquals: { compile: sameCase },
  IpAddress: { compile: inNetwork },
  NotIpAddress: { compile: inNetwork, negated: true },
  ArnEquals: { compile: arnLike },
  ArnLike: { compile: arnLike },
  ArnNotEquals: { compile: arnLike, negated: true },
  ArnNotLike: { compile: arnLike, negated: true },
};

const NAME = /^(?:(ForAnyValue|ForAllValues):)?(\w+?)(IfExists)?$/;

/** @throws PolicyError */
export function conditionOf(input: {
  operator: string;
  key: string;
  values: readonly string[];
  variables: boolean;
}): Condition {
  const { key, values } = input;
  const name = key.toLowerCase();
  const [, set, base = "", ifExists] = NAME.exec(input.operator) ?? [];
  if (base === "Null" && set === undefined && ifExists === undefined) return nullCondition(name, values);
  const operator = Object.hasOwn(OPERATORS, base) ? OPERATORS[base] : undefined;
  if (!operator) throw new PolicyError(`'${input.operator}' is no operator of a condition`);
  const matchers = values.map((value) => operator.compile(value, input));
  const negated = operator.negated === true;
  const holdsFor = (value: string, context: ContextOf): boolean =>
    matchers.some((matches) => matches(value, context)) !== negated;
  return (context) => {
    const value = context(name);
    const given = value === undefined ? [] : typeof value === "string" ? [value] : value;
    if (given.length === 0) return set === "ForAllValues" || ifExists !== undefined || (set === undefined && negated);
    if (set === "ForAllValues" || (set === undefined && negated)) return given.every((each) => holdsFor(each, context));
    return given.some((each) => holdsFor(each, context));
  };
}

function nullCondition(key: string, values: readonly string[]): Condition {
  const wanted = values.map((value) => value.toLowerCase());
  if (!wanted.every((value) => value === "true" || value === "false"))
    throw new PolicyError("Null takes true (the key is not there) or false");
  return (context) => wanted.some((value) => (value === "true") === (context(key) === undefined));
}
