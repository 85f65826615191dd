import { Database } from "bun:sqlite";
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type InvocationRecord,
  openRecords,
  type RecordStore,
  type Retention,
} from "../../src/store/records/records.ts";

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

const many = (count: number, from = 0): InvocationRecord[] =>
  Array.from({ length: count }, (_, n) => recordOf(from + n));
const ALL: Retention = { countMax: 1_000_000, beforeMs: 0 };

describe("records of invocations", () => {
  let records: RecordStore;
  beforeAll(() => {
    records = openRecords(":memory:");
    for (let from = 0; from < 75; from += 25) records.append(many(25, from), ALL);
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

describe("what is no longer to be kept goes", () => {
  test("as new ones come, the oldest first, by number and by age", () => {
    const records = openRecords(":memory:");
    const append = (from: number, retention: Retention) => records.append(many(10, from), retention);
    for (let from = 0; from < 100; from += 10) append(from, { countMax: 40, beforeMs: 0 });
    expect(records.list({ count: 1000 }).map(({ id }) => id)).toEqual(Array.from({ length: 40 }, (_, n) => 100 - n));
    for (let from = 100; from < 150; from += 10) append(from, { countMax: 1000, beforeMs: 1_125 });
    expect(records.list({ count: 1000 }).map(({ id }) => id)).toEqual(Array.from({ length: 30 }, (_, n) => 150 - n));
    records.close();
  });

  test("in pieces, when nothing comes", () => {
    const records = openRecords(":memory:");
    for (let from = 0; from < 300; from++) records.append(many(1, from), ALL);
    let pieces = 1;
    while (records.prune({ countMax: 10, beforeMs: 0 })) pieces++;
    expect(records.list({ count: 1000 })).toHaveLength(10);
    expect(pieces).toBeGreaterThan(3);
    records.close();
  });
});

test("a file that is opened again goes on where it ended", async () => {
  await inDirectory((path) => {
    openRecords(path).append(many(5), ALL);
    const records = openRecords(path);
    records.append(many(1, 5), ALL);
    expect(records.list({ count: 10 }).map(({ id, requestId }) => [id, requestId])).toEqual(
      Array.from({ length: 6 }, (_, n) => [6 - n, `request-${5 - n}`]),
    );
    records.close();
  });
});

test.each([
  { name: "no database any more", content: "what a power cut left".repeat(1000) },
  { name: "of an older shape", content: undefined },
])("a file that is $name is begun anew", async ({ content }) => {
  await inDirectory(async (path) => {
    if (content !== undefined) await writeFile(path, content);
    else {
      const older = new Database(path);
      older.run("CREATE TABLE invocations (id INTEGER PRIMARY KEY, request_id TEXT)");
      older.close();
    }
    const records = openRecords(path);
    records.append([recordOf(1)], ALL);
    expect(records.list({ count: 10 })).toHaveLength(1);
    records.close();
  });
});

async function inDirectory(use: (path: string) => void | Promise<void>): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), "lambent-records-"));
  await use(join(directory, "records.db"));
  await rm(directory, { recursive: true });
}
