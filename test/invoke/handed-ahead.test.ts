/** Calls that lie in the runner behind the one that runs: whatever becomes of that one, each of them is answered, and run once. */
import { afterEach, expect, test } from "bun:test";
import { randomUUID } from "node:crypto";
import { NotBegunError } from "../../src/invoke/call.ts";
import { Environment } from "../../src/invoke/environment.ts";
import type { ExecutionSpec, Invocation } from "../../src/invoke/invocation.ts";
import type { LogSink } from "../../src/invoke/logs/environment-log.ts";
import { placesOf } from "../../src/invoke/places.ts";
import {
  type CallAnswer,
  RUNNER_COMMAND,
  sinkOf,
  specOf,
  startDispatcher,
  type TestDispatcher,
  WALLS,
} from "../support/dispatcher.ts";
import { until } from "../support/until.ts";

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});
const start = (): TestDispatcher => {
  const house = startDispatcher();
  ends.push(() => house.close());
  return house;
};

function environmentOf(spec: ExecutionSpec, write?: LogSink["write"]): Environment {
  const { spec: seen, view } = placesOf(spec, WALLS);
  const environment = new Environment({
    spec: seen,
    sandbox: {
      command: RUNNER_COMMAND,
      workingDirectory: seen.taskRoot,
      env: { PATH: process.env.PATH ?? "" },
      view,
      walls: WALLS,
    },
    variables: {},
    region: "us-east-1",
    logGroupName: "group",
    logStreamName: "stream",
    logSink: sinkOf(write),
    nowMs: () => 0,
    onDead: () => {},
  });
  ends.push(() => environment.stop());
  return environment;
}
const invocationOf = (event: object): Invocation => ({
  requestId: randomUUID(),
  invokedArn: "arn",
  payload: Buffer.from(JSON.stringify(event)),
  wantsLogTail: false,
});

test("an answer that comes while the call before it waits for the rest of its output is kept", async () => {
  const spec = specOf("hostile-output", { handler: "late.handler", timeoutMs: 3000 });
  const environment = environmentOf(spec, async (bytes) => {
    if (Buffer.from(bytes).includes("\tINFO\t")) await Bun.sleep(60); // a disk that takes long for what the handler printed
  });
  expect((await environment.start({ timeoutMs: 10_000 })).kind).toBe("ready");
  const call = async (event: object) => {
    const { outcome } = await environment.invoke(invocationOf(event));
    return outcome.kind === "ok" ? (JSON.parse(Buffer.from(outcome.payload).toString()).calls as number) : outcome;
  };
  for (const calls of [1, 2]) expect(await call({ quietCalls: 0 })).toBe(calls);
  const prints = call({ quietCalls: 0, waitMs: 10 }); // every third call prints
  const behind = [call({ quietCalls: 0 }), call({ quietCalls: 0 })];
  expect(await Promise.all([prints, ...behind])).toEqual([3, 4, 5]);
});

test.each([
  { name: "exits", fixture: "hostile-exits", event: { trick: "exitSeven" }, errorType: "Runtime.ExitError" },
  { name: "is killed", fixture: "hostile-signals", event: { signal: "SIGKILL" }, errorType: "Runtime.ExitError" },
  { name: "never ends", fixture: "hostile-loops", event: { trick: "endlessLoop" }, errorType: "Sandbox.Timedout" },
  {
    name: "writes garbage to the channel",
    fixture: "hostile-descriptors",
    event: { trick: "hugeHead" },
    errorType: "Runtime.ExitError",
  },
])("calls behind one that $name have not begun, and are told so", async ({ fixture, event, errorType }) => {
  const environment = environmentOf(specOf(fixture, { timeoutMs: 300 }));
  expect((await environment.start({ timeoutMs: 10_000 })).kind).toBe("ready");
  const first = environment.invoke(invocationOf(event));
  const behind = [environment.invoke(invocationOf({})), environment.invoke(invocationOf({}))];
  const results = await Promise.allSettled([first, ...behind]);
  expect(results[0]).toMatchObject({ status: "fulfilled", value: { outcome: { kind: "function-error", errorType } } });
  for (const result of results.slice(1)) {
    expect(result).toMatchObject({ status: "rejected", reason: expect.any(NotBegunError) });
  }
});

/** Quick calls until the pool knows that they are quick. */
const WARM_UP_CALLS = 30;
async function warmUp(house: TestDispatcher, spec: ReturnType<typeof specOf>, event: object): Promise<void> {
  for (let n = 0; n < WARM_UP_CALLS; n++) await house.call(spec, event);
}

test("calls behind one that ends the process go to another environment", async () => {
  const house = start();
  const spec = specOf("hostile-output", { handler: "late.handler" });
  const event = { quietCalls: Number.MAX_SAFE_INTEGER, dieAt: 200 };
  await warmUp(house, spec, event);
  const failures: string[] = [];
  const client = async (): Promise<void> => {
    for (let n = 0; n < 100; n++) {
      const answer = await house.call(spec, event);
      if (answer.kind !== "ok") failures.push(answer.errorMessage ?? "");
    }
  };
  await Promise.all(Array.from({ length: 16 }, client));
  // Each environment dies of its 200th call, and takes no other with it: of 1,630 calls at most eight are a 200th.
  expect(failures.length).toBeLessThanOrEqual(8);
  for (const failure of failures) expect(failure).toEndWith("exit status 9");
});

test("calls behind one that never ends are answered at its timeout's latest", async () => {
  const house = start();
  const spec = specOf("hostile-loops", { timeoutMs: 400 });
  await warmUp(house, spec, {});
  const stuck = house.call(spec, { trick: "endlessLoop" });
  const answers = await Promise.all(Array.from({ length: 40 }, () => house.call(spec)));
  expect(answers.every(({ value }) => value === "fine")).toBe(true);
  expect((await stuck).errorType).toBe("Sandbox.Timedout");
  await until("nothing runs", () => house.dispatcher.census().running === 0);
});

/** A client that calls one long after the other, beside sixteen of quick calls, all of the same function. */
async function amongQuickCalls(house: TestDispatcher, spec: ReturnType<typeof specOf>, long: object) {
  await warmUp(house, spec, {});
  let isOver = false;
  const longCall = house.call(spec, long).finally(() => {
    isOver = true;
  });
  const quick: CallAnswer[] = [];
  const client = async (): Promise<void> => {
    for (let n = 0; n < 20; n++) quick.push(await house.call(spec));
  };
  await Promise.all(Array.from({ length: 16 }, client));
  return { longCall, quick, wasOver: isOver };
}

test("calls behind one that waits long are asked back, and run elsewhere before it ends", async () => {
  const spec = specOf("hostile-calm", { timeoutMs: 60_000 });
  const { quick, wasOver } = await amongQuickCalls(start(), spec, { waitMs: 30_000 });
  expect(wasOver).toBe(false);
  expect(quick.every(({ kind }) => kind === "ok")).toBe(true);
}, 20_000);

test("each call is run once, whether it was asked back from one that waits or from one that never lets go of its thread", async () => {
  for (const long of [{ waitMs: 300 }, { spinMs: 300 }]) {
    const { longCall, quick } = await amongQuickCalls(start(), specOf("hostile-calm"), long);
    const answers = [...quick, await longCall];
    const runs = new Set(answers.map(({ value }) => `${value.environment} ${value.calls}`));
    expect(runs.size).toBe(answers.length); // an environment counts its calls
    const last = new Map<string, number>();
    for (const { value } of answers)
      last.set(value.environment, Math.max(last.get(value.environment) ?? 0, value.calls));
    const counted = [...last.values()].reduce((sum, calls) => sum + calls, 0);
    expect(counted).toBe(answers.length + WARM_UP_CALLS);
  }
});

test.each<{ name: string; rest: Partial<Invocation>; hasRoom: boolean }>([
  { name: "a plain call", rest: {}, hasRoom: true },
  {
    name: "one whose log tail is asked for, which would hold the others' output",
    rest: { wantsLogTail: true },
    hasRoom: false,
  },
  { name: "one that streams, whose reader would hold them up", rest: { stream: { chunk() {} } }, hasRoom: false },
])("whether there is room behind $name", async ({ rest, hasRoom }) => {
  const environment = environmentOf(specOf("hostile-calm"));
  await environment.start({ timeoutMs: 10_000 });
  const running = environment.invoke({ ...invocationOf({}), ...rest });
  expect(environment.hasRoomAhead).toBe(hasRoom);
  await running;
});

test("an environment gets no more calls than it may, however many are there at once", async () => {
  const callsMax = 20;
  const house = startDispatcher({ callsMax });
  ends.push(() => house.close());
  const spec = specOf("hostile-calm");
  const answers: CallAnswer[] = [];
  const client = async (): Promise<void> => {
    for (let n = 0; n < 10; n++) answers.push(await house.call(spec));
  };
  await Promise.all(Array.from({ length: 16 }, client));
  expect(answers.length).toBe(160);
  expect(Math.max(...answers.map(({ value }) => value.calls))).toBeLessThanOrEqual(callsMax);
});

test("a call that comes back from an environment of before an update has one that is watched, and ends with the others", async () => {
  const house = start();
  const spec = specOf("hostile-exits");
  await warmUp(house, spec, {});
  const first = house.call(spec, { trick: "exitSeven" });
  const behind = house.call(spec, { waitMs: 60_000 });
  house.dispatcher.retire(spec.functionName);
  expect((await first).errorType).toBe("Runtime.ExitError");
  await until("the call runs elsewhere", () => house.dispatcher.census().byState["busy"] === 1);
  house.dispatcher.close();
  expect((await behind).errorType).toBe("Runtime.ExitError");
});
