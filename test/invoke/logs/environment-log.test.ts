import { describe, expect, test } from "bun:test";
import { randomUUID } from "node:crypto";
import fc from "fast-check";
import { outputMark } from "../../../runtime/protocol.ts";
import { EnvironmentLog } from "../../../src/invoke/logs/environment-log.ts";
import { LogTail } from "../../../src/invoke/logs/log-tail.ts";
import { sinkOf } from "../../support/dispatcher.ts";

const encoder = new TextEncoder();
const bytes = (text: string): Uint8Array => encoder.encode(text);

function collecting(): { log: EnvironmentLog; text: () => string } {
  const parts: Uint8Array[] = [];
  const log = new EnvironmentLog(sinkOf((part) => void parts.push(part.slice())));
  return { log, text: () => Buffer.concat(parts).toString() };
}

describe("end marks", () => {
  test("never reach the log and are seen, however they are cut, and everything else passes in order", () => {
    const parts = fc.array(
      fc.oneof(
        fc.string({ unit: fc.constantFrom("a", "\n", "\u001e", "l", "lambent-end ", "ü"), maxLength: 12 }),
        fc.uuid().map((id) => ({ id })),
      ),
      { maxLength: 8 },
    );
    fc.assert(
      fc.property(parts, fc.array(fc.nat(), { maxLength: 10 }), (printed, places) => {
        const { log, text } = collecting();
        const whole = bytes(printed.map((part) => (typeof part === "string" ? part : outputMark(part.id))).join(""));
        const ends = [...places.map((place) => place % (whole.length + 1)), whole.length].sort((a, b) => a - b);
        for (const [n, end] of ends.entries()) log.output(whole.slice(ends[n - 1] ?? 0, end));
        log.flush();
        expect(text()).toBe(printed.filter((part) => typeof part === "string").join(""));
      }),
      { numRuns: 2000 },
    );
  });

  test("a call waits for its own, which may come before or after it is asked for", async () => {
    const [first, second] = [randomUUID(), randomUUID()];
    const { log, text } = collecting();
    log.output(bytes(`one\n${outputMark(first)}`));
    await log.untilMarked(first);
    let over = false;
    const waiting = log.untilMarked(second).then(() => {
      over = true;
    });
    log.output(bytes(`two\n${outputMark(first)}`));
    await Promise.resolve();
    expect(over).toBe(false);
    const mark = outputMark(second);
    log.output(bytes(mark.slice(0, 20)));
    log.output(bytes(mark.slice(20)));
    await waiting;
    expect(text()).toBe("one\ntwo\n");
  });

  test("a call whose mark never comes goes on soon", async () => {
    const { log } = collecting();
    const beganAtMs = performance.now();
    await log.untilMarked(randomUUID());
    expect(performance.now() - beganAtMs).toBeWithin(50, 1000);
  });

  test("what only looks like one passes: a wrong id, a wrong end, a beginning at the very end", () => {
    const { log, text } = collecting();
    const nearly = [
      "\u001elambent-end too-short\u001e\n",
      "\u001elambent-eND x",
      `${outputMark(randomUUID()).slice(0, -2)}xx`,
      "\u001e\u001e\u001e",
    ];
    for (const one of nearly) log.output(bytes(one));
    log.flush();
    expect(text()).toBe(nearly.join(""));
  });

  test("a million forged ones cost the process neither memory nor long pauses", () => {
    let passed = 0;
    const log = new EnvironmentLog(
      sinkOf((part) => {
        passed += part.length;
      }),
    );
    const forged = bytes(outputMark(randomUUID()).repeat(1000));
    const starts = bytes("\u001e".repeat(64 * 1024));
    Bun.gc(true);
    const heapBefore = process.memoryUsage().heapUsed;
    let longestMs = 0;
    const allBeganAtMs = performance.now();
    for (let n = 0; n < 1000; n++) {
      const beganAtMs = performance.now();
      log.output(n % 2 === 0 ? forged : starts);
      longestMs = Math.max(longestMs, performance.now() - beganAtMs);
      if (n % 2 === 1) log.flush();
    }
    const allMs = performance.now() - allBeganAtMs;
    Bun.gc(true);
    expect(process.memoryUsage().heapUsed - heapBefore).toBeLessThan(8 * 1024 * 1024);
    expect(longestMs / allMs).toBeLessThan(0.5);
    expect(passed).toBe(500 * starts.length);
  });
});

describe("back-pressure", () => {
  test("is handed on from the sink, also when the bytes end with a mark or the beginning of one", async () => {
    const pauses: (() => void)[] = [];
    const log = new EnvironmentLog(sinkOf(() => new Promise<void>((resolve) => pauses.push(resolve))));
    for (const text of [
      "plain",
      `before ${outputMark(randomUUID())}`,
      "before \u001elambent",
      `${outputMark(randomUUID())}after`,
    ]) {
      const answer = log.output(bytes(text));
      expect(answer).toBeInstanceOf(Promise);
    }
    expect(pauses.length).toBeGreaterThanOrEqual(4);
  });

  test("there is none while the sink keeps up", () => {
    const log = new EnvironmentLog(sinkOf());
    expect(log.output(bytes(`text ${outputMark(randomUUID())} more`))).toBeUndefined();
  });
});

describe("the tail", () => {
  test("is the last 4,096 bytes, cut on bytes, of all that was logged since it was asked for", () => {
    const parts = fc.array(fc.oneof(fc.nat({ max: 300 }), fc.integer({ min: 3500, max: 9000 })), { maxLength: 60 });
    fc.assert(
      fc.property(parts, (lengths) => {
        const tail = new LogTail();
        const all: number[] = [];
        for (const [n, length] of lengths.entries()) {
          const part = new Uint8Array(length).map((_, i) => (n * 31 + i) % 251);
          tail.push(part);
          all.push(...part);
          part.fill(0); // whoever pushed it may use it again
        }
        expect([...tail.bytes()]).toEqual(all.slice(-4096));
      }),
      { numRuns: 200 },
    );
  });

  test("may begin within a character", () => {
    const { log } = collecting();
    log.keepTail();
    log.line("ü".repeat(3000));
    log.line("!");
    const tail = log.takeTail() ?? new Uint8Array();
    expect([tail.length, tail[0]]).toEqual([4096, 0xbc]);
  });

  test("holds lines and output in their order, without marks, and is gone once taken", () => {
    const { log } = collecting();
    log.line("not asked for yet\n");
    log.keepTail();
    log.line("START\n");
    log.output(bytes(`printed\n${outputMark(randomUUID())}`));
    log.line("END\n");
    expect(Buffer.from(log.takeTail() ?? []).toString()).toBe("START\nprinted\nEND\n");
    expect(log.takeTail()).toBeUndefined();
  });
});
