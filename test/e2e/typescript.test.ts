/** TypeScript and JSX as they are in a package: bundled before the first call, and told of as if they were not. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { chmodSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { rename } from "node:fs/promises";
import { join } from "node:path";
import { type Answer, create, type Invoked, invoke, remove, request, updateCode } from "../support/lambda-http.ts";
import { descendantsOf, isAlive } from "../support/processes.ts";
import { type RunningServer, startServer } from "../support/server.ts";
import { until } from "../support/until.ts";
import { zipOf } from "../support/zip.ts";

setDefaultTimeout(30_000);
let server: RunningServer;
/** Where the function's code is, as it sees it. */
const taskRoot = (hex: string): string =>
  server.stdout.includes("isolation of functions: namespaces")
    ? "/var/task"
    : join(server.dataDirectory, "unpacked", hex);
let count = 0;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server.stop());

type Files = Readonly<Record<string, string>>;

async function deploy(files: Files, rest: Record<string, unknown> = {}): Promise<{ name: string; hex: string }> {
  const name = `typescript-${++count}`;
  const answer = await create(server.url, name, await zipOf(files), rest);
  expect({ status: answer.status, body: answer.status === 201 ? "" : answer.text }).toEqual({ status: 201, body: "" });
  return { name, hex: hexOf(answer) };
}

const hexOf = (answer: Answer): string => Buffer.from(String(answer.json()["CodeSha256"]), "base64").toString("hex");
const bundlesOf = (hex: string): string[] =>
  readdirSync(join(server.dataDirectory, "bundles")).filter((name) => name.startsWith(hex));
const recordOf = (bundle: string): { module?: { name: string } } =>
  JSON.parse(readFileSync(join(server.dataDirectory, "bundles", bundle, "bundle.json"), "utf8"));
const isBundled = (hex: string): boolean => bundlesOf(hex).some((bundle) => recordOf(bundle).module !== undefined);

/** Puts a mark into a bundle, to see who runs it. */
function markBundle(bundle: string, mark: string): void {
  const path = join(server.dataDirectory, "bundles", bundle, "index.mjs");
  chmodSync(path, 0o644);
  writeFileSync(path, `globalThis.mark = ${JSON.stringify(mark)};\n${readFileSync(path, "utf8")}`);
}

interface Scenario {
  readonly name: string;
  readonly files: Files;
  readonly handler?: string;
  readonly event?: unknown;
  readonly value: unknown;
}

const REACT = {
  "node_modules/react/package.json": `{"name":"react","exports":{"./jsx-runtime":"./jsx-runtime.js"}}`,
  "node_modules/react/jsx-runtime.js":
    "exports.Fragment = 'fragment'; exports.jsx = exports.jsxs = (tag, { children, ...rest }) => ({ tag, rest, children });",
};

describe("a bundle is made, and answers as the sources say, of", () => {
  test.each<Scenario>([
    {
      name: "tsconfig paths, decorators and inherited settings",
      files: {
        "tsconfig.base.json": `{"compilerOptions":{"experimentalDecorators":true}}`,
        "tsconfig.json": `{"extends":"./tsconfig.base.json","compilerOptions":{"baseUrl":".","paths":{"@lib/*":["lib/*"]}}}`,
        "lib/math/twice.ts": "export const twice = (n: number): number => n * 2;",
        "src/api/index.ts": `import { twice } from "@lib/math/twice";
          const seen: string[] = [];
          const noted = (_: object, name: string) => { seen.push(name); };
          const plus = (more: number) => (_: object, __: string, d: PropertyDescriptor) =>
            ({ ...d, value(n: number) { return d.value.call(this, n) + more; } });
          class Calculator { constructor(private readonly factor = 10) {} @noted factorOf?: number; @plus(2) go(n: number) { return twice(n) * this.factor; } }
          export const handler = async (event: { n: number }) => ({ value: new Calculator().go(event.n), seen });`,
      },
      handler: "src/api/index.handler",
      event: { n: 2 },
      value: { value: 42, seen: ["factorOf"] },
    },
    {
      name: "standard decorators, where no tsconfig.json asks for the others",
      files: {
        "index.ts": `const shout = (method: (n: string) => string, _: ClassMethodDecoratorContext) => function (this: object, n: string) { return method.call(this, n) + "!"; };
          class Greeter { @shout greet(n: string) { return "hello " + n; } }
          export const handler = async () => new Greeter().greet("you");`,
      },
      value: "hello you!",
    },
    {
      name: "enums, namespaces, parameter properties, satisfies, overloads and type-only imports",
      files: {
        "shapes.ts": "export interface Shape { side: number }\nexport type Area = number;\nexport const UNIT = 'cm';",
        "index.ts": `import { type Shape, UNIT } from "./shapes";
          import type { Area } from "./shapes";
          enum Colour { Red = 1, Green }
          const enum Fixed { A = "a" }
          namespace Geometry { export const area = (s: Shape): Area => s.side ** 2; export namespace Inner { export const deep = true; } }
          class Box { constructor(readonly side: number, protected label = Fixed.A) {} get name(): string { return this.label; } }
          function pick(x: string): string; function pick(x: number): number; function pick(x: unknown) { return x; }
          const table = { a: 1 } satisfies Record<string, number>;
          export const handler = async () => { const box = new Box(3);
            return [Colour[2], Geometry.area(box), Geometry.Inner.deep, box.name, pick(7), table.a!, UNIT, <number>8]; };`,
      },
      value: ["Green", 9, true, "a", 7, 1, "cm", 8],
    },
    {
      name: "TSX with React's automatic runtime",
      files: {
        ...REACT,
        "tsconfig.json": `{"compilerOptions":{"jsx":"react-jsx"}}`,
        "index.tsx": `const Title = (text: string) => <h1 class="t">{text}</h1>;
          export const handler = async (e: { text: string }) => <>{Title(e.text)}</>;`,
      },
      event: { text: "hi" },
      value: { tag: "fragment", rest: {}, children: { tag: "h1", rest: { class: "t" }, children: "hi" } },
    },
    {
      name: "JSX with a factory of its own, set in the file",
      files: {
        "index.jsx": `/** @jsx h */
          const h = (tag, props, ...children) => [tag, props, ...children];
          export const handler = async () => <p id="x">text</p>;`,
      },
      value: ["p", { id: "x" }, "text"],
    },
    {
      name: "CommonJS in TypeScript, called back",
      files: {
        "index.cts": `import path = require("node:path");
          export = { handler: (_: unknown, __: unknown, done: (e: unknown, v: string) => void) => done(null, path.basename("/a/b")) };`,
      },
      value: "b",
    },
    {
      name: "ES modules by extension, with top-level await and a lazy import",
      files: {
        "late.mts": "export const late: string = 'late';",
        "index.mts": `const first = await Promise.resolve("first");
          export const handler = async () => first + (await import("./late.mts")).late;`,
      },
      value: "firstlate",
    },
    {
      name: "an export with dots, and state that lasts from call to call",
      files: { "index.ts": "let n = 0; export const api = { users: { get: async (): Promise<number> => ++n } };" },
      handler: "index.api.users.get",
      value: 1,
    },
    {
      name: "files that are read where the package is",
      files: {
        "data/words.txt": "from the package",
        "index.ts": `import { readFileSync } from "node:fs"; import { join } from "node:path";
          export const handler = async () => readFileSync("data/words.txt", "utf8") === readFileSync(join(process.env.LAMBDA_TASK_ROOT!, "data/words.txt"), "utf8");`,
      },
      value: true,
    },
  ])("$name", async ({ files, handler = "index.handler", event, value }) => {
    const { name, hex } = await deploy(files, { Handler: handler });
    const answer = await invoke(server.url, name, event);
    expect({ error: answer.functionError, value: answer.value() }).toEqual({ error: null, value });
    expect(isBundled(hex)).toBe(true);
  });
});

describe("sources run as they are, and a warning says why:", () => {
  test.each<Scenario & { why: string }>([
    {
      name: "those that ask where they are",
      files: {
        "index.ts": "export const handler = async (): Promise<boolean> => import.meta.url.endsWith('/index.ts');",
      },
      value: true,
      why: "asks where its file is",
    },
    {
      name: "those that load what only the call knows",
      files: {
        "a.ts": "export const word: string = 'a';",
        "index.ts": "export const handler = async (e: { m: string }) => (await import(e.m)).word;",
      },
      event: { m: "./a.ts" },
      value: "a",
      why: "loads modules that are only known when it runs",
    },
    {
      name: "those whose dependency has a native part",
      files: {
        "node_modules/native/index.js": "exports.load = () => require('./build/native.node'); exports.name = 'native';",
        "node_modules/native/build/native.node": "\u007fELF",
        "index.ts": "import { name } from 'native'; export const handler = async (): Promise<string> => name;",
      },
      value: "native",
      why: "No loader is configured",
    },
  ])("$name", async ({ files, event, value, why }) => {
    const { name, hex } = await deploy(files);
    const answer = await invoke(server.url, name, event);
    expect({ error: answer.functionError, value: answer.value() }).toEqual({ error: null, value });
    expect(isBundled(hex)).toBe(false);
    const again = await create(server.url, `${name}-again`, await zipOf(files));
    expect(again.headers.get("x-lambent-warning")).toContain(why);
    expect(server.stderr).toContain(why);
  });
});

const THROWING: Files = {
  "lib/failure.ts": `interface Detail { code: string }

export class PaymentFailed extends Error implements Detail {
  code = "E_PAY";
  constructor(message: string) {
    super(message);
    this.name = this.constructor.name;
  }
}

export function charge(amount: number): never {
  const shown: string = amount.toFixed(2);
  throw new PaymentFailed(\`no \${shown}\`);
}
`,
  "index.ts": `import { charge } from "./lib/failure";

type Mode = "throw" | "log" | "later";
/* MARK */
export const handler = async (event: { mode: Mode }): Promise<unknown> => {
  if (event.mode === "throw") return charge(3);
  if (event.mode === "later") {
    setTimeout(() => charge(4), 1);
    return new Promise(() => {});
  }
  try {
    charge(5);
  } catch (error) {
    console.error(error);
    console.log("wrapped:", new Error("outer", { cause: error }));
    return (error as Error).stack?.split("\\n").length;
  }
};
`,
};

/** Places in the package, by line and column, as a trace or a log has them. */
const placesIn = (text: string): string[] => text.match(/(?<=\/)(?:lib\/failure|index)\.ts:\d+:\d+/g) ?? [];
const THROWN_AT = { charge: "lib/failure.ts:13:13", handler: "index.ts:6:38" };

describe("traces point at the sources, to the line and column,", () => {
  let bundled = "";
  let asIs = "";
  let hex = "";
  beforeAll(async () => {
    ({ name: bundled, hex } = await deploy(THROWING));
    const index = THROWING["index.ts"]?.replace("/* MARK */", "void import.meta.url;") ?? "";
    asIs = (await deploy({ ...THROWING, "index.ts": index })).name;
  });

  const both = async (event: unknown): Promise<[Invoked, Invoked]> => [
    await invoke(server.url, bundled, event, { "x-amz-log-type": "Tail" }),
    await invoke(server.url, asIs, event, { "x-amz-log-type": "Tail" }),
  ];

  test("of a thrown error", async () => {
    const [answer] = await both({ mode: "throw" });
    const { errorType, errorMessage, trace } = answer.value() as {
      errorType: string;
      errorMessage: string;
      trace: string[];
    };
    expect({ errorType, errorMessage }).toEqual({ errorType: "PaymentFailed", errorMessage: "no 3.00" });
    expect(trace[0]).toBe("PaymentFailed: no 3.00");
    expect(placesIn(trace.join("\n"))).toEqual([THROWN_AT.charge, THROWN_AT.handler]);
    expect(trace[1]).toContain(`${taskRoot(hex)}/lib/failure.ts:13:13`);
    expect(answer.text + answer.log).not.toContain("/bundles/");
    expect(isBundled(hex)).toBe(true);
  });

  test.each(["throw", "log", "later"])("in answer and log of '%s' as if nothing had been bundled", async (mode) => {
    const [fromBundle, fromSources] = await both({ mode });
    expect(placesIn(fromBundle.text)).toEqual(placesIn(fromSources.text));
    expect(placesIn(fromBundle.log)).toEqual(placesIn(fromSources.log));
    expect(placesIn(fromBundle.text + fromBundle.log)).not.toEqual([]);
    expect(fromBundle.text + fromBundle.log).not.toMatch(/\/bundles?\/|\$bunfs/);
  });

  test("of an error at the top of a module", async () => {
    const { name } = await deploy({
      "lib/failure.ts": "type A = string;\n\nexport const a: A = (null as any).x;\n",
      "index.ts": "import { a } from './lib/failure';\nexport const handler = async () => a;\n",
    });
    const answer = await invoke(server.url, name);
    expect(answer.value()).toMatchObject({ errorType: "TypeError" });
    expect(placesIn(answer.text)[0]).toMatch(/^lib\/failure\.ts:3:/);
    expect(answer.text).not.toContain("/bundles/");
  });

  test("of a module that is not there, named as the package has it", async () => {
    const { name, hex: code } = await deploy({
      "index.ts": "import { S3 } from '@aws-sdk/client-s3';\nexport const handler = async () => S3;\n",
    });
    const answer = await invoke(server.url, name);
    expect(answer.value()).toMatchObject({ errorType: "Runtime.ImportModuleError" });
    expect(answer.text).toContain(`${taskRoot(code)}/index.ts`);
    expect(answer.text).not.toContain("/bundles/");
    expect(isBundled(code)).toBe(true);
    expect(server.stderr).toContain(
      'The module \\"@aws-sdk/client-s3\\" is not in the package; AWS provides it, Lambent does not',
    );
  });
});

test("a new handler of the same package gets a bundle of its own, and calls meet it", async () => {
  const { name, hex } = await deploy({
    "index.ts": "export const handler = async (): Promise<string> => 'first';",
    "other.ts": "export const handler = async (): Promise<string> => 'second';",
  });
  expect((await invoke(server.url, name)).value()).toBe("first");
  await request(server.url, "PUT", `/2015-03-31/functions/${name}/configuration`, {
    body: JSON.stringify({ Handler: "other.handler" }),
  });
  expect((await invoke(server.url, name)).value()).toBe("second");
  expect(bundlesOf(hex).length).toBe(2);
});

test("the bundle goes with its package", async () => {
  const { name, hex } = await deploy({
    "index.ts": "export const handler = async (): Promise<string> => 'soon gone';",
  });
  await invoke(server.url, name);
  expect(bundlesOf(hex).length).toBe(1);
  await updateCode(server.url, name, await zipOf({ "index.ts": "export const handler = async () => 'there now';" }));
  expect((await invoke(server.url, name)).value()).toBe("there now");
  await remove(server.url, name);
  await until("the bundle is gone", () => bundlesOf(hex).length === 0);
});

test("a warm-up later the bundle is what is run, and a restart finds it or makes it again", async () => {
  const { name, hex } = await deploy({
    "index.ts":
      "declare const mark: string; export const handler = async (): Promise<unknown> => (globalThis as any).mark ?? 'unmarked';",
  });
  expect((await invoke(server.url, name)).value()).toBe("unmarked");
  const [bundle = ""] = bundlesOf(hex);
  markBundle(bundle, "from the bundle");
  await server.restart();
  expect((await invoke(server.url, name)).value()).toBe("from the bundle");
  await server.kill9();
  await rename(join(server.dataDirectory, "bundles", bundle), join(server.dataDirectory, "bundles", "moved-away"));
  await server.restart();
  expect((await invoke(server.url, name)).value()).toBe("unmarked");
  expect(bundlesOf(hex)).toEqual([bundle]);
});

test("kill -9 at any moment leaves a whole bundle or none, and the function answers after it", async () => {
  const files = (n: number): Files => ({
    "lib.ts": Array.from(
      { length: 300 },
      (_, line) => `export const line${line} = (x: number): number => x + ${line};`,
    ).join("\n"),
    "index.ts": `import * as lib from "./lib"; export const handler = async (): Promise<number> => lib.line7(${n});`,
  });
  for (const delayMs of [0, 5, 15, 30, 60, 120, 300]) {
    const name = `typescript-${++count}`;
    const created = create(server.url, name, await zipOf(files(count))).catch(() => undefined);
    await Bun.sleep(delayMs);
    const children = descendantsOf(server.pid);
    await server.kill9();
    const answer = await created;
    await until("no process is left of it", () =>
      descendantsOf(1).every(({ pid }) => children.every((child) => child.pid !== pid)),
    );
    await server.restart();
    if (answer?.status === 201) expect((await invoke(server.url, name)).value()).toBe(7 + count);
    await until("nothing half made is left", () =>
      readdirSync(join(server.dataDirectory, "bundles")).every((bundle) => !bundle.includes(".")),
    );
  }
});

test("a bundler that dies costs its warnings and its bundle, never the server or the function", async () => {
  const before = descendantsOf(server.pid).map(({ pid }) => pid);
  await create(
    server.url,
    `typescript-${++count}`,
    await zipOf({ "index.ts": "export const handler = async () => 1;" }),
  );
  for (const { pid } of descendantsOf(server.pid)) if (!before.includes(pid)) process.kill(pid, "SIGKILL");
  const { name } = await deploy({ "index.ts": "export const handler = async (): Promise<string> => 'all the same';" });
  expect((await invoke(server.url, name)).value()).toBe("all the same");
});

test("the bundler is a process that the server starts when it is needed, and that ends with it", async () => {
  for (const end of ["SIGTERM", "SIGKILL"] as const) {
    const other = await startServer();
    try {
      expect(descendantsOf(other.pid)).toEqual([]);
      await create(other.url, "first", await zipOf({ "index.js": "exports.handler = async () => 1;" }));
      const [bundler, ...more] = await until("the bundler is there", () => {
        const found = descendantsOf(other.pid);
        return found.length > 0 && found;
      });
      expect(more).toEqual([]);
      other.signal(end);
      await other.exited;
      await until("the bundler is gone", () => bundler !== undefined && !isAlive(bundler));
    } finally {
      await other.stop();
    }
  }
});

test("warnings of the check come in the header, in the log, and with DryRun at once", async () => {
  const { name } = await deploy({ "index.ts": "export const handler = async () => 1;" });
  const zip = await zipOf({ "index.ts": "export const main: number = 1;" });
  const dry = await request(server.url, "PUT", `/2015-03-31/functions/${name}/code`, {
    body: JSON.stringify({ ZipFile: Buffer.from(zip).toString("base64"), DryRun: true }),
  });
  const warning = 'Cannot find the export "handler" in index.ts: calls will end with Runtime.HandlerNotFound';
  expect({ status: dry.status, warning: dry.headers.get("x-lambent-warning") }).toEqual({ status: 200, warning });
  expect((await invoke(server.url, name)).value()).toBe(1);
  const wet = await updateCode(server.url, name, zip);
  expect({ status: wet.status, warning: wet.headers.get("x-lambent-warning") }).toEqual({ status: 200, warning });
  expect(server.stderr).toContain(JSON.stringify(warning));
  expect((await invoke(server.url, name)).value()).toMatchObject({ errorType: "Runtime.HandlerNotFound" });
});

test("a package that is too large to bundle is answered for all the same", async () => {
  const padding = `// ${"much is said here, and nothing done ".repeat(1000)}\n`.repeat(1000);
  const { name, hex } = await deploy({
    "index.ts": `export const handler = async (): Promise<string> => "large";\n${padding}`,
  });
  expect((await invoke(server.url, name)).value()).toBe("large");
  expect(isBundled(hex)).toBe(false);
  const next = await deploy({ "index.ts": "export const handler = async (): Promise<string> => 'the next one';" });
  expect((await invoke(server.url, next.name)).value()).toBe("the next one");
  expect(isBundled(next.hex)).toBe(true);
});
