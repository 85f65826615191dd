import { afterEach, describe, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { NO_WALLS } from "../../src/sandbox/walls/walls.ts";
import { type CallAnswer, specOf, startDispatcher, type TestDispatcher } from "../support/dispatcher.ts";
import { descendantsOf, isAlive } from "../support/processes.ts";
import { until } from "../support/until.ts";

let running: TestDispatcher | undefined;
const start = (options?: Parameters<typeof startDispatcher>[0]): TestDispatcher => {
  running = startDispatcher(options);
  return running;
};
afterEach(async () => {
  await running?.close();
  running = undefined;
});

const environmentsOf = (answers: readonly CallAnswer[]): Set<string> =>
  new Set(answers.map(({ value }) => value.environment as string));

/** Clients that each call again as soon as they have their answer. */
async function clients(input: {
  count: number;
  callsEach: number;
  call: () => Promise<CallAnswer>;
}): Promise<CallAnswer[]> {
  const answers: CallAnswer[] = [];
  const client = async (): Promise<void> => {
    for (let n = 0; n < input.callsEach; n++) answers.push(await input.call());
  };
  await Promise.all(Array.from({ length: input.count }, client));
  return answers;
}

describe("environments are started", () => {
  test("one for one client, and used again and again", async () => {
    const { call } = start();
    const spec = specOf("hostile-calm");
    const answers = await clients({ count: 1, callsEach: 50, call: () => call(spec) });
    expect(environmentsOf(answers).size).toBe(1);
    expect(answers.at(-1)?.value.calls).toBe(50);
  });

  test("few for sixty-four clients of a function that takes a millisecond", async () => {
    const { call, dispatcher } = start();
    const spec = specOf("hostile-calm");
    const answers = await clients({ count: 64, callsEach: 25, call: () => call(spec, { spinMs: 1 }) });
    expect(answers.every(({ kind }) => kind === "ok")).toBe(true);
    expect(dispatcher.census().environments).toBeLessThanOrEqual(32); // some 8 on a quiet machine of two cores
  });

  test("one for each call of a slow function, so that none waits for another, known to be slow or not", async () => {
    const { call } = start();
    const spec = specOf("hostile-calm");
    for (const count of [8, 12]) {
      const answers = await Promise.all(Array.from({ length: count }, () => call(spec, { waitMs: 1000 })));
      expect(environmentsOf(answers).size).toBe(count);
    }
  });

  test("never for two versions or revisions at once", async () => {
    const { call } = start();
    const first = specOf("hostile-calm", { variables: { VERSION: "1" } });
    const second = { ...first, key: `${first.key}:2`, variables: { VERSION: "2" } };
    const [a, b] = [await call(first), await call(second)];
    expect([a.value.version, b.value.version]).toEqual(["1", "2"]);
    expect(environmentsOf([a, b]).size).toBe(2);
  });

  test("one at a time serves one call at a time", async () => {
    const { call } = start({ environmentsMax: 1 });
    const spec = specOf("hostile-calm");
    const answers = await Promise.all(Array.from({ length: 6 }, () => call(spec, { waitMs: 10 })));
    expect(answers.map(({ value }) => value.calls).sort()).toEqual([1, 2, 3, 4, 5, 6]);
    expect(environmentsOf(answers).size).toBe(1);
  });
});

describe("environments end", () => {
  test("when no call used them for a while", async () => {
    const { call, dispatcher, untilEnvironments } = start({ idleTimeoutMs: 50 });
    await Promise.all([call(specOf("hostile-calm")), call(specOf("hostile-calm"))]);
    expect(dispatcher.census().environments).toBe(2);
    const entries = descendantsOf(process.pid);
    expect(entries.length).toBeGreaterThanOrEqual(2);
    await untilEnvironments(0);
    await until("their processes are gone", () => !entries.some(isAlive));
  });

  test("not while they are used", async () => {
    const { call } = start({ idleTimeoutMs: 600 });
    const spec = specOf("hostile-calm");
    const answers = await clients({ count: 1, callsEach: 25, call: () => call(spec, { waitMs: 60 }) });
    expect(environmentsOf(answers).size).toBe(1);
  });

  test("to make room for another function's call, the longest idle one first", async () => {
    const { call, dispatcher } = start({ environmentsMax: 2 });
    const [a, b, c] = [specOf("hostile-calm"), specOf("hostile-calm"), specOf("hostile-calm")];
    const first = await call(a);
    const second = await call(b);
    await call(c);
    expect((await call(b)).value.environment).toBe(second.value.environment);
    await until("the evicted one is gone", () => dispatcher.census().environments === 2);
    expect((await call(a)).value.environment).not.toBe(first.value.environment);
  });

  test("not when they are busy: the other call waits for its turn", async () => {
    const { call } = start({ environmentsMax: 1 });
    const [a, b] = [specOf("hostile-calm"), specOf("hostile-calm")];
    const order: string[] = [];
    await Promise.all([call(a, { waitMs: 200 }).then(() => order.push("a")), call(b).then(() => order.push("b"))]);
    expect(order).toEqual(["a", "b"]);
  });

  test("after as many calls as are allowed", async () => {
    const { call } = start({ callsMax: 3 });
    const spec = specOf("hostile-calm");
    const answers = await clients({ count: 1, callsEach: 7, call: () => call(spec) });
    expect(answers.map(({ value }) => value.calls)).toEqual([1, 2, 3, 1, 2, 3, 1]);
  });

  test("with their packages' holds, however they end", async () => {
    const test_ = start();
    await test_.call(specOf("hostile-calm"));
    await test_.call(specOf("hostile-exits"), { trick: "exitSeven" });
    await test_.call(specOf("hostile-loops", { timeoutMs: 100 }), { trick: "endlessLoop" });
    await test_.call(specOf("hostile-load", { handler: "throws.handler" }));
    await test_.untilEnvironments(1);
    expect(test_.codeHolds).toBe(1);
    await test_.close();
    expect(test_.codeHolds).toBe(0);
  });
});

describe("after a function changed", () => {
  test("a running call finishes on the code that it began with, and the next call meets the new", async () => {
    const { call, dispatcher, untilEnvironments } = start();
    const old = specOf("hostile-calm", { variables: { VERSION: "old" } });
    const next = { ...old, key: `${old.key}:new`, variables: { VERSION: "new" } };
    await call(old);
    const slow = call(old, { waitMs: 300 });
    await until("it runs", () => dispatcher.census().byState["busy"] === 1);
    dispatcher.retire(old.functionName);
    expect((await call(next)).value.version).toBe("new");
    expect((await slow).value.version).toBe("old");
    await untilEnvironments(1);
    expect((await call(next)).value.version).toBe("new");
  });

  test("its idle environments end at once, others' do not", async () => {
    const { call, dispatcher, untilEnvironments } = start();
    const [a, b] = [specOf("hostile-calm"), specOf("hostile-calm")];
    await call(a);
    const kept = await call(b);
    dispatcher.retire(a.functionName);
    await untilEnvironments(1);
    expect((await call(b)).value.environment).toBe(kept.value.environment);
  });

  test("calls that it had taken in before still get their answers", async () => {
    const { call, dispatcher, untilEnvironments } = start({ environmentsMax: 1 });
    const spec = specOf("hostile-calm");
    const calls = Array.from({ length: 4 }, () => call(spec, { waitMs: 60 }));
    await until("one runs", () => dispatcher.census().byState["busy"] === 1);
    dispatcher.retire(spec.functionName);
    expect((await Promise.all(calls)).map(({ kind }) => kind)).toEqual(["ok", "ok", "ok", "ok"]);
    await untilEnvironments(0);
  });

  test("a call that waited for its first environment is still held to its memory, and ends with the server", async () => {
    const { call, dispatcher, untilEnvironments } = start({ environmentsMax: 1 });
    const blocker = call(specOf("hostile-calm"), { waitMs: 300 });
    await until("it runs", () => dispatcher.census().byState["busy"] === 1);
    const hungry = specOf("hostile-memory", { memoryMib: 128, timeoutMs: 4000 });
    const waiting = call(hungry, { trick: "buffersGently" });
    dispatcher.retire(hungry.functionName);
    await blocker;
    expect((await waiting).errorType).toBe("Runtime.OutOfMemory");
    await untilEnvironments(0);
  });
});

describe("drain", () => {
  test("takes no new call and waits for those that run", async () => {
    const { call, dispatcher } = start();
    const slow = call(specOf("hostile-calm"), { waitMs: 200 });
    const drained = dispatcher.drain(5000);
    expect(dispatcher.admit("another")).toEqual({ kind: "draining" });
    expect(await drained).toBe(0);
    expect((await slow).kind).toBe("ok");
  });

  test("waits no longer than it may, and tells how many still run", async () => {
    const { call, dispatcher, close } = start();
    const slow = call(specOf("hostile-calm"), { waitMs: 4000 });
    expect(await dispatcher.drain(50)).toBe(1);
    await close();
    expect((await slow).errorType).toBe("Runtime.ExitError");
  });

  test("has nothing to wait for when nothing runs", async () => {
    expect(await start().dispatcher.drain(5000)).toBe(0);
  });
});

describe("the limit on calls at the same time", () => {
  test("refuses with its reason, and lets the next one in when one has ended", async () => {
    const { call, dispatcher } = start({ concurrencyMax: 1 });
    const spec = specOf("hostile-calm");
    const first = call(spec, { waitMs: 100 });
    expect(dispatcher.admit("another")).toEqual({ kind: "throttled", reason: "ConcurrentInvocationLimitExceeded" });
    dispatcher.concurrency.reserve(spec.functionName, 1);
    expect(dispatcher.admit(spec.functionName)).toEqual({
      kind: "throttled",
      reason: "ReservedFunctionConcurrentInvocationLimitExceeded",
    });
    await first;
    expect((await call(spec)).kind).toBe("ok");
    expect(dispatcher.concurrency.total).toBe(0);
  });

  test("counts a call once, whatever becomes of it", async () => {
    const { call, dispatcher } = start({ concurrencyMax: 5 });
    await call(specOf("hostile-exits"), { trick: "exitZero" });
    await call(specOf("hostile-load", { handler: "ghost.handler" }));
    await call(specOf("hostile-loops", { timeoutMs: 100 }), { trick: "endlessLoop" });
    await call(specOf("hostile-calm", { taskRoot: "/no/such/folder" })).catch(() => {});
    expect([dispatcher.concurrency.total, dispatcher.census().running]).toEqual([0, 0]);
  });
});

describe("init", () => {
  test("that takes longer than it may is done again within the call, on the call's own time", async () => {
    const directory = await mkdtemp(join(tmpdir(), "lambent-init-"));
    const { call } = start({ initTimeoutMs: 400, walls: NO_WALLS }); // it leaves a mark for the next
    const spec = specOf("hostile-load", { handler: "slow-once.handler", variables: { MARK: join(directory, "mark") } });
    const answer = await call(spec, {}, { wantsLogTail: true });
    expect(answer.value).toEqual({ first: false });
    expect(answer.tookMs).toBeGreaterThanOrEqual(400);
    await rm(directory, { recursive: true });
  });

  test.each([
    { handler: "never.handler", what: "waits for ever" },
    { handler: "loops.handler", what: "never gives the thread back" },
  ])("that $what both times is a timeout of the function", async ({ handler }) => {
    const { call, untilEnvironments } = start({ initTimeoutMs: 200 });
    const answer = await call(specOf("hostile-load", { handler, timeoutMs: 300 }), {}, { wantsLogTail: true });
    expect(answer).toMatchObject({ functionError: "Unhandled", errorType: "Sandbox.Timedout" });
    expect(answer.errorMessage).toBe(`RequestId: ${answer.requestId} Error: Task timed out after 0.30 seconds`);
    expect(answer.tookMs).toBeWithin(490, 2500);
    expect(answer.logTail).toMatch(
      new RegExp(
        [
          "^INIT_START .*(?:\n.*\tloading)?",
          "INIT_REPORT Init Duration: 2\\d\\d\\.\\d\\d ms\tPhase: init\tStatus: timeout",
          "INIT_START .*(?:\n.*\tloading)?",
          "INIT_REPORT Init Duration: [34]\\d\\d\\.\\d\\d ms\tPhase: invoke\tStatus: timeout",
          `START RequestId: ${answer.requestId} Version: .*`,
          `END RequestId: ${answer.requestId}`,
          `REPORT RequestId: ${answer.requestId}\t.*\tStatus: timeout\n$`,
        ].join("\n"),
      ),
    );
    await untilEnvironments(0);
  });
});

describe("time", () => {
  test("the host ends a call at its timeout within a moment", async () => {
    const { call } = start();
    const spec = specOf("hostile-loops", { timeoutMs: 250 });
    await call(spec);
    const answer = await call(spec, { trick: "endlessLoop" });
    expect(answer.errorType).toBe("Sandbox.Timedout");
    expect(answer.tookMs).toBeWithin(249, 400);
  });
});

test("no process is left when a dispatcher has closed, whatever it was doing", async () => {
  const { call, close, dispatcher } = start();
  const slow = [1, 2, 3].map(() => call(specOf("hostile-calm"), { waitMs: 4000 }));
  await call(specOf("hostile-children"), { trick: "leaveChild" });
  await until("all run", () => dispatcher.census().byState["busy"] === 3);
  const entries = descendantsOf(process.pid);
  expect(entries.length).toBeGreaterThanOrEqual(5);
  await close();
  await Promise.all(slow);
  await until("they are gone", () => !entries.some(isAlive));
});
