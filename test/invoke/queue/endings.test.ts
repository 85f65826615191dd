/** Where an event ends, and what is said of it there. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import type { NewEvent } from "../../../src/store/queue-port.ts";
import { arnOf, failed, type Harness, ok, startQueue } from "./harness.ts";

let queue: Harness;
beforeEach(async () => {
  queue = await startQueue();
});
afterEach(() => queue.close());

const SQS = "arn:aws:sqs:us-east-1:000000000000:records";
const toFunction = (name: string) => ({ Destination: arnOf(name) });
const none = { OnSuccess: {}, OnFailure: {} };

describe("a destination that is a function", () => {
  test("gets the record of a success, with the payloads as they were", async () => {
    await queue.define("f", () => ok('{"b": 2,  "a":1.0}'));
    await queue.define("next", () => ok());
    await queue.configure("f", { destinations: { ...none, OnSuccess: toFunction("next") } });
    const requestId = await queue.send("f", { payload: '{"x":  1.50}' });
    const [, record] = queue.runs;
    expect(record?.payload).toBe(
      `{"version":"1.0","timestamp":"2026-01-02T03:04:05.678Z","requestContext":{"requestId":"${requestId}","functionArn":"${arnOf("f")}:$LATEST","condition":"Success","approximateInvokeCount":1},"requestPayload":{"x":  1.50},"responseContext":{"statusCode":200,"executedVersion":"$LATEST"},"responsePayload":{"b": 2,  "a":1.0}}`,
    );
    expect(record?.requestId).not.toBe(requestId);
    expect(await queue.box()).toEqual([]);
  });

  test("gets the record of a failure once the retries are used up, by the name of the alias that was called", async () => {
    await queue.define("f", () => failed("no"));
    await queue.define("next", () => ok());
    await queue.configure("f", { destinations: { ...none, OnFailure: toFunction("next") } }, "live");
    const requestId = await queue.send("f", { qualifier: "live", payload: '"text"' });
    await queue.advance(200_000);
    const record = queue.runs.find(({ functionName }) => functionName === "next");
    expect(record?.payload).toBe(
      `{"version":"1.0","timestamp":"2026-01-02T03:07:05.678Z","requestContext":{"requestId":"${requestId}","functionArn":"${arnOf("f")}:live","condition":"RetriesExhausted","approximateInvokeCount":3},"requestPayload":"text","responseContext":{"statusCode":200,"executedVersion":"$LATEST","functionError":"Unhandled"},"responsePayload":{"errorType":"Error","errorMessage":"no","trace":[]}}`,
    );
    expect(await queue.box()).toEqual([]);
  });

  test("gets a record without a response of an event that reserved concurrency 0 kept from running", async () => {
    await queue.define("f", () => ok());
    await queue.define("next", () => ok());
    await queue.configure("f", { destinations: { ...none, OnFailure: toFunction("next") } });
    await queue.store.functions.putReservedConcurrency({ functionName: "f", reserved: 0, totalMax: 900 });
    queue.refuse = (name) =>
      name === "f" ? { kind: "throttled", reason: "ReservedFunctionConcurrentInvocationLimitExceeded" } : undefined;
    const requestId = await queue.send("f");
    expect(JSON.parse(queue.runs[0]?.payload ?? "")).toEqual({
      version: "1.0",
      timestamp: "2026-01-02T03:04:05.678Z",
      requestContext: {
        requestId,
        functionArn: `${arnOf("f")}:$LATEST`,
        condition: "ZeroReservedConcurrency",
        approximateInvokeCount: 0,
      },
      requestPayload: {},
    });
  });

  test("that is not there has its record in the box", async () => {
    await queue.define("f", () => ok());
    await queue.configure("f", { destinations: { ...none, OnSuccess: toFunction("ghost") } });
    await queue.send("f");
    expect(await queue.box()).toMatchObject([{ functionName: "ghost", condition: "FunctionNotFound" }]);
  });

  test("that fails is retried like any other", async () => {
    await queue.define("f", () => ok());
    await queue.define("next", () => failed());
    await queue.configure("f", { destinations: { ...none, OnSuccess: toFunction("next") } });
    await queue.send("f");
    await queue.advance(200_000);
    expect(queue.seconds("next")).toEqual([0, 60, 180]);
  });
});

describe("a destination that no endpoint is named for", () => {
  test("has its record in the box, which says which variable would name one", async () => {
    await queue.define("f", () => ok("1"));
    await queue.configure("f", { destinations: { ...none, OnSuccess: { Destination: SQS } } });
    const requestId = await queue.send("f");
    const [letter, ...others] = await queue.box();
    expect(others).toEqual([]);
    expect(letter).toMatchObject({ requestId, functionName: "f", condition: "Success", lane: SQS });
    expect(letter?.reason).toBe(`Cannot deliver to ${SQS}: no endpoint is set; AWS_ENDPOINT_URL_SQS names one`);
    expect(JSON.parse(Buffer.from(letter?.body ?? "").toString())).toMatchObject({ responsePayload: 1 });
  });

  test.each(["arn:aws:kinesis:us-east-1:000000000000:stream/s", "arn:aws:lambda:eu-west-1:000000000000:function:far"])(
    "as %s, which nothing can be delivered to from here",
    async (arn) => {
      await queue.define("f", () => ok());
      await queue.configure("f", { destinations: { ...none, OnSuccess: { Destination: arn } } });
      await queue.send("f");
      expect(await queue.box()).toMatchObject([{ reason: expect.stringContaining(`Cannot deliver to ${arn}`) }]);
    },
  );
});

test("a dead-letter queue and a destination both hear of a failure", async () => {
  const dlq = "arn:aws:sns:us-east-1:000000000000:dead";
  await queue.define("f", () => failed("why"), { deadLetterTargetArn: dlq });
  await queue.configure("f", { retryCountMax: 0, destinations: { ...none, OnFailure: { Destination: SQS } } });
  const requestId = await queue.send("f", { payload: '{"the":"event"}' });
  const letters = await queue.box();
  expect(letters.map(({ lane }) => lane).sort()).toEqual([dlq, SQS].sort());
  const dead = letters.find(({ lane }) => lane === dlq);
  expect(Buffer.from(dead?.body ?? "").toString()).toBe('{"the":"event"}');
  expect(dead).toMatchObject({ requestId, head: { attributes: { errorCode: 200, errorMessage: "why" } } });
});

test("a dead-letter queue hears of no success", async () => {
  await queue.define("f", () => ok(), { deadLetterTargetArn: SQS });
  await queue.send("f");
  expect(await queue.box()).toEqual([]);
});

test("what is redriven from the box runs again from the beginning", async () => {
  let broken = true;
  await queue.define("f", () => (broken ? failed() : ok()));
  await queue.configure("f", { retryCountMax: 0 });
  const requestId = await queue.send("f", { payload: '{"n":7}' });
  broken = false;
  queue.queue.note(await queue.store.queue.redrive({ nowMs: queue.clock.nowMs(), countMax: 10 }));
  await queue.queue.untilQuiet();
  expect(await queue.box()).toEqual([]);
  expect(queue.runs).toMatchObject([
    { requestId, payload: '{"n":7}' },
    { requestId, payload: '{"n":7}' },
  ]);
});

describe("a function that calls itself", () => {
  /** Sends the trace header on, as AWS's SDKs do. */
  const again = async (name: string): Promise<void> => {
    await queue.define(name, async ({ invocation }) => {
      await queue.submit(name, { traceId: invocation.traceId ?? "" });
      return ok();
    });
  };
  const traceId = "Root=1-00000000-000000000000000000000000;Parent=0000000000000000;Sampled=0";

  test("runs sixteen times in one chain, and the next event ends in the box", async () => {
    await again("loop");
    await queue.send("loop", { traceId });
    expect(queue.runs.length).toBe(16);
    expect(await queue.box()).toMatchObject([{ condition: "RecursiveInvocation", attemptCount: 0 }]);
  });

  test("goes on when its owner allows it", async () => {
    await again("loop");
    await queue.store.documents.put({ kind: "recursion", owner: "loop", key: "", body: { loop: "Allow" }, nowMs: 0 });
    let stop = false;
    void queue.send("loop", { traceId });
    while (queue.runs.length < 40) await Bun.sleep(1);
    stop = true;
    await queue.define("loop", () => ok());
    expect(stop).toBe(true);
    await queue.queue.untilQuiet();
    expect(await queue.box()).toEqual([]);
  });

  test("by way of a destination is stopped too", async () => {
    await queue.define("a", () => ok());
    await queue.define("b", () => ok());
    await queue.configure("a", { destinations: { ...none, OnSuccess: toFunction("b") } });
    await queue.configure("b", { destinations: { ...none, OnSuccess: toFunction("a") } });
    await queue.send("a", { traceId });
    expect(queue.runs.length).toBe(32);
    expect(await queue.box()).toMatchObject([{ condition: "RecursiveInvocation" }]);
  });
});

test("an event that comes in before the start waits for it, and runs once", async () => {
  const early = await startQueue({ store: queue.store, started: false });
  await early.define("early", () => ok());
  await early.submit("early");
  await Bun.sleep(5);
  expect(early.runs).toEqual([]);
  await early.queue.start();
  await early.queue.untilQuiet();
  await early.queue.close();
  expect(early.runs.length).toBe(1);
});

test("events of an earlier process are taken up at the start, those it held first", async () => {
  const call: NewEvent = {
    lane: "f",
    requestId: "held",
    acceptedAtMs: 0,
    dueAtMs: 0,
    head: { kind: "invocation", functionName: "f" },
    body: Buffer.from("{}"),
  };
  const nowMs = queue.clock.nowMs();
  await queue.define("f", () => ok());
  await queue.store.queue.accept([{ ...call, acceptedAtMs: nowMs }]);
  await queue.store.queue.exchange({
    nowMs,
    leasedUntilMs: nowMs + 1e9,
    settlements: [],
    wanted: [{ lane: "f", countMax: 1 }],
  });
  await queue.store.queue.accept([{ ...call, acceptedAtMs: nowMs, requestId: "waiting" }]);
  await queue.queue.start();
  await queue.queue.untilQuiet();
  expect(queue.runs.map(({ requestId }) => requestId)).toEqual(["held", "waiting"]);
});
