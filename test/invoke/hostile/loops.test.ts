import { test } from "bun:test";
import { hostileHouse, type Scenario, timedOut } from "./scenario.ts";

const { run } = hostileHouse();
const TIMEOUT_MS = 250;
const stackOverflow = {
  functionError: "Handled",
  errorType: "RangeError",
  errorMessage: /^Maximum call stack size exceeded/,
} as const;

const loop = (name: string, trick: string, answer: Scenario["answer"] = timedOut(TIMEOUT_MS)): Scenario => ({
  name,
  fixture: "hostile-loops",
  event: { trick },
  spec: { timeoutMs: TIMEOUT_MS },
  answer,
});

test.each<Scenario>([
  loop("an endless loop", "endlessLoop"),
  loop("endless microtasks", "endlessMicrotasks"),
  loop("endless next ticks", "endlessTicks"),
  loop("endless immediates", "endlessImmediates"),
  loop("an endless async loop", "endlessAsyncLoop"),
  loop("a regular expression that backtracks for ever", "regexBacktracking"),
  loop("an endless loop of allocations that are freed again", "sortForever"),
  loop("Atomics.wait", "atomicsWait"),
  loop("Bun.sleepSync", "bunSleepSync"),
  loop("waiting for a child without end", "childSync"),
  { ...loop("endless recursion", "endlessRecursion", stackOverflow), spec: {} },
  { ...loop("endless recursion in a getter", "endlessGetter", stackOverflow), spec: {} },
])("$name", async (scenario) => void (await run(scenario)));
