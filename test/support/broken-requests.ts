/** From an operation's input shape to requests that each break one of its constraints, everything else being in order. */
import { fits } from "../../src/shapes/constraints.ts";
import type { Member, NumberShape, Shape, StringShape, StructShape } from "../../src/shapes/dsl.ts";
import { OPERATIONS, type OperationName, type OperationRow } from "../../src/shapes/operations.ts";

export interface BrokenRequest {
  /** `Timeout: above 900`. */
  readonly what: string;
  readonly method: string;
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly body: unknown;
}

/** A value for one place, and what is wrong with it. */
interface Break {
  readonly what: string;
  readonly value: unknown;
}

const ABSENT = Symbol("absent");
const DEPTH_MAX = 4;
const TEXT_LENGTH_MAX = 20_000;
const ITEMS_MAX = 2000;

const LAMBDA = "arn:aws:lambda:us-east-1:000000000000";
const UUID = "00000000-0000-0000-0000-000000000000";
/** Something that fits each pattern of the API. */
const SAMPLES = [
  "f",
  "name",
  "1",
  "$LATEST.PUBLISHED",
  `${LAMBDA}:function:f`,
  `${LAMBDA}:layer:l:1`,
  `${LAMBDA}:code-signing-config:csc-${"0".repeat(17)}`,
  `${LAMBDA}:capacity-provider:p`,
  `${LAMBDA}:function:f:$LATEST/durable-execution/name/id`,
  "arn:aws:lambda:us-east-1::runtime:0123456789",
  "arn:aws:iam::000000000000:role/any",
  "arn:aws:sqs:us-east-1:000000000000:q",
  "arn:aws:elasticfilesystem:us-east-1:000000000000:access-point/fsap-00000000000000000",
  "lambda:InvokeFunction",
  "lambda:GetLayerVersion",
  "000000000000",
  "o-0123456789",
  "/mnt/data",
  "subnet-0",
  "sg-0",
  "host:9092",
  "us-east-1",
  "a".repeat(20),
  UUID,
  "c5n.large",
  "AAAA",
];
/** Something that breaks each. */
const MISFITS = ["#", " ", "\u0001", "%", "a b", "$", "#".repeat(40), "\n"];

export function brokenRequests(name: OperationName): BrokenRequest[] {
  const row: OperationRow = OPERATIONS[name];
  const base = validMembers(row.input, 0);
  const requests: BrokenRequest[] = [];
  for (const member of row.input.members) {
    if (member.location === "payload") continue;
    for (const { what, value } of breaksOfMember(member, 0)) {
      requests.push({ what: `${member.name}: ${what}`, ...requestOf(row, { ...base, [member.name]: value }) });
    }
  }
  return requests;
}

function requestOf(row: OperationRow, input: Record<string, unknown>): Omit<BrokenRequest, "what"> {
  let path = row.path;
  const query = new URLSearchParams(row.query ?? {});
  const headers: Record<string, string> = {};
  const body: Record<string, unknown> = {};
  for (const member of row.input.members) {
    const value = input[member.name];
    const text = value === ABSENT || value === undefined ? "" : String(value);
    if (member.location === "uri") path = path.replace(`{${member.name}}`, encodeURIComponent(text));
    else if (value === ABSENT || value === undefined) continue;
    else if (member.location === "query") for (const item of [value].flat()) query.append(member.wire, String(item));
    else if (member.location === "header") headers[member.wire] = text;
    else if (member.location === "body") body[member.name] = value;
  }
  const search = query.size === 0 ? "" : `?${query}`;
  return { method: row.method, path: `${path}${search}`, headers, body: row.method === "GET" ? undefined : body };
}

function breaksOfMember(member: Member, depth: number): Break[] {
  const breaks = breaksOf(member.shape, { textual: member.textual, depth });
  if (member.required) breaks.push({ what: "missing", value: ABSENT });
  // An empty part of a path is another path.
  if (member.location === "uri") return breaks.filter(({ value }) => value !== ABSENT && value !== "");
  if (member.location !== "header") return breaks;
  return breaks.filter(({ value }) => typeof value === "string" && /^[\x21-\x7e]+$/.test(value));
}

interface At {
  readonly textual: boolean;
  readonly depth: number;
}

function breaksOf(shape: Shape, at: At): Break[] {
  if (at.depth > DEPTH_MAX) return [];
  const wrong: Break[] = at.textual ? [] : [{ what: "of the wrong type", value: wrongType(shape) }];
  switch (shape.kind) {
    case "string":
      return [...wrong, ...breaksOfText(shape)];
    case "integer":
    case "long":
    case "double":
      return [{ what: "no number", value: "text" }, ...breaksOfNumber(shape)];
    case "boolean":
      return [{ what: "neither true nor false", value: "maybe" }];
    case "blob":
      return [...wrong, { what: "no base64", value: "*" }];
    case "timestamp":
      return [{ what: "no time", value: "never" }];
    case "json":
      return [];
    case "list":
      return [...(at.textual ? [] : [...wrong, { what: "with null", value: [null] }]), ...breaksOfList(shape, at)];
    case "map":
      return [...wrong, ...breaksOfMap(shape, at)];
    case "struct":
      return [...wrong, ...breaksOfStruct(shape, at)];
    default:
      return shape satisfies never;
  }
}

function breaksOfText(shape: StringShape): Break[] {
  const { min = 0, max, oneOf } = shape;
  const breaks: Break[] = [];
  if (max !== undefined && max < TEXT_LENGTH_MAX)
    breaks.push({ what: `longer than ${max}`, value: "a".repeat(max + 1) });
  if (min > 0) breaks.push({ what: `shorter than ${min}`, value: "a".repeat(min - 1) });
  if (oneOf) breaks.push({ what: "none of the enum", value: "NoSuchValue" });
  const misfit = shape.regex && MISFITS.find((text) => !fits(shape, text) && text.length >= min);
  if (misfit !== undefined) breaks.push({ what: "against its pattern", value: misfit });
  return breaks;
}

function breaksOfNumber({ min, max }: NumberShape): Break[] {
  const breaks: Break[] = [];
  if (max !== undefined) breaks.push({ what: `above ${max}`, value: max + 1 });
  if (min !== undefined) breaks.push({ what: `below ${min}`, value: min - 1 });
  return breaks;
}

function breaksOfList(shape: Extract<Shape, { kind: "list" }>, at: At): Break[] {
  const { min = 0, max } = shape;
  const item = validOf(shape.of, at.depth + 1);
  const breaks = breaksOf(shape.of, { ...at, depth: at.depth + 1 }).map(({ what, value }) => ({
    what: `an item ${what}`,
    value: [value],
  }));
  if (max !== undefined && max < ITEMS_MAX)
    breaks.push({ what: `more than ${max}`, value: Array.from({ length: max + 1 }, () => item) });
  if (min > 0 && !at.textual) breaks.push({ what: `fewer than ${min}`, value: Array(min - 1).fill(item) });
  return breaks;
}

function breaksOfMap(shape: Extract<Shape, { kind: "map" }>, at: At): Break[] {
  const key = String(validOf(shape.key, at.depth + 1));
  const value = validOf(shape.value, at.depth + 1);
  return [
    ...breaksOfText(shape.key).map((one) => ({ what: `a key ${one.what}`, value: { [String(one.value)]: value } })),
    ...breaksOf(shape.value, { ...at, depth: at.depth + 1 }).map((one) => ({
      what: `a value ${one.what}`,
      value: { [key]: one.value },
    })),
    { what: "a value null", value: { [key]: null } },
  ];
}

function breaksOfStruct(shape: StructShape, at: At): Break[] {
  const base = validMembers(shape, at.depth + 1);
  return shape.members.flatMap((member) =>
    breaksOfMember(member, at.depth + 1).map(({ what, value }) => {
      const broken: Record<string, unknown> = { ...base, [member.name]: value };
      if (value === ABSENT) delete broken[member.name];
      return { what: `${member.name} ${what}`, value: broken };
    }),
  );
}

const wrongType = (shape: Shape): unknown => (shape.kind === "struct" || shape.kind === "map" ? [] : {});

/** The required members alone. */
function validMembers(shape: StructShape, depth: number): Record<string, unknown> {
  const members = shape.members.filter((member) => member.required && member.location !== "payload");
  return Object.fromEntries(members.map((member) => [member.name, validOf(member.shape, depth)]));
}

function validOf(shape: Shape, depth: number): unknown {
  switch (shape.kind) {
    case "string": {
      const found = shape.oneOf?.[0] ?? SAMPLES.find((sample) => fits(shape, sample));
      if (found === undefined) throw new Error(`No sample fits ${shape.pattern}`);
      return found;
    }
    case "integer":
    case "long":
    case "double":
      return shape.min ?? 1;
    case "boolean":
      return true;
    case "blob":
      return "AAAA";
    case "timestamp":
      return 0;
    case "json":
      return {};
    case "list":
      return Array.from({ length: Math.max(1, shape.min ?? 0) }, () => validOf(shape.of, depth + 1));
    case "map":
      return { [String(validOf(shape.key, depth + 1))]: validOf(shape.value, depth + 1) };
    case "struct":
      return validMembers(shape, depth + 1);
    default:
      return shape satisfies never;
  }
}
