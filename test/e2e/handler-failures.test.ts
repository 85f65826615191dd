/**
 * What a client reads when a handler fails, in every way that it can, and that nothing of it outlives the call: the next one is answered, by
 * the same environment where AWS keeps it, by a new one where it ends.
 */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { fixtureZip } from "../support/function-fixtures.ts";
import { create, type Invoked, invoke } from "../support/lambda-http.ts";
import { isAlive, runnersOf } from "../support/processes.ts";
import { type RunningServer, startServer } from "../support/server.ts";
import { until } from "../support/until.ts";

setDefaultTimeout(30_000); // a busy machine may be slow; what has to be quick says so itself

/** Two functions of the same code: one that gives a busy machine time, and one whose timeout is what is tested. */
const PATIENT = "patient";
const IMPATIENT = "impatient";
const TIMEOUT_MS = 1000;

let server: RunningServer;
let failing: Uint8Array;
let broken: Uint8Array;
/** Calls that take their whole ten seconds to initialize run beside all other tests. */
const endless = new Map<string, Promise<{ answer: Invoked; tookMs: number }>>();

beforeAll(async () => {
  server = await startServer();
  broken = await fixtureZip("broken");
  failing = await fixtureZip("failures");
  await deploy(PATIENT);
  await deploy(IMPATIENT, TIMEOUT_MS);
  for (const file of ["loops", "never-loads"])
    endless.set(
      file,
      timed(() => callBroken(`${file}.handler`)),
    );
});
afterAll(() => server.stop());

async function deploy(name: string, timeoutMs = 20_000): Promise<void> {
  const created = await create(server.url, name, failing, { Timeout: timeoutMs / 1000, MemorySize: 256 });
  expect(created.status).toBe(201);
}

async function timed(call: () => Promise<Invoked>): Promise<{ answer: Invoked; tookMs: number }> {
  const beganAtMs = performance.now();
  const answer = await call();
  return { answer, tookMs: performance.now() - beganAtMs };
}

/** Which environment answers now. */
async function instance(name = PATIENT): Promise<string> {
  const answer = await invoke(server.url, name, {});
  expect({ error: answer.functionError, body: answer.value() }).toEqual({
    error: null,
    body: { instance: expect.any(String) },
  });
  return (answer.value() as { instance: string }).instance;
}

const fail = (how: string, { headers = {}, of = PATIENT }: { headers?: Record<string, string>; of?: string } = {}) =>
  invoke(server.url, of, { fail: how }, headers);

let count = 0;

/** The first call of a function that cannot start. */
async function callBroken(handler: string): Promise<Invoked> {
  const name = `broken-${++count}`;
  const created = await create(server.url, name, broken, { Handler: handler, Timeout: TIMEOUT_MS / 1000 });
  expect(created.status).toBe(201);
  return invoke(server.url, name, {});
}

const frame = expect.stringMatching(/^ {4}at /);
const UNREADABLE =
  "callback called with Error argument, but there was a problem while retrieving one or more of its message, name, and stack";

describe("an error of the handler's own is Handled, and keeps the environment, when it throws", () => {
  test.each([
    {
      name: "an Error",
      how: "throwError",
      body: { errorType: "Error", errorMessage: "it broke", trace: ["Error: it broke", frame, frame] },
    },
    {
      name: "an error of its own class",
      how: "throwOwnError",
      body: {
        errorType: "OrderError",
        errorMessage: "no such order",
        trace: ["OrderError: no such order", frame, frame],
      },
    },
    {
      name: "what the engine throws",
      how: "throwTypeError",
      body: {
        errorType: "TypeError",
        errorMessage: expect.stringContaining("null"),
        trace: [expect.stringMatching(/^TypeError: .*null/), frame, frame],
      },
    },
    { name: "a string", how: "throwString", body: { errorType: "string", errorMessage: "just text", trace: [] } },
    { name: "null", how: "throwNull", body: { errorType: "object", errorMessage: "null", trace: [] } },
    {
      name: "undefined",
      how: "throwUndefined",
      body: { errorType: "undefined", errorMessage: "undefined", trace: [] },
    },
    { name: "a number", how: "throwNumber", body: { errorType: "number", errorMessage: "42", trace: [] } },
    {
      name: "an object",
      how: "throwObject",
      body: { errorType: "object", errorMessage: "[object Object]", trace: [] },
    },
    {
      name: "an error that refuses to be read",
      how: "throwHostileError",
      body: { errorType: "handled", errorMessage: UNREADABLE, trace: [] },
    },
  ])("$name", async ({ how, body }) => {
    const before = await instance();
    const answer = await fail(how);
    expect([answer.status, answer.functionError]).toEqual([200, "Handled"]);
    expect(answer.headers.get("x-amz-executed-version")).toBe("$LATEST");
    expect(answer.value()).toEqual(body);
    expect(await instance()).toBe(before);
  });
});

describe("a result that JSON cannot hold is Unhandled, and keeps the environment:", () => {
  test.each(["bigint", "circular", "throwingToJson"])("%s", async (how) => {
    const before = await instance();
    const answer = await fail(how);
    expect([answer.status, answer.functionError]).toEqual([200, "Unhandled"]);
    expect(answer.json()).toMatchObject({ errorType: "Error", errorMessage: "Unable to stringify response body" });
    expect(await instance()).toBe(before);
  });
});

describe("a result is answered as JSON.stringify has it:", () => {
  test.each([
    { name: "a function as null", how: "function", body: null },
    { name: "a symbol as null", how: "symbol", body: null },
    { name: "undefined as null", how: "nothing", body: null },
    {
      name: "NaN and infinity as null, dates as text",
      how: "notANumber",
      body: { nan: null, infinity: null, date: "1970-01-01T00:00:00.000Z" },
    },
  ])("$name", async ({ how, body }) => {
    const answer = await fail(how);
    expect([answer.status, answer.functionError, answer.value()]).toEqual([200, null, body]);
  });
});

describe("a process that ends during a call is a Runtime.ExitError, and the next call gets a new environment:", () => {
  test.each([
    { name: "process.exit(0)", how: "exitZero", reason: "Runtime exited without providing a reason" },
    { name: "process.exit(7)", how: "exitSeven", reason: "Runtime exited with error: exit status 7" },
    {
      name: "process.exit() after process.exitCode = 3",
      how: "exitCode",
      reason: "Runtime exited with error: exit status 3",
    },
    { name: "SIGKILL to itself", how: "killSelf", reason: "Runtime exited with error: signal: killed" },
    { name: "SIGTERM to itself", how: "terminateSelf", reason: "Runtime exited with error: signal: terminated" },
    { name: "process.abort()", how: "abort", reason: "Runtime exited with error: signal: aborted (core dumped)" },
    {
      name: "closing the channel to the host",
      how: "closeChannel",
      reason: "Runtime exited with error: signal: killed",
    },
    {
      name: "writing nonsense to the host",
      how: "writeToChannel",
      reason: "Runtime exited with error: signal: killed",
    },
  ])("$name", async ({ how, reason }) => {
    const before = await instance();
    const answer = await fail(how);
    expect([answer.status, answer.functionError]).toEqual([200, "Unhandled"]);
    expect(answer.value()).toEqual({
      errorType: "Runtime.ExitError",
      errorMessage: `RequestId: ${answer.requestId} Error: ${reason}`,
    });
    expect(await instance()).not.toBe(before);
  });
});

describe("an error outside the handler's promise is Unhandled, and the next call gets a new environment:", () => {
  test.each([
    {
      name: "a rejection that nobody handles",
      how: "rejectLater",
      body: {
        errorType: "Runtime.UnhandledPromiseRejection",
        errorMessage: "Error: nobody listens",
        trace: ["Runtime.UnhandledPromiseRejection: Error: nobody listens", frame, frame],
      },
    },
    {
      name: "an exception in a timer",
      how: "throwLater",
      body: {
        errorType: "RangeError",
        errorMessage: "outside of the promise",
        trace: expect.arrayContaining(["RangeError: outside of the promise", frame]),
      },
    },
  ])("$name", async ({ how, body }) => {
    const before = await instance();
    const answer = await fail(how);
    expect([answer.status, answer.functionError]).toEqual([200, "Unhandled"]);
    expect(answer.value()).toEqual(body);
    expect(await instance()).not.toBe(before);
  });
});

describe("a call that takes longer than the function's timeout ends on time, with its processes:", () => {
  test.each([
    { name: "a promise that never settles", how: "hang" },
    { name: "an interval that never ends", how: "hangWithInterval" },
    { name: "an endless loop", how: "loop" },
    { name: "an endless loop of microtasks", how: "asyncLoop" },
  ])("$name", async ({ how }) => {
    const before = await instance(IMPATIENT);
    const runners = runnersOf(server.pid);
    const { answer, tookMs } = await timed(() => fail(how, { of: IMPATIENT, headers: { "X-Amz-Log-Type": "Tail" } }));
    expect([answer.status, answer.functionError]).toEqual([200, "Unhandled"]);
    expect(answer.value()).toEqual({
      errorType: "Sandbox.Timedout",
      errorMessage: `RequestId: ${answer.requestId} Error: Task timed out after 1.00 seconds`,
    });
    expect(answer.log).toMatch(/\tStatus: timeout\n$/);
    expect(tookMs).toBeWithin(TIMEOUT_MS - 1, TIMEOUT_MS + 500);
    await until("its process is gone", () => runners.some((runner) => !isAlive(runner)), 1000);
    expect(await instance(IMPATIENT)).not.toBe(before);
  });
});

test("a call that takes more memory than the function has is out of memory, and the next one gets a new environment", async () => {
  const before = await instance();
  const answer = await fail("allocate");
  expect([answer.status, answer.functionError]).toEqual([200, "Unhandled"]);
  expect(answer.value()).toEqual({
    errorType: "Runtime.OutOfMemory",
    errorMessage: `RequestId: ${answer.requestId} Error: Runtime exited with error: signal: killed`,
  });
  expect(await instance()).not.toBe(before);
}, 20_000);

describe("what a handler prints", () => {
  const tail = { headers: { "X-Amz-Log-Type": "Tail" } };

  test("comes back as the last 4,096 bytes of its log, however many megabytes it is", async () => {
    const before = await instance();
    const answer = await fail("printMegabytes", tail);
    expect([answer.functionError, answer.value()]).toEqual([null, "printed"]);
    expect(Buffer.byteLength(answer.log)).toBe(4096);
    expect(answer.log).toMatch(/xxx\n[^\n]*\tINFO\tthe last line\nEND RequestId: [^\n]*\nREPORT RequestId: [^\n]*\n$/);
    expect(await instance()).toBe(before);
  });

  test("needs no newline at its end", async () => {
    const answer = await fail("printWithoutEnd", tail);
    expect(answer.log).toContain(`no newline at the endEND RequestId: ${answer.requestId}\n`);
  });

  test("may look like what the runner prints, and changes nothing but the log", async () => {
    const before = await instance();
    const answer = await fail("printMarks", tail);
    expect([answer.functionError, answer.value()]).toEqual([null, "printed"]);
    expect(answer.log).toContain(`END RequestId: ${answer.requestId}\nREPORT RequestId: ${answer.requestId}\t`);
    expect(await instance()).toBe(before);
  });

  test("goes nowhere when the handler closed its output, and the call is answered", async () => {
    const name = `own-${++count}`;
    await deploy(name);
    const answer = await fail("closeOutput", { of: name, ...tail });
    expect([answer.functionError, answer.value()]).toEqual([null, "closed"]);
    await instance(name);
  });

  test("is kept in the function's log on disk, in files of a bounded size", async () => {
    const name = `own-${++count}`;
    await deploy(name);
    for (let n = 0; n < 3; n++) await fail("printMegabytes", { of: name });
    const folder = join(server.dataDirectory, "logs", name);
    const bytes = await until("the log is written", async () => {
      const names = await readdir(folder).catch(() => []);
      const sizes = await Promise.all(names.map(async (name) => (await stat(join(folder, name))).size));
      const total = sizes.reduce((sum, size) => sum + size, 0);
      return total > 3 * 8 * 1024 * 1024 && total;
    });
    expect(bytes).toBeLessThan(100 * 1024 * 1024);
  }, 20_000);

  test("is not in the answer when the caller did not ask for it", async () => {
    expect((await fail("printWithoutEnd")).headers.get("x-amz-log-result")).toBeNull();
  });
});

describe("a handler that damages its own runtime", () => {
  test.each([
    { name: "by replacing globals is answered as before", how: "replaceGlobals", value: "kept its word" },
    { name: "by emptying process.env is answered as before", how: "emptyEnvironment", value: 0 },
  ])("$name", async ({ how, value }) => {
    const name = `own-${++count}`;
    await deploy(name);
    for (let n = 0; n < 2; n++) {
      const answer = await fail(how, { of: name });
      expect([answer.functionError, answer.value()]).toEqual([null, value]);
    }
    await instance(name);
  });
});

describe("a function that cannot start answers every call with why:", () => {
  interface Scenario {
    name: string;
    handler: string;
    errorType: string;
    errorMessage: unknown;
  }
  test.each<Scenario>([
    {
      name: "it throws an error while it loads",
      handler: "throws.handler",
      errorType: "TypeError",
      errorMessage: "broke while it loaded",
    },
    {
      name: "it throws a text",
      handler: "throws-text.handler",
      errorType: "string",
      errorMessage: "text while it loaded",
    },
    {
      name: "its JavaScript has a syntax error",
      handler: "syntax.handler",
      errorType: "Runtime.UserCodeSyntaxError",
      errorMessage: expect.stringMatching(/^SyntaxError: ./),
    },
    {
      name: "its TypeScript has a syntax error",
      handler: "syntax-typed.handler",
      errorType: "Runtime.UserCodeSyntaxError",
      errorMessage: expect.stringMatching(/^SyntaxError: ./),
    },
    {
      name: "it requires a package that is not there",
      handler: "requires-missing.handler",
      errorType: "Runtime.ImportModuleError",
      errorMessage: expect.stringMatching(
        /^Error: Cannot find module 'no-such-package'\nRequire stack:\n- .*requires-missing\.js$/,
      ),
    },
    {
      name: "it requires a file that is not there",
      handler: "requires-missing-file.handler",
      errorType: "Runtime.ImportModuleError",
      errorMessage: expect.stringMatching(/^Error: Cannot find module '\.\/no-such-file'\nRequire stack:\n- /),
    },
    {
      name: "it imports a package that is not there",
      handler: "imports-missing.handler",
      errorType: "Runtime.ImportModuleError",
      errorMessage: expect.stringMatching(/^Error: Cannot find package 'no-such-package' imported from /),
    },
    {
      name: "it imports a name that is not exported",
      handler: "imports-missing-name.handler",
      errorType: "Runtime.UserCodeSyntaxError",
      errorMessage: expect.stringMatching(/^SyntaxError: .*nothing/),
    },
    {
      name: "its file is not in the package",
      handler: "absent.handler",
      errorType: "Runtime.ImportModuleError",
      errorMessage: expect.stringMatching(/^Error: Cannot find module 'absent'\nRequire stack:\n- /),
    },
    {
      name: "its export is not there",
      handler: "index.missing",
      errorType: "Runtime.HandlerNotFound",
      errorMessage: "index.missing is undefined or not exported",
    },
    {
      name: "a nested export is not there",
      handler: "index.notAFunction.b.c",
      errorType: "Runtime.HandlerNotFound",
      errorMessage: "index.notAFunction.b.c is undefined or not exported",
    },
    {
      name: "its export is no function",
      handler: "index.notAFunction",
      errorType: "Runtime.HandlerNotFound",
      errorMessage: "index.notAFunction is not a function",
    },
    {
      name: "its handler has no dot",
      handler: "index",
      errorType: "Runtime.MalformedHandlerName",
      errorMessage: "Bad handler",
    },
    {
      name: "its handler leads out of the package",
      handler: "../index.handler",
      errorType: "Runtime.MalformedHandlerName",
      errorMessage: expect.stringMatching(/^'\.\.\/index\.handler' is not a valid handler name\./),
    },
    {
      name: "a rejection that nobody handles comes while it waits for its first call's end",
      handler: "rejects.handler",
      errorType: "Runtime.UnhandledPromiseRejection",
      errorMessage: "Error: nobody listens",
    },
    {
      name: "its top-level await rejects",
      handler: "rejects-at-top.handler",
      errorType: "Error",
      errorMessage: "rejected at the top",
    },
    {
      name: "it exits with 0 while it loads",
      handler: "exits.handler",
      errorType: "Runtime.ExitError",
      errorMessage: expect.stringMatching(/^RequestId: \S{36} Error: Runtime exited without providing a reason$/),
    },
    {
      name: "it exits with 5 while it loads",
      handler: "exits-with-five.handler",
      errorType: "Runtime.ExitError",
      errorMessage: expect.stringMatching(/^RequestId: \S{36} Error: Runtime exited with error: exit status 5$/),
    },
    {
      name: "it kills itself while it loads",
      handler: "kills-itself.handler",
      errorType: "Runtime.ExitError",
      errorMessage: expect.stringMatching(/^RequestId: \S{36} Error: Runtime exited with error: signal: killed$/),
    },
  ])("$name", async ({ handler, errorType, errorMessage }) => {
    const name = `broken-${++count}`;
    const created = await create(server.url, name, broken, { Handler: handler, Timeout: TIMEOUT_MS / 1000 });
    expect(created.status).toBe(201);
    for (const _call of ["first", "second"]) {
      const answer = await invoke(server.url, name, {});
      expect([answer.status, answer.functionError]).toEqual([200, "Unhandled"]);
      expect(answer.json()).toMatchObject({ errorType, errorMessage });
      if (errorType === "Runtime.ExitError") expect(answer.text).toContain(answer.requestId);
    }
  });

  test("one whose handler's file is missing says so when it is created", async () => {
    const created = await create(server.url, `broken-${++count}`, broken, { Handler: "absent.handler" });
    expect([created.status, created.headers.get("x-lambent-warning")]).toEqual([
      201,
      expect.stringContaining("no file for the handler absent.handler"),
    ]);
  });

  test("four calls at once of one that exits while it loads are all answered", async () => {
    const name = `broken-${++count}`;
    await create(server.url, name, broken, { Handler: "exits.handler" });
    const answers = await Promise.all(Array.from({ length: 4 }, () => invoke(server.url, name, {})));
    expect(answers.map((answer) => answer.json()["errorType"])).toEqual(Array(4).fill("Runtime.ExitError"));
  });

  // AWS gives the code ten seconds to load, then starts it again within the call and its timeout.
  test.each([
    { name: "an endless loop while it loads", file: "loops" },
    { name: "a top-level await that never ends", file: "never-loads" },
  ])(
    "$name times out",
    async ({ file }) => {
      const { answer, tookMs } = (await endless.get(file)) ?? expect.unreachable();
      expect([answer.status, answer.functionError]).toEqual([200, "Unhandled"]);
      expect(answer.value()).toEqual({
        errorType: "Sandbox.Timedout",
        errorMessage: `RequestId: ${answer.requestId} Error: Task timed out after 1.00 seconds`,
      });
      expect(tookMs).toBeWithin(10_000 + TIMEOUT_MS - 10, 10_000 + TIMEOUT_MS + 2000);
    },
    20_000,
  );
});

describe("a response", () => {
  const RESPONSE_BYTES_MAX = 6 * 1024 * 1024 + 100;
  beforeAll(async () => {
    const created = await create(server.url, "large", await fixtureZip("large"), { Timeout: 10, MemorySize: 512 });
    expect(created.status).toBe(201);
  });

  test("of exactly 6 MiB and 100 bytes comes through", async () => {
    const answer = await invoke(server.url, "large", { bytes: RESPONSE_BYTES_MAX });
    expect([answer.status, answer.functionError, answer.bytes.length]).toEqual([200, null, RESPONSE_BYTES_MAX]);
  });

  test("of one byte more, or of far more, is refused, and the next call is answered", async () => {
    for (const bytes of [RESPONSE_BYTES_MAX + 1, 32 * 1024 * 1024]) {
      const answer = await invoke(server.url, "large", { bytes });
      expect([answer.status, answer.functionError]).toEqual([200, "Unhandled"]);
      expect(answer.value()).toEqual({
        errorType: "Function.ResponseSizeTooLarge",
        errorMessage: "Response payload size exceeded maximum allowed payload size (6291556 bytes).",
      });
      expect((await invoke(server.url, "large", { bytes: 10 })).value()).toBe("xxxxxxxx");
    }
  });
});
