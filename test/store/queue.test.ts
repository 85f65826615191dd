import { expect, test } from "bun:test";
import { join } from "node:path";
import { openStore } from "../../src/store/open-store.ts";
import { GroupCommit } from "../../src/store/sqlite/queue-sync.ts";
import { queueContract, queuedCall } from "./queue-contract.ts";
import { temporaryDirectories } from "./temporary-directory.ts";

const temporaryDirectory = temporaryDirectories();

queueContract("SQLite in memory", () => openStore({ memory: true }));
queueContract("SQLite on disk", async () => openStore({ directory: join(await temporaryDirectory(), "data") }));

test("the queue outlives the process that filled it, leases and all", async () => {
  const directory = await temporaryDirectory();
  const before = await openStore({ directory });
  await before.queue.accept([queuedCall("a"), queuedCall("b")]);
  await before.queue.exchange({
    nowMs: 100,
    leasedUntilMs: 1e9,
    settlements: [],
    wanted: [{ lane: "a", countMax: 1 }],
  });
  await before.close();
  const after = await openStore({ directory });
  expect(await after.queue.releaseLeases()).toBe(1);
  expect((await after.queue.lanes()).map(({ lane }) => lane)).toEqual(["a", "b"]);
  await after.close();
});

test("what comes in while a group is synced goes out with the next one, and nobody is answered before", async () => {
  const groups: number[][] = [];
  const syncs: (() => void)[] = [];
  const commit = new GroupCommit<number>(
    (items) => groups.push([...items]),
    () => new Promise<void>((resolve) => syncs.push(resolve)),
  );
  const answered: number[] = [];
  const add = (item: number) => void commit.add(item).then(() => answered.push(item));
  add(1);
  add(2);
  await Bun.sleep(1);
  add(3);
  add(4);
  await Bun.sleep(1);
  expect({ groups, answered }).toEqual({ groups: [[1, 2]], answered: [] });
  syncs.shift()?.();
  await Bun.sleep(1);
  expect({ groups, answered }).toEqual({
    groups: [
      [1, 2],
      [3, 4],
    ],
    answered: [1, 2],
  });
  syncs.shift()?.();
  await commit.idle();
  expect(answered).toEqual([1, 2, 3, 4]);
});

test("a group that cannot be written is refused, and the next one is tried", async () => {
  let full = true;
  const commit = new GroupCommit<number>(
    () => {
      if (full) throw new Error("database or disk is full");
    },
    async () => {},
  );
  expect(await Promise.allSettled([commit.add(1), commit.add(2)])).toMatchObject([
    { status: "rejected" },
    { status: "rejected" },
  ]);
  full = false;
  await commit.add(3);
});
