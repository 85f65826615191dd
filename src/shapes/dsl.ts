/** Shapes as data: what a request or an answer may hold. A shape is written once, as a row; its type is `Infer`red. */

declare const TYPE: unique symbol;

/** `T` is the TypeScript type of a validated value. It exists for the compiler only. */
interface Typed<T> {
  readonly [TYPE]?: T;
  /** AWS never repeats such a value in a message. */
  readonly sensitive?: boolean | undefined;
}

export interface StringShape<T extends string = string> extends Typed<T> {
  readonly kind: "string";
  readonly min?: number | undefined;
  readonly max?: number | undefined;
  /** Java syntax, as AWS prints it. It has to match the whole value. */
  readonly pattern?: string | undefined;
  readonly regex?: RegExp | undefined;
  readonly oneOf?: readonly T[] | undefined;
  /** The enum is refused late, as InvalidParameterValueException "… or be a valid ARN": AWS does so for `Runtime`. */
  readonly orArn?: boolean | undefined;
}

export interface NumberShape extends Typed<number> {
  readonly kind: "integer" | "long" | "double";
  readonly min?: number | undefined;
  readonly max?: number | undefined;
}

export interface BooleanShape extends Typed<boolean> {
  readonly kind: "boolean";
}

export interface BlobShape extends Typed<Uint8Array> {
  readonly kind: "blob";
  readonly min?: number | undefined;
  readonly max?: number | undefined;
}

/** Epoch seconds in a body, ISO 8601 in a query. */
export interface TimestampShape extends Typed<number | string> {
  readonly kind: "timestamp";
}

/** Any JSON value, passed on as it came. */
export interface JsonShape extends Typed<unknown> {
  readonly kind: "json";
}

export interface ListShape<T = unknown> extends Typed<T[]> {
  readonly kind: "list";
  readonly of: Shape;
  readonly min?: number | undefined;
  readonly max?: number | undefined;
}

type MapType<K extends string, V> = string extends K ? Record<string, V> : { [key in K]?: V };

export interface MapShape<K extends string = string, V = unknown> extends Typed<MapType<K, V>> {
  readonly kind: "map";
  readonly key: StringShape;
  readonly value: Shape;
  readonly min?: number | undefined;
  readonly max?: number | undefined;
}

/** Where a member travels. Body members are JSON; `payload` is the body itself; those of the others arrive as text. */
export type MemberLocation = "body" | "uri" | "query" | "header" | "payload" | "statusCode";

export interface Member {
  /** As the API names it, and the key in the validated object. */
  readonly name: string;
  /** As AWS's messages name it: `functionName`, `kMSKeyArn`. */
  readonly path: string;
  readonly location: MemberLocation;
  /** The name in the query, the header or the path template. */
  readonly wire: string;
  /** Its value arrives as text, whatever its type: in the path, the query or a header. */
  readonly textual: boolean;
  readonly required: boolean;
  readonly shape: Shape;
}

export interface StructShape<T = unknown> extends Typed<T> {
  readonly kind: "struct";
  readonly members: readonly Member[];
  /** A union of events of a response stream, one at a time. */
  readonly stream?: boolean | undefined;
}

export type Shape =
  | StringShape
  | NumberShape
  | BooleanShape
  | BlobShape
  | TimestampShape
  | JsonShape
  | ListShape
  | MapShape
  | StructShape;

/** A shape that does not travel in the JSON body. */
export interface Located<T = unknown> extends Typed<T> {
  readonly location: Exclude<MemberLocation, "body">;
  readonly wire?: string | undefined;
  readonly shape: Shape;
}

/** The type of what `validate` returns for a shape. */
export type Infer<S> = S extends Typed<infer T> ? T : never;

type Members = Readonly<Record<string, Shape | Located>>;

type StructType<M extends Members, R extends keyof M> = Flat<
  { -readonly [K in R]: Infer<M[K]> } & { -readonly [K in Exclude<keyof M, R>]?: Infer<M[K]> | undefined }
>;
type Flat<T> = { [K in keyof T]: T[K] };

interface Bounds {
  readonly min?: number;
  readonly max?: number;
}
interface Secrecy {
  readonly sensitive?: boolean;
}
interface StringRules<T extends string> extends Bounds, Secrecy {
  readonly pattern?: string;
  readonly oneOf?: readonly T[];
  readonly orArn?: boolean;
}

/** Text. `min` and `max` count UTF-16 units, as AWS's Java does; `oneOf` makes the type a union of its literals. */
export function str<const T extends string = string>(rules: StringRules<T> = {}): StringShape<T> {
  return { kind: "string", ...rules, regex: rules.pattern === undefined ? undefined : compile(rules.pattern) };
}

/** A 32-bit whole number. */
export const int = (bounds: Bounds = {}): NumberShape => ({ kind: "integer", ...bounds });
/** A whole number that JavaScript holds exactly (53 bits). */
export const long = (bounds: Bounds = {}): NumberShape => ({ kind: "long", ...bounds });
export const double = (bounds: Bounds = {}): NumberShape => ({ kind: "double", ...bounds });
export const bool = (): BooleanShape => ({ kind: "boolean" });
/** Bytes: base64 in a JSON body, raw as a payload. `min` and `max` count bytes. */
export const blob = (rules: Bounds & Secrecy = {}): BlobShape => ({ kind: "blob", ...rules });
export const timestamp = (): TimestampShape => ({ kind: "timestamp" });
export const json = (): JsonShape => ({ kind: "json" });

export const list = <S extends Shape>(of: S, bounds: Bounds = {}): ListShape<Infer<S>> => ({
  kind: "list",
  of,
  ...bounds,
});

export const map = <K extends string, S extends Shape>(
  key: StringShape<K>,
  value: S,
  rules: Bounds & Secrecy = {},
): MapShape<K, Infer<S>> => ({ kind: "map", key, value, ...rules });

/** A structure. The members stand in the order in which AWS's messages list their violations. */
export function struct<const M extends Members, const R extends keyof M & string = never>(
  required: readonly R[],
  members: M,
): StructShape<StructType<M, R>> {
  const names: ReadonlySet<string> = new Set(required);
  return { kind: "struct", members: Object.entries(members).map(([name, row]) => member(name, row, names.has(name))) };
}

/** A response stream: each of its events is exactly one of the members. */
export const events = <const M extends Members>(members: M): StructShape<ReadableStream<StructType<M, never>>> => ({
  kind: "struct",
  members: struct([], members).members,
  stream: true,
});

export const uri = <S extends Shape>(shape: S): Located<Infer<S>> => ({ location: "uri", shape });
export const query = <S extends Shape>(wire: string, shape: S): Located<Infer<S>> => ({
  location: "query",
  wire,
  shape,
});
export const header = <S extends Shape>(wire: string, shape: S): Located<Infer<S>> => ({
  location: "header",
  wire,
  shape,
});
export const payload = <S extends Shape>(shape: S): Located<Infer<S>> => ({ location: "payload", shape });
export const statusCode = <S extends Shape>(shape: S): Located<Infer<S>> => ({ location: "statusCode", shape });

function member(name: string, row: Shape | Located, required: boolean): Member {
  const path = name.charAt(0).toLowerCase() + name.slice(1);
  if (!("location" in row)) return { name, path, location: "body", wire: name, textual: false, required, shape: row };
  const { location, shape, wire = name } = row;
  const textual = location === "uri" || location === "query" || location === "header";
  return { name, path, location, wire, textual, required, shape };
}

/** From Java to JavaScript: a full match; `\s` is ASCII only; `\p{…}` needs the unicode flag. */
function compile(pattern: string): RegExp {
  const source = pattern.replaceAll("[^\\s]", "[^ \\t\\n\\x0B\\f\\r]");
  return new RegExp(`^(?:${source})$`, pattern.includes("\\p{") ? "u" : "");
}
