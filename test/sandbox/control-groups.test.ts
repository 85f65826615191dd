import { afterAll, describe, expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import {
  type ControlGroup,
  ControlGroups,
  type GroupLimits,
  NoControlGroupsError,
} from "../../src/sandbox/control-groups.ts";
import { Sandbox, type SandboxExit } from "../../src/sandbox/sandbox.ts";
import { NO_WALLS } from "../../src/sandbox/walls/walls.ts";
import { until } from "../support/until.ts";

/** Undefined where this process may make none: then a watch is all that holds functions, which other tests are about. */
const groups = await ControlGroups.open().catch((error: unknown) => {
  if (!(error instanceof NoControlGroupsError)) throw error;
  console.warn(`Not tested: control groups (${error.message})`);
  return undefined;
});
afterAll(() => groups?.close());

const MIB = 1024 * 1024;
const LIMITS: GroupLimits = { memoryBytes: 64 * MIB, tasksMax: 20, processorWeight: 7 };
const groupOf = (pid: number): string => /^0::(.*)$/m.exec(readFileSync(`/proc/${pid}/cgroup`, "utf8"))?.[1] ?? "";

const folderOf = (pid: number): string => {
  const mounted = readFileSync("/proc/self/mountinfo", "utf8").split("\n");
  return join(mounted.find((line) => line.includes(" - cgroup2 "))?.split(" ")[4] ?? "", groupOf(pid));
};

/** Or waits for somebody to ask how. */
function hasEnded(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/stat`, "utf8").includes(") Z ");
  } catch {
    return true;
  }
}

describe.skipIf(!groups)("a group", () => {
  const make = (limits: Partial<GroupLimits> = {}): ControlGroup =>
    (groups as ControlGroups).make({ ...LIMITS, ...limits });
  const shell = (script: string): Bun.Subprocess<"ignore", "pipe", "inherit"> =>
    Bun.spawn(["sh", "-c", `sleep 0.2; ${script}`], { stdio: ["ignore", "pipe", "inherit"] });

  test("has what its process starts, and ends all of it, also what left its session", async () => {
    const group = make();
    const parent = shell("setsid sleep 60 & echo $!; sleep 60");
    await group.take(parent.pid);
    const reader = parent.stdout.getReader();
    const child = Number(new TextDecoder().decode((await reader.read()).value));
    expect(groupOf(child)).toBe(groupOf(parent.pid));
    expect(groupOf(child)).not.toBe(groupOf(process.pid));
    group.kill();
    await parent.exited;
    await until("the child is gone", () => hasEnded(child));
    group.remove();
  });

  test.skipIf(!groups?.controllers.includes("pids"))("refuses one process too many", async () => {
    const group = make({ tasksMax: 5 });
    const parent = Bun.spawn(["sh", "-c", "sleep 0.2; for n in 1 2 3 4 5 6 7 8; do sleep 60 & done; wait"], {
      stdio: ["ignore", "ignore", "pipe"],
    });
    await group.take(parent.pid);
    await parent.stderr.getReader().read(); // it complains; its children hold the rest of it open
    expect(readFileSync(join(folderOf(parent.pid), "pids.events"), "utf8")).toMatch(/^max [1-9]/m);
    group.kill();
    await parent.exited;
    group.remove();
  });

  test.skipIf(!groups?.controllers.includes("memory"))(
    "ends who takes more memory than it has, and says so",
    async () => {
      const group = make();
      const [hungry, modest] = [make(), group].map((each, at) => {
        const parent = shell(`${at === 0 ? "x=$(head -c 200000000 /dev/zero | tr '\\0' x); " : ""}echo done`);
        return { each, parent, taken: each.take(parent.pid) };
      });
      await Promise.all([hungry?.taken, modest?.taken]);
      expect(await hungry?.parent.exited).not.toBe(0);
      expect(await modest?.parent.exited).toBe(0);
      expect([hungry?.each.ranOutOfMemory(), modest?.each.ranOutOfMemory()]).toEqual([true, false]);
      for (const one of [hungry, modest]) one?.each.remove();
    },
  );

  test("is where a sandbox's process runs before it is spoken to, and is removed with it", async () => {
    const place = { groups: groups as ControlGroups, limits: LIMITS };
    const ended = Promise.withResolvers<SandboxExit>();
    const said = Promise.withResolvers<string>();
    const sandbox = Sandbox.start(
      {
        command: ["sh", "-c", "cat /proc/self/cgroup; sleep 60"],
        workingDirectory: "/",
        env: { PATH: process.env["PATH"] ?? "" },
        view: { folders: [], links: [], temporaryBytes: MIB },
        walls: NO_WALLS,
        place,
      },
      { onFrame() {}, onOutput: (bytes) => said.resolve(Buffer.from(bytes).toString()), onExit: ended.resolve },
    );
    await said.promise;
    await until("it is in its group", () => groupOf(sandbox.pid) !== groupOf(process.pid));
    const folder = folderOf(sandbox.pid);
    expect(existsSync(folder)).toBe(true);
    sandbox.kill();
    await ended.promise;
    await until("its group is gone", () => !existsSync(folder));
  });
});

test("there are groups, or a reason why not", async () => {
  if (groups) expect(groups.controllers.length).toBeGreaterThan(0);
  else
    await expect(ControlGroups.open()).rejects.toThrow(
      /control groups|cpu, memory and pids|may not be written|other processes/,
    );
});
