import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { Concurrency } from "../../src/invoke/concurrency.ts";

const ACCOUNT = "ConcurrentInvocationLimitExceeded";
const RESERVED = "ReservedFunctionConcurrentInvocationLimitExceeded";
const names = fc.constantFrom("a", "b", "c");

type Step =
  | { readonly do: "enter"; readonly name: string }
  | { readonly do: "leave"; readonly name: string }
  | { readonly do: "reserve"; readonly name: string; readonly count: number | null };

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    { weight: 5, arbitrary: fc.record({ do: fc.constant("enter" as const), name: names }) },
    { weight: 3, arbitrary: fc.record({ do: fc.constant("leave" as const), name: names }) },
    {
      weight: 2,
      arbitrary: fc.record({
        do: fc.constant("reserve" as const),
        name: names,
        count: fc.option(fc.integer({ min: 0, max: 4 }), { nil: null }),
      }),
    },
  ),
  { maxLength: 80 },
);

test("counts as a model does that counts everything anew at each step, reservations changing while calls run", () => {
  fc.assert(
    fc.property(steps, fc.integer({ min: 0, max: 12 }), (script, accountMax) => {
      const concurrency = new Concurrency(accountMax);
      const running: string[] = [];
      const reserved = new Map<string, number>();
      for (const step of script) {
        if (step.do === "reserve") {
          concurrency.reserve(step.name, step.count);
          if (step.count === null) reserved.delete(step.name);
          else reserved.set(step.name, step.count);
        } else if (step.do === "leave") {
          const at = running.indexOf(step.name);
          if (at < 0) continue;
          running.splice(at, 1);
          concurrency.leave(step.name);
        } else {
          const own = reserved.get(step.name);
          const free = accountMax - [...reserved.values()].reduce((sum, count) => sum + count, 0);
          const hasRoom =
            own === undefined
              ? running.filter((name) => !reserved.has(name)).length < free
              : running.filter((name) => name === step.name).length < own;
          expect(concurrency.enter(step.name)).toBe(hasRoom ? undefined : own === undefined ? ACCOUNT : RESERVED);
          if (hasRoom) running.push(step.name);
        }
        expect(concurrency.total).toBe(running.length);
      }
      for (const name of running) concurrency.leave(name);
      expect(concurrency.total).toBe(0);
    }),
    { numRuns: 2000 },
  );
});

describe("a call is refused", () => {
  test("once the account's calls are all running, and taken again when one has ended", () => {
    const concurrency = new Concurrency(2);
    expect([concurrency.enter("a"), concurrency.enter("b"), concurrency.enter("c")]).toEqual([
      undefined,
      undefined,
      ACCOUNT,
    ]);
    concurrency.leave("a");
    expect(concurrency.enter("c")).toBeUndefined();
  });

  test("when its function has nothing reserved for it at all", () => {
    const concurrency = new Concurrency(10);
    concurrency.reserve("a", 0);
    expect(concurrency.enter("a")).toBe(RESERVED);
    concurrency.reserve("a", null);
    expect(concurrency.enter("a")).toBeUndefined();
  });

  test("when others have reserved all that there is, though nobody runs", () => {
    const concurrency = new Concurrency(2);
    concurrency.reserve("a", 2);
    expect(concurrency.enter("b")).toBe(ACCOUNT);
    expect([concurrency.enter("a"), concurrency.enter("a"), concurrency.enter("a")]).toEqual([
      undefined,
      undefined,
      RESERVED,
    ]);
  });

  test("when the reservation shrank below what runs already", () => {
    const concurrency = new Concurrency(10);
    concurrency.enter("a");
    concurrency.enter("a");
    concurrency.reserve("a", 1);
    expect(concurrency.enter("a")).toBe(RESERVED);
    concurrency.leave("a");
    expect(concurrency.enter("a")).toBe(RESERVED);
    concurrency.leave("a");
    expect(concurrency.enter("a")).toBeUndefined();
  });
});
