import { expect, test } from "bun:test";
import { SharedSync } from "../../src/store/shared-sync.ts";

test("who asks while a sync is under way shares the next one, which begins after it asked", async () => {
  const ends: (() => void)[] = [];
  let begun = 0;
  const shared = new SharedSync(() => {
    begun++;
    return new Promise((resolve) => ends.push(resolve));
  });
  const first = shared.sync();
  const late = [shared.sync(), shared.sync(), shared.sync()];
  expect(begun).toBe(1);
  ends.shift()?.();
  await first;
  await Promise.resolve();
  expect(begun).toBe(2);
  ends.shift()?.();
  await Promise.all(late);
  await shared.idle();
  expect(begun).toBe(2);
});

test("a failed sync is told to those who shared it, and the next one is tried", async () => {
  let begun = 0;
  const shared = new SharedSync(async () => {
    if (++begun === 1) throw new Error("the disk is gone");
  });
  const first = shared.sync();
  const second = shared.sync();
  await expect(first).rejects.toThrow("the disk is gone");
  await second;
  expect(begun).toBe(2);
});
