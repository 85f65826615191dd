/**
 * Runs what is scheduled: it sleeps until the first schedule falls due, puts its event into the asynchronous queue, and moves the schedule
 * to its next instant, the two in one step of the store, so that a kill neither loses nor doubles a run.
 *
 * An instant that the server was not up for is treated as the schedule says, once the server is up again.
 */
import type { ArnHome } from "../../core/arn.ts";
import type { Clock } from "../../core/clock.ts";
import type { Ids } from "../../core/ids.ts";
import type { Log } from "../../core/log.ts";
import { newTraceId } from "../../core/trace-id.ts";
import type { Store } from "../../store/port.ts";
import type { NewEvent } from "../../store/queue-port.ts";
import type { Firing, ScheduleDefinition, StoredSchedule } from "../../store/schedule-port.ts";
import { Alarm } from "../queue/alarm.ts";
import { isThere } from "../queue/async-config.ts";
import type { Poller } from "../queue/poller.ts";
import { Turns } from "../queue/turns.ts";
import { type Expression, parseExpression } from "./expression.ts";
import { scheduledEvent } from "./scheduled-event.ts";

export interface SchedulerDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly home: ArnHome;
  readonly log: Log;
  readonly queue: Pick<Poller, "note">;
}

/** A run that begins within this time of its instant is on time: EventBridge promises the minute. */
export const ON_TIME_MS = 60_000;
/** Schedules that one step of the store fires. */
const FIRED_COUNT_MAX = 100;
/** After a step of the store that failed, as when the disk is full. */
const STORE_FAILED_WAIT_MS = 1000;

export class Scheduler {
  readonly #deps: SchedulerDeps;
  readonly #alarm: Alarm;
  readonly #turns = new Turns(() => this.#takeTurn());
  #stopped = true;

  constructor(deps: SchedulerDeps) {
    this.#deps = deps;
    this.#alarm = new Alarm(deps.clock, () => this.wake());
  }

  start(): void {
    this.#stopped = false;
    this.wake();
  }

  /** After any change of a schedule, too. */
  wake(): void {
    if (!this.#stopped) this.#turns.wake();
  }

  /** Fires nothing more. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#alarm.clear();
    await this.#turns.running;
  }

  /** Resolves when nothing is due. */
  async untilQuiet(): Promise<void> {
    while (this.#turns.running) await this.#turns.running;
  }

  async #takeTurn(): Promise<void> {
    const { store, clock, log } = this.#deps;
    if (this.#stopped) return;
    try {
      if ((await this.#fireDue()) === FIRED_COUNT_MAX) this.#turns.wake();
      const nextMs = await store.schedules.nextDueMs();
      if (!this.#stopped) this.#alarm.set(nextMs ?? Number.POSITIVE_INFINITY);
    } catch (error) {
      log.error({ err: error }, "Cannot run what is scheduled; trying again in a second");
      if (!this.#stopped) this.#alarm.set(clock.nowMs() + STORE_FAILED_WAIT_MS);
    }
  }

  async #fireDue(): Promise<number> {
    const { store, clock, queue } = this.#deps;
    const nowMs = clock.nowMs();
    const due = await store.schedules.due({ nowMs, countMax: FIRED_COUNT_MAX });
    if (due.length === 0) return 0;
    const events = await store.schedules.fire(await Promise.all(due.map((one) => this.#firingOf(one, nowMs))));
    if (events.length > 0) queue.note(events.map(({ lane }) => lane));
    return due.length;
  }

  async #firingOf(schedule: StoredSchedule, nowMs: number): Promise<Firing> {
    const { name, revision, definition, modifiedAtMs, nextAtMs: dueAtMs = nowMs } = schedule;
    const expression = readable(definition, modifiedAtMs);
    if (typeof expression === "string")
      return { name, revision, dueAtMs, nextAtMs: undefined, end: { kind: "passed over", problem: expression } };
    const latestMs = Math.max(dueAtMs, expression.latest(nowMs) ?? dueAtMs);
    const firing = { name, revision, dueAtMs, nextAtMs: expression.next(nowMs) };
    const problem = await this.#obstacleOf(definition, nowMs - latestMs);
    if (problem === undefined)
      return { ...firing, end: { kind: "run", atMs: latestMs, event: this.#eventOf(schedule, { latestMs, nowMs }) } };
    this.#deps.log.warn({ schedule: name, problem }, "A schedule was passed over");
    return { ...firing, end: { kind: "passed over", problem } };
  }

  async #obstacleOf(definition: ScheduleDefinition, lateMs: number): Promise<string | undefined> {
    const withinMs = Math.max(ON_TIME_MS, (definition.missed.withinSeconds ?? 0) * 1000);
    if (lateMs > withinMs)
      return `missed by ${Math.round(lateMs / 1000)} s, while the server was down or its clock stood`;
    if (await isThere(this.#deps.store, definition)) return undefined;
    return "the function, version or alias is not there";
  }

  #eventOf(schedule: StoredSchedule, { latestMs, nowMs }: { latestMs: number; nowMs: number }): NewEvent {
    const { ids, home } = this.#deps;
    const { functionName, qualifier, input } = schedule.definition;
    const requestId = ids.uuid();
    const body = input ?? scheduledEvent({ home, id: ids.uuid(), scheduleName: schedule.name, atMs: latestMs });
    return {
      lane: functionName,
      requestId,
      acceptedAtMs: nowMs,
      dueAtMs: nowMs,
      head: { kind: "invocation", functionName, qualifier, traceId: newTraceId(nowMs, requestId) },
      body: Buffer.from(body),
    };
  }
}

/** Or why it is not: it was checked when it was put, but time zones come and go with the system's data. One schedule must not hold up the others. */
function readable({ expression, timezone }: ScheduleDefinition, anchorMs: number): Expression | string {
  try {
    return parseExpression(expression, { timezone, anchorMs });
  } catch (error) {
    return `'${expression}' cannot be read any more: ${error instanceof Error ? error.message : String(error)}`;
  }
}
