/** A handler changes its own files as everywhere, and nobody else's, in each kind of walls that the machine offers. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import type { Guard } from "../../../src/sandbox/guard/guard.ts";
import { specOf, startDispatcher, type TestDispatcher } from "../../support/dispatcher.ts";
import { OFFERED } from "../offered-walls.ts";
import { guardOf, IS_GUARD_OFFERED } from "./offered-guard.ts";

const EINVAL = 22;
const EFBIG = 27;

const offered = IS_GUARD_OFFERED ? OFFERED.map((walls) => ({ walls, kind: walls.kind })) : [];

describe.each(offered)("behind $kind, with a guard,", ({ walls }) => {
  let guard: Guard;
  let house: TestDispatcher;
  const folder = mkdtempSync(join(homedir(), ".lambent-own-files-"));
  beforeAll(async () => {
    guard = await guardOf(walls);
    house = startDispatcher({ walls, network: { guard, policyOf: () => "all", onRefused() {} } });
  });
  afterAll(async () => {
    rmSync(folder, { recursive: true, force: true });
    await house.close();
    guard.close();
  });

  test("modes, times and owners of its own files can be changed, and programs be made and started", async () => {
    const { value } = await house.call(specOf("own-files", { timeoutMs: 20_000 }), { what: "change" });
    expect(value.change).toEqual({
      modes: ["600", "640", "604", "444"],
      byTheNameTmp: "711",
      byRelativeName: ["done", "601", "done", "750"],
      folders: "500",
      sizes: [4, walls.canMount ? 2 ** 40 : EFBIG, EINVAL], // a `/tmp` in memory looks after itself
      throughLinks: ["666", "done", 5],
      times: [2, 4],
      owners: "done",
      programs: ["EACCES", "started"],
      archives: "one",
      itself: [0, "42"],
    });
  });

  test("nothing that is not its own can be", async () => {
    const file = join(folder, "of-the-host");
    writeFileSync(file, "", { mode: 0o600 });
    const event = { what: "overreach", pids: [process.pid, 1], file };
    const { value } = await house.call(specOf("own-files", { timeoutMs: 30_000 }), event);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const {
      changedMeanwhile,
      setUser,
      code,
      procOfOthers,
      proc,
      nothing,
      otherOwner,
      throughOtherNames,
      nothingElsewhere,
      ...others
    } = value.overreach;
    expect(new Set(Object.values(others))).toEqual(new Set(["EPERM"]));
    for (const answer of throughOtherNames) expect(["EPERM", "ELOOP", "ENOENT"]).toContain(answer);
    expect(nothing).toBe("ENOENT");
    expect(nothingElsewhere).toBe(walls.canMount ? "ENOENT" : "EPERM"); // what hangs among the host's file systems must not hang the guard
    expect(["EPERM", "EINVAL"]).toContain(otherOwner); // the kernel knows no such user in a namespace
    expect(changedMeanwhile).toBe(true);
    expect(["EPERM", "EROFS"]).toContain(code);
    if (walls.isBesideHost) expect(setUser).toBe("EPERM");
    expect(procOfOthers).not.toContain("PATH=");
    expect(JSON.stringify(proc)).not.toContain("PATH=");
  });
});
