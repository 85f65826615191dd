/** What a handler leaves running is frozen between calls and goes on in the next one. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { specOf, startDispatcher, type TestDispatcher } from "../../support/dispatcher.ts";
import { hostPidOf, type SeenFromInside } from "../../support/processes.ts";
import { until } from "../../support/until.ts";

let house: TestDispatcher;
beforeAll(() => {
  house = startDispatcher();
});
afterAll(() => house.close());

const statOf = (seen: SeenFromInside): string[] =>
  (
    readFileSync(`/proc/${hostPidOf(seen)}/stat`, "utf8")
      .split(") ")
      .at(-1) ?? ""
  ).split(" ");
const untilFrozen = (seen: SeenFromInside): Promise<unknown> =>
  until("the environment is frozen", () => statOf(seen)[0] === "T");
/** Clock ticks of processor time, as user and as system. */
const processorTime = (seen: SeenFromInside): number => Number(statOf(seen)[11]) + Number(statOf(seen)[12]);

describe("left running after the result:", () => {
  test.each(["leakInterval", "leakUnref", "busyAfterResult", "leakManyTimers"].map((trick) => ({ trick })))(
    "$trick stands still between calls, and uses no processor",
    async ({ trick }) => {
      const spec = specOf("hostile-timers");
      await house.call(spec, { trick });
      const seen = (await house.call(spec)).value;
      await untilFrozen(seen);
      const before = processorTime(seen);
      await Bun.sleep(200); // that nothing happens meanwhile is what is tested
      expect(processorTime(seen)).toBe(before);
      expect((await house.call(spec)).value).toMatchObject({ pid: seen.pid, namespace: seen.namespace });
      house.dispatcher.retire(spec.functionName);
    },
  );

  test("an interval ticks on in the calls that follow", async () => {
    const spec = specOf("hostile-timers");
    await house.call(spec, { trick: "leakInterval" });
    const first = (await house.call(spec, { waitMs: 60 })).value;
    await untilFrozen(first);
    const second = (await house.call(spec, { waitMs: 60 })).value;
    expect(first.ticks).toBeGreaterThan(5);
    expect(second.ticks).toBeGreaterThan(first.ticks + 5);
    house.dispatcher.retire(spec.functionName);
  });

  test("a timer that is due while the environment is frozen goes off in the next call", async () => {
    const spec = specOf("hostile-timers");
    const seen = (await house.call(spec)).value;
    await house.call(spec, { trick: "lateTimer", afterMs: 400 });
    await untilFrozen(seen);
    await Bun.sleep(450); // past its time
    const { late } = (await house.call(spec, { waitMs: 100 })).value;
    expect(late).toEqual(["fired"]);
    house.dispatcher.retire(spec.functionName);
  });

  test("a message printed between calls is in the log, and in no call's way", async () => {
    const spec = specOf("hostile-timers");
    await house.call(spec, { trick: "logAfterResult" });
    await house.call(spec, { waitMs: 20 });
    await until("the message is there", () => house.logOf(spec.functionName).includes("said after the result"));
    house.dispatcher.retire(spec.functionName);
  });

  test("an endless loop takes up the next call's time, and the one after works", async () => {
    const spec = specOf("hostile-timers", { timeoutMs: 300 });
    await house.call(spec, { trick: "spinAfterResult" });
    const next = await house.call(spec, { waitMs: 20 });
    if (next.kind !== "ok") expect(next.errorType).toBe("Sandbox.Timedout");
    const last = await house.call(spec);
    if (last.kind !== "ok") expect(last.errorType).toBe("Sandbox.Timedout");
    expect((await house.call(spec)).kind).toBe("ok");
    house.dispatcher.retire(spec.functionName);
  });
});

test("a frozen environment answers its next call at once, and ends when it is to", async () => {
  const spec = specOf("hostile-timers");
  const seen = (await house.call(spec)).value;
  for (let n = 0; n < 3; n++) {
    await untilFrozen(seen);
    expect((await house.call(spec)).value).toMatchObject({ pid: seen.pid, namespace: seen.namespace });
  }
  await untilFrozen(seen);
  const before = house.dispatcher.census().environments;
  house.dispatcher.retire(spec.functionName);
  await until("it is gone", () => house.dispatcher.census().environments < before);
});
