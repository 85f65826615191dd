/** Layers from the shell to the handler: published, merged in order, found by `require` and `import`, and kept as long as used. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { awsCli, awsCliAvailable } from "../support/aws-cli.ts";
import { create, invoke, ROLE, remove, request } from "../support/lambda-http.ts";
import { packageFiles, type RunningServer, startServer, temporaryDirectory, unpackedTrees } from "../support/server.ts";
import { until } from "../support/until.ts";
import { type ZipFile, zipOf } from "../support/zip.ts";

const MS_MAX = 60_000;
const LAYER_ARN = "arn:aws:lambda:us-east-1:000000000000:layer:";

let server: RunningServer;
let folder: Awaited<ReturnType<typeof temporaryDirectory>>;

beforeAll(async () => {
  server = await startServer();
  folder = await temporaryDirectory();
});
afterAll(async () => {
  await server.stop();
  await folder.remove();
});

type Files = Record<string, string | ZipFile>;

/** What a package of the npm kind is made of. */
const npmPackage = (path: string, files: Record<string, string>, manifest: Record<string, unknown> = {}): Files => ({
  [`${path}/package.json`]: JSON.stringify({ name: path.split("/").at(-1), version: "1.0.0", ...manifest }),
  ...Object.fromEntries(Object.entries(files).map(([name, source]) => [`${path}/${name}`, source])),
});

const MODULES = "nodejs/node_modules";

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64");

/** Publishes a version of a layer and answers its ARN. */
async function publish(name: string, files: Files): Promise<string> {
  const body = JSON.stringify({ Content: { ZipFile: base64(await zipOf(files)) } });
  const answer = await request(server.url, "POST", `/2018-10-31/layers/${name}/versions`, { body });
  if (answer.status !== 201) throw new Error(`Cannot publish ${name}: ${answer.status} ${answer.text}`);
  return String(answer.json()["LayerVersionArn"]);
}

let count = 0;

async function deploy(files: Files, Layers: string[], rest: Record<string, unknown> = {}): Promise<string> {
  const name = `layered-${++count}`;
  const answer = await create(server.url, name, await zipOf(files), { Layers, Timeout: 10, ...rest });
  if (answer.status !== 201) throw new Error(`Cannot create ${name}: ${answer.status} ${answer.text}`);
  return name;
}

async function resultOf(name: string): Promise<unknown> {
  const answer = await invoke(server.url, name);
  expect([answer.status, answer.functionError, answer.functionError && answer.text]).toEqual([200, null, null]);
  return answer.value();
}

describe.skipIf(!awsCliAvailable)("aws lambda", () => {
  const aws = (...args: string[]) => awsCli(server.url, "lambda", ...args);
  const file = async (name: string, files: Files): Promise<string> => {
    await Bun.write(join(folder.path, name), await zipOf(files));
    return `fileb://${join(folder.path, name)}`;
  };

  test(
    "takes layers from publish-layer-version to delete-layer-version, and the function goes on working",
    async () => {
      const lower = await file("lower.zip", {
        ...npmPackage(`${MODULES}/both`, { "index.js": 'exports.from = "lower";' }),
        ...npmPackage(`${MODULES}/lower-only`, { "index.js": 'exports.from = "lower";' }),
        "data/greeting.txt": "lower",
      });
      const upper = await file("upper.zip", {
        ...npmPackage(`${MODULES}/both`, { "index.js": 'exports.from = "upper";' }),
        "data/greeting.txt": "upper",
      });
      const published = await aws(
        ...[
          "publish-layer-version",
          "--layer-name",
          "lower",
          "--description",
          "the lower one",
          "--license-info",
          "MIT",
        ],
        ...["--compatible-runtimes", "nodejs22.x", "--compatible-architectures", "x86_64", "--zip-file", lower],
      );
      expect(published.stderr).toBe("");
      expect(published.json()).toMatchObject({
        LayerArn: `${LAYER_ARN}lower`,
        LayerVersionArn: `${LAYER_ARN}lower:1`,
        Version: 1,
        Description: "the lower one",
        LicenseInfo: "MIT",
        CompatibleRuntimes: ["nodejs22.x"],
        CompatibleArchitectures: ["x86_64"],
        CreatedDate: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+0000$/),
      });
      expect((await aws("publish-layer-version", "--layer-name", "upper", "--zip-file", upper)).code).toBe(0);

      const code = await file("code.zip", {
        "index.mjs": `
          import { createRequire } from "node:module";
          import { readFileSync } from "node:fs";
          import * as both from "both";
          import lowerOnly from "lower-only";
          const require = createRequire(import.meta.url);
          export const handler = async () => ({
            imported: both.from,
            required: require("both").from,
            lowerOnly: lowerOnly.from,
            greeting: readFileSync(process.env.LAMBENT_OPT + "/data/greeting.txt", "utf8"),
          });`,
      });
      const created = await aws(
        ...["create-function", "--function-name", "uses-both", "--runtime", "nodejs22.x", "--role", ROLE],
        ...["--handler", "index.handler", "--zip-file", code, "--timeout", "10"],
        ...["--layers", `${LAYER_ARN}lower:1`, `${LAYER_ARN}upper:1`],
      );
      expect(created.stderr).toBe("");
      expect((created.json() as { Layers: unknown }).Layers).toEqual([
        { Arn: `${LAYER_ARN}lower:1`, CodeSize: expect.any(Number) },
        { Arn: `${LAYER_ARN}upper:1`, CodeSize: expect.any(Number) },
      ]);
      const expected = { imported: "upper", required: "upper", lowerOnly: "lower", greeting: "upper" };
      expect(await resultOf("uses-both")).toEqual(expected);

      const listed = await aws("list-layers", "--compatible-runtime", "nodejs22.x", "--query", "Layers[].LayerName");
      expect(listed.json()).toEqual(["lower"]);
      const versions = await aws("list-layer-versions", "--layer-name", "upper", "--query", "LayerVersions[].Version");
      expect(versions.json()).toEqual([1]);
      const byArn = (await aws("get-layer-version-by-arn", "--arn", `${LAYER_ARN}lower:1`)).json() as {
        Content: { Location: string };
      };
      expect((await fetch(byArn.Content.Location)).status).toBe(200);
      const granted = await aws(
        ...["add-layer-version-permission", "--layer-name", "lower", "--version-number", "1", "--statement-id", "all"],
        ...["--action", "lambda:GetLayerVersion", "--principal", "*"],
      );
      expect(granted.code).toBe(0);

      for (const layer of ["lower", "upper"]) {
        const deleted = await aws("delete-layer-version", "--layer-name", layer, "--version-number", "1");
        expect([deleted.code, deleted.stderr]).toEqual([0, ""]);
      }
      expect((await aws("list-layers", "--query", "Layers[].LayerName")).json()).toEqual([]);
      const gone = await aws("get-layer-version", "--layer-name", "lower", "--version-number", "1");
      expect([gone.code, gone.stderr]).toEqual([
        254,
        expect.stringContaining("(ResourceNotFoundException) when calling the GetLayerVersion operation"),
      ]);
      expect(await resultOf("uses-both")).toEqual(expected);
      await server.restart();
      expect(await resultOf("uses-both")).toEqual(expected);
      const again = await aws(
        "publish-layer-version",
        "--layer-name",
        "lower",
        "--zip-file",
        lower,
        "--query",
        "Version",
      );
      expect(again.json()).toBe(2);
    },
    MS_MAX,
  );
});

describe("a handler finds in its layers", () => {
  test("packages as an ES module and as CommonJS, each by its own side of exports", async () => {
    const layer = await publish("dual", {
      ...npmPackage(
        `${MODULES}/dual`,
        {
          "m.mjs": 'export const side = "import";',
          "c.cjs": 'exports.side = "require";',
          "sub.js": 'exports.sub = "subpath";',
        },
        { exports: { ".": { import: "./m.mjs", require: "./c.cjs" }, "./sub": "./sub.js" } },
      ),
      ...npmPackage(`${MODULES}/@scope/inner`, {
        "index.js": 'module.exports = "scoped, with " + require("dual").side;',
      }),
      ...npmPackage("nodejs/node22/node_modules/for-22", { "index.js": 'exports.by = require("dual").side;' }),
      ...npmPackage("nodejs/node20/node_modules/for-20", { "index.js": "" }),
    });
    const files = {
      "esm.mjs": `
        import { side } from "dual";
        import { sub } from "dual/sub";
        import inner from "@scope/inner";
        import { by } from "for-22";
        const later = await import("dual");
        const missing = await import("for-20").catch((error) => error.message);
        export const handler = async () => ({ side, sub, inner, by, later: later.side, missing });`,
      "cjs.cjs": `
        const { side } = require("dual");
        exports.handler = async () => ({ side, sub: require("dual/sub").sub, inner: require("@scope/inner"), by: require("for-22").by });`,
    };
    const shared = { sub: "subpath", inner: "scoped, with require", by: "require" };
    expect(await resultOf(await deploy(files, [layer], { Handler: "esm.handler" }))).toEqual({
      ...shared,
      side: "import",
      later: "import",
      missing: expect.stringContaining("for-20"),
    });
    expect(await resultOf(await deploy(files, [layer], { Handler: "cjs.handler" }))).toEqual({
      ...shared,
      side: "require",
    });
  });

  test("packages imported by a TypeScript handler", async () => {
    const layer = await publish("typed", npmPackage(`${MODULES}/typed`, { "index.js": "exports.answer = 42;" }));
    const source =
      'import { answer } from "typed";\nexport const handler = async (): Promise<number> => answer as number;';
    expect(await resultOf(await deploy({ "index.ts": source }, [layer]))).toBe(42);
  });

  test("packages imported by a TypeScript handler, by the import side of exports", async () => {
    const manifest = { exports: { import: "./m.mjs" } };
    const files = npmPackage(`${MODULES}/only-esm`, { "m.mjs": "export const answer = 43;" }, manifest);
    const source =
      'import { answer } from "only-esm";\nexport const handler = async (): Promise<number> => answer as number;';
    expect(await resultOf(await deploy({ "index.ts": source }, [await publish("only-esm", files)]))).toBe(43);
  });

  test("what was published from a bucket", async () => {
    const put = (path: string, body?: Uint8Array<ArrayBuffer>) => request(server.url, "PUT", path, body && { body });
    expect((await put("/layers-bucket")).status).toBe(200);
    const zip = new Uint8Array(await zipOf({ "text.txt": "from S3" }));
    expect((await put("/layers-bucket/text.zip", zip)).status).toBe(200);
    const body = JSON.stringify({ Content: { S3Bucket: "layers-bucket", S3Key: "text.zip" } });
    const answer = await request(server.url, "POST", "/2018-10-31/layers/from-s3/versions", { body });
    expect(answer.status).toBe(201);
    const source = `
      const { readFileSync } = require("node:fs");
      exports.handler = async () => readFileSync(process.env.LAMBENT_OPT + "/text.txt", "utf8");`;
    expect(await resultOf(await deploy({ "index.js": source }, [String(answer.json()["LayerVersionArn"])]))).toBe(
      "from S3",
    );
  });

  test("nothing that its own package brings itself", async () => {
    const layer = await publish(
      "covered",
      npmPackage(`${MODULES}/covered`, { "index.js": 'module.exports = "layer";' }),
    );
    const files = {
      ...npmPackage("node_modules/covered", { "index.js": 'module.exports = "function";' }),
      "index.mjs": 'import from from "covered"; export const handler = async () => from;',
    };
    expect(await resultOf(await deploy(files, [layer]))).toBe("function");
  });

  test("programs on its path, and folders in its variables", async () => {
    const layer = await publish("programs", {
      "bin/greet": { content: "#!/bin/sh\necho hello from a layer\n", mode: 0o755 },
    });
    const source = `
      const { execSync } = require("node:child_process");
      exports.handler = async () => {
        const { LAMBENT_OPT: opt, LAMBDA_TASK_ROOT: task, PATH, NODE_PATH, LD_LIBRARY_PATH } = process.env;
        const greeting = execSync("greet").toString().trim();
        const named = [PATH, NODE_PATH, LD_LIBRARY_PATH].map((list) => list.split(":").filter((path) => path.startsWith(opt)));
        return { greeting, here: task === process.cwd(), named: named.map((paths) => paths.map((path) => path.slice(opt.length))) };
      };`;
    expect(await resultOf(await deploy({ "index.js": source }, [layer]))).toEqual({
      greeting: "hello from a layer",
      here: true,
      named: [["/bin"], ["/nodejs/node22/node_modules", "/nodejs/node_modules"], ["/lib"]],
    });
  });

  test("what it was updated to, and no longer what it had before", async () => {
    const first = await publish("changing", { "text.txt": "first" });
    const second = await publish("changing", { "text.txt": "second" });
    const source = `
      const { readFileSync } = require("node:fs");
      const opt = process.env.LAMBENT_OPT;
      exports.handler = async () => opt ? readFileSync(opt + "/text.txt", "utf8") : "none";`;
    const name = await deploy({ "index.js": source }, [first]);
    expect(await resultOf(name)).toBe("first");
    const configure = (Layers: string[]) =>
      until("the update is taken", async () => {
        const path = `/2015-03-31/functions/${name}/configuration`;
        const answer = await request(server.url, "PUT", path, { body: JSON.stringify({ Layers }) });
        return answer.status === 200;
      });
    await configure([second]);
    expect(await resultOf(name)).toBe("second");
    await configure([]);
    expect(await resultOf(name)).toBe("none");
  });
});

describe("a handler cannot", () => {
  test("write into its layers", async () => {
    const layer = await publish("read-only", { "text.txt": "as published", "folder/inner.txt": "" });
    const source = `
      const { statSync } = require("node:fs");
      const mode = (path) => (statSync(process.env.LAMBENT_OPT + path).mode & 0o777).toString(8);
      exports.handler = async () => ["", "/folder", "/text.txt"].map(mode);`;
    expect(await resultOf(await deploy({ "index.js": source }, [layer]))).toEqual(["555", "555", "444"]);
  });

  test("find a package of a layer that it does not have", async () => {
    await publish("not-mine", npmPackage(`${MODULES}/not-mine`, { "index.js": "" }));
    const name = await deploy({ "index.mjs": 'import "not-mine"; export const handler = async () => 1;' }, []);
    const answer = await invoke(server.url, name);
    expect([answer.functionError, answer.json()["errorType"]]).toEqual(["Unhandled", "Runtime.ImportModuleError"]);
  });
});

test("a layer's package and the merged trees go with the last function that used them", async () => {
  const own = await startServer();
  const keep = server;
  server = own;
  try {
    const arns = [await publish("one", { "a.txt": "1" }), await publish("two", { "b.txt": "2" })];
    const name = await deploy({ "index.js": "exports.handler = async () => 1;" }, arns);
    expect(await resultOf(name)).toBe(1);
    for (const layer of ["one", "two"]) {
      const path = `/2018-10-31/layers/${layer}/versions/1`;
      expect((await request(own.url, "DELETE", path)).status).toBe(204);
    }
    await own.restart();
    expect(await resultOf(name)).toBe(1);
    expect((await packageFiles(own.dataDirectory)).length).toBe(3);
    await remove(own.url, name);
    await own.restart();
    await until("the sweep at the start has been", async () => {
      const left = [...(await packageFiles(own.dataDirectory)), ...(await unpackedTrees(own.dataDirectory))];
      return left.length === 0;
    });
  } finally {
    server = keep;
    await own.stop();
  }
});
