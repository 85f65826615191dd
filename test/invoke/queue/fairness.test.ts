/** Who gets the places, when there are fewer than events. */
import { expect, test } from "bun:test";
import { WINDOW_MIN, Window } from "../../../src/invoke/queue/window.ts";
import { type Harness, ok, START_MS, startQueue } from "./harness.ts";

async function withQueue(
  limits: { concurrencyMax?: number; environmentsMax?: number },
  body: (queue: Harness) => Promise<void>,
) {
  const queue = await startQueue(limits);
  try {
    await body(queue);
  } finally {
    await queue.close();
  }
}

const fill = (queue: Harness, name: string, count: number) =>
  queue.queue.submit(
    Array.from({ length: count }, (_, index) => ({
      lane: name,
      requestId: `${name}-${index}`,
      acceptedAtMs: START_MS,
      dueAtMs: START_MS,
      head: { kind: "invocation" as const, functionName: name },
      body: Buffer.from("{}"),
    })),
  );

test("a function with very many events does not hold up another one", () =>
  withQueue({ concurrencyMax: 20 }, async (queue) => {
    await queue.define("many", async () => {
      await Bun.sleep(1);
      return ok();
    });
    await queue.define("one", () => ok());
    await fill(queue, "many", 5000);
    await Bun.sleep(5);
    const before = queue.runs.length;
    await queue.submit("one");
    while (!queue.runs.some(({ functionName }) => functionName === "one")) await Bun.sleep(0);
    expect(queue.runs.length - before).toBeLessThan(200);
    await queue.queue.untilQuiet();
    expect(queue.runs.length).toBe(5001);
  }));

test("a function whose calls never end leaves places for others, and for synchronous calls", () =>
  withQueue({ concurrencyMax: 100 }, async (queue) => {
    let running = 0;
    const { promise: end, resolve } = Promise.withResolvers<void>();
    await queue.define("stuck", async () => {
      running++;
      await end;
      return ok();
    });
    await queue.define("quick", () => ok());
    await fill(queue, "stuck", 300);
    await Bun.sleep(700); // its window grows while nothing ends
    expect(running).toBeGreaterThan(WINDOW_MIN);
    expect(running).toBeLessThanOrEqual(64); // four fifths of four fifths
    for (const name of ["quick", "quick", "quick"]) await queue.submit(name);
    while (queue.runs.filter(({ functionName }) => functionName === "quick").length < 3) await Bun.sleep(1);
    resolve();
    await queue.queue.untilQuiet();
    expect(running).toBe(300);
  }));

test("lanes take turns", () =>
  withQueue({ concurrencyMax: 2 }, async (queue) => {
    for (const name of ["a", "b", "c"]) await queue.define(name, () => Bun.sleep(0).then(() => ok()));
    for (const name of ["a", "b", "c"]) await fill(queue, name, 30);
    await queue.queue.untilQuiet();
    const order = queue.runs.slice(15, 75).map(({ functionName }) => functionName);
    for (const name of ["a", "b", "c"]) expect(order.filter((one) => one === name).length).toBeGreaterThan(12);
  }));

test("there is always one place, however small the server", () =>
  withQueue({ concurrencyMax: 1, environmentsMax: 1 }, async (queue) => {
    await queue.define("a", () => ok());
    await fill(queue, "a", 10);
    await queue.queue.untilQuiet();
    expect(queue.runs.length).toBe(10);
  }));

test("a poisoned event holds up nothing, and ends in the box", () =>
  withQueue({}, async (queue) => {
    await queue.define("f", ({ payload }) => {
      if (payload === '"poison"')
        return {
          kind: "function-error",
          functionError: "Unhandled",
          errorType: "Runtime.ExitError",
          payload: Buffer.from('{"errorType":"Runtime.ExitError","errorMessage":"RequestId: x Error: Runtime exited"}'),
        };
      return ok();
    });
    await queue.submit("f", { payload: '"poison"' });
    await fill(queue, "f", 100);
    await queue.queue.untilQuiet();
    expect(queue.runs.length).toBe(101);
    await queue.advance(200_000);
    expect(await queue.box()).toMatchObject([{ condition: "RetriesExhausted", attemptCount: 3 }]);
  }));

test("the window grows while that brings more, and goes back when it does not", () => {
  const grown = (rateOf: (size: number) => number): number => {
    const window = new Window(0);
    let nowMs = 0;
    for (let n = 0; n < 20_000; n++) {
      nowMs += 1 / rateOf(window.size);
      window.ended(nowMs, true);
    }
    return window.size;
  };
  expect(grown((size) => size / 100)).toBeGreaterThan(WINDOW_MIN * 8); // each waits 100 ms for something else
  expect(grown(() => 1)).toBeLessThanOrEqual(WINDOW_MIN * 2); // one processor, a millisecond each
});
