import { expect, test } from "bun:test";
import fc from "fast-check";
import { AwsError } from "../../src/errors/aws-error.ts";
import { ERROR_CODES } from "../../src/errors/codes.ts";
import { fits } from "../../src/shapes/constraints.ts";
import type { Member, Shape, StringShape, StructShape } from "../../src/shapes/dsl.ts";
import { OPERATIONS, type OperationRow } from "../../src/shapes/operations.ts";
import { validate } from "../../src/shapes/validate.ts";

const ROWS: OperationRow[] = Object.values(OPERATIONS);
const LAMBDA = "arn:aws:lambda:us-east-1:000000000000";

/** Text that satisfies one pattern or another; a string's sample is the first that fits. */
const TEXTS = [
  "name",
  "1",
  "lambda:InvokeFunction",
  "lambda:GetLayerVersion",
  "000000000000",
  `${LAMBDA}:function:f`,
  "arn:aws:iam::000000000000:role/r",
  `${LAMBDA}:layer:l:1`,
  `${LAMBDA}:code-signing-config:csc-00000000000000000`,
  `${LAMBDA}:capacity-provider:c`,
  `${LAMBDA}:function:f:1/durable-execution/a/b`,
  "arn:aws:lambda:us-east-1::runtime:abc",
  "arn:aws:elasticfilesystem:us-east-1:000000000000:access-point/fsap-00000000000000000",
  "/mnt/x",
  "sg-1",
  "subnet-1",
  "o-0000000000",
  "us-east-1",
  "host:9092",
  "00000000-0000-0000-0000-000000000000",
  "$LATEST.PUBLISHED",
];
/** Text that most patterns refuse; a string's counterexample is the first that its pattern does. */
const BAD_TEXTS = ["!", "\n", "é ", "", "^$", "system.x"];

function sampleText(shape: StringShape): string {
  const [found] = (shape.oneOf ?? TEXTS).filter((text) => fits(shape, text));
  if (found === undefined) throw new Error(`Cannot find a sample for '${shape.pattern}': add one to TEXTS`);
  return found;
}

/** A valid value with every member that the shape knows. */
function sample(shape: Shape, textual = false): unknown {
  switch (shape.kind) {
    case "string":
      return sampleText(shape);
    case "integer":
    case "long":
    case "double":
      return textual ? String(shape.min ?? 1) : (shape.min ?? 1);
    case "boolean":
      return textual ? "true" : true;
    case "blob":
      return new Uint8Array([1]);
    case "timestamp":
      return textual ? "2026-01-02T03:04:05Z" : 1;
    case "list":
      return [sample(shape.of, textual)];
    case "map":
      return { [sampleText(shape.key)]: sample(shape.value) };
    case "struct":
      return Object.fromEntries(shape.members.map((one) => [one.name, sample(one.shape, one.textual)]));
    case "json":
      return {};
  }
}

/** A value that is wrong in one place, and what the refusal has to say. */
interface Break {
  readonly raw: unknown;
  readonly says: string;
}

function breaks(shape: Shape, textual = false): Break[] {
  switch (shape.kind) {
    case "struct":
      return shape.members.flatMap((member) => memberBreaks(shape, member));
    case "list":
      return [
        ...sizeBreaks(shape, (count) => Array(count).fill(sample(shape.of, textual))),
        ...breaks(shape.of, textual).map(({ raw, says }) => ({ raw: [raw], says })),
        { raw: textual ? {} : "x", says: textual ? "Start of" : "Unexpected field type" },
      ];
    case "map": {
      const key = sampleText(shape.key);
      return [
        ...sizeBreaks(shape, (count) =>
          Object.fromEntries(Array.from({ length: count }, (_, index) => [`${key}${index}`, sample(shape.value)])),
        ),
        ...breaks(shape.value).map(({ raw, says }) => ({ raw: { [key]: raw }, says })),
        ...textBreaks(shape.key).map(({ raw, says }) => ({ raw: { [String(raw)]: sample(shape.value) }, says })),
      ];
    }
    case "string":
      return [...textBreaks(shape), { raw: {}, says: "Start of structure or map" }];
    case "integer":
    case "long":
    case "double": {
      const as = (value: number) => (textual ? String(value) : value);
      const max = shape.max === undefined ? [] : [{ raw: as(shape.max + 1), says: "value less than or equal to" }];
      const min = shape.min === undefined ? [] : [{ raw: as(shape.min - 1), says: "value greater than or equal to" }];
      return [...max, ...min, { raw: "x", says: "STRING_VALUE can not be converted to" }];
    }
    case "blob":
      return [...sizeBreaks(shape, (count) => new Uint8Array(count)), { raw: 1, says: "NUMBER_VALUE" }];
    case "boolean":
    case "timestamp":
      return [{ raw: "x", says: "STRING_VALUE can not be converted to" }];
    case "json":
      return [];
  }
}

function memberBreaks(shape: StructShape, member: Member): Break[] {
  const whole = sample(shape);
  const all = breaks(member.shape, member.textual);
  if (member.required) all.push({ raw: undefined, says: `at '` }, { raw: null, says: "Member must not be null" });
  return all.map(({ raw, says }) => ({ raw: Object.assign({}, whole, { [member.name]: raw }), says }));
}

function textBreaks(shape: StringShape): Break[] {
  const found = sizeBreaks(shape, (count) => "a".repeat(count));
  const bad = BAD_TEXTS.find((text) => shape.regex?.test(text) === false);
  if (bad !== undefined) found.push({ raw: bad, says: `regular expression pattern: ${shape.pattern}` });
  if (shape.oneOf !== undefined) found.push({ raw: "nonesuch", says: "enum value set: [" });
  return found;
}

function sizeBreaks(shape: { min?: number | undefined; max?: number | undefined }, make: (count: number) => unknown) {
  const found: Break[] = [];
  if (shape.max !== undefined)
    found.push({ raw: make(shape.max + 1), says: `length less than or equal to ${shape.max}` });
  if (shape.min) found.push({ raw: make(shape.min - 1), says: `length greater than or equal to ${shape.min}` });
  return found;
}

test("the table holds all 88 operations, and no two answer to the same call", () => {
  expect(ROWS.length).toBe(88);
  const calls = ROWS.map(
    (row) => `${row.method} ${row.path.replaceAll(/\{\w+\}/g, "{}")} ${JSON.stringify(row.query)}`,
  );
  expect(new Set(calls).size).toBe(88);
});

test.each(ROWS)("$name: its path is its uri members, its codes exist, its input passes when complete", (row) => {
  const inPath = [...row.path.matchAll(/\{(\w+)\}/g)].map((match) => match[1] ?? "");
  const members = row.input.members.filter((member) => member.location === "uri");
  expect(members.map((member) => member.wire).sort()).toEqual(inPath.sort());
  expect(members.every((member) => member.required)).toBe(true);
  expect(row.errors.every((code) => code in ERROR_CODES)).toBe(true);
  const whole = sample(row.input);
  expect(Object.keys(validate(row.input, whole) as object)).toEqual(row.input.members.map((member) => member.name));
});

test.each(ROWS)("$name refuses every broken constraint of its input once", (row) => {
  for (const { raw, says } of breaks(row.input)) {
    let refusal: unknown;
    try {
      validate(row.input, raw);
    } catch (error) {
      refusal = error;
    }
    if (!(refusal instanceof AwsError))
      throw new Error(`Cannot find a refusal with '${says}': ${refusal ?? "it passed"}`);
    expect(ERROR_CODES[refusal.code].status).toBe(400);
    expect(refusal.message).toContain(says);
  }
});

/** JSON whose keys are often the API's own, so that it gets past the first door. */
const names = [...new Set(ROWS.flatMap((row) => namesIn(row.input)))];
function namesIn(shape: Shape): string[] {
  if (shape.kind === "struct") return shape.members.flatMap((one) => [one.name, ...namesIn(one.shape)]);
  if (shape.kind === "list") return namesIn(shape.of);
  return shape.kind === "map" ? namesIn(shape.value) : [];
}
const { value: arbitraryJson } = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, depthSize: "small" },
    fc.constantFrom(...TEXTS, ...BAD_TEXTS, null, true, 0, -1, Number.POSITIVE_INFINITY, "__proto__"),
    fc.string(),
    fc.double(),
    fc.array(tie("value"), { maxLength: 4 }),
    fc.dictionary(fc.oneof(fc.constantFrom(...names, "__proto__"), fc.string()), tie("value"), { maxKeys: 6 }),
  ),
}));

test("validate throws nothing but AwsError with 4xx, whatever the JSON", () => {
  fc.assert(
    fc.property(fc.constantFrom(...ROWS), arbitraryJson, (row, raw) => {
      try {
        validate(row.input, raw);
      } catch (error) {
        if (!(error instanceof AwsError)) throw error;
        expect(ERROR_CODES[error.code].status).toBe(400);
      }
    }),
    { numRuns: 3000 },
  );
});

test("validate throws nothing but AwsError with 4xx when one member of a good input is replaced", () => {
  const replaced = fc
    .constantFrom(...ROWS.filter((row) => row.input.members.length > 0))
    .chain((row) =>
      fc.record({ row: fc.constant(row), member: fc.constantFrom(...row.input.members), value: arbitraryJson }),
    );
  fc.assert(
    fc.property(replaced, ({ row, member, value }) => {
      try {
        validate(row.input, Object.assign({}, sample(row.input), { [member.name]: value }));
      } catch (error) {
        if (!(error instanceof AwsError)) throw error;
      }
    }),
    { numRuns: 3000 },
  );
});

test("no pattern takes long over text that is made to keep it busy", () => {
  const LENGTH = 10_000;
  const attacks = ["a", "0", "-", ".", "a-", "a.", "ab:", "aws-", ":", "us-east-1:", "arn:aws:lambda:", "arn:"].flatMap(
    (unit) => {
      const text = unit.repeat(LENGTH / unit.length).slice(0, LENGTH - 1);
      return [`${text}!`, `${text}\n`, text];
    },
  );
  const patterns = new Map(ROWS.flatMap((row) => [row.input, ...(row.output ? [row.output] : [])]).flatMap(stringsIn));
  expect(patterns.size).toBeGreaterThan(50);
  for (const shape of patterns.values()) {
    const startedMs = performance.now();
    for (const attack of attacks)
      fits({ ...shape, min: undefined, max: undefined }, attack.slice(0, shape.max ?? LENGTH));
    if (performance.now() - startedMs > 1000)
      throw new Error(`Cannot trust the pattern '${shape.pattern}': it is slow`);
  }
});

function stringsIn(shape: Shape): [string, StringShape][] {
  if (shape.kind === "string") return shape.pattern === undefined ? [] : [[`${shape.pattern} ${shape.max}`, shape]];
  if (shape.kind === "struct") return shape.members.flatMap((one) => stringsIn(one.shape));
  if (shape.kind === "list") return stringsIn(shape.of);
  return shape.kind === "map" ? [...stringsIn(shape.key), ...stringsIn(shape.value)] : [];
}
