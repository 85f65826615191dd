import { afterAll, afterEach, beforeEach, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type BundledHandler, bundleHandler, removeBundle } from "../../../src/packages/bundle/bundle-handler.ts";
import { Bundler } from "../../../src/packages/bundle/bundler.ts";
import { BUNDLER_COMMAND } from "../../support/own-commands.ts";

const bundler = new Bundler({ command: BUNDLER_COMMAND });
let work = "";
const outDirectory = () => join(work, "out");

beforeEach(() => {
  work = mkdtempSync(join(tmpdir(), "lambent-bundle-"));
});
afterEach(async () => {
  await removeBundle(outDirectory());
  await rm(work, { recursive: true, force: true });
});
afterAll(() => bundler.close());

type Files = Readonly<Record<string, string>>;
const HANDLER = "export const handler = async (): Promise<string> => 'ok';\n";

function write(files: Files): string {
  const directory = join(work, "package");
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, name)), { recursive: true });
    writeFileSync(join(directory, name), content);
  }
  return directory;
}

const bundle = (files: Files, handlerFile: string, exportName = "handler"): Promise<BundledHandler> =>
  bundleHandler(bundler, { directory: write(files), handlerFile, exportName, outDirectory: outDirectory() });

const textsOf = ({ findings }: BundledHandler): string[] => findings.map(({ text }) => text);

/** What the bundled handler answers, in a process of its own: with no way back to the sources. */
async function call(result: BundledHandler): Promise<unknown> {
  if (result.kind !== "bundled") throw new Error(`not bundled: ${textsOf(result).join("; ")}`);
  await rm(join(work, "package"), { recursive: true });
  const script = `const m = await import(${JSON.stringify(result.entry)}); console.log(await m.handler({ n: 20 }));`;
  const { stdout, stderr } = Bun.spawnSync([process.execPath, "-e", script], { cwd: "/" });
  if (stderr.length > 0) throw new Error(stderr.toString());
  return stdout.toString().trim();
}

interface Bundled {
  readonly name: string;
  readonly files: Files;
  readonly handlerFile: string;
  readonly entry: string;
  readonly answer: string;
}

test.each<Bundled>([
  {
    name: "a TypeScript module",
    files: { "index.ts": HANDLER },
    handlerFile: "index.ts",
    entry: "index.mjs",
    answer: "ok",
  },
  {
    name: "imports by the paths of a tsconfig.json, and its decorators",
    files: {
      "tsconfig.json": `{"compilerOptions":{"experimentalDecorators":true,"baseUrl":".","paths":{"@lib/*":["lib/*"]}}}`,
      "lib/twice.ts": "export const twice = (n: number): number => n * 2;",
      "src/index.ts": `import { twice } from "@lib/twice";
        const add = (_: object, __: string, d: PropertyDescriptor) => ({ ...d, value(n: number) { return d.value(n) + 2; } });
        class A { @add go(n: number): number { return twice(n); } }
        export const handler = async (event: { n: number }) => new A().go(event.n);`,
    },
    handlerFile: "src/index.ts",
    entry: "index.mjs",
    answer: "42",
  },
  {
    name: "a package's exports, and a CommonJS one that requires a builtin",
    files: {
      "node_modules/new/package.json": `{"name":"new","exports":{"./x":{"import":"./lib/x.mjs"}}}`,
      "node_modules/new/lib/x.mjs": "export const x = 'new';",
      "node_modules/old/index.js": "const { basename } = require('path'); module.exports = () => basename('/a/old');",
      "index.ts":
        "import { x } from 'new/x'; import old from 'old'; export const handler = async () => x + '-' + old();",
    },
    handlerFile: "index.ts",
    entry: "index.mjs",
    answer: "new-old",
  },
  {
    name: "TypeScript in CommonJS",
    files: { "index.cts": "import os = require('node:os'); exports.handler = async () => typeof os.cpus;" },
    handlerFile: "index.cts",
    entry: "index.cjs",
    answer: "function",
  },
  {
    name: "a .ts that turns out to be CommonJS",
    files: { "index.ts": "module.exports.handler = async (): Promise<string> => 'ok';" },
    handlerFile: "index.ts",
    entry: "index.cjs",
    answer: "ok",
  },
  {
    name: "JSX",
    files: { "index.jsx": "const React = { createElement: (tag) => tag }; export const handler = async () => <b/>;" },
    handlerFile: "index.jsx",
    entry: "index.mjs",
    answer: "b",
  },
  {
    name: "classes of the same name, each of which keeps it",
    files: {
      "a.ts": "class Failure extends Error {} export const a = () => new Failure().constructor.name;",
      "b.ts": "class Failure extends Error {} export const b = () => new Failure().constructor.name;",
      "index.ts": "import { a } from './a'; import { b } from './b'; export const handler = async () => a() + b();",
    },
    handlerFile: "index.ts",
    entry: "index.mjs",
    answer: "FailureFailure",
  },
  {
    name: "top-level await and JSON",
    files: {
      "a.json": `{"a":"json"}`,
      "index.mts": "import a from './a.json'; await 0; export const handler = async () => a.a;",
    },
    handlerFile: "index.mts",
    entry: "index.mjs",
    answer: "json",
  },
  {
    name: "a link inside the package",
    files: { "index.ts": "export { handler } from './linked';", "real.ts": HANDLER, "linked.ts": "@real.ts" },
    handlerFile: "index.ts",
    entry: "index.mjs",
    answer: "ok",
  },
])("bundles $name", async ({ files, handlerFile, entry, answer }) => {
  const directory = write(files);
  for (const [name, content] of Object.entries(files)) {
    if (!content.startsWith("@")) continue;
    await rm(join(directory, name));
    symlinkSync(content.slice(1), join(directory, name));
  }
  const result = await bundleHandler(bundler, {
    directory,
    handlerFile,
    exportName: "handler",
    outDirectory: outDirectory(),
  });
  expect(result).toEqual({
    kind: "bundled",
    entry: join(outDirectory(), entry),
    isWhole: true,
    isChecked: true,
    findings: [],
  });
  expect(readdirSync(outDirectory()).sort()).toEqual(["bundle.json", entry, `${entry}.map`]);
  expect(await call(result)).toBe(answer);
});

test("a bundle says nothing of this host: its source map speaks of /var/task", async () => {
  const result = await bundle(
    { "lib/a.ts": "export const a: number = 1;", "index.ts": `${HANDLER}export * from './lib/a';` },
    "index.ts",
  );
  if (result.kind !== "bundled") throw new Error("not bundled");
  const map = JSON.parse(readFileSync(`${result.entry}.map`, "utf8"));
  expect(map).toMatchObject({ sourceRoot: "/var/task/", sources: ["lib/a.ts", "index.ts"] });
  expect(readFileSync(result.entry, "utf8")).toContain("//# sourceMappingURL=index.mjs.map");
  expect(readFileSync(result.entry, "utf8") + JSON.stringify(map)).not.toContain(work);
});

interface AsIs {
  readonly name: string;
  readonly files: Files;
  readonly handlerFile: string;
  readonly exportName?: string;
  readonly warnings: readonly (string | RegExp)[];
}

test.each<AsIs>([
  {
    name: "JavaScript",
    files: { "index.mjs": "export const handler = () => 1;" },
    handlerFile: "index.mjs",
    warnings: [],
  },
  {
    name: "CommonJS, whose exports nobody knows",
    files: { "index.js": "exports.other = () => 1;" },
    handlerFile: "index.js",
    warnings: [],
  },
  {
    name: "a default export, which may answer requests",
    files: { "index.mjs": "export default { fetch: () => new Response('x') };" },
    handlerFile: "index.mjs",
    warnings: [],
  },
  {
    name: "Deno.serve, which needs no export",
    files: { "index.mjs": "Deno.serve(() => new Response('x'));" },
    handlerFile: "index.mjs",
    warnings: [],
  },
  {
    name: "an export with dots",
    files: { "index.mjs": "export const api = { get() {} };" },
    handlerFile: "index.mjs",
    exportName: "api.get",
    warnings: [],
  },
  {
    name: "a syntax error",
    files: { "index.mjs": "export const handler = () => {\n  return 1 +;\n};" },
    handlerFile: "index.mjs",
    warnings: [/^Cannot make sense of index\.mjs:2:13: Unexpected ";"$/],
  },
  {
    name: "a syntax error in TypeScript",
    files: { "index.ts": "export const handler: = 1;" },
    handlerFile: "index.ts",
    warnings: [/^Cannot make sense of index\.ts:1:23: /],
  },
  {
    name: "a missing export",
    files: { "index.mjs": "export const main = () => 1;" },
    handlerFile: "index.mjs",
    warnings: ['Cannot find the export "handler" in index.mjs: calls will end with Runtime.HandlerNotFound'],
  },
  {
    name: "missing modules",
    handlerFile: "index.mjs",
    files: { "index.mjs": "import 'lodash';\nimport './lib/db.mjs';\nexport const handler = () => 1;" },
    warnings: [
      'Cannot find the module "lodash" in the package: index.mjs:1 imports it',
      'Cannot find the module "./lib/db.mjs" in the package: index.mjs:2 imports it',
    ],
  },
  {
    name: "a module that an installed package misses",
    handlerFile: "index.mjs",
    files: {
      "node_modules/a/index.js": "require('optional');",
      "index.mjs": "import 'a'; export const handler = () => 1;",
    },
    warnings: [],
  },
  { name: "a handler file that is not there", files: { x: "" }, handlerFile: "index.ts", warnings: [/index\.ts/] },
  {
    name: "a require of what only the call knows",
    handlerFile: "index.ts",
    files: {
      "node_modules/a/index.js": "module.exports = (x) => require(x);",
      "index.ts": `import a from "a"; ${HANDLER} a;`,
    },
    warnings: [
      /^Cannot bundle index\.ts: node_modules\/a\/index\.js:1:\d+ loads modules that are only known when it runs/,
    ],
  },
  {
    name: "an import of what only the call knows",
    handlerFile: "index.ts",
    files: { "index.ts": "export const handler = (e: { x: string }) => import(e.x);" },
    warnings: [/^Cannot bundle index\.ts: index\.ts:1:\d+ loads modules/],
  },
  {
    name: "a native addon",
    handlerFile: "index.ts",
    files: {
      "node_modules/a/index.js": "require('./a.node');",
      "node_modules/a/a.node": "\x7fELF",
      "index.ts": `import 'a';${HANDLER}`,
    },
    warnings: [/^Cannot bundle index\.ts: node_modules\/a\/index\.js:1:\d+: No loader/],
  },
  {
    name: "a module that asks where another is",
    files: { "index.cts": "exports.handler = () => require.resolve('./data.json');", "data.json": "{}" },
    handlerFile: "index.cts",
    warnings: [/^Cannot bundle index\.cts: index\.cts:1:\d+ loads modules that are only known when it runs/],
  },
  {
    name: "a require that goes by another name",
    files: { "index.cts": "const load = require; exports.handler = () => load('./data.json');", "data.json": "{}" },
    handlerFile: "index.cts",
    warnings: [/^Cannot bundle index\.cts: index\.cts:1:\d+ loads modules that are only known when it runs/],
  },
  {
    name: "a module that asks for its folder",
    files: { "index.ts": `${HANDLER}console.log(__dirname);` },
    handlerFile: "index.ts",
    warnings: [/asks where its file is/],
  },
  {
    name: "a module that asks for its URL",
    files: { "index.ts": `${HANDLER}console.log(import.meta.url);` },
    handlerFile: "index.ts",
    warnings: [/asks where its file is/],
  },
  {
    name: "a tsconfig.json that is none",
    files: { "tsconfig.json": "{", "index.ts": "export { handler } from '@lib/x';" },
    handlerFile: "index.ts",
    warnings: [/@lib/, /tsconfig\.json/],
  },
])("runs as it is, with warnings: $name", async ({ files, handlerFile, exportName, warnings }) => {
  const result = await bundle(files, handlerFile, exportName);
  expect(result.kind).toBe("as-is");
  expect(textsOf(result).length).toBe(warnings.length);
  for (const [at, warning] of warnings.entries()) expect(textsOf(result)[at]).toMatch(warning);
});

test("bundles around a module that is not in the package, and warns", async () => {
  const result = await bundle(
    { "index.ts": "import { x } from '@aws-sdk/client-x';\nexport const handler = () => x;" },
    "index.ts",
  );
  expect(result).toMatchObject({ kind: "bundled", isWhole: false });
  expect(result.findings).toEqual([
    {
      text: 'Cannot find the module "@aws-sdk/client-x" in the package: index.ts:1 imports it',
      missing: { specifier: "@aws-sdk/client-x", place: "index.ts:1" },
    },
  ]);
});
