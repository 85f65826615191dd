import { expect, test } from "bun:test";
import { Patience } from "../../../src/services/functions/patience.ts";

const forever = new Promise<never>(() => {});
async function tookMs(work: () => Promise<void>): Promise<number> {
  const beganAtMs = performance.now();
  await work();
  return performance.now() - beganAtMs;
}

test("waits for what is soon there, and no longer", async () => {
  const patience = new Patience({ onceMs: 60_000, savedMs: 60_000 });
  let done = false;
  const soon = Bun.sleep(20).then(() => {
    done = true;
  });
  expect(await tookMs(() => patience.waitFor(soon))).toBeLessThan(10_000);
  expect(done).toBe(true);
});

test("gives up after its time", async () => {
  const patience = new Patience({ onceMs: 50, savedMs: 1000 });
  expect(await tookMs(() => patience.waitFor(forever))).toBeLessThan(10_000);
});

test("waits no more than it has saved up, however many there are, and saves again with time", async () => {
  const patience = new Patience({ onceMs: 100, savedMs: 150 });
  const together = await tookMs(async () => {
    for (let round = 0; round < 200; round++) await patience.waitFor(forever);
  });
  expect(together).toBeLessThan(10_000);
  await Bun.sleep(500);
  let done = false;
  await patience.waitFor(
    Bun.sleep(5).then(() => {
      done = true;
    }),
  );
  expect(done).toBe(true);
});

test("what is there already is never too late", async () => {
  const patience = new Patience({ onceMs: 0, savedMs: 0 });
  let told = false;
  await patience.waitFor(
    Promise.resolve().then(() => {
      told = true;
    }),
  );
  expect(told).toBe(true);
});
