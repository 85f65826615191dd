import { type AwsError, invalidParameter, validation } from "../errors/aws-error.ts";
import { coerce, toItems, toMembers } from "./coerce.ts";
import { fits, onItems, onKeys, onValues, printDouble, rulesOf } from "./constraints.ts";
import type { ListShape, MapShape, Shape, StructShape } from "./dsl.ts";
import { INVALID, read } from "./read.ts";

/**
 * What a refused caller reads, in AWS's wording.
 *
 * Gaps: a structure inside a printed list or map is `{...}`.
 * By design: a printed value ends after 1000 characters, a message after 100 violations.
 */

/** AWS prints the whole value; nobody needs more of it than this. */
const PRINTED_VALUE_CHARS_MAX = 1000;
/** A message stays readable, and a request of a million empty structures does not become a gigabyte of complaints. */
const VIOLATIONS_MAX = 100;

interface Found {
  /** In modelled order. */
  readonly violations: string[];
  /** Checked by AWS after all constraints, and worth nothing beside one of them. */
  late?: string;
}

/** Where the walk is: the value there, and its path in AWS's spelling. */
interface Place {
  readonly path: string;
  readonly raw: unknown;
  readonly textual: boolean;
}

/**
 * Why `raw` is INVALID: every violation, in AWS's wording and modelled order.
 * @throws AwsError SerializationException when a wrong JSON type stands behind the first violation: types come first.
 */
export function refusal(shape: Shape, raw: unknown): AwsError {
  const found: Found = { violations: [] };
  walk(shape, { path: "", raw, textual: false }, found);
  const { violations, late } = found;
  if (violations.length === 0 && late !== undefined) return invalidParameter(late);
  const count = `${violations.length} validation error${violations.length === 1 ? "" : "s"} detected`;
  return validation(`${count}: ${violations.join("; ")}`);
}

function walk(shape: Shape, place: Place, found: Found): void {
  switch (shape.kind) {
    case "struct":
      walkStruct(shape, place, found);
      break;
    case "list":
      walkList(shape, place, found);
      break;
    case "map":
      walkMap(shape, place, found);
      break;
    case "json":
      break;
    default:
      report(shape, { ...place, raw: coerce(shape, place.raw, place.textual) }, found);
  }
}

function walkStruct(shape: StructShape, { path, raw }: Place, found: Found): void {
  const given = toMembers(raw);
  for (const member of shape.members) {
    if (found.violations.length >= VIOLATIONS_MAX) return;
    const place = {
      path: path === "" ? member.path : `${path}.${member.path}`,
      raw: given[member.name],
      textual: member.textual,
    };
    if (place.raw !== undefined && place.raw !== null) walk(member.shape, place, found);
    else if (member.required) found.violations.push(sentence(member.shape, { ...place, raw: null }, NOT_NULL));
  }
}

function walkList(shape: ListShape, { path, raw, textual }: Place, found: Found): void {
  const items = toItems(raw, textual);
  report(shape, { path, raw: items, textual }, found);
  if (shape.of.kind !== "struct") {
    const bad = items.filter((item) => refuses(shape.of, item, textual));
    if (bad.length > 0) found.violations.push(sentence(shape, { path, raw: items }, onItems(shape.of)));
    return;
  }
  for (const [index, item] of items.entries()) {
    if (found.violations.length >= VIOLATIONS_MAX) return;
    const place = { path: `${path}.${index + 1}.member`, raw: item, textual };
    if (item !== undefined && item !== null) walk(shape.of, place, found);
    else found.violations.push(sentence(shape.of, place, NOT_NULL));
  }
}

function walkMap(shape: MapShape, { path, raw }: Place, found: Found): void {
  const entries = toMembers(raw);
  report(shape, { path, raw: entries, textual: false }, found);
  const keys = Object.keys(entries).filter((key) => key !== "__proto__");
  const place = { path, raw: entries };
  if (!keys.every((key) => fits(shape.key, key))) found.violations.push(sentence(shape, place, onKeys(shape.key)));
  const bad = keys.filter((key) => refuses(shape.value, entries[key], false));
  if (bad.length > 0) found.violations.push(sentence(shape, place, onValues(shape.value)));
}

const NOT_NULL = "Member must not be null";

const refuses = (shape: Shape, raw: unknown, textual: boolean): boolean =>
  raw === undefined || raw === null || read(shape, raw, textual) === INVALID;

/** The shape's own constraints. AWS names a broken pattern before a broken length (recorded on several services). */
function report(shape: Shape, place: Place, found: Found): void {
  const broken = rulesOf(shape).filter((rule) => !rule.holds(place.raw));
  for (const { text } of broken.reverse()) {
    if (shape.kind === "string" && shape.orArn)
      found.late = `Value ${print(shape, place.raw)} at '${place.path}' failed to satisfy constraint: ${text} or be a valid ARN`;
    else found.violations.push(sentence(shape, place, text));
  }
}

function sentence(shape: Shape, { path, raw }: Pick<Place, "path" | "raw">, constraint: string): string {
  const value = raw === null || raw === undefined ? " null" : ` '${print(shape, raw)}'`;
  return `Value${isSecret(shape) ? "" : value} at '${path}' failed to satisfy constraint: ${constraint}`;
}

function isSecret(shape: Shape): boolean {
  if (shape.sensitive) return true;
  if (shape.kind === "list") return isSecret(shape.of);
  return shape.kind === "map" && (isSecret(shape.key) || isSecret(shape.value));
}

const print = (shape: Shape, raw: unknown): string => printJava(shape, raw).slice(0, PRINTED_VALUE_CHARS_MAX);

/** As Java's `toString` does: `[a, b]`, `{k=v}`, `1.0`. */
function printJava(shape: Shape, raw: unknown): string {
  if (raw === null || raw === undefined) return "null";
  if (shape.kind === "list" && Array.isArray(raw))
    return `[${raw.map((item) => printJava(shape.of, item)).join(", ")}]`;
  if (shape.kind === "map" && typeof raw === "object")
    return `{${Object.entries(raw)
      .map(([key, value]) => `${key}=${printJava(shape.value, value)}`)
      .join(", ")}}`;
  if (raw instanceof Uint8Array) return `${raw.length} bytes`;
  if (shape.kind === "double" && typeof raw === "number") return printDouble(raw);
  return typeof raw === "object" ? "{...}" : String(raw);
}
