/** Instants and counts, with time moved by hand: a second more or less is a failure. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { failed, type Harness, ok, START_MS, startQueue } from "./harness.ts";

let queue: Harness;
beforeEach(async () => {
  queue = await startQueue();
});
afterEach(() => queue.close());

const HOUR_MS = 3_600_000;
const throttled = { kind: "throttled", reason: "ConcurrentInvocationLimitExceeded" } as const;

describe("a function that fails", () => {
  test("is tried again after 60 s and then 120 s, under the same request id, and then it is over", async () => {
    await queue.define("bad", () => failed());
    const requestId = await queue.send("bad", { payload: '{"n":1}' });
    await queue.advance(59_999);
    expect(queue.seconds("bad")).toEqual([0]);
    await queue.advance(24 * HOUR_MS);
    expect(queue.seconds("bad")).toEqual([0, 60, 180]);
    expect(new Set(queue.runs.map((run) => run.requestId))).toEqual(new Set([requestId]));
    expect(await queue.box()).toMatchObject([
      {
        requestId,
        condition: "RetriesExhausted",
        attemptCount: 3,
        reason: "Error: it broke",
        boxedAtMs: START_MS + 180_000,
      },
    ]);
  });

  test("and then succeeds is not tried again, and leaves nothing behind", async () => {
    await queue.define("bad", () => (queue.runs.length < 2 ? failed() : ok()));
    await queue.send("bad");
    await queue.advance(HOUR_MS);
    expect(queue.seconds("bad")).toEqual([0, 60]);
    expect(await queue.box()).toEqual([]);
    expect(await queue.store.queue.listQueued({ countMax: 1 })).toEqual([]);
  });

  test.each([
    { retryCountMax: 0, seconds: [0] },
    { retryCountMax: 1, seconds: [0, 60] },
    { retryCountMax: 2, seconds: [0, 60, 180] },
  ])("is tried $retryCountMax times more when that is set", async ({ retryCountMax, seconds }) => {
    await queue.define("bad", () => failed());
    await queue.configure("bad", { retryCountMax });
    await queue.send("bad");
    await queue.advance(HOUR_MS);
    expect(queue.seconds("bad")).toEqual([...seconds]);
    expect(await queue.box()).toMatchObject([{ condition: "RetriesExhausted", attemptCount: seconds.length }]);
  });

  test.each([
    { eventAgeSecondsMax: 60, seconds: [0] },
    { eventAgeSecondsMax: 61, seconds: [0, 60] },
    { eventAgeSecondsMax: 180, seconds: [0, 60] },
    { eventAgeSecondsMax: 181, seconds: [0, 60, 180] },
  ])(
    "ends at once when it would be past $eventAgeSecondsMax s by its next trial",
    async ({ eventAgeSecondsMax, seconds }) => {
      await queue.define("bad", () => failed());
      await queue.configure("bad", { eventAgeSecondsMax });
      await queue.send("bad");
      await queue.advance(HOUR_MS);
      expect(queue.seconds("bad")).toEqual([...seconds]);
      const [letter] = await queue.box();
      expect(letter).toMatchObject({
        attemptCount: seconds.length,
        boxedAtMs: START_MS + (seconds.at(-1) ?? 0) * 1000,
      });
      expect(letter?.condition).toBe(seconds.length === 3 ? "RetriesExhausted" : "EventAgeExceeded");
    },
  );

  test("is tried as its alias says, not as $LATEST does", async () => {
    await queue.define("bad", () => failed());
    await queue.configure("bad", { retryCountMax: 0 }, "live");
    await queue.send("bad", { qualifier: "live" });
    await queue.send("bad");
    await queue.advance(HOUR_MS);
    expect(queue.seconds("bad")).toEqual([0, 0, 60, 180]);
  });

  test("is tried with the code that there is by then", async () => {
    await queue.define("f", () => failed("old"));
    await queue.send("f");
    await queue.define("f", () => ok());
    await queue.advance(60_000);
    expect(await queue.box()).toEqual([]);
    expect(queue.seconds("f")).toEqual([0, 60]);
  });
});

describe("an event for which there is no room", () => {
  test("waits 1 s, 2 s, 4 s and so on up to 300 s, which is not counted, for six hours", async () => {
    const asked: number[] = [];
    await queue.define("f", () => ok());
    queue.refuse = () => {
      asked.push((queue.clock.nowMs() - START_MS) / 1000);
      return throttled;
    };
    await queue.send("f");
    await queue.advance(7 * HOUR_MS);
    expect(asked.slice(0, 12)).toEqual([0, 1, 3, 7, 15, 31, 63, 127, 255, 511, 811, 1111]);
    expect(asked.at(-1)).toBeLessThanOrEqual(21_600);
    expect(asked.at(-1)).toBeGreaterThan(21_600 - 600);
    expect(await queue.box()).toMatchObject([{ condition: "EventAgeExceeded", attemptCount: 0 }]);
  });

  test("keeps all its retries", async () => {
    await queue.define("f", () => failed());
    queue.refuse = () => (queue.clock.nowMs() < START_MS + 3000 ? throttled : undefined);
    await queue.send("f");
    await queue.advance(HOUR_MS);
    expect(queue.seconds("f")).toEqual([3, 63, 183]);
    expect(await queue.box()).toMatchObject([{ attemptCount: 3 }]);
  });

  test("waits no longer than its maximum age", async () => {
    await queue.define("f", () => ok());
    await queue.configure("f", { eventAgeSecondsMax: 60 });
    queue.refuse = () => throttled;
    await queue.send("f");
    await queue.advance(HOUR_MS);
    expect(await queue.box()).toMatchObject([{ condition: "EventAgeExceeded", boxedAtMs: START_MS + 31_000 }]);
  });

  test("does not keep the others of its function from waiting in line: one is asked for at a time", async () => {
    let asked = 0;
    await queue.define("f", () => ok());
    queue.refuse = () => {
      asked++;
      return throttled;
    };
    for (let n = 0; n < 50; n++) await queue.submit("f");
    await queue.queue.untilQuiet();
    expect(asked).toBe(1);
    queue.refuse = () => undefined;
    await queue.advance(1000);
    expect(queue.runs.length).toBe(50);
  });

  test("takes the place of the next one of its function that ends, when the function has reached its reserve", async () => {
    let running = 0;
    let most = 0;
    queue.refuse = () =>
      running >= 2 ? { kind: "throttled", reason: "ReservedFunctionConcurrentInvocationLimitExceeded" } : undefined;
    await queue.define("f", async () => {
      most = Math.max(most, ++running);
      await Bun.sleep(1);
      running--;
      return ok();
    });
    for (let n = 0; n < 40; n++) await queue.submit("f");
    await queue.queue.untilQuiet();
    expect(queue.runs.length).toBe(40); // without the clock moving
    expect(most).toBe(2);
  });

  test("of reserved concurrency 0 is over at once", async () => {
    await queue.define("f", () => ok());
    await queue.store.functions.putReservedConcurrency({ functionName: "f", reserved: 0, totalMax: 900 });
    queue.refuse = () => ({ kind: "throttled", reason: "ReservedFunctionConcurrentInvocationLimitExceeded" });
    await queue.send("f");
    expect(await queue.box()).toMatchObject([{ condition: "ZeroReservedConcurrency", attemptCount: 0 }]);
  });
});

describe("what is not the function's fault", () => {
  test("a run that breaks is put off like a throttled one", async () => {
    let broken = true;
    await queue.define("f", () => {
      if (broken) throw new Error("Cannot start a process");
      return ok();
    });
    await queue.send("f");
    await queue.advance(1000);
    broken = false;
    await queue.advance(2000);
    expect(queue.seconds("f")).toEqual([0, 1, 3]);
    expect(await queue.box()).toEqual([]);
  });

  test("an event whose function is gone ends in the box", async () => {
    await queue.define("f", () => failed());
    await queue.send("f");
    queue.undefine("f");
    await queue.advance(60_000);
    expect(await queue.box()).toMatchObject([{ condition: "FunctionNotFound", attemptCount: 1, functionName: "f" }]);
  });

  test("an event that takes sixteen servers with it ends in the box, unrun", async () => {
    await queue.define("f", () => ok());
    await queue.store.queue.accept([
      {
        lane: "f",
        requestId: "r",
        acceptedAtMs: START_MS,
        dueAtMs: 0,
        head: { kind: "invocation", functionName: "f" },
        body: Buffer.from("{}"),
      },
    ]);
    for (let n = 0; n < 16; n++) {
      const taken = await queue.store.queue.exchange({
        nowMs: START_MS,
        leasedUntilMs: START_MS + 1e6,
        settlements: [],
        wanted: [{ lane: "f", countMax: 1 }],
      });
      expect(taken.taken.length).toBe(1);
      await queue.store.queue.releaseLeases();
    }
    await queue.queue.start();
    await queue.queue.untilQuiet();
    expect(queue.runs).toEqual([]);
    expect(await queue.box()).toMatchObject([{ condition: "Abandoned", requestId: "r" }]);
  });
});

test("a store that fails is asked again a second later, and nothing is lost or run twice", async () => {
  const { store } = queue;
  await queue.define("f", () => ok());
  const { exchange } = store.queue;
  let failing = true;
  (store.queue as { exchange: typeof exchange }).exchange = async (input) => {
    if (failing && input.settlements.length > 0) throw new Error("database or disk is full");
    return exchange(input);
  };
  await queue.send("f");
  await queue.advance(5000);
  expect(queue.seconds("f")).toEqual([0]);
  expect((await store.queue.listQueued({ countMax: 1 })).length).toBe(1);
  failing = false;
  await queue.advance(1000);
  expect(await store.queue.listQueued({ countMax: 1 })).toEqual([]);
  expect(queue.seconds("f")).toEqual([0]);
});

test("an idle queue has no timer, and asks the store nothing", async () => {
  await queue.define("f", () => ok());
  await queue.send("f");
  const { exchange } = queue.store.queue;
  let asked = 0;
  (queue.store.queue as { exchange: typeof exchange }).exchange = (input) => {
    asked++;
    return exchange(input);
  };
  await queue.advance(24 * HOUR_MS);
  await Bun.sleep(150);
  expect(asked).toBe(0);
});

test("a call that the end of the server cuts off counts for nothing", async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  await queue.define("f", async () => {
    await promise;
    return failed("killed");
  });
  await queue.configure("f", { retryCountMax: 0 });
  await queue.submit("f");
  while (queue.runs.length === 0) await Bun.sleep(1);
  await queue.queue.close();
  resolve();
  await Bun.sleep(5);
  expect(await queue.box()).toEqual([]);
  expect(await queue.store.queue.listQueued({ countMax: 1 })).toMatchObject([{ leased: true, attemptCount: 0 }]);
});
