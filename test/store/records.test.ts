import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { appendFile, mkdtemp, readdir, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { ManualClock } from "../../src/core/manual-clock.ts";
import { type InvocationRecord, Records } from "../../src/store/records.ts";

const NOON = Date.UTC(2026, 0, 2, 12);
const WEEK_MS = 7 * 24 * 60 * 60 * 1000;
let folder: string;
let errors: unknown[];
let records: Records;

beforeEach(async () => {
  folder = join(await mkdtemp(join(tmpdir(), "lambent-records-")), "invocations");
  errors = [];
  records = open();
});
afterEach(async () => {
  await records.close();
  await rm(join(folder, ".."), { recursive: true, force: true });
  expect(errors).toEqual([]);
});

const open = (clock = new ManualClock(NOON)): Records =>
  new Records({ folder, clock, retentionMs: WEEK_MS, onError: (error) => errors.push(error) });

const recordOf = (n: number, change: Partial<InvocationRecord> = {}): InvocationRecord => ({
  requestId: `request-${n}`,
  functionName: n % 2 === 0 ? "even" : "odd",
  version: "$LATEST",
  startedAtMs: NOON + n,
  durationMs: n / 2,
  initMs: n === 0 ? 12.5 : null,
  memoryUsedMib: 10,
  result: "Success",
  errorType: null,
  logStreamName: "stream",
  logFrom: n * 100,
  logTo: n * 100 + 90,
  ...change,
});

const add = (count: number, from = 0): void => {
  for (let n = from; n < from + count; n++) records.add(recordOf(n));
};
const idsOf = (listed: readonly InvocationRecord[]): string[] => listed.map(({ requestId }) => requestId);
const newestFirst = (count: number): string[] => Array.from({ length: count }, (_, n) => `request-${count - 1 - n}`);

describe("records of invocations", () => {
  test("come out as they went in, the newest first, at once", async () => {
    add(75);
    const [newest, before] = await records.list({ count: 2 });
    expect(newest).toEqual({ id: expect.any(Number), ...recordOf(74) });
    expect(before).toEqual({ id: expect.any(Number), ...recordOf(73) });
    expect(idsOf(await records.list({ count: 100 }))).toEqual(newestFirst(75));
    expect((await records.list({ count: 100 })).at(-1)?.initMs).toBe(12.5);
  });

  test("hold any text", async () => {
    const texts = fc.record({ version: fc.string(), errorType: fc.string({ unit: "grapheme" }) });
    await fc.assert(
      fc.asyncProperty(texts, async (change) => {
        records.add(recordOf(1, change));
        const [newest] = await records.list({ count: 1 });
        expect(newest).toMatchObject(change);
      }),
      { numRuns: 50 },
    );
  });

  test("are listed page by page without gap or repeat, over more than is read at once", async () => {
    add(2000);
    for (const functionName of [undefined, "odd"]) {
      const seen: string[] = [];
      for (let before: number | undefined; ; ) {
        const page = await records.list({ functionName, before, count: 77 });
        if (page.length === 0) break;
        seen.push(...idsOf(page));
        before = page.at(-1)?.id;
      }
      const wanted = newestFirst(2000).filter((_, n) => functionName === undefined || n % 2 === 0);
      expect(seen).toEqual(wanted);
    }
  });

  test("are listed by function, by its whole name", async () => {
    add(75);
    expect(await records.list({ functionName: "odd", count: 100 })).toHaveLength(37);
    expect(await records.list({ functionName: "od", count: 100 })).toEqual([]);
  });

  test("go on after a restart", async () => {
    add(5);
    await records.close();
    records = open();
    add(1, 5);
    expect(idsOf(await records.list({ count: 10 }))).toEqual(newestFirst(6));
  });

  test("of which a line was cut off lose that line alone", async () => {
    add(5);
    await records.close();
    const [name = ""] = await readdir(folder);
    await appendFile(join(folder, name), '["request-lost","ev');
    records = open();
    add(1, 5);
    expect(idsOf(await records.list({ count: 10 }))).toEqual(newestFirst(6));
  });

  test("are none in what is no record at all", async () => {
    add(1);
    await records.close();
    const [name = ""] = await readdir(folder);
    await writeFile(join(folder, name), Buffer.alloc(300_000, 7));
    records = open();
    expect(await records.list({ count: 10 })).toEqual([]);
  });
});

test("what is older than the retention is not listed, and goes with its file", async () => {
  records.add(recordOf(1, { startedAtMs: NOON - WEEK_MS - 1 }));
  records.add(recordOf(2));
  expect(idsOf(await records.list({ count: 10 }))).toEqual(["request-2"]);
  await records.prune();
  expect(await readdir(folder)).toHaveLength(1);
  const [name = ""] = await readdir(folder);
  const old = new Date(NOON - WEEK_MS - 1);
  await utimes(join(folder, name), old, old);
  await records.prune();
  expect(await readdir(folder)).toEqual([]);
  add(3);
  expect(idsOf(await records.list({ count: 10 }))).toEqual(newestFirst(3));
});
