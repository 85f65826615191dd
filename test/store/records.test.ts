import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type InvocationRecord, openRecords, type RecordStore } from "../../src/store/records/records.ts";

const recordOf = (n: number, change: Partial<InvocationRecord> = {}): InvocationRecord => ({
  requestId: `request-${n}`,
  functionName: n % 2 === 0 ? "even" : "odd",
  version: "$LATEST",
  startedAtMs: 1_000 + n,
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

const many = (count: number): InvocationRecord[] => Array.from({ length: count }, (_, n) => recordOf(n));

describe("records of invocations", () => {
  let records: RecordStore;
  beforeAll(() => {
    records = openRecords(":memory:");
    records.append(many(75)); // more than one statement's worth, and a rest
  });
  afterAll(() => records.close());

  test("come out as they went in, the newest first", () => {
    const [newest, before] = records.list({ count: 2 });
    expect(newest).toEqual({ id: 75, ...recordOf(74) });
    expect(before).toEqual({ id: 74, ...recordOf(73) });
    expect(records.list({ count: 100 })).toHaveLength(75);
  });

  test("are listed page by page without gap or repeat", () => {
    const seen: string[] = [];
    let before: number | undefined;
    for (;;) {
      const page = records.list({ before, count: 20 });
      if (page.length === 0) break;
      seen.push(...page.map(({ requestId }) => requestId));
      before = page.at(-1)?.id;
    }
    expect(seen).toEqual(
      many(75)
        .map(({ requestId }) => requestId)
        .reverse(),
    );
  });

  test("are listed by function", () => {
    const odd = records.list({ functionName: "odd", count: 100 });
    expect(odd).toHaveLength(37);
    expect(odd.every(({ functionName }) => functionName === "odd")).toBe(true);
    expect(records.list({ functionName: "nobody", count: 100 })).toEqual([]);
  });

  test("keep what was null", () => {
    const cold = records.list({ count: 100 }).at(-1);
    expect(cold?.initMs).toBe(12.5);
    expect(records.list({ count: 1 })[0]?.initMs).toBeNull();
  });
});

test("pruning keeps the newest by number, and of those what is young enough", () => {
  const records = openRecords(":memory:");
  records.append(many(100));
  records.prune({ countMax: 40, beforeMs: 0 });
  expect(records.list({ count: 1000 })).toHaveLength(40);
  records.prune({ countMax: 40, beforeMs: 1_090 });
  expect(records.list({ count: 1000 }).map(({ startedAtMs }) => startedAtMs)).toEqual([
    1099, 1098, 1097, 1096, 1095, 1094, 1093, 1092, 1091, 1090,
  ]);
  records.close();
});

test("a file that is no database any more is begun anew", async () => {
  const directory = await mkdtemp(join(tmpdir(), "lambent-records-"));
  const path = join(directory, "records.db");
  await writeFile(path, "what a power cut left".repeat(1000));
  const records = openRecords(path);
  records.append([recordOf(1)]);
  expect(records.list({ count: 10 })).toHaveLength(1);
  records.close();
  await rm(directory, { recursive: true });
});
