import { ERROR_CODES, type ErrorRow } from "../src/errors/codes.ts";
import type { Member, Shape } from "../src/shapes/dsl.ts";
import { OPERATIONS, type OperationRow } from "../src/shapes/operations.ts";

/**
 * Compares every row of `src/shapes` and `src/errors/codes.ts` with a description of the API in AWS's own form, and prints
 * what differs: `bun scripts/check-shapes.ts lambda-api.json`. Exits with 1 if a difference is not listed as intended.
 */

/** What differs on purpose, as printed, and why. */
const INTENDED: Readonly<Record<string, string>> = {
  "DeleteFunction status: ours 204, theirs 200": "AWS answers 204 with an empty body (recorded)",
  "Timeout max: ours 900, theirs 5400": "AWS stops a function after 900 s (recorded)",
};

interface ModelShape {
  readonly type: string;
  readonly members?: Readonly<Record<string, ModelMember>>;
  readonly required?: readonly string[];
  readonly payload?: string;
  readonly eventstream?: boolean;
  readonly member?: { readonly shape: string };
  readonly key?: { readonly shape: string };
  readonly value?: { readonly shape: string };
  readonly min?: number;
  readonly max?: number;
  readonly pattern?: string;
  readonly enum?: readonly string[];
  readonly sensitive?: boolean;
  readonly exception?: boolean;
  readonly fault?: boolean;
  readonly error?: { readonly httpStatusCode: number };
}

interface ModelMember {
  readonly shape: string;
  readonly location?: string;
  readonly locationName?: string;
  readonly eventpayload?: boolean;
}

interface Model {
  readonly operations: Readonly<
    Record<
      string,
      {
        readonly http: { readonly method: string; readonly requestUri: string; readonly responseCode: number };
        readonly input?: { readonly shape: string };
        readonly output?: { readonly shape: string };
        readonly errors: readonly { readonly shape: string }[];
      }
    >
  >;
  readonly shapes: Readonly<Record<string, ModelShape>>;
}

/** Every difference once, in the words that INTENDED uses. */
export function compare(model: Model): string[] {
  const differences = new Set<string>();
  const differ = (where: string, ours: unknown, theirs: unknown) => {
    if (ours !== theirs) differences.add(`${where}: ours ${ours}, theirs ${theirs}`);
  };
  const seen = new Set<string>();
  const modelled = (name: string): ModelShape => model.shapes[name] ?? { type: "missing" };

  function compareShape(ours: Shape, name: string): void {
    const theirs = modelled(name);
    differ(`${name} type`, ours.kind === "struct" ? "structure" : ours.kind, theirs.type);
    compareConstraints(ours, name);
    if (ours.kind === "struct") compareStruct(ours.members, name, ours.stream);
    if (ours.kind === "list") compareShape(ours.of, theirs.member?.shape ?? "");
    if (ours.kind === "map") {
      compareShape(ours.key, theirs.key?.shape ?? "");
      compareShape(ours.value, theirs.value?.shape ?? "");
    }
  }

  function compareConstraints(ours: Shape, name: string): void {
    const theirs = modelled(name);
    differ(`${name} min`, "min" in ours ? ours.min : undefined, theirs.min);
    differ(`${name} max`, "max" in ours ? ours.max : undefined, theirs.max);
    differ(`${name} pattern`, ours.kind === "string" ? ours.pattern : undefined, theirs.pattern);
    differ(`${name} enum`, ours.kind === "string" ? sorted(ours.oneOf) : "", sorted(theirs.enum));
    differ(`${name} sensitive`, ours.sensitive ?? false, theirs.sensitive ?? false);
  }

  function compareStruct(members: readonly Member[], name: string, stream = false): void {
    if (seen.has(name)) return;
    seen.add(name);
    const theirs = modelled(name);
    differ(`${name} members`, sorted(members.map((one) => one.name)), sorted(Object.keys(theirs.members ?? {})));
    differ(`${name} stream`, stream, theirs.eventstream ?? false);
    const required = members.filter((one) => one.required).map((one) => one.name);
    differ(`${name} required`, sorted(required), sorted(theirs.required));
    for (const one of members) {
      const their = theirs.members?.[one.name];
      if (their === undefined) continue;
      const isPayload = theirs.payload === one.name || their.eventpayload === true;
      differ(`${name}.${one.name} location`, one.location, isPayload ? "payload" : locationOf(their));
      differ(`${name}.${one.name} wire name`, one.wire, their.locationName ?? one.name);
      compareShape(one.shape, their.shape);
    }
  }

  differ("operations", sorted(Object.keys(OPERATIONS)), sorted(Object.keys(model.operations)));
  for (const [name, row] of Object.entries<OperationRow>(OPERATIONS)) {
    const theirs = model.operations[name];
    if (theirs === undefined) continue;
    differ(`${name} method`, row.method, theirs.http.method);
    differ(`${name} path`, withQuery(row), theirs.http.requestUri);
    differ(`${name} status`, row.status, theirs.http.responseCode);
    differ(`${name} errors`, sorted(row.errors), sorted(theirs.errors.map((one) => one.shape)));
    differ(`${name} has output`, row.output !== undefined, theirs.output !== undefined);
    compareShape(row.input, theirs.input?.shape ?? "");
    if (row.output !== undefined) compareShape(row.output, theirs.output?.shape ?? "");
  }
  const codes: Readonly<Record<string, ErrorRow>> = ERROR_CODES;
  for (const [name, shape] of Object.entries(model.shapes)) {
    if (!shape.exception) continue;
    differ(`${name} status`, codes[name]?.status, shape.error?.httpStatusCode);
    differ(
      `${name} key`,
      codes[name]?.key,
      Object.keys(shape.members ?? {}).find((key) => /^message$/i.test(key)),
    );
    differ(`${name} fault`, codes[name]?.fault, shape.fault ? "Service" : "User");
  }
  return [...differences];
}

const sorted = (names: readonly string[] = []): string => [...names].sort().join(" ");

const locationOf = (member: ModelMember): string =>
  member.location === "querystring" ? "query" : (member.location ?? "body");

function withQuery(row: OperationRow): string {
  const query = row.query === undefined ? "" : `?${new URLSearchParams(row.query)}`;
  return row.path + query;
}

if (import.meta.main) {
  const [file] = process.argv.slice(2);
  if (file === undefined)
    throw new Error("Cannot compare: name the API description, as in check-shapes.ts lambda-api.json");
  const differences = compare((await Bun.file(file).json()) as Model);
  const unintended = differences.filter((one) => INTENDED[one] === undefined);
  for (const one of differences) console.log(`${INTENDED[one] === undefined ? "DIFFERS " : "intended"} ${one}`);
  for (const [one, reason] of Object.entries(INTENDED))
    console.log(differences.includes(one) ? `         because ${reason} (${one})` : `STALE    ${one}`);
  console.log(`${Object.keys(OPERATIONS).length} operations, ${unintended.length} unintended differences`);
  process.exit(unintended.length === 0 ? 0 : 1);
}
