import { describe, expect, test } from "bun:test";
import { specOf, WALLS } from "../../support/dispatcher.ts";
import { until } from "../../support/until.ts";
import { hostileHouse, type Scenario } from "./scenario.ts";

const hostile = hostileHouse();

/** It does not start under Landlock (SECURITY.md). */
const BUN_AS_CHILD = ["child", "manyChildren", "grandchild"];

const outOfMemory = {
  functionError: "Unhandled",
  errorType: "Runtime.OutOfMemory",
  errorMessage: "Runtime exited with error: signal: killed",
} as const;

describe("a bomb of", () => {
  test.each<Scenario>(
    [
      "arrays",
      "objects",
      "strings",
      "buffers",
      "buffersGently",
      "oneBuffer",
      "wasm",
      "sharedBuffers",
      "map",
      "closures",
      "promises",
      "child",
      "manyChildren",
      "grandchild",
      "program",
    ]
      .filter((trick) => WALLS.kind !== "landlock" || !BUN_AS_CHILD.includes(trick))
      .map((trick) => ({
        name: trick,
        fixture: "hostile-memory",
        event: { trick },
        spec: { memoryMib: 128, timeoutMs: 10_000 },
        answer: outOfMemory,
      })),
  )("$name ends as out of memory", async (scenario) => {
    const { logTail } = await hostile.run(scenario);
    const used = Number(/Max Memory Used: (\d+) MB/.exec(logTail)?.[1]);
    expect(used).toBeGreaterThanOrEqual(128);
  });
});

test("a call that goes over its memory just as it ends leaves no dying environment to the next one", async () => {
  const { house } = hostile;
  for (let n = 0; n < 3; n++) {
    const spec = specOf("hostile-memory", { memoryMib: 128 });
    const answer = await house.call(spec, { trick: "justOver" });
    if (answer.kind !== "ok") expect(answer).toMatchObject({ errorType: "Runtime.OutOfMemory" });
    expect(await house.call(spec)).toMatchObject({ kind: "ok", value: "fine" });
    house.dispatcher.retire(spec.functionName);
  }
});

test("what a timer takes after the result ends the environment, rather than stay taken", async () => {
  const { house } = hostile;
  const spec = specOf("hostile-timers", { memoryMib: 128 });
  const before = house.dispatcher.census().environments;
  expect(await house.call(spec, { trick: "memoryAfterResult" })).toMatchObject({ kind: "ok" });
  // It may be frozen before it has taken much; then it goes on in the next call.
  await until("it is gone, or frozen", () => {
    const { environments } = house.dispatcher.census();
    return environments === before || isFrozen(house.dispatcher);
  });
  let last = await house.call(spec, { waitMs: 100 });
  if (last.kind !== "ok") {
    expect(last.errorType).toBe("Runtime.OutOfMemory");
    last = await house.call(spec);
  }
  expect(last.kind).toBe("ok");
  house.dispatcher.retire(spec.functionName);
});

/** Nothing runs and nothing is about to be looked at. */
const isFrozen = (dispatcher: { census(): { running: number; byState: Record<string, number> } }): boolean => {
  const { running, byState } = dispatcher.census();
  return running === 0 && Object.keys(byState).every((state) => state === "idle");
};
