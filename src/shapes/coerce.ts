import { serialization } from "../errors/aws-error.ts";
import type { NumberShape, Shape } from "./dsl.ts";

/**
 * From what arrived to a value of a leaf's type, before any constraint. A wrong JSON type is not a constraint to AWS: the
 * request cannot be read at all, which is SerializationException in the words of AWS's own parser.
 */

/** What has no parts. */
export type Leaf = Exclude<Shape, { kind: "list" | "map" | "struct" | "json" }>;

/** @throws AwsError SerializationException. `textual`: numbers and booleans arrive as text. */
export function coerce(shape: Leaf, raw: unknown, textual: boolean): string | number | boolean | Uint8Array {
  switch (shape.kind) {
    case "string":
      return typeof raw === "string" ? raw : mismatch(raw, "a String");
    case "integer":
    case "long":
    case "double":
      return toNumber(shape, raw, textual);
    case "boolean":
      return toBoolean(raw, textual);
    case "blob":
      return toBytes(raw);
    case "timestamp":
      return toTimestamp(raw, textual);
    default:
      throw new Error(`Cannot coerce to '${(shape satisfies never as Shape).kind}': it is not a leaf`);
  }
}

/** A JSON object's members by name, for a structure or a map. */
export function toMembers(raw: unknown): Readonly<Record<string, unknown>> {
  if (typeof raw !== "object" || raw === null) throw serialization("Unexpected field type");
  if (Array.isArray(raw)) throw serialization("Start of list found where not expected");
  return raw as Readonly<Record<string, unknown>>; // an object that is neither null nor a list
}

/** A JSON array; a query parameter given once is a list of one. */
export function toItems(raw: unknown, textual: boolean): readonly unknown[] {
  if (Array.isArray(raw)) return raw;
  if (textual && typeof raw === "string") return [raw];
  if (typeof raw === "object") throw serialization("Start of structure or map found where not expected.");
  throw serialization("Unexpected field type");
}

const TYPE_NAMES = { integer: "an Integer", long: "a Long", double: "a Double" } as const;
const WHOLE = /^[+-]?\d{1,19}$/;
const DECIMAL = /^[+-]?\d{1,30}(\.\d{1,30})?([eE][+-]?\d{1,3})?$/;
const INTEGER_MAX = 2 ** 31 - 1;

function toNumber(shape: NumberShape, raw: unknown, textual: boolean): number {
  let value = raw;
  if (textual && typeof raw === "string" && (shape.kind === "double" ? DECIMAL : WHOLE).test(raw)) value = Number(raw);
  if (typeof value !== "number") return mismatch(raw, TYPE_NAMES[shape.kind]);
  if (shape.kind === "double") return value;
  if (!Number.isInteger(value)) return mismatch(value, TYPE_NAMES[shape.kind]);
  const max = shape.kind === "integer" ? INTEGER_MAX : Number.MAX_SAFE_INTEGER;
  const min = shape.kind === "integer" ? -INTEGER_MAX - 1 : Number.MIN_SAFE_INTEGER;
  if (value <= max && value >= min) return value;
  const type = shape.kind === "integer" ? "int" : "long";
  throw serialization(`Numeric value (${value}) out of range of ${type} (${min} - ${max})`);
}

function toBoolean(raw: unknown, textual: boolean): boolean {
  if (typeof raw === "boolean") return raw;
  if (textual && typeof raw === "string") {
    const text = raw.toLowerCase();
    if (text === "true" || text === "false") return text === "true";
  }
  return mismatch(raw, "a Boolean");
}

function toBytes(raw: unknown): Uint8Array {
  if (raw instanceof Uint8Array) return raw;
  if (typeof raw !== "string") return mismatch(raw, "a Blob");
  try {
    return Uint8Array.fromBase64(raw);
  } catch {
    throw serialization("Base64 decoding failed"); // nothing but the text can be wrong with it
  }
}

function toTimestamp(raw: unknown, textual: boolean): number | string {
  if (typeof raw === "number" && Number.isFinite(raw)) return raw;
  if (typeof raw !== "string") return mismatch(raw, "a Timestamp");
  if (textual && DECIMAL.test(raw)) return Number(raw);
  return Number.isNaN(Date.parse(raw)) ? mismatch(raw, "a Timestamp") : raw;
}

function mismatch(raw: unknown, type: string): never {
  if (Array.isArray(raw)) throw serialization("Start of list found where not expected");
  if (typeof raw === "object") throw serialization("Start of structure or map found where not expected.");
  throw serialization(`${tokenName(raw)} can not be converted to ${type}`);
}

function tokenName(raw: unknown): string {
  if (typeof raw === "boolean") return raw ? "TRUE_VALUE" : "FALSE_VALUE";
  return typeof raw === "number" ? "NUMBER_VALUE" : "STRING_VALUE";
}
