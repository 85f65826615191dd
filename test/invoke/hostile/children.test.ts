import { describe, expect, test } from "bun:test";
import { specOf } from "../../support/dispatcher.ts";
import { descendantsOf, isAlive } from "../../support/processes.ts";
import { until } from "../../support/until.ts";
import { exited, hostileHouse, timedOut } from "./scenario.ts";

const hostile = hostileHouse();
/** By the number that its own environment knows it by. */
const descendantOf = (pid: number) => descendantsOf(process.pid).find((entry) => entry.innerPid === pid);
const sleepers = (): number => descendantsOf(process.pid).length;

describe("children", () => {
  test("left behind by a call live on with their environment, and end with it", async () => {
    const { house } = hostile;
    const spec = specOf("hostile-children");
    const { pid } = (await house.call(spec, { trick: "leaveChild" })).value;
    expect(await house.call(spec)).toMatchObject({ value: "fine" });
    expect(descendantOf(pid)).toBeDefined();
    house.dispatcher.retire(spec.functionName);
    await until("the child is gone", () => descendantOf(pid) === undefined);
  });

  test("that hold the output open do not hold up the answer of one that exits, and end with it", async () => {
    const before = sleepers();
    const answer = await hostile.run({
      name: "",
      fixture: "hostile-children",
      event: { trick: "leaveChildAndExit" },
      answer: exited("exit status 1"),
    });
    expect(answer.tookMs).toBeLessThan(20_000);
    await until("the child is gone", () => sleepers() <= before);
  });

  test.each([
    { name: "five hundred of them", event: { trick: "manyAndHang", count: 500 } },
    { name: "a tree of shells that start shells", event: { trick: "forkBomb" } },
  ])("$name end with a call that timed out, and slow nobody down", async ({ event }) => {
    const before = sleepers();
    await hostile.run({
      name: "",
      fixture: "hostile-children",
      event,
      spec: { timeoutMs: 1500, memoryMib: 1024 },
      answer: timedOut(1500),
    });
    await until("they are gone", () => sleepers() <= before);
  });

  test("in a session of their own end with their environment", async () => {
    const { house } = hostile;
    const spec = specOf("hostile-children");
    const { pid } = (await house.call(spec, { trick: "leaveDaemon" })).value;
    const daemon = descendantOf(pid);
    if (!daemon) throw new Error("There is no daemon");
    house.dispatcher.retire(spec.functionName);
    await until("the daemon is gone", () => !isAlive(daemon));
  });
});
