/**
 * The checker behind `test/architecture.test.ts`: given files by path, it lists what breaks the rules of `docs/design.md`, one
 * line each, `path:line what is wrong`. It knows nothing of the disk, so it can be tried on made-up files.
 */
import { posix } from "node:path";

/** Paths from the root of the project, and what each file holds. */
export type Files = ReadonlyMap<string, string>;

interface Room {
  /** A folder (ends in `/`) or a file. Of several that fit a path the longest is meant. */
  path: string;
  /** Folders and files whose values it may import, itself aside. Types are free. */
  rooms: readonly string[];
  packages?: readonly string[];
}

const LEAVES = ["src/core/", "src/errors/", "src/shapes/"];
const PROTOCOL = "runtime/protocol"; // the treaty: frames and the sockets they travel through

/** The table of `docs/design.md` §3. What it does not allow is not allowed. */
const ROOMS: readonly Room[] = [
  { path: "src/main.ts", rooms: ["src/", "runtime/"], packages: ["*"] },
  { path: "src/command-line.ts", rooms: ["src/cli/", "src/config", "src/core/", "src/serve.ts", "src/serve-walls.ts"] },
  { path: "src/serve", rooms: ["src/"] }, // serve.ts and its parts put the rooms together for main.ts
  { path: "src/config", rooms: ["src/core/"] },
  { path: "src/core/", rooms: [], packages: ["pino"] }, // for core/log
  { path: "src/errors/", rooms: [] },
  { path: "src/shapes/", rooms: ["src/core/", "src/errors/"] },
  { path: "src/store/", rooms: LEAVES, packages: ["drizzle-orm", "bun:sqlite"] },
  { path: "src/security/", rooms: [...LEAVES, "src/store/"], packages: ["@smithy/signature-v4"] },
  { path: "src/s3/", rooms: ["src/core/", "src/errors/", "src/security/"], packages: ["bun:sqlite"] },
  { path: "src/packages/", rooms: LEAVES, packages: ["@zip.js/zip.js", "esbuild-wasm", "aws4fetch"] },
  { path: "src/sandbox/", rooms: [...LEAVES, PROTOCOL] },
  {
    path: "src/invoke/",
    rooms: [...LEAVES, "src/store/", "src/sandbox/", PROTOCOL],
    packages: ["croner", "aws4fetch"],
  },
  {
    path: "src/services/",
    rooms: [...LEAVES, "src/store/", "src/security/", "src/packages/", "src/invoke/"],
    packages: ["croner", "prom-client"],
  },
  {
    path: "src/api/",
    rooms: [...LEAVES, "src/services/", "src/security/"],
    packages: ["hono", "@smithy/eventstream-codec"],
  },
  { path: "src/console/", rooms: [...LEAVES, "src/services/"], packages: ["hono"] },
  {
    path: "src/cli/", // flags and LAMBENT_* reach a command through config
    rooms: [...LEAVES, "src/config", "src/security/key-file.ts", "src/security/keys/credentials.ts"],
    packages: ["commander", "@smithy/eventstream-codec", "aws4fetch"],
  },
  { path: "runtime/", rooms: ["runtime/"] },
  { path: PROTOCOL, rooms: [] },
  { path: "runtime/runner/", rooms: [PROTOCOL] },
  { path: "runtime/worker/", rooms: [PROTOCOL] },
  { path: "runtime/rapi/", rooms: [PROTOCOL] },
  { path: "runtime/bridges/", rooms: [PROTOCOL, "runtime/rapi/", "runtime/runner/"] },
];

export const FILE_LINES_MAX = 300;

/** Names that say nothing about what is inside. */
const UNNAMED = /^(utils?|helpers?|types?|common)\.\w+$/;

interface Confined {
  what: string;
  pattern: RegExp;
  allowedIn: readonly string[];
  instead: string;
}

const CONFINED: readonly Confined[] = [
  {
    what: "reads the environment",
    pattern: /\bprocess\s*\.\s*env\b|\bBun\s*\.\s*env\b|\bimport\.meta\.env\b/,
    allowedIn: ["src/config", "runtime/"],
    instead: "take it from the Config",
  },
  {
    what: "reads the time",
    pattern: /\bnew\s+Date\s*(\(\s*\)|[^\s(\w])|\bDate\s*\.\s*now\b/,
    allowedIn: ["src/core/clock.ts", "src/main.ts", "runtime/"],
    instead: "take a Clock as an argument",
  },
  {
    what: "draws a random number",
    pattern: /\bMath\s*\.\s*random\b/,
    allowedIn: ["src/core/clock.ts", "src/main.ts", "runtime/"],
    instead: "take a source of randomness as an argument",
  },
];

/** Every breach of every rule. No files, no breaches: that there are some to look at is for the caller to claim. */
export function breaches(files: Files): string[] {
  const imports = [...files].flatMap(([path, source]) => valueImports(path, source));
  return [
    ...[...files.keys()].flatMap(roomBreach),
    ...imports.flatMap(importBreach),
    ...cycles(imports.filter((each) => files.has(each.target))),
    ...[...files].flatMap(([path, source]) => [
      ...sizeBreach(path, source),
      ...nameBreach(path),
      ...confinedBreaches(path, source),
    ]),
  ];
}

interface Import {
  from: string;
  line: number;
  specifier: string;
  /** The imported file's path from the root for a relative specifier, else the specifier. */
  target: string;
}

const transpiler = new Bun.Transpiler({ loader: "ts" });

/** Imports that are still there at run time, dynamic ones and re-exports too; the transpiler leaves out those of types. */
export function valueImports(path: string, source: string): Import[] {
  const lines = source.split("\n");
  return transpiler.scanImports(source).map(({ path: specifier }) => {
    const mention = new RegExp(`(\\bfrom|\\bimport|\\()\\s*["'\`]${RegExp.escape(specifier)}["'\`]`);
    const at = lines.findIndex((line) => mention.test(line) && !/^\s*(import|export)\s+type\b/.test(line));
    const target = specifier.startsWith(".") ? posix.join(posix.dirname(path), specifier) : specifier;
    return { from: path, line: at + 1, specifier, target };
  });
}

function roomOf(path: string): Room | undefined {
  const fitting = ROOMS.filter((room) => isIn(path, [room.path]));
  return fitting.sort((a, b) => b.path.length - a.path.length)[0];
}

const isIn = (path: string, places: readonly string[]): boolean => places.some((place) => path.startsWith(place));

function roomBreach(path: string): string[] {
  return roomOf(path) ? [] : [`${path}:1 is in no room of the design's table: name its folder there and in ROOMS`];
}

function importBreach({ from, line, specifier, target }: Import): string[] {
  const room = roomOf(from);
  if (!room) return [];
  if (specifier.startsWith(".")) {
    const allowed = isIn(target, [...room.rooms, room.path]);
    return allowed ? [] : [`${from}:${line} imports ${target}: ${room.path} may import ${list(room.rooms)}`];
  }
  const name = packageOf(specifier);
  const builtin = /^(node:|bun$|bun:)/.test(name) && name !== "bun:sqlite";
  const allowed = builtin || room.packages?.includes("*") || room.packages?.includes(name);
  return allowed
    ? []
    : [`${from}:${line} imports ${name}: ${room.path} may import the packages ${list(room.packages ?? [])}`];
}

const packageOf = (specifier: string): string => specifier.split("/", specifier.startsWith("@") ? 2 : 1).join("/");

const list = (names: readonly string[]): string => (names.length > 0 ? names.join(", ") : "(none)");

/** One breach for each import that leads back to a file it is reached from. */
function cycles(imports: readonly Import[]): string[] {
  const byFile = Map.groupBy(imports, (each) => each.from);
  const found: string[] = [];
  const done = new Set<string>();
  const visit = (file: string, way: readonly string[]): void => {
    done.add(file);
    for (const { target, line } of byFile.get(file) ?? []) {
      const start = [...way, file].indexOf(target);
      if (start >= 0)
        found.push(`${file}:${line} closes a cycle: ${[...way, file].slice(start).join(" → ")} → ${target}`);
      else if (!done.has(target)) visit(target, [...way, file]);
    }
  };
  for (const file of byFile.keys()) if (!done.has(file)) visit(file, []);
  return found;
}

function sizeBreach(path: string, source: string): string[] {
  const lines = source.split("\n").length - (source.endsWith("\n") ? 1 : 0);
  if (lines <= FILE_LINES_MAX || path.startsWith("src/shapes/")) return [];
  return [
    `${path}:${FILE_LINES_MAX + 1} is one of ${lines} lines: ${FILE_LINES_MAX} are the cap, so something in it wants a file of its own`,
  ];
}

function nameBreach(path: string): string[] {
  return UNNAMED.test(posix.basename(path))
    ? [`${path}:1 has not been named yet: call the file after what is in it`]
    : [];
}

function confinedBreaches(path: string, source: string): string[] {
  const lines = codeOnly(source).split("\n");
  return CONFINED.filter((rule) => !isIn(path, rule.allowedIn)).flatMap((rule) =>
    lines.flatMap((line, index) =>
      rule.pattern.test(line)
        ? [`${path}:${index + 1} ${rule.what}: only ${list(rule.allowedIn)} may, so ${rule.instead}`]
        : [],
    ),
  );
}

const COMMENT_OR_STRING = /\/\*[\s\S]*?\*\/|\/\/[^\n]*|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\[\s\S]|[^`\\])*`/g;

/** The source without its comments and strings, line for line; what stands in a template's `${}` is code and stays. */
function codeOnly(source: string): string {
  return source.replace(COMMENT_OR_STRING, (text) => {
    const kept = text.startsWith("`") ? text.match(/\$\{[^}]*\}|\n/g) : text.match(/\n/g);
    return (kept ?? []).join("");
  });
}
