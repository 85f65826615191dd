/** All bodies together have so much memory: what goes beyond it is refused before it is read, and has its turn when others are over. */
import { beforeEach, describe, expect, test } from "bun:test";
import { BodyBudget } from "../../src/core/body-budget.ts";
import { MIB } from "../../src/core/limits.ts";
import { appForEach } from "../support/app.ts";
import { until } from "../support/until.ts";
import { zipOf } from "../support/zip.ts";

const app = appForEach();
const ORIGIN = "http://127.0.0.1:4566";
const FUNCTIONS = `${ORIGIN}/2015-03-31/functions`;
const INVOKE = `${FUNCTIONS}/f/invocations`;
const LARGE_BYTES = MIB;

let peer: object;
beforeEach(async () => {
  peer = { timeout() {}, requestIP: () => null, idleSeconds: 60, bodies: new BodyBudget(1.5 * MIB) };
  await app().createFunction("f");
});

const ask = async (url: string, init: RequestInit): Promise<Response> =>
  await app().app.fetch(new Request(url, { method: "POST", ...init }), peer);

/** A body that comes piece by piece, as the test has it. */
function slowBody() {
  const asked = Promise.withResolvers<void>();
  const { promise, resolve } = Promise.withResolvers<ReadableStreamDefaultController<Uint8Array>>();
  const body = new ReadableStream<Uint8Array>({ start: resolve, pull: () => asked.resolve() }, { highWaterMark: 0 });
  return { body, asked: asked.promise, controller: promise };
}

const declared = (bytes: number): RequestInit => ({ headers: { "content-length": String(bytes) } });
const text = (bytes: number): string => JSON.stringify("x".repeat(bytes - 2));

async function expectRefused(response: Response): Promise<void> {
  expect(response.status).toBe(429);
  expect(response.headers.get("x-amzn-ErrorType")).toBe("TooManyRequestsException");
  expect(response.headers.get("retry-after")).toBe("1");
  expect(response.headers.get("connection")).toBe("close");
  expect(await response.json()).toMatchObject({ Reason: "ConcurrentInvocationLimitExceeded", Type: "User" });
}

async function urlOfFunction(): Promise<string> {
  const { body } = await app().send("POST", "/2021-10-31/functions/f/url", { AuthType: "NONE" });
  return body.FunctionUrl;
}

describe("while a large body is on its way,", () => {
  let first: ReturnType<typeof slowBody>;
  let answer: Promise<Response>;
  beforeEach(async () => {
    first = slowBody();
    answer = ask(INVOKE, { body: first.body, ...declared(LARGE_BYTES) });
    await first.asked;
  });

  test("another one is refused unread in AWS's form, and its connection closed", async () => {
    const second = slowBody();
    let isRead = false;
    void second.asked.then(() => {
      isRead = true;
    });
    await expectRefused(await ask(INVOKE, { body: second.body, ...declared(LARGE_BYTES) }));
    expect(isRead).toBe(false);
  });

  test("one that does not say how large it is is refused when it has become too large", async () => {
    const body = new ReadableStream<Uint8Array>({ pull: (controller) => controller.enqueue(new Uint8Array(65_536)) });
    await expectRefused(await ask(INVOKE, { body }));
  });

  test.each([
    ["code", () => FUNCTIONS, 20 * MIB],
    ["a change", () => `${FUNCTIONS}/f/code`, LARGE_BYTES],
    ["what a function URL gets", urlOfFunction, LARGE_BYTES],
    ["what a page gets", () => `${ORIGIN}/_lambent/schedules`, LARGE_BYTES],
  ])("%s is refused as well", async (what, url, bytes) => {
    const init = { body: slowBody().body, ...declared(bytes), method: what === "a change" ? "PUT" : "POST" };
    await expectRefused(await ask(await url(), init));
  });

  test("small ones have their answers", async () => {
    expect((await ask(INVOKE, { body: text(10_000) })).status).toBe(200);
    expect((await ask(await urlOfFunction(), { body: text(10_000) })).status).toBe(200);
  });

  test("many that are not quite small are counted as well", async () => {
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => ask(INVOKE, { body: text(100_000), ...declared(100_000) })),
    );
    const statuses = answers.map(({ status }) => status);
    expect(statuses.filter((status) => status === 200).length).toBeGreaterThan(0);
    expect(statuses.filter((status) => status === 429).length).toBeGreaterThan(0);
  });

  test("and when its call has ended, the next has its turn", async () => {
    const controller = await first.controller;
    controller.enqueue(Buffer.from(text(LARGE_BYTES)));
    controller.close();
    expect((await answer).status).toBe(200);
    expect((await ask(INVOKE, { body: text(LARGE_BYTES), ...declared(LARGE_BYTES) })).status).toBe(200);
  });

  test("and when its client hangs up, the next has its turn", async () => {
    (await first.controller).error(new DOMException("The connection was closed.", "AbortError"));
    expect((await answer).status).toBeGreaterThanOrEqual(400);
    expect((await ask(INVOKE, { body: text(LARGE_BYTES), ...declared(LARGE_BYTES) })).status).toBe(200);
  });
});

test.each([
  ["a function URL", urlOfFunction, 200],
  ["an operation that fails", () => `${FUNCTIONS}/ghost/invocations`, 404],
  ["a page", () => `${ORIGIN}/_lambent/schedules`, 400],
])("%s gives the memory back with its answer", async (_, place, status) => {
  const url = await place();
  for (let count = 0; count < 3; count++)
    expect((await ask(url, { body: text(LARGE_BYTES), ...declared(LARGE_BYTES) })).status).toBe(status);
});

const STREAMER = `exports.handler = awslambda.streamifyResponse(async (event, stream) => {
  stream.write("first");
  await new Promise((resolve) => setTimeout(resolve, 500));
  stream.end();
});`;

async function urlOfStreamer(): Promise<string> {
  const setting = { AuthType: "NONE", InvokeMode: "RESPONSE_STREAM" };
  return (await app().send("POST", "/2021-10-31/functions/s/url", setting)).body.FunctionUrl;
}

test.each([
  ["InvokeWithResponseStream", () => `${ORIGIN}/2021-11-15/functions/s/response-streaming-invocations`],
  ["a function URL", urlOfStreamer],
])("a call whose answer streams through %s has its body until it ends, though nobody reads", async (_, place) => {
  const ZipFile = Buffer.from(await zipOf({ "index.js": STREAMER })).toString("base64");
  await app().createFunction("s", { Code: { ZipFile } });
  const url = await place();
  const large = { body: text(LARGE_BYTES), ...declared(LARGE_BYTES) };
  const first = await ask(url, large);
  expect(first.status).toBe(200);
  await first.body?.cancel();
  await expectRefused(await ask(INVOKE, large));
  await until("the call has ended", async () => (await ask(INVOKE, large)).status === 200);
});
