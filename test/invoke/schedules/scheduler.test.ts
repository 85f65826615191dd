/** Schedules against a real queue, with time moved by hand: functions are plain functions here. */
import { expect, test } from "bun:test";
import { join } from "node:path";
import { makeLog } from "../../../src/core/log.ts";
import { parseExpression } from "../../../src/invoke/schedules/expression.ts";
import { Scheduler } from "../../../src/invoke/schedules/scheduler.ts";
import { openStore } from "../../../src/store/open-store.ts";
import type { ScheduleDefinition, StoredSchedule } from "../../../src/store/schedule-port.ts";
import { temporaryDirectories } from "../../store/temporary-directory.ts";
import { type Harness, HOME, ok, START_MS, startQueue } from "../queue/harness.ts";

const temporaryDirectory = temporaryDirectories();
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const START = new Date(START_MS).toISOString(); // 2026-01-02T03:04:05.678Z

interface Scheduled {
  readonly queue: Harness;
  readonly scheduler: Scheduler;
  add(name: string, expression: string, change?: Partial<ScheduleDefinition>): Promise<void>;
  find(name: string): Promise<StoredSchedule | undefined>;
  advance(ms: number): Promise<void>;
  /** The `time` of each event that `f` got. */
  times(): string[];
}

function scheduled(queue: Harness): Scheduled {
  const { store, clock } = queue;
  let ids = 0;
  const scheduler = new Scheduler({
    store,
    clock,
    ids: { uuid: () => `11111111-0000-4000-8000-${String(++ids).padStart(12, "0")}` },
    home: HOME,
    log: makeLog("silent"),
    queue: queue.queue,
  });
  return {
    queue,
    scheduler,
    async add(name, expression, change = {}) {
      const definition: ScheduleDefinition = {
        functionName: "f",
        expression,
        timezone: "UTC",
        enabled: true,
        missed: { run: "once", withinSeconds: 3600 },
        ...change,
      };
      const nowMs = clock.nowMs();
      const nextAtMs = parseExpression(expression, { timezone: definition.timezone, anchorMs: nowMs }).next(nowMs);
      await store.schedules.put({ name, definition, nextAtMs, nowMs });
      scheduler.wake();
    },
    find: (name) => store.schedules.find(name),
    advance: (ms) =>
      clock.advance(ms, async () => {
        await scheduler.untilQuiet();
        await queue.queue.untilQuiet();
      }),
    times: () => queue.runs.map(({ payload }) => (JSON.parse(payload) as { time: string }).time),
  };
}

async function withSchedules(body: (scheduled: Scheduled) => Promise<void>) {
  const queue = await startQueue();
  const one = scheduled(queue);
  one.scheduler.start();
  await queue.define("f", () => ok());
  try {
    await body(one);
  } finally {
    await one.scheduler.stop();
    await queue.close();
  }
}

test("a scheduled call gets EventBridge's event, with the instant that it was meant for", () =>
  withSchedules(async ({ add, advance, queue }) => {
    await add("every-five", "rate(5 minutes)");
    await advance(5 * MINUTE_MS - 1);
    expect(queue.runs).toEqual([]);
    await advance(1);
    const [run] = queue.runs;
    expect(JSON.parse(run?.payload ?? "")).toEqual({
      version: "0",
      id: "11111111-0000-4000-8000-000000000002",
      "detail-type": "Scheduled Event",
      source: "aws.events",
      account: "000000000000",
      time: "2026-01-02T03:09:05Z",
      region: "us-east-1",
      resources: ["arn:aws:events:us-east-1:000000000000:rule/every-five"],
      detail: {},
    });
    expect(run?.requestId).toBe("11111111-0000-4000-8000-000000000001");
    expect(run?.invocation.traceId).toMatch(/^Root=1-[0-9a-f]{8}-[0-9a-f]{24};Parent=[0-9a-f]{16};Sampled=0;Lineage=/);
  }));

test("a given input is the event, to the byte", () =>
  withSchedules(async ({ add, advance, queue }) => {
    await add("a", "rate(1 minute)", { input: '{"n": 1.0}' });
    await advance(MINUTE_MS);
    expect(queue.runs.map(({ payload }) => payload)).toEqual(['{"n": 1.0}']);
  }));

test("a day passes in a moment: each schedule runs at each of its instants", () =>
  withSchedules(async ({ add, advance, times, queue }) => {
    await add("hourly", "cron(0 * * * ? *)");
    await add("rate", "rate(90 minutes)", { input: '{"time":"rate"}' });
    await add("once", "at(2026-01-02T12:00:00)", { input: '{"time":"once"}' });
    await advance(24 * HOUR_MS);
    expect(times().filter((time) => time === "rate")).toHaveLength(16);
    expect(times().filter((time) => time === "once")).toHaveLength(1);
    const hours = times().filter((time) => time.startsWith("2026"));
    expect(hours).toHaveLength(24);
    expect(hours[0]).toBe("2026-01-02T04:00:00Z");
    expect(hours.at(-1)).toBe("2026-01-03T03:00:00Z");
    for (const { payload, atMs } of queue.runs.filter((run) => run.payload.includes("Scheduled Event"))) {
      expect(Date.parse((JSON.parse(payload) as { time: string }).time)).toBe(START_MS + atMs);
    }
  }));

test("across the change to summer time a daily run stays at its local hour, and is left out where that does not exist", () =>
  withSchedules(async ({ add, advance, times }) => {
    await advance(Date.parse("2026-03-27T12:00:00Z") - START_MS);
    await add("daily", "cron(30 2 * * ? *)", { timezone: "Europe/Berlin" });
    await advance(4 * 24 * HOUR_MS);
    expect(times()).toEqual(["2026-03-28T01:30:00Z", "2026-03-30T00:30:00Z", "2026-03-31T00:30:00Z"]);
  }));

test("a hundred and fifty schedules of the same minute all run", () =>
  withSchedules(async ({ add, advance, queue }) => {
    for (let n = 0; n < 150; n++) await add(`s${n}`, "cron(0 4 * * ? *)", { input: String(n) });
    await advance(HOUR_MS);
    expect(new Set(queue.runs.map(({ payload }) => payload)).size).toBe(150);
    expect(queue.runs).toHaveLength(150);
  }));

test("a function that fails is retried like any other asynchronous call", () =>
  withSchedules(async ({ add, advance, queue }) => {
    await queue.define("f", () => ({
      kind: "function-error",
      functionError: "Handled",
      errorType: "Error",
      payload: Buffer.from('{"errorType":"Error","errorMessage":"it broke"}'),
    }));
    await add("a", "at(2026-01-02T04:00:00)");
    await advance(2 * HOUR_MS);
    expect(queue.runs).toHaveLength(3);
    expect(await queue.box()).toMatchObject([{ condition: "RetriesExhausted", functionName: "f" }]);
  }));

test("without its function, version or alias a schedule is passed over and says so, and goes on when there is one again", () =>
  withSchedules(async ({ add, advance, queue, find, times }) => {
    await add("a", "rate(1 hour)");
    await add("b", "rate(1 hour)", { qualifier: "live" });
    await add("c", "rate(1 hour)", { qualifier: "7" });
    await queue.store.functions.delete("f");
    await advance(2 * HOUR_MS);
    expect(queue.runs).toEqual([]);
    expect(await queue.box()).toEqual([]);
    for (const name of ["a", "b", "c"])
      expect(await find(name)).toMatchObject({ problem: "the function, version or alias is not there" });
    queue.undefine("f");
    await queue.define("f", () => ok());
    await advance(HOUR_MS);
    expect(times()).toEqual(["2026-01-02T06:04:05Z"]);
    expect((await find("a"))?.problem).toBeUndefined();
    expect((await find("b"))?.problem).toBeDefined();
  }));

test("one that cannot be read any more stops, says why, and holds up no other", () =>
  withSchedules(async ({ add, advance, queue, find, times }) => {
    await add("b", "rate(1 hour)");
    const definition = (await find("b"))?.definition;
    if (!definition) throw new Error("It is not there");
    const nowMs = queue.clock.nowMs();
    const gone = { ...definition, timezone: "Atlantis/Capital" };
    await queue.store.schedules.put({ name: "a", definition: gone, nextAtMs: nowMs + HOUR_MS, nowMs });
    await advance(2 * HOUR_MS);
    expect(times()).toHaveLength(2);
    expect(await find("a")).toMatchObject({ nextAtMs: undefined, problem: expect.stringContaining("is no time zone") });
  }));

test("one that is replaced, disabled or deleted does not run by what it was", () =>
  withSchedules(async ({ add, advance, queue, find }) => {
    await add("replaced", "rate(1 hour)", { input: '"before"' });
    await add("replaced", "rate(2 hours)", { input: '"after"' });
    await add("deleted", "rate(1 hour)", { input: '"deleted"' });
    await queue.store.schedules.delete("deleted");
    await advance(2 * HOUR_MS);
    expect(queue.runs.map(({ payload, atMs }) => [payload, atMs])).toEqual([['"after"', 2 * HOUR_MS]]);
    const before = await find("replaced");
    if (!before) throw new Error("It is not there");
    const { name, definition } = before;
    await queue.store.schedules.put({ name, definition, nextAtMs: undefined, nowMs: queue.clock.nowMs() });
    await advance(10 * HOUR_MS);
    expect(queue.runs).toHaveLength(1);
  }));

/** A server that was down from `START` on, and is up again after `downMs`. */
async function afterDowntime(
  downMs: number,
  schedule: { expression: string; missed: ScheduleDefinition["missed"] },
): Promise<{ times: string[]; next: string; problem: string | undefined }> {
  const directory = join(await temporaryDirectory(), "data");
  const before = await startQueue({ store: await openStore({ directory }) });
  const first = scheduled(before);
  await before.define("f", () => ok());
  await first.add("a", schedule.expression, { missed: schedule.missed });
  await before.close();

  const store = await openStore({ directory });
  const queue = await startQueue({ store });
  try {
    await queue.clock.advance(downMs);
    const second = scheduled(queue);
    await queue.define("f", () => ok());
    second.scheduler.start();
    await second.advance(0);
    const found = await second.find("a");
    return {
      times: second.times(),
      next: new Date(found?.nextAtMs ?? 0).toISOString().slice(0, 19),
      problem: found?.problem,
    };
  } finally {
    await queue.close();
  }
}

const once = (withinSeconds: number) => ({ run: "once" as const, withinSeconds });
interface Downtime {
  readonly name: string;
  readonly downMs: number;
  readonly schedule: { readonly expression: string; readonly missed: ScheduleDefinition["missed"] };
  readonly end: Awaited<ReturnType<typeof afterDowntime>>;
}

test.each<Downtime>([
  {
    name: "once: one run for all that was missed, for the latest of them",
    downMs: 10 * HOUR_MS + 5 * MINUTE_MS,
    schedule: { expression: "rate(1 hour)", missed: once(3600) },
    end: { times: ["2026-01-02T13:04:05Z"], next: "2026-01-02T14:04:05", problem: undefined },
  },
  {
    name: "once: none where the latest is older than the window",
    downMs: 10 * HOUR_MS + 5 * MINUTE_MS,
    schedule: { expression: "rate(1 hour)", missed: once(200) },
    end: {
      times: [],
      next: "2026-01-02T14:04:05",
      problem: "missed by 300 s, while the server was down or its clock stood",
    },
  },
  {
    name: "skip: none",
    downMs: 10 * HOUR_MS + 5 * MINUTE_MS,
    schedule: { expression: "rate(1 hour)", missed: { run: "skip" } },
    end: {
      times: [],
      next: "2026-01-02T14:04:05",
      problem: "missed by 300 s, while the server was down or its clock stood",
    },
  },
  {
    name: "skip: what is due within the minute is not missed",
    downMs: 10 * HOUR_MS + 30_000,
    schedule: { expression: "rate(1 hour)", missed: { run: "skip" } },
    end: { times: ["2026-01-02T13:04:05Z"], next: "2026-01-02T14:04:05", problem: undefined },
  },
  {
    name: "once: at(…) runs late",
    downMs: HOUR_MS,
    schedule: { expression: "at(2026-01-02T03:30:00)", missed: once(3600) },
    end: { times: ["2026-01-02T03:30:00Z"], next: "1970-01-01T00:00:00", problem: undefined },
  },
])(`down since ${START}, $name`, async ({ downMs, schedule, end }) => {
  expect(await afterDowntime(downMs, schedule)).toEqual(end);
});
