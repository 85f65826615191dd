import { expect, test } from "bun:test";
import { systemClock } from "../../src/core/clock.ts";
import { ManualClock } from "../../src/core/manual-clock.ts";

test("a timer goes off at its own instant, the earliest first, also one that another one set", async () => {
  const clock = new ManualClock(1000);
  const seen: [string, number][] = [];
  const note = (name: string) => seen.push([name, clock.nowMs()]);
  clock.setTimer(4000, () => note("late"));
  clock.setTimer(2000, () => {
    note("early");
    clock.setTimer(3000, () => note("set by early"));
  });
  await clock.advance(2500);
  expect(seen).toEqual([
    ["early", 2000],
    ["set by early", 3000],
  ]);
  expect(clock.nowMs()).toBe(3500);
  await clock.advance(500);
  expect(seen.at(-1)).toEqual(["late", 4000]);
});

test("a move waits for what each timer set off", async () => {
  const clock = new ManualClock(0);
  let work: Promise<void> = Promise.resolve();
  const instants: number[] = [];
  clock.setTimer(10, () => {
    work = Bun.sleep(5).then(() => {
      instants.push(clock.nowMs());
      clock.setTimer(20, () => instants.push(clock.nowMs()));
    });
  });
  await clock.advance(100, () => work);
  expect(instants).toEqual([10, 20]);
});

test("a cancelled timer does not go off, nor one whose instant has not come", async () => {
  const clock = new ManualClock(0);
  let count = 0;
  clock.setTimer(10, () => count++)();
  clock.setTimer(101, () => count++);
  await clock.advance(100);
  expect(count).toBe(0);
});

test("moves that are asked for together add up", async () => {
  const clock = new ManualClock(0);
  await Promise.all([clock.advance(10), clock.advance(10)]);
  expect(clock.nowMs()).toBe(20);
});

test("the system's clock calls back when the instant has come, and never in the same breath", async () => {
  const { promise, resolve } = Promise.withResolvers<number>();
  const atMs = systemClock.nowMs() + 20;
  systemClock.setTimer(atMs, () => resolve(systemClock.nowMs()));
  expect(await promise).toBeGreaterThanOrEqual(atMs);
  let late = false;
  const cancel = systemClock.setTimer(0, () => {
    late = true;
  });
  expect(late).toBe(false);
  cancel();
  await Bun.sleep(5);
  expect(late).toBe(false);
});
