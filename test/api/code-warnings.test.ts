/** What a look at the code finds, as clients are told: never a refusal. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, readdirSync } from "node:fs";
import { dirname } from "node:path";
import { startApp, type TestAnswer, type TestApp } from "../support/app.ts";
import { until } from "../support/until.ts";
import { zipOf } from "../support/zip.ts";

setDefaultTimeout(30_000);
let app: TestApp;
let count = 0;
beforeAll(async () => {
  app = await startApp();
});
afterAll(() => app.close());

type Files = Readonly<Record<string, string>>;
const base64 = async (files: Files): Promise<string> => Buffer.from(await zipOf(files)).toString("base64");
const warningOf = (answer: TestAnswer): string => answer.headers.get("x-lambent-warning") ?? "";

/** A new function of these files; answers its name and the warnings, once they have been found. */
async function create(files: Files, change: Record<string, unknown> = {}): Promise<{ name: string; warning: string }> {
  const Code = { ZipFile: await base64(files) };
  await app.createFunction(`checked-${++count}`, { Code, ...change });
  // The first answer does not wait for ever, as on a busy machine; by now the package is known.
  const name = `checked-${++count}`;
  return { name, warning: warningOf(await app.createFunction(name, { Code, ...change })) };
}

const sdkMissing = (module: string, place: string): string =>
  `The module "${module}" is not in the package; AWS provides it, Lambent does not: add it to the package (${place} imports it)`;
const moduleMissing = (module: string, place: string): string =>
  `Cannot find the module "${module}" in the package: ${place} imports it`;

interface Row {
  name: string;
  files: Files;
  change?: Record<string, unknown>;
  warning: string | RegExp;
}

describe("CreateFunction warns of", () => {
  test.each<Row>([
    { name: "nothing, when all is well", files: { "index.js": "exports.handler = async () => 1;" }, warning: "" },
    {
      name: "a syntax error",
      files: { "index.js": "exports.handler = async () => {\n  return 1 +;\n};" },
      warning: 'Cannot make sense of index.js:2:13: Unexpected ";"',
    },
    {
      name: "a missing export",
      files: { "index.mjs": "export const main = 1;" },
      warning: 'Cannot find the export "handler" in index.mjs: calls will end with Runtime.HandlerNotFound',
    },
    {
      name: "a missing module",
      files: { "index.mjs": "import './lib/db.mjs';\nexport const handler = () => 1;" },
      warning: moduleMissing("./lib/db.mjs", "index.mjs:1"),
    },
    {
      name: "the third SDK, which AWS has in newer runtimes",
      files: { "index.mjs": "import '@aws-sdk/client-s3'; export const handler = () => 1;" },
      warning: sdkMissing("@aws-sdk/client-s3", "index.mjs:1"),
    },
    {
      name: "the third SDK in an older runtime as of any other module",
      files: { "index.js": "require('@aws-sdk/client-s3/x'); exports.handler = () => 1;" },
      change: { Runtime: "nodejs16.x" },
      warning: moduleMissing("@aws-sdk/client-s3/x", "index.js:1"),
    },
    {
      name: "the second SDK, which AWS has in older runtimes",
      files: { "index.js": "const { S3 } = require('aws-sdk/clients/s3'); exports.handler = () => S3;" },
      change: { Runtime: "nodejs14.x" },
      warning: sdkMissing("aws-sdk/clients/s3", "index.js:1"),
    },
    {
      name: "each module once, wherever it is imported",
      files: { "index.mjs": "import 'a';\nimport 'a';\nexport const handler = () => 1;" },
      warning: moduleMissing("a", "index.mjs:1"),
    },
    {
      name: "TypeScript that is not bundled",
      files: { "index.ts": "export const handler = (e: { m: string }) => import(e.m);" },
      warning:
        /^Cannot bundle index\.ts: index\.ts:1:\d+ loads modules that are only known when it runs\. It is run as it is$/,
    },
    {
      name: "nothing in languages that do not run here but that they do not",
      files: { "index.py": "def handler(event, context)" },
      change: { Runtime: "python3.12", Handler: "index.handler" },
      warning: "Runtime python3.12 is stored; only nodejs functions run",
    },
  ])("$name", async ({ files, change, warning }) => {
    const found = await create(files, change);
    if (typeof warning === "string") expect(found.warning).toBe(warning);
    else expect(found.warning).toMatch(warning);
  });
});

test("the first answer has the warning, when it is found soon", async () => {
  await create({ "index.js": "exports.handler = () => 'a process is there now';" });
  await until(
    "an answer came with its warning",
    async () => {
      await Bun.sleep(400); // answers have some waiting saved up
      const Code = { ZipFile: await base64({ "index.mjs": `export const nothing = ${++count};` }) };
      const answer = await app.createFunction(`checked-${count}`, { Code });
      return warningOf(answer).includes('Cannot find the export "handler"');
    },
    20_000,
  );
});

test("UpdateFunctionConfiguration warns when the new handler is not there, and only when the handler is named", async () => {
  const { name } = await create({ "index.mjs": "export const handler = () => 1; export const other = () => 2;" });
  const path = `/2015-03-31/functions/${name}/configuration`;
  for (const [change, warning] of [
    [{ Handler: "index.other" }, ""],
    [{ Handler: "index.third" }, 'Cannot find the export "third"'],
    [{ Description: "the same handler" }, ""],
  ] as const) {
    await app.send("PUT", path, change);
    await app.settled();
    const answer = await app.send("PUT", path, change); // of what is known by now
    await app.settled();
    expect(answer.status).toBe(200);
    if (warning === "") expect(warningOf(answer)).toBe("");
    else expect(warningOf(answer)).toContain(warning);
  }
});

test("UpdateFunctionCode warns of the new code", async () => {
  const { name } = await create({ "index.js": "exports.handler = () => 1;" });
  const broken = { ZipFile: await base64({ "index.js": "exports.handler = (" }) };
  const path = `/2015-03-31/functions/${name}/code`;
  await app.send("PUT", path, broken);
  await app.settled();
  const answer = await app.send("PUT", path, broken);
  expect({ status: answer.status, warning: warningOf(answer) }).toEqual({
    status: 200,
    warning: "Cannot make sense of index.js:1:20: Unexpected end of file",
  });
});

test("DryRun waits for what is found, changes nothing, and leaves nothing behind", async () => {
  const { name } = await create({ "index.ts": "export const handler = (): number => 1;" });
  const before = await app.send("GET", `/2015-03-31/functions/${name}`);
  const path = `/2015-03-31/functions/${name}/code`;
  const zip = await base64({ "index.ts": "import 'nowhere';\nexport const handler = (): number => 2;" });
  const answer = await app.send("PUT", path, { ZipFile: zip, DryRun: true });
  expect({ status: answer.status, warning: warningOf(answer) }).toEqual({
    status: 200,
    warning: moduleMissing("nowhere", "index.ts:1"),
  });
  expect(answer.body.CodeSha256).not.toBe(before.body.Configuration.CodeSha256);
  expect((await app.send("GET", `/2015-03-31/functions/${name}`)).body.Configuration).toEqual(
    before.body.Configuration,
  );
  const { packages, functions } = app.services.store;
  await packages.sweep(() => functions.digestsInUse());
  const sha256: string = answer.body.CodeSha256;
  expect(existsSync(packages.unpackedPath(sha256))).toBe(false);
  expect(existsSync(packages.bundlePath({ sha256, handler: "index.handler" }))).toBe(false);
});

test("many functions at once are all made, whatever is found, and one bundle serves those that share it", async () => {
  const Code = { ZipFile: await base64({ "index.ts": "export const handler = (): string => 'shared by many';" }) };
  const made = await Promise.all(
    Array.from({ length: 30 }, () => app.createFunction(`checked-${++count}`, { Code, Publish: true })),
  );
  const sha256: string = made[0]?.body.CodeSha256;
  const { packages } = app.services.store;
  const bundles = dirname(packages.bundlePath({ sha256, handler: "index.handler" }));
  const hex = Buffer.from(sha256, "base64").toString("hex");
  expect(readdirSync(bundles).filter((name) => name.startsWith(hex)).length).toBe(1);
});
