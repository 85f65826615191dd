import { describe, expect, test } from "bun:test";
import { specOf } from "../../support/dispatcher.ts";
import { exited, FINE, hostileHouse, type Scenario, timedOut } from "./scenario.ts";

const hostile = hostileHouse();
const run = async (scenario: Scenario): Promise<void> => void (await hostile.run(scenario));

describe("process.exit and worse,", () => {
  const exit = (name: string, trick: string, answer: Scenario["answer"], spec: Scenario["spec"] = {}): Scenario => ({
    name,
    fixture: "hostile-exits",
    event: { trick },
    spec,
    answer,
  });
  const SEGMENTATION_FAULT =
    /^Runtime exited with error: signal: (segmentation fault|trace\/breakpoint trap|aborted) \(core dumped\)$/;

  test.each<Scenario>([
    exit("exit(0)", "exitZero", exited("")),
    exit("exit(7)", "exitSeven", exited("exit status 7")),
    exit("exit(255)", "exitLarge", exited("exit status 255")),
    exit("exit() with an exit code", "exitByCode", exited("exit status 3")),
    exit("reallyExit", "reallyExit", exited("exit status 9")),
    exit("exit after an await", "exitInAsync", exited("exit status 5")),
    exit("exit in a timer", "exitInTimer", exited("exit status 6")),
    exit("exit in a finally", "exitInFinally", exited("exit status 8")),
    exit("exit with a listener that never returns", "exitListenerLoops", timedOut(400), { timeoutMs: 400 }),
    exit("exit in beforeExit", "beforeExit", exited("exit status 12"), { handler: "index.inCallbackStyle" }),
    exit("abort", "abort", exited("signal: aborted (core dumped)")),
    exit("writing to address 8", "nativeCrashOnWrite", { ...exited(""), errorMessage: SEGMENTATION_FAULT }),
    exit("reading address 0, which Bun refuses", "nativeCrash", { functionError: "Handled", errorType: "TypeError" }),
    exit("a rejection that nobody catches", "unhandledRejection", {
      functionError: "Unhandled",
      errorType: "Runtime.UnhandledPromiseRejection",
      errorMessage: "TypeError: nobody catches me",
    }),
    exit("an exception that nobody catches", "uncaughtException", {
      functionError: "Unhandled",
      errorType: "RangeError",
      errorMessage: "nobody catches me",
    }),
    exit("null that nobody catches", "uncaughtNull", { functionError: "Unhandled", errorMessage: "null" }),
    exit("a proxy that throws when it is looked at, that nobody catches", "uncaughtHostile", {
      functionError: "Unhandled",
      errorType: "handled",
    }),
  ])("$name", run);
});

describe("a signal to itself,", () => {
  const signal = (name: string, event: object, answer: Scenario["answer"]): Scenario => ({
    name,
    fixture: "hostile-signals",
    event: { ...event },
    spec: { timeoutMs: 400 },
    answer,
  });
  test.each<Scenario>([
    signal("SIGKILL", { signal: "SIGKILL" }, exited("signal: killed")),
    signal("SIGTERM", { signal: "SIGTERM" }, exited("signal: terminated")),
    signal("SIGHUP", { signal: "SIGHUP" }, exited("signal: sighup")),
    signal("SIGSTOP", { signal: "SIGSTOP" }, timedOut(400)),
    signal("SIGKILL to its group", { signal: "SIGKILL", group: true }, exited("signal: killed")),
    signal("SIGTERM to its group", { signal: "SIGTERM", group: true }, exited("signal: terminated")),
    signal("SIGSTOP to its group", { signal: "SIGSTOP", group: true }, timedOut(400)),
  ])("$name", run);
});

describe("at load,", () => {
  test.each<{ name: string; handler: string; answer: Scenario["answer"]; spec?: Scenario["spec"] }>([
    { name: "exit(0)", handler: "exits", answer: exited("") },
    { name: "exit(7)", handler: "exits", answer: exited("exit status 7"), spec: { variables: { CODE: "7" } } },
    { name: "SIGKILL to itself", handler: "dies", answer: exited("signal: killed") },
    {
      name: "an exception",
      handler: "throws",
      answer: { functionError: "Unhandled", errorType: "TypeError", errorMessage: "not today" },
    },
    {
      name: "an exception of eight megabytes, cut",
      handler: "throws-huge",
      answer: { functionError: "Unhandled", errorType: "TypeError", errorMessage: /^m{65536}$/ },
    },
    {
      name: "a rejection that nobody catches",
      handler: "rejects-later",
      answer: {
        functionError: "Unhandled",
        errorType: "Runtime.UnhandledPromiseRejection",
        errorMessage: "RangeError: at load, caught by nobody",
      },
    },
    {
      name: "a memory bomb",
      handler: "hungry",
      answer: { functionError: "Unhandled", errorType: "Runtime.OutOfMemory" },
      spec: { memoryMib: 128 },
    },
    {
      name: "a file that is not there",
      handler: "ghost",
      answer: { functionError: "Unhandled", errorType: "Runtime.ImportModuleError" },
    },
  ])("$name: each call ends so, anew", async ({ handler, answer, spec }) => {
    const { errorMessage, ...rest } = answer;
    const own = specOf("hostile-load", { handler: `${handler}.handler`, ...spec });
    for (let n = 0; n < 2; n++) {
      const called = await hostile.house.call(own);
      expect(called).toMatchObject({ kind: "function-error", ...rest });
      const told = called.errorMessage?.replace(`RequestId: ${called.requestId} Error: `, "") ?? "";
      if (errorMessage !== undefined)
        expect(told).toMatch(typeof errorMessage === "string" ? new RegExp(`^${errorMessage}$`) : errorMessage);
    }
    expect(await hostile.house.call(specOf("hostile-calm"))).toMatchObject({ kind: "ok" });
  });
});

describe("after the result,", () => {
  test.each([
    { name: "exit", fixture: "hostile-exits", trick: "exitAfterResult", errorType: "Runtime.ExitError" },
    {
      name: "a rejection",
      fixture: "hostile-timers",
      trick: "rejectAfterResult",
      errorType: "Runtime.UnhandledPromiseRejection",
    },
    { name: "an exception", fixture: "hostile-timers", trick: "throwAfterResult", errorType: "Error" },
  ])(
    "$name ends the environment: at most the next call, into which it resumed, fails with it",
    async ({ fixture, trick, errorType }) => {
      const { house } = hostile;
      const spec = specOf(fixture);
      expect(await house.call(spec, { trick })).toMatchObject({ kind: "ok" });
      const next = await house.call(spec, { waitMs: 50 });
      if (next.kind !== "ok") expect(next).toMatchObject({ functionError: "Unhandled", errorType });
      const last = await house.call(spec);
      expect(last.kind).toBe("ok");
      if (fixture === "hostile-exits") expect(last).toMatchObject(FINE);
      house.dispatcher.retire(spec.functionName);
    },
  );
});
