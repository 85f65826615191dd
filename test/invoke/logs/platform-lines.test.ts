import { describe, expect, test } from "bun:test";
import type { Logging } from "../../../src/invoke/invocation.ts";
import { platformLines } from "../../../src/invoke/logs/platform-lines.ts";

const logging = (change: Partial<Logging>): Logging => ({
  format: "Text",
  applicationLevel: "INFO",
  systemLevel: "INFO",
  group: "/aws/lambda/f",
  ...change,
});
const NOW_MS = Date.UTC(2026, 0, 2, 3, 4, 5, 678);
const nowMs = (): number => NOW_MS;
const report = { requestId: "id-1", durationMs: 3.014, memoryMib: 128, memoryUsedMib: 36 };

describe("in text", () => {
  const lines = platformLines(logging({}), nowMs);
  test.each<{ name: string; line: string; wanted: string }>([
    {
      name: "INIT_START names the runtime and its version",
      line: lines.initStart("nodejs22.x", "eu-west-1"),
      wanted: "INIT_START Runtime Version: nodejs:22\tRuntime Version ARN: arn:aws:lambda:eu-west-1::runtime:lambent\n",
    },
    { name: "START", line: lines.start("id-1", "$LATEST"), wanted: "START RequestId: id-1 Version: $LATEST\n" },
    { name: "END", line: lines.end("id-1"), wanted: "END RequestId: id-1\n" },
    {
      name: "REPORT of a warm call, with its trailing tab",
      line: lines.report(report),
      wanted:
        "REPORT RequestId: id-1\tDuration: 3.01 ms\tBilled Duration: 4 ms\tMemory Size: 128 MB\tMax Memory Used: 36 MB\t\n",
    },
    {
      name: "REPORT of a cold call",
      line: lines.report({ ...report, initMs: 110.1 }),
      wanted:
        "REPORT RequestId: id-1\tDuration: 3.01 ms\tBilled Duration: 4 ms\tMemory Size: 128 MB\tMax Memory Used: 36 MB\tInit Duration: 110.10 ms\t\n",
    },
    {
      name: "REPORT of a call that timed out",
      line: lines.report({ ...report, durationMs: 1000, status: "timeout" }),
      wanted:
        "REPORT RequestId: id-1\tDuration: 1000.00 ms\tBilled Duration: 1000 ms\tMemory Size: 128 MB\tMax Memory Used: 36 MB\tStatus: timeout\n",
    },
    {
      name: "REPORT of a call whose environment ended",
      line: lines.report({ ...report, status: "error" }),
      wanted:
        "REPORT RequestId: id-1\tDuration: 3.01 ms\tBilled Duration: 4 ms\tMemory Size: 128 MB\tMax Memory Used: 36 MB\tStatus: error\n",
    },
  ])("$name", ({ line, wanted }) => {
    expect(line).toBe(wanted);
  });

  test("the system's log level drops nothing", () => {
    expect(platformLines(logging({ systemLevel: "WARN" }), nowMs).start("id-1", "1")).not.toBe("");
  });
});

describe("in JSON", () => {
  const linesAt = (systemLevel: Logging["systemLevel"]) =>
    platformLines(logging({ format: "JSON", systemLevel }), nowMs);
  const all = (systemLevel: Logging["systemLevel"]): string[] => {
    const lines = linesAt(systemLevel);
    const printed = [
      lines.initStart("nodejs22.x", "us-east-1"),
      lines.start("id-1", "7"),
      lines.end("id-1"),
      lines.report(report),
      lines.report({ ...report, status: "timeout" }),
    ];
    return printed.filter((line) => line !== "").map((line) => JSON.parse(line).type as string);
  };

  test.each<{ level: Logging["systemLevel"]; types: string[] }>([
    {
      level: "DEBUG",
      types: ["platform.initStart", "platform.start", "platform.runtimeDone", "platform.report", "platform.report"],
    },
    { level: "INFO", types: ["platform.initStart", "platform.start", "platform.report", "platform.report"] },
    { level: "WARN", types: ["platform.report"] },
  ])("level $level prints $types", ({ level, types }) => {
    expect(all(level)).toEqual(types);
  });

  test("a report is one object on one line", () => {
    const line = linesAt("INFO").report({ ...report, initMs: 110.1 });
    expect(line.endsWith("}\n")).toBe(true);
    expect(JSON.parse(line)).toMatchObject({
      time: "2026-01-02T03:04:05.678Z",
      type: "platform.report",
      record: {
        requestId: "id-1",
        status: "success",
        metrics: {
          durationMs: 3.014,
          billedDurationMs: 4,
          memorySizeMB: 128,
          maxMemoryUsedMB: 36,
          initDurationMs: 110.1,
        },
      },
    });
  });
});
