/**
 * EventBridge's patterns, which filters of event source mappings are written in. Sources: EventBridge User Guide, "Comparison operators for
 * use in event patterns"; Lambda Developer Guide, "Control which events Lambda sends to your function".
 *
 * **Gaps**: `cidr` is refused.
 */

/** A pattern that breaks a rule; the message says which. */
export class PatternError extends Error {}

/** Whether an event fits. */
export type Matcher = (event: unknown) => boolean;

type Test = (value: unknown) => boolean;

/** @param text JSON. @throws PatternError */
export function compilePattern(text: string): Matcher {
  let pattern: unknown;
  try {
    pattern = JSON.parse(text);
  } catch {
    throw new PatternError("it has to be JSON");
  }
  if (!isObject(pattern)) throw new PatternError("it has to be a JSON object");
  return objectMatcher(pattern, "");
}

/** Every key has to fit; `$or` is one key that holds several patterns. */
function objectMatcher(pattern: Record<string, unknown>, path: string): Matcher {
  const keys = Object.entries(pattern).map(([key, rule]): Matcher => {
    const at = path === "" ? key : `${path}.${key}`;
    if (key === "$or" && Array.isArray(rule) && rule.every(isObject)) return eitherMatcher(rule, path);
    const matches = ruleMatcher(rule, at);
    return (event) => matches(isObject(event) && Object.hasOwn(event, key) ? event[key] : undefined);
  });
  return (event) => keys.every((matches) => matches(event));
}

function eitherMatcher(rules: readonly Record<string, unknown>[], path: string): Matcher {
  if (rules.length < 2) throw new PatternError("$or takes two patterns or more");
  const matchers = rules.map((rule) => objectMatcher(rule, path));
  return (event) => matchers.some((matches) => matches(event));
}

/** A list is a leaf, any of which has to fit the value or, of a list of values, any one of them; an object goes deeper. */
function ruleMatcher(rule: unknown, at: string): Matcher {
  if (isObject(rule)) {
    if (Object.keys(rule).length === 0) throw new PatternError(`'${at}' holds an empty object`);
    const matches = objectMatcher(rule, at);
    return (value) => {
      if (Array.isArray(value) && value.length > 0) return value.some(matches);
      return isObject(value) || value === undefined || Array.isArray(value) ? matches(value) : false;
    };
  }
  if (!Array.isArray(rule)) throw new PatternError(`'${at}' has to hold a list or an object`);
  if (rule.length === 0) throw new PatternError(`'${at}' holds an empty list`);
  const tests = rule.map((one) => testOf(one, at));
  return (value) => {
    if (!Array.isArray(value) || value.length === 0) return tests.some((test) => test(value));
    return tests.some((test) => value.some(test));
  };
}

function testOf(rule: unknown, at: string): Test {
  if (!isObject(rule)) return equals(scalar(rule, at));
  const [[name, operand] = ["", undefined], ...others] = Object.entries(rule);
  const make = others.length === 0 && Object.hasOwn(OPERATORS, name) ? OPERATORS[name] : undefined;
  if (!make) {
    throw new PatternError(
      `'${at}' holds ${JSON.stringify(rule)}, which is none of ${Object.keys(OPERATORS).join(", ")}`,
    );
  }
  return make(operand, `${at}.${name}`);
}

const OPERATORS: Readonly<Record<string, (operand: unknown, at: string) => Test>> = {
  exists(operand, at) {
    if (typeof operand !== "boolean") throw new PatternError(`'${at}' has to be true or false`);
    return (value) => (value !== undefined && !isObject(value)) === operand;
  },
  prefix: (operand, at) => affix(operand, { at, has: (text, part) => text.startsWith(part) }),
  suffix: (operand, at) => affix(operand, { at, has: (text, part) => text.endsWith(part) }),
  "equals-ignore-case": (operand, at) => ignoringCase(operand, at),
  wildcard: (operand, at) => wildcard(operand, at),
  numeric: (operand, at) => numeric(operand, at),
  "anything-but": (operand, at) => anythingBut(operand, at),
};

const equals =
  (wanted: unknown): Test =>
  (value) =>
    value === wanted;

function scalar(rule: unknown, at: string): unknown {
  if (rule === null || ["string", "number", "boolean"].includes(typeof rule)) return rule;
  throw new PatternError(`'${at}' holds a list in a list`);
}

function textOf(operand: unknown, at: string): string {
  if (typeof operand !== "string") throw new PatternError(`'${at}' has to be a string`);
  return operand;
}

/** `"x"`, or `{ "equals-ignore-case": "x" }`. */
function affix(operand: unknown, { at, has }: { at: string; has: (text: string, part: string) => boolean }): Test {
  const ignores = isObject(operand) && Object.keys(operand).join() === "equals-ignore-case";
  const part = textOf(ignores ? operand["equals-ignore-case"] : operand, at);
  if (part === "") throw new PatternError(`'${at}' is empty`);
  if (!ignores) return (value) => typeof value === "string" && has(value, part);
  return (value) => typeof value === "string" && has(value.toLowerCase(), part.toLowerCase());
}

function ignoringCase(operand: unknown, at: string): Test {
  const text = textOf(operand, at).toLowerCase();
  return (value) => typeof value === "string" && value.toLowerCase() === text;
}

/** `*` stands for any characters; `\*` and `\\` for themselves. */
function wildcard(operand: unknown, at: string): Test {
  const text = textOf(operand, at);
  if (/(^|[^\\])(\\\\)*\*\*/.test(text)) throw new PatternError(`'${at}' holds two * in a row`);
  const parts: string[] = text.match(/\\[*\\]|\*|\\|[^\\*]+/g) ?? [];
  if (parts.includes("\\")) throw new PatternError(`'${at}' holds a \\ before something else than * or \\`);
  const source = parts.map((part) => (part === "*" ? "[^]*" : RegExp.escape(part.replace(/^\\/, "")))).join("");
  const regex = new RegExp(`^${source}$`);
  return (value) => typeof value === "string" && regex.test(value);
}

const COMPARISONS: Readonly<Record<string, (value: number, bound: number) => boolean>> = {
  "=": (value, bound) => value === bound,
  "<": (value, bound) => value < bound,
  "<=": (value, bound) => value <= bound,
  ">": (value, bound) => value > bound,
  ">=": (value, bound) => value >= bound,
};

/** `[">", 0, "<=", 5]` */
function numeric(operand: unknown, at: string): Test {
  const flaw = (): PatternError => new PatternError(`'${at}' has to be like [">", 0, "<=", 5] or ["=", 5]`);
  if (!Array.isArray(operand) || (operand.length !== 2 && operand.length !== 4)) throw flaw();
  const tests: ((value: number) => boolean)[] = [];
  for (let index = 0; index < operand.length; index += 2) {
    const [name, bound] = [operand[index] as unknown, operand[index + 1] as unknown];
    const compare = typeof name === "string" && Object.hasOwn(COMPARISONS, name) ? COMPARISONS[name] : undefined;
    if (!compare || typeof bound !== "number") throw flaw();
    tests.push((value) => compare(value, bound));
  }
  return (value) => typeof value === "number" && tests.every((test) => test(value));
}

/** A value or a list of values, or `prefix`, `suffix`, `equals-ignore-case` or `wildcard` with a string or a list of strings. */
function anythingBut(operand: unknown, at: string): Test {
  const isRule = isObject(operand);
  const [[name, inner] = ["", operand], ...others] = isRule ? Object.entries(operand) : [["", operand] as const];
  const list = Array.isArray(inner) ? (inner as unknown[]) : [inner];
  const isKnown = !isRule || ["prefix", "suffix", "equals-ignore-case", "wildcard"].includes(name);
  if (others.length > 0 || list.length === 0 || !isKnown)
    throw new PatternError(
      `'${at}' has to hold a value, a list of values, or prefix, suffix, equals-ignore-case or wildcard`,
    );
  const tests = list.map((one) => (isRule ? testOf({ [name]: one }, at) : equals(scalar(one, at))));
  return (value) => value !== undefined && !isObject(value) && !tests.some((test) => test(value));
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
