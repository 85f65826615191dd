import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ManualClock } from "../../../src/core/manual-clock.ts";
import { LogFiles } from "../../../src/invoke/logs/log-files.ts";

const MIB = 1024 * 1024;
const NOON = Date.UTC(2026, 0, 2, 12);
let directory: string;
let errors: unknown[];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "lambent-logs-"));
  errors = [];
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const open = (clock = new ManualClock(NOON)): LogFiles =>
  new LogFiles({ directory, clock, onError: (error) => errors.push(error) });
const names = async (name: string): Promise<string[]> => (await readdir(join(directory, name))).sort();
const contents = async (name: string): Promise<string> =>
  Buffer.concat(
    await Promise.all((await names(name)).map((file) => Bun.file(join(directory, name, file)).bytes())),
  ).toString();

describe("a function's log", () => {
  test("is a file in its own folder, named by time, in the order in which it was written", async () => {
    const files = open();
    const [a, b] = [files.sinkOf("a"), files.sinkOf("b")];
    for (let n = 0; n < 500; n++) {
      a(Buffer.from(`a${n}\n`));
      if (n % 5 === 0) b(Buffer.from(`b${n}\n`));
    }
    await files.flush();
    expect(await names("a")).toEqual(["2026-01-02T12-00-00.000Z.log"]);
    expect(await contents("a")).toBe(Array.from({ length: 500 }, (_, n) => `a${n}\n`).join(""));
    expect((await contents("b")).split("\n").length).toBe(101);
  });

  test("is written in batches: nothing is on disk at once, all of it soon without a flush", async () => {
    const files = open();
    const sink = files.sinkOf("a");
    for (let n = 0; n < 100; n++) expect(sink(Buffer.from("line\n"))).toBeUndefined();
    expect(await readdir(directory)).toEqual([]);
    const deadlineMs = performance.now() + 5000;
    while ((await readdir(directory)).length === 0 && performance.now() < deadlineMs) await Bun.sleep(5);
    await files.flush();
    expect((await contents("a")).length).toBe(500);
  });

  test("makes who writes faster than the disk wait, and loses nothing of it", async () => {
    const files = open();
    const sink = files.sinkOf("a");
    const block = Buffer.alloc(256 * 1024, "x");
    let waits = 0;
    for (let n = 0; n < 24; n++) {
      const pause = sink(block);
      if (!pause) continue;
      waits++;
      await pause;
    }
    expect(waits).toBeGreaterThanOrEqual(4);
    await files.flush();
    expect((await contents("a")).length).toBe(6 * MIB);
  });

  test("goes on in its newest file after a restart", async () => {
    const first = open();
    first.sinkOf("a")(Buffer.from("before\n"));
    await first.flush();
    const second = open(new ManualClock(NOON + 86_400_000));
    second.sinkOf("a")(Buffer.from("after\n"));
    await second.flush();
    expect(await names("a")).toHaveLength(1);
    expect(await contents("a")).toBe("before\nafter\n");
  });

  test("says so when it cannot be written, and goes on with what comes later", async () => {
    await writeFile(join(directory, "a"), "a file where the folder should be");
    const files = open();
    files.sinkOf("a")(Buffer.from("lost\n"));
    await files.flush();
    expect(errors.length).toBe(1);
    await rm(join(directory, "a"));
    files.sinkOf("a")(Buffer.from("kept\n"));
    await files.flush();
    expect(await contents("a")).toBe("kept\n");
  });
});

describe("a full file makes room for a new one", () => {
  const fill = async (files: LogFiles, text: string): Promise<void> => {
    files.sinkOf("a")(Buffer.alloc(17 * MIB, text));
    await files.flush();
  };

  test("and only the newest four are kept", async () => {
    const clock = new ManualClock(NOON);
    const files = open(clock);
    for (const text of ["1", "2", "3", "4", "5", "6"]) {
      await fill(files, text);
      await clock.advance(60_000);
    }
    const kept = await names("a");
    expect(kept).toHaveLength(4);
    const firsts = await Promise.all(
      kept.map((file) =>
        Bun.file(join(directory, "a", file))
          .slice(0, 1)
          .text(),
      ),
    );
    expect(firsts).toEqual(["3", "4", "5", "6"]);
  });

  test.each([
    { name: "within the same millisecond", moves: 0 },
    { name: "after the clock was set back", moves: -3_600_000 },
  ])("$name, too: names still sort by age", async ({ moves }) => {
    let nowMs = NOON;
    const clock = new ManualClock(NOON);
    Object.defineProperty(clock, "nowMs", { value: () => nowMs });
    const files = open(clock);
    for (const text of ["1", "2", "3", "4", "5"]) {
      await fill(files, text);
      nowMs += moves;
    }
    const kept = await names("a");
    const firsts = await Promise.all(
      kept.map((file) =>
        Bun.file(join(directory, "a", file))
          .slice(0, 1)
          .text(),
      ),
    );
    expect(firsts).toEqual(["2", "3", "4", "5"]);
    expect(errors).toEqual([]);
  });
});
