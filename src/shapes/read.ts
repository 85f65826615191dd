import { coerce, toItems, toMembers } from "./coerce.ts";
import { fits } from "./constraints.ts";
import type { ListShape, MapShape, Shape, StructShape } from "./dsl.ts";

/** A constraint is broken somewhere inside. Which one, `refusal.ts` finds out: it is asked only then. */
export const INVALID: unique symbol = Symbol("invalid");

/**
 * The value of a shape, or INVALID at the first broken constraint. This is on the way of every call, so it builds no
 * path and no message, and nothing beyond the result.
 * @throws AwsError SerializationException on a wrong JSON type.
 */
export function read(shape: Shape, raw: unknown, textual: boolean): unknown {
  switch (shape.kind) {
    case "struct":
      return readStruct(shape, raw);
    case "list":
      return readList(shape, raw, textual);
    case "map":
      return readMap(shape, raw);
    case "json":
      return raw;
    default: {
      const value = coerce(shape, raw, textual);
      return fits(shape, value) ? value : INVALID;
    }
  }
}

/** Null is absent, to AWS as well. Members that the shape does not name are left behind. */
function readStruct(shape: StructShape, raw: unknown): unknown {
  const given = toMembers(raw);
  const value: Record<string, unknown> = {};
  for (const member of shape.members) {
    const item = given[member.name];
    if (item === undefined || item === null) {
      if (member.required) return INVALID;
      continue;
    }
    const one = read(member.shape, item, member.textual);
    if (one === INVALID) return INVALID;
    value[member.name] = one;
  }
  return value;
}

function readList(shape: ListShape, raw: unknown, textual: boolean): unknown {
  const items = toItems(raw, textual);
  if (!fits(shape, items)) return INVALID;
  const value: unknown[] = [];
  for (const item of items) {
    if (item === undefined || item === null) return INVALID;
    const one = read(shape.of, item, textual);
    if (one === INVALID) return INVALID;
    value.push(one);
  }
  return value;
}

/** The result has no prototype, so that no key of the caller's can meet an inherited one; `__proto__` is dropped. */
function readMap(shape: MapShape, raw: unknown): unknown {
  const entries = toMembers(raw);
  if (!fits(shape, entries)) return INVALID;
  const value: Record<string, unknown> = Object.create(null);
  for (const key of Object.keys(entries)) {
    if (key === "__proto__") continue;
    const item = entries[key];
    if (item === undefined || item === null || !fits(shape.key, key)) return INVALID;
    const one = read(shape.value, item, false);
    if (one === INVALID) return INVALID;
    value[key] = one;
  }
  return value;
}
