import { describe, expect, test } from "bun:test";
import type { Store } from "../../../src/store/port.ts";
import type { Firing, ScheduleDefinition } from "../../../src/store/schedule-port.ts";
import { queuedCall } from "../queue-contract.ts";
import { openedForEach } from "./opened.ts";

const definition = (change: Partial<ScheduleDefinition> = {}): ScheduleDefinition => ({
  functionName: "f",
  expression: "rate(1 minute)",
  timezone: "UTC",
  enabled: true,
  missed: { run: "skip" },
  ...change,
});

export function scheduleContract(open: () => Promise<Store>): void {
  describe("schedules", () => {
    const store = openedForEach(open);
    const put = (name: string, nextAtMs: number | undefined, expectedRevision?: number | null) =>
      store().schedules.put({ name, definition: definition(), nextAtMs, nowMs: 1, expectedRevision });
    const run = (name: string, of: { dueAtMs: number; nextAtMs?: number; revision?: number }): Firing => ({
      name,
      revision: of.revision ?? 1,
      dueAtMs: of.dueAtMs,
      nextAtMs: of.nextAtMs,
      end: { kind: "run", atMs: of.dueAtMs, event: queuedCall("f") },
    });

    test("one that was put is found, listed by name and deleted", async () => {
      await put("b", 20);
      await put("a", 10);
      expect(await store().schedules.find("a")).toEqual({
        name: "a",
        definition: definition(),
        revision: 1,
        createdAtMs: 1,
        modifiedAtMs: 1,
        nextAtMs: 10,
        lastAtMs: undefined,
        problem: undefined,
      });
      const first = await store().schedules.list({ count: 1 });
      expect(first).toMatchObject({ items: [{ name: "a" }], next: "a" });
      expect(await store().schedules.list({ after: "a", count: 1 })).toMatchObject({ items: [{ name: "b" }] });
      expect(await store().schedules.delete("a")).toBe(true);
      expect(await store().schedules.delete("a")).toBe(false);
      expect(await store().schedules.find("a")).toBeUndefined();
    });

    test("a put that expects another revision does nothing", async () => {
      expect(await put("a", 10, 1)).toBeUndefined();
      expect(await put("a", 10, null)).toMatchObject({ revision: 1 });
      expect(await put("a", 20, null)).toBeUndefined();
      expect(await put("a", 20, 1)).toMatchObject({ revision: 2, nextAtMs: 20 });
    });

    test("those whose instant has come are due, the earliest first; one without an instant never is", async () => {
      await put("late", 30);
      await put("soon", 10);
      await put("never", undefined);
      expect(await store().schedules.nextDueMs()).toBe(10);
      const due = await store().schedules.due({ nowMs: 30, countMax: 10 });
      expect(due.map(({ name }) => name)).toEqual(["soon", "late"]);
      expect(await store().schedules.due({ nowMs: 9, countMax: 10 })).toEqual([]);
      expect(await store().schedules.due({ nowMs: 30, countMax: 1 })).toHaveLength(1);
    });

    test("firing queues the event and moves the schedule on; once", async () => {
      await put("a", 10);
      const firing = run("a", { dueAtMs: 10, nextAtMs: 20 });
      expect(await store().schedules.fire([firing])).toHaveLength(1);
      expect(await store().schedules.fire([firing])).toEqual([]);
      expect(await store().schedules.find("a")).toMatchObject({ nextAtMs: 20, lastAtMs: 10, revision: 1 });
      expect(await store().queue.listQueued({ countMax: 10 })).toHaveLength(1);
    });

    test("a schedule that was changed or deleted meanwhile is not fired", async () => {
      await put("a", 10);
      await put("a", 10);
      expect(await store().schedules.fire([run("a", { dueAtMs: 10 }), run("ghost", { dueAtMs: 10 })])).toEqual([]);
      expect(await store().queue.listQueued({ countMax: 10 })).toEqual([]);
    });

    test("one that is passed over says why, until it runs again", async () => {
      await put("a", 10);
      const { end: _, ...firing } = run("a", { dueAtMs: 10, nextAtMs: 20 });
      await store().schedules.fire([{ ...firing, end: { kind: "passed over", problem: "nobody there" } }]);
      expect(await store().schedules.find("a")).toMatchObject({ problem: "nobody there", lastAtMs: undefined });
      await store().schedules.fire([run("a", { dueAtMs: 20 })]);
      expect(await store().schedules.find("a")).toMatchObject({
        problem: undefined,
        lastAtMs: 20,
        nextAtMs: undefined,
      });
    });
  });
}
