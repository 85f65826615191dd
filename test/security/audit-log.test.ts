import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { appendFileSync, chmodSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ManualClock } from "../../src/core/manual-clock.ts";
import { AuditLog } from "../../src/security/audit-log.ts";
import { temporaryDirectory } from "../support/server.ts";

let directory: Awaited<ReturnType<typeof temporaryDirectory>>;
let clock: ManualClock;
let log: AuditLog;
let errors: unknown[];
beforeEach(async () => {
  directory = await temporaryDirectory();
  clock = new ManualClock(Date.parse("2026-03-01T12:00:00Z"));
  errors = [];
  log = open();
});
afterEach(async () => {
  log.close();
  await directory.remove();
});
const open = (limits: { fileBytesMax?: number; filesMax?: number } = {}): AuditLog =>
  new AuditLog({ directory: directory.path, clock, onError: (error) => errors.push(error), ...limits });
const record = (change: { action?: string; resource?: string | null; outcome?: string } = {}) => ({
  requestId: "r",
  action: "lambda:CreateFunction",
  resource: "arn",
  who: "arn:aws:iam::000000000000:user/ann",
  keyId: "AKIA",
  from: "192.0.2.1",
  outcome: "ok",
  ...change,
});

describe("the audit log", () => {
  test("is JSON lines for its owner alone, the newest of which are read first", () => {
    log.write(record({ action: "a" }));
    log.write(record({ action: "b" }));
    expect(statSync(log.path).mode & 0o777).toBe(0o600);
    expect(
      readFileSync(log.path, "utf8")
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line).action),
    ).toEqual(["a", "b"]);
    expect(log.read(10).map(({ action, time }) => [action, time])).toEqual([
      ["b", "2026-03-01T12:00:00.000Z"],
      ["a", "2026-03-01T12:00:00.000Z"],
    ]);
    expect(log.read(1)).toHaveLength(1);
  });

  test("goes on where it was after a restart, also behind a line that a crash cut", () => {
    log.write(record({ action: "before" }));
    log.close();
    appendFileSync(log.path, '{"action":"cut');
    appendFileSync(log.path, "\n");
    log = open();
    log.write(record({ action: "after" }));
    expect(log.read(10).map(({ action }) => action)).toEqual(["after", "before"]);
  });

  test("holds a line a record, whatever is in it", () => {
    log.write(record({ resource: 'two\nlines "and" \u2028 more' }));
    expect(readFileSync(log.path, "utf8").trimEnd().split("\n")).toHaveLength(1);
    log.write(record({ resource: "x".repeat(100_000) }));
    expect(log.read(1)[0]?.resource).toHaveLength(2048);
  });

  test("begins a new file when one is full, keeps so many, and reads over all of them", () => {
    log.close();
    log = open({ fileBytesMax: 1000, filesMax: 3 });
    for (let number = 0; number < 40; number++) log.write(record({ action: String(number) }));
    expect(readdirSync(directory.path).sort()).toEqual(["audit.1.log", "audit.2.log", "audit.log"]);
    for (const name of readdirSync(directory.path)) {
      expect(statSync(join(directory.path, name)).size).toBeLessThanOrEqual(1000);
      expect(statSync(join(directory.path, name)).mode & 0o777).toBe(0o600);
    }
    const numbers = log.read(8).map(({ action }) => Number(action));
    expect(numbers).toEqual([39, 38, 37, 36, 35, 34, 33, 32]);
  });

  test("is not flooded: so many refusals a second are written, the others counted, and changes are always written", async () => {
    for (let count = 0; count < 250; count++) log.write(record({ outcome: "AccessDenied" }), { refused: true });
    log.write(record({ action: "change" }));
    expect(log.read(1000)).toHaveLength(101);
    expect(log.read(1)[0]).toMatchObject({ action: "change", unwritten: 150 });
    await clock.advance(1000, async () => undefined);
    log.write(record({ outcome: "AccessDenied" }), { refused: true });
    expect(log.read(1000)).toHaveLength(102);
  });

  test("that cannot be written is told of, and nothing else happens", () => {
    const file = join(directory.path, "a-file");
    writeFileSync(file, "");
    chmodSync(file, 0o600);
    const broken = new AuditLog({ directory: file, clock, onError: (error) => errors.push(error) });
    broken.write(record());
    expect(errors).toHaveLength(1);
  });
});
