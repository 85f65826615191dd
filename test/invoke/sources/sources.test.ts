/** Queues of a real SQS-compatible server, polled; the functions are plain functions here. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { type Clock, systemClock } from "../../../src/core/clock.ts";
import { randomIds } from "../../../src/core/ids.ts";
import { makeLog } from "../../../src/core/log.ts";
import { ManualClock } from "../../../src/core/manual-clock.ts";
import type { AttemptEnd } from "../../../src/invoke/queue/attempt.ts";
import { Places } from "../../../src/invoke/queue/places.ts";
import type { MappingRecord } from "../../../src/invoke/sources/mapping-record.ts";
import { Sources } from "../../../src/invoke/sources/sources.ts";
import type { SqsRecord } from "../../../src/invoke/sources/sqs-record.ts";
import { openStore } from "../../../src/store/open-store.ts";
import type { Store } from "../../../src/store/port.ts";
import { type Sqs, startSqs } from "../../support/sqs.ts";
import { until } from "../../support/until.ts";

type Handler = (records: SqsRecord[]) => AttemptEnd | Promise<AttemptEnd>;
const ok = (answer: unknown = null): AttemptEnd => ({
  kind: "ok",
  version: "$LATEST",
  payload: Buffer.from(JSON.stringify(answer)),
});
const failed: AttemptEnd = {
  kind: "failed",
  version: "$LATEST",
  payload: Buffer.from("{}"),
  reason: "Error: it broke",
};

let sqs: Sqs;
let store: Store;
let sources: Sources;
let queueCount = 0;
/** The bodies of each call. */
let calls: string[][] = [];

beforeAll(async () => {
  sqs = await startSqs();
});
afterAll(() => sqs.stop());
beforeEach(async () => {
  store = await openStore({ memory: true });
  calls = [];
});
afterEach(async () => {
  await sources.stop();
  await store.close();
});

interface Start {
  readonly handler: Handler;
  readonly clock?: Clock;
  readonly placesMax?: number;
}

async function poll({ handler, clock = systemClock, placesMax = 100 }: Start): Promise<void> {
  sources = new Sources({
    store,
    endpoint: sqs.endpoint,
    clock,
    ids: randomIds,
    log: makeLog("silent"),
    places: new Places(placesMax),
    async attempt(event) {
      const { Records } = JSON.parse(Buffer.from(event.body).toString()) as { Records: SqsRecord[] };
      calls.push(Records.map(({ body }) => body));
      return handler(Records);
    },
  });
  await sources.start();
}

const put = (uuid: string, queueArn: string, change: Partial<MappingRecord> = {}) =>
  store.documents.put({
    kind: "event-source-mapping",
    owner: "",
    key: uuid,
    body: {
      functionName: "f",
      qualifier: null,
      eventSourceArn: queueArn,
      enabled: true,
      settings: {},
      ...change,
    },
    nowMs: 0,
  });

/** A new queue that feeds the function. */
async function mapped(
  start: Start,
  settings: MappingRecord["settings"] = {},
  of: { visibility?: number; fifo?: boolean } = {},
) {
  const name = `q${++queueCount}${of.fifo ? ".fifo" : ""}`;
  await put("m", sqs.createQueue(name, of.visibility), { settings });
  await poll(start);
  return name;
}

const send = (name: string, ...bodies: string[]): void => {
  for (const body of bodies) sqs.server.sendMessage(name, body);
};
const isEmpty = (name: string) => () => {
  const { ready, inFlight } = sqs.count(name);
  return ready + inFlight === 0;
};

test("a message comes as AWS's record, and is deleted once the function has done with it", async () => {
  const records: SqsRecord[] = [];
  const name = await mapped({
    handler(given) {
      records.push(...given);
      return ok();
    },
  });
  const attributes = {
    kind: { DataType: "String", StringValue: "order" },
    raw: { DataType: "Binary", BinaryValue: "AAE=" },
  };
  const { messageId, md5OfBody } = sqs.server.sendMessage(name, '{"n":1}', { messageAttributes: attributes });
  await until("the queue is empty", isEmpty(name));
  expect(records).toEqual([
    {
      messageId,
      receiptHandle: expect.any(String),
      body: '{"n":1}',
      attributes: {
        ApproximateReceiveCount: "1",
        SentTimestamp: expect.stringMatching(/^\d{13}$/),
        SenderId: expect.any(String),
        ApproximateFirstReceiveTimestamp: expect.stringMatching(/^\d{13}$/),
      },
      messageAttributes: {
        kind: { stringValue: "order", stringListValues: [], binaryListValues: [], dataType: "String" },
        raw: { binaryValue: "AAE=", stringListValues: [], binaryListValues: [], dataType: "Binary" },
      },
      md5OfMessageAttributes: expect.any(String),
      md5OfBody,
      eventSource: "aws:sqs",
      eventSourceARN: `arn:aws:sqs:us-east-1:000000000000:${name}`,
      awsRegion: "us-east-1",
    },
  ]);
  expect(sources.resultOf("m", null)).toBe("OK");
});

test("a batch that failed is visible again when the queue's timeout has run out", async () => {
  const counts: (string | undefined)[] = [];
  const name = await mapped(
    {
      handler([record]) {
        counts.push(record?.attributes["ApproximateReceiveCount"]);
        return counts.length < 3 ? failed : ok();
      },
    },
    {},
    { visibility: 1 },
  );
  send(name, "a");
  await until("the function failed", () => sources.resultOf("m", null) === "PROBLEM: Error: it broke");
  await until("the queue is empty", isEmpty(name), 10_000);
  expect(counts).toEqual(["1", "2", "3"]);
  expect(sources.resultOf("m", null)).toBe("OK");
}, 15_000);

describe("with ReportBatchItemFailures", () => {
  const settings = { FunctionResponseTypes: ["ReportBatchItemFailures"] };

  test("only what is reported comes again", async () => {
    let failures = 0;
    const name = await mapped(
      {
        handler(records) {
          const bad = records.filter(({ body }) => body === "bad" && failures++ === 0);
          return ok({ batchItemFailures: bad.map(({ messageId }) => ({ itemIdentifier: messageId })) });
        },
      },
      settings,
      { visibility: 1 },
    );
    send(name, "good", "bad", "fine");
    await until("the queue is empty", isEmpty(name), 10_000);
    const seen = calls.flat();
    expect(seen.filter((body) => body === "bad")).toHaveLength(2);
    expect(seen.toSorted()).toEqual(["bad", "bad", "fine", "good"]);
  }, 15_000);

  test("an answer that cannot be read counts as a failure of all", async () => {
    let count = 0;
    const answers = ["done", { batchItemFailures: [{ itemIdentifier: "" }] }, null];
    const name = await mapped({ handler: () => ok(answers[count++]) }, settings, { visibility: 1 });
    send(name, "a");
    await until("the queue is empty", isEmpty(name), 10_000);
    expect(calls).toEqual([["a"], ["a"], ["a"]]);
  }, 15_000);
});

test("without it whatever a function returns is a success", async () => {
  const name = await mapped({ handler: () => ok({ batchItemFailures: [{ itemIdentifier: "ghost" }] }) });
  send(name, "a");
  await until("the queue is empty", isEmpty(name));
  expect(calls).toEqual([["a"]]);
});

test("what no filter wants is deleted, and the function never hears of it", async () => {
  const Filters = [{ Pattern: '{"body":{"n":[{"numeric":[">",5]}]}}' }, { Pattern: '{"body":["go"]}' }];
  const name = await mapped({ handler: () => ok() }, { FilterCriteria: { Filters } });
  send(name, '{"n":1}', '{"n":6}', "stop", "go", '{"m":9}');
  await until("the queue is empty", isEmpty(name));
  expect(calls.flat().toSorted()).toEqual(["go", '{"n":6}']);
});

describe("batches", () => {
  test("hold no more than they may, and all messages come once", async () => {
    const name = await mapped({ handler: () => ok() }, { BatchSize: 3 });
    const bodies = Array.from({ length: 50 }, (_, n) => `m${n}`);
    send(name, ...bodies);
    await until("the queue is empty", isEmpty(name));
    expect(Math.max(...calls.map((call) => call.length))).toBe(3);
    expect(calls.flat().toSorted()).toEqual(bodies.toSorted());
  });

  test("wait for the window to be over, by the clock", async () => {
    const clock = new ManualClock(0);
    const name = await mapped({ handler: () => ok(), clock }, { BatchSize: 100, MaximumBatchingWindowInSeconds: 10 });
    for (let n = 0; n < 12; n++) {
      send(name, String(n));
      await until("it was received", () => sqs.count(name).inFlight === n + 1);
    }
    await clock.advance(9_999);
    expect(calls).toEqual([]);
    await clock.advance(1);
    await until("the queue is empty", async () => {
      await clock.advance(10_000); // the last one may have been on its way here
      return isEmpty(name)();
    });
    expect(calls[0]?.length).toBeGreaterThanOrEqual(11);
    expect(calls.flat()).toHaveLength(12);
  });

  test("do not wait when there are enough", async () => {
    const clock = new ManualClock(0);
    const name = await mapped({ handler: () => ok(), clock }, { BatchSize: 15, MaximumBatchingWindowInSeconds: 10 });
    send(name, ...Array.from({ length: 15 }, (_, n) => String(n)));
    await until("the queue is empty", isEmpty(name));
    expect(calls.map((call) => call.length)).toEqual([15]);
  });

  test("stay under the size that a call may have", async () => {
    const clock = new ManualClock(0);
    const name = await mapped({ handler: () => ok(), clock }, { BatchSize: 40, MaximumBatchingWindowInSeconds: 10 });
    send(name, ...Array.from({ length: 40 }, (_, n) => `${n}${"x".repeat(250_000)}`));
    await until("the first batch is done", () => sqs.count(name).inFlight === 40 - (calls[0]?.length ?? 0), 20_000);
    await until("the queue is empty", async () => {
      await clock.advance(10_000);
      return isEmpty(name)();
    });
    const bytes = calls.map((call) => call.join("").length);
    expect(Math.max(...bytes)).toBeLessThan(6 * 1024 * 1024);
    expect(calls.flat()).toHaveLength(40);
  }, 30_000);
});

test("no more batches run at once than ScalingConfig allows", async () => {
  let running = 0;
  let most = 0;
  const name = await mapped(
    {
      async handler() {
        most = Math.max(most, ++running);
        await Bun.sleep(5);
        running--;
        return ok();
      },
    },
    { BatchSize: 1, ScalingConfig: { MaximumConcurrency: 2 } },
  );
  send(name, ...Array.from({ length: 40 }, (_, n) => String(n)));
  await until("the queue is empty", isEmpty(name));
  expect(most).toBe(2);
});

test("a call that finds no room is tried again while its messages are this server's, and they are received once", async () => {
  const clock = new ManualClock(0);
  let tries = 0;
  const name = await mapped({
    handler: () => (++tries < 4 ? { kind: "throttled", reason: "Throttled" } : ok()),
    clock,
  });
  send(name, "a");
  for (let n = 1; n < 4; n++) {
    await until("it was tried", () => tries === n && sources.resultOf("m", null) === "PROBLEM: Throttled");
    await clock.advance(4000);
  }
  await until("the queue is empty", isEmpty(name));
  expect(calls).toEqual([["a"], ["a"], ["a"], ["a"]]);
});

test("while a batch finds no room no more messages are received, so that none is received too often", async () => {
  const clock = new ManualClock(0);
  let throttled = true;
  const handler = (): AttemptEnd => (throttled ? { kind: "throttled", reason: "Throttled" } : ok());
  const name = await mapped({ handler, clock }, { BatchSize: 1 });
  send(name, ...Array.from({ length: 20 }, (_, n) => String(n)));
  await until("it found no room", () => sources.resultOf("m", null) === "PROBLEM: Throttled");
  await Bun.sleep(100);
  expect(sqs.count(name).inFlight).toBeLessThanOrEqual(2);
  throttled = false;
  await clock.advance(1000);
  await until("the queue is empty", isEmpty(name));
  expect(new Set(calls.flat()).size).toBe(20);
});

test("places that are taken by others are waited for", async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  let running = 0;
  let most = 0;
  const handler = async () => {
    most = Math.max(most, ++running);
    await promise;
    running--;
    return ok();
  };
  const names = [1, 2, 3].map(() => `q${++queueCount}`);
  for (const name of names) await put(name, sqs.createQueue(name), { settings: { BatchSize: 1 } });
  await poll({ handler, placesMax: 4 });
  for (const name of names) send(name, "1", "2", "3", "4", "5");
  await until("all places are taken", () => running === 4);
  await Bun.sleep(50);
  expect(most).toBe(4);
  resolve();
  for (const name of names) await until("the queue is empty", isEmpty(name));
  expect(calls).toHaveLength(15);
});

describe("a queue that keeps order", () => {
  test("is run in order in each of its groups, and a batch that fails holds up its own groups only", async () => {
    const done: Record<string, string[]> = { a: [], b: [], c: [] };
    let failures = 2;
    const name = await mapped(
      {
        async handler(records) {
          await Bun.sleep(Math.random() * 5);
          if (records.some(({ body }) => body === "b3") && failures-- > 0) return failed;
          for (const { body } of records) done[body.charAt(0)]?.push(body);
          return ok();
        },
      },
      { BatchSize: 2 },
      { fifo: true, visibility: 1 },
    );
    const bodies = Array.from({ length: 8 }, (_, n) => ["a", "b", "c"].map((group) => `${group}${n}`)).flat();
    for (const body of bodies) sqs.server.sendMessage(name, body, { messageGroupId: body.charAt(0) });
    await until("the queue is empty", isEmpty(name), 15_000);
    for (const group of ["a", "b", "c"]) {
      expect(done[group]).toEqual(Array.from({ length: 8 }, (_, n) => `${group}${n}`));
    }
  }, 20_000);
});

describe("a mapping", () => {
  test("that is disabled is not polled until it is enabled; one that is deleted never again", async () => {
    const name = `q${++queueCount}`;
    const arn = sqs.createQueue(name);
    await put("m", arn, { enabled: false });
    await poll({ handler: () => ok() });
    send(name, "a");
    await Bun.sleep(100);
    expect(calls).toEqual([]);
    await put("m", arn);
    const enabling = sources.changed("m", "Enabling");
    expect(sources.transitionOf("m")).toBe("Enabling");
    await enabling;
    expect(sources.transitionOf("m")).toBeUndefined();
    await until("the queue is empty", isEmpty(name));
    await store.documents.delete({ kind: "event-source-mapping", owner: "", key: "m" });
    await sources.changed("m", "Disabling");
    send(name, "b");
    await Bun.sleep(100);
    expect(calls).toEqual([["a"]]);
  });

  test("that is disabled lets a batch that runs end, and is Disabling until then", async () => {
    const { promise, resolve } = Promise.withResolvers<AttemptEnd>();
    const name = await mapped({ handler: () => promise });
    send(name, "a");
    await until("it runs", () => calls.length === 1);
    await put("m", `arn:aws:sqs:us-east-1:000000000000:${name}`, { enabled: false });
    const disabling = sources.changed("m", "Disabling");
    await Bun.sleep(20);
    expect(sources.transitionOf("m")).toBe("Disabling");
    resolve(ok());
    await disabling;
    expect(sources.transitionOf("m")).toBeUndefined();
    expect(isEmpty(name)()).toBe(true);
  });

  test("of a queue that is not there says so, and goes on once there is one", async () => {
    const clock = new ManualClock(0);
    const name = `q${++queueCount}`;
    await put("m", `arn:aws:sqs:us-east-1:000000000000:${name}`);
    await poll({ handler: () => ok(), clock });
    await until("it says so", () => sources.resultOf("m", null)?.includes("QueueDoesNotExist") === true);
    sqs.createQueue(name);
    send(name, "a");
    await until("the queue is empty", async () => {
      await clock.advance(60_000);
      return isEmpty(name)();
    });
    expect(sources.resultOf("m", null)).toBe("OK");
  });
});

test("what was gathered and not handed over when the server stops is visible again at once", async () => {
  const clock = new ManualClock(0);
  const name = await mapped({ handler: () => ok(), clock }, { BatchSize: 100, MaximumBatchingWindowInSeconds: 10 });
  send(name, "a", "b");
  await until("they were received", () => sqs.count(name).inFlight === 2);
  await Bun.sleep(50); // the answer is on its way, and nothing tells when it has come
  await sources.stop();
  // The request that was dropped still waits at this server, and gets them: received for the second time, long before their timeout.
  const again = await until("they were handed out again", () => {
    const { ready = [], inflight = [] } = sqs.server.inspectQueue(name)?.messages ?? {};
    const messages = [...ready, ...inflight.map(({ message }) => message)];
    return messages.every((message) => message.approximateReceiveCount === 2) && messages;
  });
  expect(again).toHaveLength(2);
  expect(calls).toEqual([]);
});
