/** The time limit of calls that come one after the other: one timer for all of them. Real time, told by the deadlines themselves. */
import { afterEach, expect, test } from "bun:test";
import { Deadline } from "../../src/invoke/deadline.ts";

const deadlines: Deadline[] = [];
afterEach(() => {
  for (const deadline of deadlines.splice(0)) deadline.close();
});

/** `passed`: when it passed, each time. */
function start(): { deadline: Deadline; passed: number[]; next(): Promise<number> } {
  const passed: number[] = [];
  let told = Promise.withResolvers<number>();
  const deadline = new Deadline(() => {
    passed.push(performance.now());
    told.resolve(performance.now());
  });
  deadlines.push(deadline);
  const next = (): Promise<number> => {
    told = Promise.withResolvers<number>();
    return told.promise;
  };
  return { deadline, passed, next };
}

test("passes at its time and not before, and once", async () => {
  const { deadline, passed, next } = start();
  const at = performance.now() + 20;
  deadline.set(at);
  expect(await next()).toBeGreaterThanOrEqual(at);
  const other = start();
  other.deadline.set(performance.now() + 40);
  await other.next();
  expect(passed.length).toBe(1);
});

test("one that is lifted does not pass, and the next one does at its own time, though the timer of the first goes off before", async () => {
  const { deadline, passed, next } = start();
  const firstAt = performance.now() + 10;
  deadline.set(firstAt);
  deadline.lift();
  const at = firstAt + 40;
  deadline.set(at);
  expect(await next()).toBeGreaterThanOrEqual(at);
  expect(passed.length).toBe(1);
});

test("an earlier one than the timer was set for does not wait for it", async () => {
  const { deadline, passed, next } = start();
  const farAt = performance.now() + 60_000;
  deadline.set(farAt);
  deadline.lift();
  deadline.set(performance.now() + 10);
  expect(await next()).toBeLessThan(farAt);
  expect(passed.length).toBe(1);
});

test("can be set again from where it passed", async () => {
  const { deadline, next } = start();
  deadline.set(performance.now() + 5);
  await next();
  const at = performance.now() + 10;
  deadline.set(at);
  expect(await next()).toBeGreaterThanOrEqual(at);
});

test("once closed nothing passes", async () => {
  const { deadline, passed } = start();
  deadline.set(performance.now() + 5);
  deadline.close();
  const other = start();
  other.deadline.set(performance.now() + 30);
  await other.next();
  expect(passed).toEqual([]);
});
