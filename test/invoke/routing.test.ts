import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { Router, type RoutingTable } from "../../src/invoke/routing.ts";

const tableOf = (weight: number, aliasKey = "orders:live"): RoutingTable => ({
  aliasKey,
  version: "1",
  weights: { "2": weight },
});
const draws = (router: Router, table: RoutingTable, count: number): string[] =>
  Array.from({ length: count }, () => router.choose(table).version);
const share = (versions: readonly string[], version: string): number =>
  versions.filter((one) => one === version).length;

/** Of one degree of freedom; a fair sampler stays below in 999 of 1,000 cases, and the seeds here are fixed. */
const CHI_SQUARE_MAX = 10.83;

describe("sampled", () => {
  test.each([0.001, 0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99].map((weight) => ({ weight })))(
    "100,000 draws at weight $weight pass a chi-square test",
    ({ weight }) => {
      const count = 100_000;
      const second = share(draws(new Router("a seed"), tableOf(weight), count), "2");
      const expected = [count * weight, count * (1 - weight)] as const;
      const chiSquare = (second - expected[0]) ** 2 / expected[0] + (count - second - expected[1]) ** 2 / expected[1];
      expect(chiSquare).toBeLessThan(CHI_SQUARE_MAX);
    },
  );

  test("its values are uniform: 100,000 fall into 100 bins alike", () => {
    const router = new Router("another seed");
    const bins = new Array<number>(100).fill(0);
    for (let n = 0; n < 100_000; n++) {
      const { value } = router.choose(tableOf(0.5));
      expect(value >= 0 && value < 1).toBe(true);
      bins[Math.floor(value * 100)] = (bins[Math.floor(value * 100)] ?? 0) + 1;
    }
    const chiSquare = bins.reduce((sum, bin) => sum + (bin - 1000) ** 2 / 1000, 0);
    expect(chiSquare).toBeLessThan(148.2); // 99 degrees of freedom, 999 of 1,000 cases
  });

  test("neighbouring draws do not depend on each other", () => {
    const versions = draws(new Router("pairs"), tableOf(0.5), 100_001);
    const pairs = new Map<string, number>();
    for (let n = 1; n < versions.length; n++) {
      const pair = `${versions[n - 1]}${versions[n]}`;
      pairs.set(pair, (pairs.get(pair) ?? 0) + 1);
    }
    const chiSquare = [...pairs.values()].reduce((sum, count) => sum + (count - 25_000) ** 2 / 25_000, 0);
    expect(chiSquare).toBeLessThan(16.27); // three degrees of freedom
  });

  test("the same seed gives the same sequence, another seed another one", () => {
    const sequence = (seed: string) => draws(new Router(seed), tableOf(0.5), 200);
    expect(sequence("one")).toEqual(sequence("one"));
    expect(sequence("one")).not.toEqual(sequence("two"));
  });

  test("an alias's sequence does not depend on the calls of other aliases", () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom("a:x", "a:y", "b:x"), { minLength: 1, maxLength: 100 }), (traffic) => {
        const mixed = new Router("seed");
        const seen = traffic.map((aliasKey) => ({ aliasKey, version: mixed.choose(tableOf(0.5, aliasKey)).version }));
        for (const aliasKey of new Set(traffic)) {
          const own = seen.filter((one) => one.aliasKey === aliasKey).map(({ version }) => version);
          expect(own).toEqual(draws(new Router("seed"), tableOf(0.5, aliasKey), own.length));
        }
      }),
    );
  });

  test("aliases of one seed have sequences of their own, and so has a changed table, from its first draw", () => {
    const router = new Router("seed");
    const first = draws(router, tableOf(0.5, "a:x"), 100);
    expect(draws(router, tableOf(0.5, "a:y"), 100)).not.toEqual(first);
    expect(router.choose(tableOf(0.6, "a:x")).index).toBe(0);
    expect(router.choose(tableOf(0.5, "a:x")).index).toBe(100);
  });

  test("a draw tells its seed, its index and the value that decided it", () => {
    const router = new Router("told");
    for (let index = 0; index < 50; index++) {
      const draw = router.choose(tableOf(0.3));
      expect(draw).toMatchObject({ seed: "told", index, version: draw.value < 0.3 ? "2" : "1" });
    }
  });
});

describe.each(["sampled", "exact"] as const)("%s", (mode) => {
  test("weight 0 never sends a call to the other version, weight 1 every one", () => {
    expect(share(draws(new Router("seed", mode), tableOf(0), 10_000), "2")).toBe(0);
    expect(share(draws(new Router("seed", mode), tableOf(1), 10_000), "2")).toBe(10_000);
  });
});

describe("exact", () => {
  test("after any number of draws each version is within one of its share", () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1, noNaN: true }), fc.integer({ min: 1, max: 3000 }), (weight, count) => {
        const second = share(draws(new Router("any", "exact"), tableOf(weight), count), "2");
        expect(Math.abs(second - weight * count)).toBeLessThanOrEqual(1);
      }),
      { numRuns: 300 },
    );
  });

  test.each([0.001, 0.1, 0.252, 1 / 3, 0.7, 0.999].map((weight) => ({ weight })))(
    "also after 100,000 draws at weight $weight",
    ({ weight }) => {
      const router = new Router("any", "exact");
      let second = 0;
      let farthest = 0;
      for (let n = 1; n <= 100_000; n++) {
        if (router.choose(tableOf(weight)).version === "2") second++;
        farthest = Math.max(farthest, Math.abs(second - weight * n));
      }
      expect(farthest).toBeLessThanOrEqual(1);
    },
  );

  test("of any draws in a row, too", () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.nat({ max: 500 }),
        fc.integer({ min: 1, max: 200 }),
        (weight, skip, count) => {
          const router = new Router("any", "exact");
          draws(router, tableOf(weight), skip);
          const second = share(draws(router, tableOf(weight), count), "2");
          expect(Math.abs(second - weight * count)).toBeLessThanOrEqual(1);
        },
      ),
      { numRuns: 300 },
    );
  });

  test("the seed changes nothing", () => {
    expect(draws(new Router("one", "exact"), tableOf(0.3), 50)).toEqual(
      draws(new Router("two", "exact"), tableOf(0.3), 50),
    );
  });
});
