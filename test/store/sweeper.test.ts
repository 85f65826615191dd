import { expect, test } from "bun:test";
import { Sweeper } from "../../src/store/sweeper.ts";

const nothing = async (): Promise<ReadonlySet<string>> => new Set();

test("a thousand askers in a row share a few sweeps, and each is answered by one that began after it asked", async () => {
  let begun = 0;
  const sweeper = new Sweeper(async () => [String(++begun)]);
  const asked = await Promise.all(
    Array.from({ length: 1000 }, async () => {
      const before = begun;
      const [answer] = await sweeper.ask(nothing);
      return Number(answer) > before;
    }),
  );
  expect(asked.every(Boolean)).toBe(true);
  expect(begun).toBeLessThanOrEqual(2);
  await sweeper.close();
});

test("a failed sweep is its askers' to hear, and the next one is tried", async () => {
  let fails = true;
  const sweeper = new Sweeper(async () => {
    if (fails) throw new Error("the disk is gone");
    return ["swept"];
  });
  await expect(sweeper.ask(nothing)).rejects.toThrow("the disk is gone");
  fails = false;
  expect(await sweeper.ask(nothing)).toEqual(["swept"]);
  await sweeper.close();
});

test("closing ends the rest, and what waited is answered without a sweep", async () => {
  let begun = 0;
  const sweeper = new Sweeper(async () => {
    begun++;
    await Bun.sleep(50); // the next one would rest for a second
    return ["swept"];
  });
  await sweeper.ask(nothing);
  const waiting = sweeper.ask(nothing);
  await sweeper.close();
  expect(await waiting).toEqual([]);
  expect(begun).toBe(1);
});
