import { describe, expect, test } from "bun:test";
import { dirname, join } from "node:path";
import { breaches, FILE_LINES_MAX, type Files } from "./support/architecture.ts";

const ROOT = dirname(import.meta.dir);

test("the rooms keep to the design: imports, cycles, sizes, names, clock and environment", async () => {
  const files = await sources("{src,runtime}/**/*.ts");
  expect(files.size).toBeGreaterThan(0);
  expect(breaches(files)).toEqual([]);
});

interface Scenario {
  name: string;
  files: Record<string, string>;
  /** How the breaches begin, in order. */
  found: string[];
}

describe("the checker refuses", () => {
  test.each<Scenario>([
    {
      name: "a room that reaches past its neighbour",
      files: { "src/api/app.ts": 'import { a } from "hono";\nimport { findDue } from "../store/port.ts";\n' },
      found: ["src/api/app.ts:2 imports src/store/port.ts: src/api/ may import"],
    },
    {
      name: "an import upwards",
      files: { "src/store/port.ts": 'export { Pool } from "../invoke/pool.ts";' },
      found: ["src/store/port.ts:1 imports src/invoke/pool.ts"],
    },
    {
      name: "an import at run time",
      files: { "src/core/ids.ts": '// see above\nconst store = await import("../store/port.ts");' },
      found: ["src/core/ids.ts:2 imports src/store/port.ts"],
    },
    {
      name: "a value among types",
      files: { "src/core/ids.ts": 'import {\n  type Store,\n  open,\n} from "../store/port.ts";' },
      found: ["src/core/ids.ts:4 imports src/store/port.ts"],
    },
    {
      name: "a leaf that leans on another",
      files: { "src/core/ids.ts": 'import { codes } from "../errors/codes.ts";' },
      found: ["src/core/ids.ts:1 imports src/errors/codes.ts: src/core/ may import (none)"],
    },
    {
      name: "src importing more of runtime than the protocol",
      files: {
        "src/invoke/pool.ts":
          'import { encode } from "../../runtime/protocol.ts";\nimport "../../runtime/runner/main.ts";',
      },
      found: ["src/invoke/pool.ts:2 imports runtime/runner/main.ts"],
    },
    {
      name: "a room that has no business with the protocol",
      files: { "src/services/invocations.ts": 'import { encode } from "../../runtime/protocol.ts";' },
      found: ["src/services/invocations.ts:1 imports runtime/protocol.ts"],
    },
    {
      name: "runtime importing src",
      files: { "runtime/main.ts": 'import { LIMIT } from "../src/core/limits.ts";' },
      found: ["runtime/main.ts:1 imports src/core/limits.ts"],
    },
    {
      name: "the worker importing the runner",
      files: { "runtime/worker/main.ts": 'import { session } from "../runner/session.ts";' },
      found: [
        "runtime/worker/main.ts:1 imports runtime/runner/session.ts: runtime/worker/ may import runtime/protocol",
      ],
    },
    {
      name: "the command line importing more of security than the host's key",
      files: {
        "src/cli/invoke.ts": 'import "../security/key-file.ts";\nimport { evaluate } from "../security/policy.ts";',
      },
      found: ["src/cli/invoke.ts:2 imports src/security/policy.ts"],
    },
    {
      name: "a package outside its room, by a path into it too",
      files: {
        "src/api/app.ts": 'import { eq } from "drizzle-orm";',
        "src/invoke/pool.ts": 'import { Database } from "bun:sqlite";',
        "src/services/code.ts": 'import { ZipReader } from "@zip.js/zip.js/lib/zip-core.js";',
        "runtime/worker/main.ts": 'import { Hono } from "hono";',
      },
      found: [
        "src/api/app.ts:1 imports drizzle-orm",
        "src/invoke/pool.ts:1 imports bun:sqlite",
        "src/services/code.ts:1 imports @zip.js/zip.js",
        "runtime/worker/main.ts:1 imports hono",
      ],
    },
    {
      name: "a folder that the table does not know",
      files: { "src/extras/more.ts": 'import "node:fs";' },
      found: ["src/extras/more.ts:1 is in no room"],
    },
    {
      name: "a cycle, naming the way round",
      files: {
        "src/invoke/a.ts": 'import { b } from "./b.ts";',
        "src/invoke/b.ts": 'import { c } from "./c.ts";',
        "src/invoke/c.ts": '\nimport { a } from "./a.ts";',
      },
      found: [
        "src/invoke/c.ts:2 closes a cycle: src/invoke/a.ts → src/invoke/b.ts → src/invoke/c.ts → src/invoke/a.ts",
      ],
    },
    {
      name: "a file past the cap",
      files: { "src/invoke/pool.ts": "//\n".repeat(FILE_LINES_MAX + 1) },
      found: [`src/invoke/pool.ts:${FILE_LINES_MAX + 1} is one of ${FILE_LINES_MAX + 1} lines`],
    },
    {
      name: "files that nobody named",
      files: { "src/core/utils.ts": "", "src/api/helpers.ts": "", "runtime/types.ts": "", "src/invoke/common.ts": "" },
      found: ["src/core/utils.ts:1", "src/api/helpers.ts:1", "runtime/types.ts:1", "src/invoke/common.ts:1"],
    },
    {
      name: "the environment read outside config",
      files: { "src/main.ts": "\nconst home = process.env.HOME;", "src/cli/health.ts": "const { HOME } = Bun.env;" },
      found: ["src/main.ts:2 reads the environment", "src/cli/health.ts:1 reads the environment"],
    },
    {
      name: "the system's clock and dice outside core/clock",
      files: {
        "src/invoke/pool.ts": `const a = Date.now();\nconst b = new Date();\nconst c = \`id-\${Math.random()}\`;\n`,
      },
      found: [
        "src/invoke/pool.ts:1 reads the time",
        "src/invoke/pool.ts:2 reads the time",
        "src/invoke/pool.ts:3 draws a random number",
      ],
    },
  ])("$name", ({ files, found }) => {
    const all = breaches(new Map(Object.entries(files)));
    expect(all.map((breach, index) => breach.slice(0, found[index]?.length))).toEqual(found);
  });
});

describe("the checker allows", () => {
  test.each<Omit<Scenario, "found">>([
    {
      name: "types from anywhere",
      files: {
        "src/core/ids.ts":
          'import type { Store } from "../store/port.ts";\nimport { type Pool } from "../invoke/pool.ts";',
        "runtime/protocol.ts": 'export type { Config } from "../src/config.ts";\nlet a: import("hono").Hono;',
      },
    },
    {
      name: "a cycle of types",
      files: {
        "src/invoke/a.ts": 'import { b } from "./b.ts";',
        "src/invoke/b.ts": 'import type { a } from "./a.ts";',
      },
    },
    {
      name: "main.ts everything but the environment",
      files: {
        "src/main.ts": 'import "./store/port.ts";\nimport "../runtime/main.ts";\nimport "commander";\nDate.now();',
      },
    },
    { name: "a long table of shapes", files: { "src/shapes/functions.ts": "//\n".repeat(FILE_LINES_MAX + 1) } },
    { name: "a file at the cap", files: { "src/invoke/pool.ts": "//\n".repeat(FILE_LINES_MAX) } },
    {
      name: "the built-in modules",
      files: { "src/sandbox/libc.ts": 'import "node:fs";\nimport "bun:ffi";\nimport "bun";' },
    },
    {
      name: "durations, and a date made of a stamp",
      files: { "src/invoke/pool.ts": "performance.now();\nnew Date(nowMs).toISOString();\nlet d: Date;" },
    },
    {
      name: "talk of forbidden things in comments and strings",
      files: {
        "src/invoke/pool.ts": '// Date.now()\n/* process.env\n Math.random() */\nlog("new Date()", `Date.now()`);',
      },
    },
    {
      name: "what config and the clock are for",
      files: {
        "src/config.ts": "export const home = process.env.HOME;",
        "src/core/clock.ts": "Date.now(); Math.random();",
      },
    },
  ])("$name", ({ files }) => {
    expect(breaches(new Map(Object.entries(files)))).toEqual([]);
  });
});

async function sources(pattern: string): Promise<Files> {
  const paths = [...new Bun.Glob(pattern).scanSync({ cwd: ROOT })].sort();
  return new Map(
    await Promise.all(paths.map(async (path) => [path, await Bun.file(join(ROOT, path)).text()] as const)),
  );
}
