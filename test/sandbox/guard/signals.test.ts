/** What a guard looks after under Landlock as older kernels have it: signals, and files that are emptied. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { Guard } from "../../../src/sandbox/guard/guard.ts";
import { NO_WALLS } from "../../../src/sandbox/walls/walls.ts";
import { specOf, startDispatcher, type TestDispatcher } from "../../support/dispatcher.ts";
import { OLD_LANDLOCK } from "../offered-walls.ts";
import { guardOf, IS_GUARD_OFFERED } from "./offered-guard.ts";

const EPERM = 1;

describe.skipIf(!(IS_GUARD_OFFERED && OLD_LANDLOCK))("under Landlock as of Linux 5.19", () => {
  let guard: Guard;
  let house: TestDispatcher;
  const bystander = Bun.spawn(["sleep", "600"]);
  beforeAll(async () => {
    const walls = OLD_LANDLOCK ?? NO_WALLS;
    guard = await guardOf(walls);
    house = startDispatcher({ walls, network: { guard, policyOf: () => "all", onRefused() {} } });
  });
  afterAll(async () => {
    bystander.kill("SIGKILL");
    await bystander.exited;
    await house.close();
    guard.close();
  });

  test("a handler signals its own processes, and empties its own files", async () => {
    expect((await house.call(specOf("signals", { timeoutMs: 20_000 }))).value).toEqual({
      child: "SIGTERM",
      childByNumber: "SIGKILL",
      group: "SIGTERM",
      childOfChild: "143",
      abort: "SIGABRT",
      parent: "there",
      itself: "there",
      nobody: "ESRCH",
      collection: true,
      emptied: ["some", ""],
    });
  });

  test("and signals nobody else's, nor has the kernel do it", async () => {
    const pids = [process.pid, bystander.pid];
    expect((await house.call(specOf("signals", { timeoutMs: 20_000 }), { pids: [...pids, 1] })).value).toEqual({
      each: ["EPERM", "EPERM", "EPERM"],
      groups: ["ESRCH", "ESRCH"],
      throughChild: [1, 1, 1],
      byOwner: [EPERM, EPERM, EPERM],
    });
  });
});
