import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdtemp, readdir, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ManualClock } from "../../../src/core/manual-clock.ts";
import { LogFiles } from "../../../src/invoke/logs/log-files.ts";

const MIB = 1024 * 1024;
const WEEK_MS = 7 * 24 * 60 * 60 * 1000;
const NOON = Date.UTC(2026, 0, 2, 12);
let directory: string;
let errors: unknown[];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "lambent-logs-"));
  errors = [];
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const open = (clock = new ManualClock(NOON)): LogFiles =>
  new LogFiles({ directory, clock, retentionMs: WEEK_MS, onError: (error) => errors.push(error) });
const names = async (name: string): Promise<string[]> => (await readdir(join(directory, name))).sort();
const contents = async (name: string): Promise<string> =>
  Buffer.concat(
    await Promise.all((await names(name)).map((file) => Bun.file(join(directory, name, file)).bytes())),
  ).toString();

describe("a function's log", () => {
  test("is a file in its own folder, in the order in which it was written", async () => {
    const files = open();
    const [a, b] = [files.sinkOf("a"), files.sinkOf("b")];
    for (let n = 0; n < 500; n++) {
      a.write(Buffer.from(`a${n}\n`));
      if (n % 5 === 0) b.write(Buffer.from(`b${n}\n`));
    }
    await files.flush();
    expect(await names("a")).toEqual(["0000000000000000.log"]);
    expect(await contents("a")).toBe(Array.from({ length: 500 }, (_, n) => `a${n}\n`).join(""));
    expect((await contents("b")).split("\n").length).toBe(101);
  });

  test("is written in batches: nothing is on disk at once, all of it soon without a flush", async () => {
    const files = open();
    const sink = files.sinkOf("a");
    for (let n = 0; n < 100; n++) expect(sink.write(Buffer.from("line\n"))).toBeUndefined();
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
      const pause = sink.write(block);
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
    first.sinkOf("a").write(Buffer.from("before\n"));
    await first.flush();
    const second = open(new ManualClock(NOON + 86_400_000));
    second.sinkOf("a").write(Buffer.from("after\n"));
    await second.flush();
    expect(await names("a")).toHaveLength(1);
    expect(await contents("a")).toBe("before\nafter\n");
  });

  test("says so when it cannot be written, and goes on with what comes later", async () => {
    await writeFile(join(directory, "a"), "a file where the folder should be");
    const files = open();
    files.sinkOf("a").write(Buffer.from("lost\n"));
    await files.flush();
    expect(errors.length).toBe(1);
    await rm(join(directory, "a"));
    files.sinkOf("a").write(Buffer.from("kept\n"));
    await files.flush();
    expect(await contents("a")).toBe("kept\n");
  });
});

describe("a full file makes room for a new one", () => {
  test("and only the newest four are kept", async () => {
    const files = open();
    for (const text of ["1", "2", "3", "4", "5", "6"]) {
      files.sinkOf("a").write(Buffer.alloc(17 * MIB, text));
      await files.flush();
    }
    const kept = await names("a");
    expect(kept).toEqual([2, 3, 4, 5].map((n) => `${String(n * 17 * MIB).padStart(16, "0")}.log`));
    const firsts = kept.map((file) =>
      Bun.file(join(directory, "a", file))
        .slice(0, 1)
        .text(),
    );
    expect(await Promise.all(firsts)).toEqual(["3", "4", "5", "6"]);
    expect(errors).toEqual([]);
  });
});

describe("a position", () => {
  const textOf = async (files: LogFiles, range: { from: number; to: number }): Promise<string> =>
    new Response(files.read("a", range)).text();

  test("is where it was written, whatever else was written meanwhile, over restarts and files' ends", async () => {
    const written: { from: number; to: number; text: string }[] = [];
    for (let run = 0; run < 3; run++) {
      const files = open();
      const sink = files.sinkOf("a");
      for (let n = 0; n < 3; n++) {
        const text = `run ${run}, line ${n}\n`;
        const from = sink.position;
        sink.write(Buffer.from(text));
        written.push({ from, to: sink.position, text });
        sink.write(Buffer.alloc(6 * MIB, "x"));
      }
      await files.close();
    }
    const files = open();
    expect((await names("a")).length).toBeGreaterThan(1);
    for (const { text, ...range } of written) expect(await textOf(files, range)).toBe(text);
  });

  test("can be read before it is on the disk, and of what is gone nothing is read", async () => {
    const files = open();
    files.sinkOf("a").write(Buffer.from("0123456789"));
    expect(await textOf(files, { from: 3, to: 6 })).toBe("345");
    expect(await textOf(files, { from: 8, to: 1000 })).toBe("89");
    expect(await new Response(files.read("nobody", { from: 0, to: 10 })).text()).toBe("");
  });

  test("stays right when somebody removes the file that is written to", async () => {
    const files = open();
    const sink = files.sinkOf("a");
    sink.write(Buffer.from("before\n"));
    await files.flush();
    await rm(join(directory, "a"), { recursive: true });
    const from = sink.position;
    sink.write(Buffer.from("after\n"));
    await files.flush();
    expect(await textOf(files, { from, to: sink.position })).toBe("after\n");
    expect(errors).toEqual([]);
  });
});

describe("the retention", () => {
  test("takes the files that nothing was written to for so long, and no other", async () => {
    const clock = new ManualClock(Date.now());
    const files = open(clock);
    for (const name of ["old", "new"]) files.sinkOf(name).write(Buffer.from(`${name}\n`));
    await files.flush();
    const longAgo = new Date(Date.now() - 2 * WEEK_MS);
    for (const file of await names("old")) await utimes(join(directory, "old", file), longAgo, longAgo);
    await files.prune();
    expect(await names("old")).toEqual([]);
    expect(await contents("new")).toBe("new\n");
    files.sinkOf("old").write(Buffer.from("again\n"));
    await files.flush();
    expect(await contents("old")).toBe("again\n");
    await clock.advance(WEEK_MS + 60_000);
    await files.prune();
    expect(await names("new")).toEqual([]);
    expect(errors).toEqual([]);
  });
});
