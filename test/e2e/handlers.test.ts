/** Handlers in every form that AWS's Node.js runtime takes, and what they find around them. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { fixtureZip } from "../support/function-fixtures.ts";
import { census, create, invoke } from "../support/lambda-http.ts";
import { type RunningServer, startServer } from "../support/server.ts";
import { until } from "../support/until.ts";

setDefaultTimeout(30_000); // a busy machine may be slow; what has to be quick says so itself

let server: RunningServer;
const zips = new Map<string, Uint8Array>();
let count = 0;

beforeAll(async () => {
  server = await startServer();
  for (const name of ["styles", "modules", "esm-package", "dependencies", "environment", "state"]) {
    zips.set(name, await fixtureZip(name));
  }
});
afterAll(() => server.stop());

/** A function of its own for one test; answers its name. */
async function deploy(fixture: string, rest: Record<string, unknown> = {}): Promise<string> {
  const name = `${fixture}-${++count}`;
  const answer = await create(server.url, name, zips.get(fixture) ?? new Uint8Array(), rest);
  expect({ status: answer.status, body: answer.status === 201 ? "" : answer.text }).toEqual({ status: 201, body: "" });
  return name;
}

interface Scenario {
  name: string;
  fixture: string;
  handler: string;
  event?: unknown;
  value: unknown;
}

async function answers({ fixture, handler, event, value }: Scenario): Promise<void> {
  const name = await deploy(fixture, { Handler: handler });
  for (const _call of ["cold", "warm"]) {
    const answer = await invoke(server.url, name, event);
    expect({ error: answer.functionError, body: answer.value() }).toEqual({ error: null, body: value });
  }
}

describe("a handler in the style of", () => {
  const event = { deep: [1, "two", null] };
  test.each<Omit<Scenario, "fixture">>([
    {
      name: "an async function answers what it returns",
      handler: "index.async",
      event,
      value: { style: "async", event },
    },
    {
      name: "a promise answers what it resolves to",
      handler: "index.promise",
      event,
      value: { style: "promise", event },
    },
    {
      name: "a thenable of its own making answers what that resolves to",
      handler: "index.thenable",
      value: "thenable",
    },
    {
      name: "a callback answers what it is called with",
      handler: "index.callback",
      event,
      value: { style: "callback", event },
    },
    { name: "a callback called at once answers", handler: "index.callbackAtOnce", value: "at once" },
    { name: "a callback waits for the event loop to run empty", handler: "index.waits", value: { timerRan: true } },
    {
      name: "a callback with callbackWaitsForEmptyEventLoop off answers at once",
      handler: "index.doesNotWait",
      value: { timerRan: false },
    },
    {
      name: "a callback that is never called answers null once the loop is empty",
      handler: "index.neverCalls",
      value: null,
    },
    { name: "a plain return value answers null, as it is no promise", handler: "index.returnsPlainValue", value: null },
    { name: "a callback called twice answers the first", handler: "index.callsTwice", value: "first" },
    { name: "an async function that returns nothing answers null", handler: "index.answersNothing", value: null },
    { name: "context.succeed answers its argument", handler: "index.succeed", value: { by: "succeed" } },
    {
      name: "context.succeed does not wait for the event loop",
      handler: "index.succeedWhileBusy",
      value: "did not wait for the interval",
    },
    { name: "context.done without an error answers its second argument", handler: "index.done", value: { by: "done" } },
    {
      name: "a nested export is found by its dotted name",
      handler: "index.nested.deeper.still",
      value: "nested.deeper.still",
    },
    { name: "a method of an exported instance is found", handler: "index.instance.handle", value: "class instance" },
  ])("$name", (scenario) => answers({ ...scenario, fixture: "styles" }));

  test.each([
    {
      name: "a callback with an error",
      handler: "index.callbackError",
      errorType: "RangeError",
      errorMessage: "too far",
    },
    { name: "a callback with a text", handler: "index.callbackText", errorType: "string", errorMessage: "only text" },
    { name: "context.fail", handler: "index.fail", errorType: "TypeError", errorMessage: "by fail" },
    { name: "context.done with an error", handler: "index.doneWithError", errorType: "Error", errorMessage: "by done" },
  ])("$name is a handled error", async ({ handler, errorType, errorMessage }) => {
    const name = await deploy("styles", { Handler: handler });
    const answer = await invoke(server.url, name);
    expect([answer.status, answer.functionError]).toEqual([200, "Handled"]);
    expect(answer.json()).toMatchObject({ errorType, errorMessage });
  });
});

describe("a module written as", () => {
  test.each<Scenario>([
    {
      name: "CommonJS in .js runs, with __filename and __dirname",
      fixture: "modules",
      handler: "common.handler",
      value: { kind: "common.js", file: "common.js", folder: "string" },
    },
    {
      name: "CommonJS in .cjs runs, and requires its neighbour",
      fixture: "modules",
      handler: "explicit.handler",
      value: { kind: "explicit.cjs", required: true },
    },
    {
      name: "an ES module in .mjs runs, after its top-level await",
      fixture: "modules",
      handler: "standard.handler",
      value: { kind: "standard.mjs", ready: "awaited at the top", file: "standard.mjs" },
    },
    {
      name: "an ES module that exports all by default runs",
      fixture: "modules",
      handler: "defaulted.handler",
      value: "wrapped in default",
    },
    {
      name: "TypeScript in .ts runs, enums included",
      fixture: "modules",
      handler: "typed.handler",
      value: { kind: "typed.ts", file: "typed.ts" },
    },
    {
      name: "TypeScript in .mts runs, and imports its neighbour",
      fixture: "modules",
      handler: "typed-module.handler",
      value: { kind: "typed-module.mts", inner: "typed.ts" },
    },
    {
      name: "a file in folders, with a nested export, runs",
      fixture: "modules",
      handler: "deep/er/file.a.b",
      value: "deep/er/file.a.b",
    },
    {
      name: "ES modules in .js run when package.json says so",
      fixture: "esm-package",
      handler: "index.handler",
      value: { greeting: "hello from a module", name: "esm-package", lazy: "loaded on demand" },
    },
    {
      name: "CommonJS with node_modules finds main, exports, scoped packages and ES modules",
      fixture: "dependencies",
      handler: "index.handler",
      value: {
        plain: "plain by main",
        modern: "modern by require",
        feature: "a subpath of exports",
        tool: "scoped, with plain by main",
        onlyEsm: "only an ES module",
        imported: "modern by import",
      },
    },
    {
      name: "an ES module with node_modules takes the import side of exports",
      fixture: "dependencies",
      handler: "index-esm.handler",
      value: {
        plain: "plain by main",
        modern: "modern by import",
        tool: "scoped, with plain by main",
        onlyEsm: "only an ES module",
      },
    },
  ])("$name", answers);

  test("CommonJS cannot reach past the exports of a package", async () => {
    const name = await deploy("dependencies", { Handler: "index.closed" });
    const answer = await invoke(server.url, name);
    expect([answer.status, answer.functionError]).toEqual([200, "Handled"]);
  });
});

describe("a handler finds", () => {
  interface Surroundings {
    event: unknown;
    atLoad: Record<string, string>;
    values: Record<string, unknown>;
    methods: string[];
    remainingMs: number;
    laterMs: number;
    env: Record<string, string>;
    workingDirectory: string;
    taskRootFiles: string[];
  }
  const look = async (name: string, event?: unknown, headers?: Record<string, string>) => {
    const answer = await invoke(server.url, name, event, headers);
    expect([answer.status, answer.functionError]).toEqual([200, null]);
    return { ...(answer.value() as Surroundings), requestId: answer.requestId };
  };

  test("the whole context object", async () => {
    const name = await deploy("environment", { Timeout: 7, MemorySize: 256 });
    const { values, methods, remainingMs, laterMs, requestId } = await look(name);
    expect(values).toEqual({
      callbackWaitsForEmptyEventLoop: true,
      functionName: name,
      functionVersion: "$LATEST",
      memoryLimitInMB: "256",
      invokedFunctionArn: `arn:aws:lambda:us-east-1:000000000000:function:${name}`,
      awsRequestId: requestId,
      logGroupName: `/aws/lambda/${name}`,
      logStreamName: expect.stringMatching(/^\d{4}\/\d\d\/\d\d\/\[\$LATEST\][0-9a-f]{32}$/),
    });
    expect(requestId).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    expect(methods).toEqual(["function", "function", "function", "function"]);
    expect(remainingMs).toBeWithin(6000, 7001);
    expect(remainingMs - laterMs).toBeWithin(25, 5000);
  });

  test("the client context that the caller sent", async () => {
    const name = await deploy("environment");
    const clientContext = { client: { app_title: "título" }, custom: { answer: "42" } };
    const header = Buffer.from(JSON.stringify(clientContext)).toString("base64");
    const { values } = await look(name, {}, { "X-Amz-Client-Context": header });
    expect(values["clientContext"]).toEqual(clientContext);
  });

  test("the qualifier in the invoked ARN when the caller gave one", async () => {
    const name = await deploy("environment");
    const { values } = await look(`${name}:$LATEST`);
    expect(values["invokedFunctionArn"]).toBe(`arn:aws:lambda:us-east-1:000000000000:function:${name}:$LATEST`);
  });

  test("an empty object as the event of a call without payload", async () => {
    expect((await look(await deploy("environment"))).event).toEqual({});
  });

  test("the documented environment variables, and its own, already while it loads", async () => {
    const name = await deploy("environment", {
      MemorySize: 192,
      Environment: { Variables: { STAGE: "test", WITH_UNICODE: "naïve ✓", EMPTY: "", TZ: "Europe/Berlin" } },
    });
    const { env, atLoad, taskRootFiles, values } = await look(name);
    expect(env).toMatchObject({
      _HANDLER: "index.handler",
      AWS_REGION: "us-east-1",
      AWS_DEFAULT_REGION: "us-east-1",
      AWS_EXECUTION_ENV: "AWS_Lambda_nodejs22.x",
      AWS_LAMBDA_FUNCTION_NAME: name,
      AWS_LAMBDA_FUNCTION_VERSION: "$LATEST",
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: "192",
      AWS_LAMBDA_INITIALIZATION_TYPE: "on-demand",
      AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${name}`,
      AWS_LAMBDA_LOG_STREAM_NAME: values["logStreamName"],
      AWS_ACCESS_KEY_ID: expect.any(String),
      AWS_SECRET_ACCESS_KEY: expect.any(String),
      AWS_SESSION_TOKEN: expect.any(String),
      LAMBDA_TASK_ROOT: expect.any(String),
      LAMBDA_RUNTIME_DIR: expect.any(String),
      LANG: "en_US.UTF-8",
      PATH: expect.stringContaining("/usr/bin"),
      NODE_PATH: expect.stringContaining("/node_modules"),
      _X_AMZN_TRACE_ID: expect.stringMatching(/^Root=1-[0-9a-f]{8}-[0-9a-f]{24};Parent=[0-9a-f]{16};Sampled=0$/),
      STAGE: "test",
      WITH_UNICODE: "naïve ✓",
      EMPTY: "",
      TZ: "Europe/Berlin",
    });
    expect(atLoad).toEqual({ region: "us-east-1", handler: "index.handler" });
    expect(taskRootFiles).toEqual(["index.js"]);
  });

  test("nothing of the server's own environment", async () => {
    const { env } = await look(await deploy("environment"));
    expect(Object.keys(env).filter((name) => /^(LAMBENT|HOME|BUN|NODE_ENV)/.test(name))).toEqual([]);
    expect(env["TZ"]).toBe(":UTC");
  });

  test("the trace header of the caller", async () => {
    const trace = "Root=1-67891233-abcdef012345678912345678;Parent=53995c3f42cd8ad8;Sampled=1";
    const { env } = await look(await deploy("environment"), {}, { "X-Amzn-Trace-Id": trace });
    expect(env["_X_AMZN_TRACE_ID"]).toBe(trace);
  });

  test("its own code as the working directory", async () => {
    const { workingDirectory, env } = await look(await deploy("environment"));
    expect(workingDirectory).toBe(env["LAMBDA_TASK_ROOT"] ?? "");
  });

  test("a console whose lines carry time, request id and level, between the platform's lines", async () => {
    const name = await deploy("environment", { Handler: "index.logs" });
    const { log, requestId } = await invoke(server.url, name, {}, { "X-Amz-Log-Type": "Tail" });
    const lines = log.split("\n").map((line) => line.replace(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z\t/, "<time>\t"));
    expect(lines).toEqual([
      expect.stringMatching(
        /^INIT_START Runtime Version: nodejs:22\S*\tRuntime Version ARN: arn:aws:lambda:us-east-1::runtime:\S+$/,
      ),
      `START RequestId: ${requestId} Version: $LATEST`,
      `<time>\t${requestId}\tINFO\tplain log { a: 1 }`,
      `<time>\t${requestId}\tINFO\tinfo`,
      `<time>\t${requestId}\tWARN\twarn`,
      `<time>\t${requestId}\tERROR\tlogged, not thrown`,
      `<time>\t${requestId}\tDEBUG\tdebug`,
      "raw",
      "raw error",
      `END RequestId: ${requestId}`,
      expect.stringMatching(
        new RegExp(
          `^REPORT RequestId: ${requestId}\\tDuration: [\\d.]+ ms\\tBilled Duration: \\d+ ms\\tMemory Size: 128 MB\\t` +
            "Max Memory Used: \\d+ MB\\tInit Duration: [\\d.]+ ms\\t$",
        ),
      ),
      "",
    ]);
  });

  test("no Init Duration in the report of a warm call", async () => {
    const name = await deploy("environment", { Handler: "index.logs" });
    await invoke(server.url, name);
    const { log } = await invoke(server.url, name, {}, { "X-Amz-Log-Type": "Tail" });
    expect(log).toContain("REPORT");
    expect(log).not.toContain("INIT_START");
    expect(log).not.toContain("Init Duration");
  });
});

describe("execution environments", () => {
  interface Seen {
    instance: string;
    calls: number;
  }

  test("a warm one is used again, with its module's state", async () => {
    const name = await deploy("state");
    const seen: Seen[] = [];
    for (let n = 0; n < 5; n++) seen.push((await invoke(server.url, name, {})).value() as Seen);
    expect(new Set(seen.map((each) => each.instance)).size).toBe(1);
    expect(seen.map((each) => each.calls)).toEqual([1, 2, 3, 4, 5]);
  });

  test("five slow calls at once run side by side in five of them", async () => {
    const name = await deploy("state", { Timeout: 10 });
    await invoke(server.url, name, {});
    const waitMs = 1500;
    const beganAtMs = performance.now();
    const answers_ = await Promise.all(Array.from({ length: 5 }, () => invoke(server.url, name, { waitMs })));
    const tookMs = performance.now() - beganAtMs;
    const seen = answers_.map((answer) => answer.value() as Seen);
    expect(new Set(seen.map((each) => each.instance)).size).toBe(5);
    expect(tookMs).toBeWithin(waitMs - 1, 2 * waitMs);
  });

  test("a slow function does not hold up another", async () => {
    const slow = await deploy("state", { Timeout: 10 });
    const quick = await deploy("state");
    await invoke(server.url, quick, {});
    let slowEnded = false;
    const running = invoke(server.url, slow, { waitMs: 1000 }).finally(() => {
      slowEnded = true;
    });
    await until("the slow call runs", async () => (await census(server.url)).running > 0);
    for (let n = 0; n < 20; n++) expect((await invoke(server.url, quick, {})).status).toBe(200);
    expect(slowEnded).toBe(false);
    expect((await running).status).toBe(200);
  });

  test("those of two functions with the same code share nothing", async () => {
    const names = [await deploy("state"), await deploy("state")];
    const seen = await Promise.all(names.map(async (name) => (await invoke(server.url, name, {})).value() as Seen));
    expect(seen.map((each) => each.calls)).toEqual([1, 1]);
    expect(seen[0]?.instance).not.toBe(seen[1]?.instance);
  });

  test("a hundred calls of sixteen clients are each answered once, by few of them", async () => {
    const name = await deploy("state");
    let left = 100;
    const seen: Seen[] = [];
    const client = async (): Promise<void> => {
      while (left-- > 0) seen.push((await invoke(server.url, name, {})).value() as Seen);
    };
    await Promise.all(Array.from({ length: 16 }, client));
    const byInstance = Map.groupBy(seen, (each) => each.instance);
    expect(seen.length).toBe(100);
    for (const calls of byInstance.values()) {
      expect(calls.map((each) => each.calls).sort((a, b) => a - b)).toEqual(calls.map((_, index) => index + 1));
    }
    expect(byInstance.size).toBeLessThan(17);
  });
});
