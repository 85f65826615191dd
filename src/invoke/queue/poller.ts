/**
 * Runs what is in the queue. It sleeps until an event comes in or falls due, takes events of each lane a few at a time, and writes what
 * became of those that ended in the same step in which it takes the next ones.
 *
 * Lanes take turns, and the fewer places are left, the fewer one lane may hold: there is always one for a lane that comes new.
 */
import type { Clock } from "../../core/clock.ts";
import type { Log } from "../../core/log.ts";
import type {
  DeliveryHead,
  InvocationHead,
  NewEvent,
  QueuedEvent,
  QueueStore,
  Settlement,
} from "../../store/queue-port.ts";
import { Alarm } from "./alarm.ts";
import type { AttemptEnd } from "./attempt.ts";
import type { DeliveryEnd } from "./deliver.ts";
import { type Lane, Lanes } from "./lanes.ts";
import { type Places, SHARE } from "./places.ts";
import { deferralMs } from "./retry-policy.ts";
import { type SettledEvent, Settler, type SettlerDeps } from "./settler.ts";
import { StallWatch } from "./stall-watch.ts";
import { Turns } from "./turns.ts";
import { type Wanted, wantedOf } from "./wanted.ts";

export interface PollerDeps extends SettlerDeps {
  readonly queue: QueueStore;
  readonly clock: Clock;
  readonly log: Log;
  /** For events of all lanes together, and for whatever else runs in the background. */
  readonly places: Places;
  readonly noteSettled: (settlements: readonly Settlement[]) => void;
  readonly attempt: (event: QueuedEvent, head: InvocationHead) => Promise<AttemptEnd>;
  readonly deliver: (event: QueuedEvent, head: DeliveryHead) => Promise<DeliveryEnd>;
}

/** Longer than any call may take, with its start and its wait for an environment. */
export const LEASE_MS = 20 * 60_000;
/** Ends wait so long for others, to be written in one step with them. */
const GATHER_MS = 3;
const GATHER_COUNT = 32;
/** After a step of the store that failed, as when the disk is full. */
const STORE_FAILED_WAIT_MS = 1000;

export class Poller {
  readonly #deps: PollerDeps;
  readonly #lanes = new Lanes();
  readonly #settler: Settler;
  readonly #alarm: Alarm;
  readonly #stallWatch: StallWatch;
  readonly #turns: Turns;
  /** What this process holds: a lease that ran out while its call still goes on must not begin another one. */
  readonly #held = new Set<number>();
  #running = 0;
  #gathering: Timer | undefined;
  #storeFailedUntilMs = 0;
  #awaitsPlace = false;
  /** Nothing is taken before the start, when leases are released that must not be its own. */
  #stopped = true;
  #closed = false;
  #onQuiet: (() => void)[] = [];

  constructor(deps: PollerDeps) {
    this.#deps = deps;
    this.#settler = new Settler(deps);
    this.#alarm = new Alarm(deps.clock, () => this.#wake());
    this.#turns = new Turns(
      () => this.#takeTurn(),
      () => this.#afterTurns(),
    );
    this.#stallWatch = new StallWatch(this.#lanes, () => this.#wake()); // which begins, and watches on
  }

  /** Takes up what an earlier process left, and goes on from there. */
  async start(): Promise<void> {
    const { queue } = this.#deps;
    await queue.releaseLeases();
    this.#stopped = false;
    for (const { lane, dueAtMs } of await queue.lanes()) this.#noteDue(lane, dueAtMs);
    this.#wake();
  }

  /** Queues events: durable when this resolves, and then they are on their way. */
  async submit(events: readonly NewEvent[]): Promise<void> {
    await this.#deps.queue.accept(events);
    for (const { lane, dueAtMs } of events) this.#noteDue(lane, dueAtMs);
    this.#wake();
  }

  /** Something came into these lanes by another way. */
  note(lanes: readonly string[]): void {
    for (const lane of new Set(lanes)) this.#noteDue(lane, this.#deps.clock.nowMs());
    this.#wake();
  }

  /** Begins nothing more; what runs goes on. */
  stop(): void {
    this.#stopped = true;
    this.#alarm.clear();
    this.#stallWatch.clear();
  }

  /** Writes what became of all that ended. A call that still runs may be killed now: it counts for nothing and runs again after the next start. */
  async close(): Promise<void> {
    this.stop();
    await this.#turns.running;
    clearTimeout(this.#gathering);
    this.#storeFailedUntilMs = 0;
    if (this.#settler.count > 0) await this.#takeTurn();
    this.#closed = true;
  }

  /** Resolves when nothing runs and nothing is due: all that the queue does next waits for the clock, or for new events. */
  async untilQuiet(): Promise<void> {
    while (!this.#isQuiet()) await new Promise<void>((resolve) => this.#onQuiet.push(resolve));
  }

  #isQuiet(): boolean {
    if (this.#running > 0 || this.#turns.running) return false;
    const nowMs = this.#deps.clock.nowMs();
    if (this.#stopped || this.#storeFailedUntilMs > nowMs) return true;
    this.#lanes.wake(nowMs);
    return this.#settler.count === 0 && this.#lanes.awake.size === 0;
  }

  #noteDue(name: string, dueAtMs: number): void {
    const lane = this.#lanes.get(name);
    lane.dueAtMs = Math.min(lane.dueAtMs, dueAtMs);
    this.#lanes.update(lane, this.#deps.clock.nowMs());
  }

  #wake(): void {
    clearTimeout(this.#gathering);
    this.#gathering = undefined;
    this.#turns.wake();
  }

  #afterTurns(): void {
    this.#arm();
    for (const resolve of this.#onQuiet.splice(0)) resolve();
  }

  async #takeTurn(): Promise<void> {
    const { queue, clock, log } = this.#deps;
    const nowMs = clock.nowMs();
    if (this.#storeFailedUntilMs > nowMs) return;
    this.#lanes.wake(nowMs);
    const wanted = this.#stopped ? [] : this.#wanted(nowMs);
    let settled: readonly SettledEvent[] = [];
    try {
      settled = await this.#settler.take();
      if (settled.length + wanted.length > 0) {
        for (const lane of this.#restingOf(settled)) wanted.push({ lane, countMax: 0 });
        // What is noted from here on is news that the answer may not have.
        for (const { lane } of wanted) this.#lanes.get(lane).dueAtMs = Number.POSITIVE_INFINITY;
        const settlements = settled.map(({ settlement }) => settlement);
        const answer = await queue.exchange({ nowMs, leasedUntilMs: nowMs + LEASE_MS, settlements, wanted });
        for (const one of settled) this.#written(one);
        this.#deps.noteSettled(settlements);
        for (const event of answer.taken) this.#take(event);
        for (const { lane, dueAtMs } of answer.lanes) this.#noteDue(lane, dueAtMs ?? Number.POSITIVE_INFINITY);
      }
    } catch (error) {
      log.error({ err: error }, "Cannot write to the queue; trying again in a second");
      this.#settler.putBack(settled);
      this.#storeFailedUntilMs = nowMs + STORE_FAILED_WAIT_MS;
      for (const { lane } of wanted) this.#noteDue(lane, this.#storeFailedUntilMs);
      return;
    }
    this.#begin();
    if (!this.#stopped && this.#wanted(nowMs).length > 0) this.#turns.wake();
  }

  #wanted(nowMs: number): Wanted[] {
    return this.#deps.places.leftCount > 0 ? wantedOf(this.#lanes, nowMs) : [];
  }

  /** Lanes that have come to rest: they are asked when they are due next, for what they knew of was the lease of what ended. */
  #restingOf(settled: readonly SettledEvent[]): string[] {
    const names = new Set(settled.map(({ lane }) => lane));
    return [...names].filter((name) => {
      const lane = this.#lanes.get(name);
      return lane.running === 0 && !this.#lanes.awake.has(lane);
    });
  }

  #written({ lane, settlement }: SettledEvent): void {
    this.#held.delete(settlement.id);
    if (settlement.next === "again") this.#noteDue(lane, settlement.dueAtMs);
    else for (const event of settlement.enqueue ?? []) this.#noteDue(event.lane, event.dueAtMs);
  }

  #take(event: QueuedEvent): void {
    if (this.#held.has(event.id)) return;
    this.#held.add(event.id);
    const lane = this.#lanes.get(event.lane);
    lane.taken.push(event);
    lane.noteBody(event.body.length);
  }

  /** Begins what there is room for, an event of each lane in turn. */
  #begin(): void {
    const nowMs = this.#deps.clock.nowMs();
    let passed = 0; // lanes in a row that had nothing to begin
    for (const lane of this.#lanes.awake) {
      if (this.#stopped || this.#deps.places.leftCount <= 0 || passed >= this.#lanes.awake.size) break;
      const event = this.#mayBegin(lane) ? lane.taken.shift() : undefined;
      passed = event ? 0 : passed + 1;
      this.#lanes.passTurn(lane); // the loop meets it again, behind the others
      if (!event) continue;
      void this.#run(lane, event);
      this.#lanes.update(lane, nowMs);
    }
    if (this.#stopped || this.#lanes.awake.size === 0) return;
    if (this.#running > 0) this.#stallWatch.arm();
    if (this.#deps.places.leftCount <= 0) this.#awaitPlace();
  }

  /** What holds the places may be no event. */
  #awaitPlace(): void {
    if (this.#awaitsPlace) return;
    this.#awaitsPlace = true;
    this.#deps.places.wait(() => {
      this.#awaitsPlace = false;
      this.#begin();
      this.#wake();
    });
  }

  #mayBegin(lane: Lane): boolean {
    if (lane.blocked || lane.taken.length === 0) return false;
    return lane.running < lane.window.size && lane.running < SHARE * this.#deps.places.leftCount;
  }

  async #run(lane: Lane, event: QueuedEvent): Promise<void> {
    lane.running++;
    this.#running++;
    this.#deps.places.take();
    try {
      const { head } = event;
      if (head.kind === "invocation")
        this.#callEnded(lane, event, { head, end: await this.#deps.attempt(event, head) });
      else this.#settler.add({ event, head, end: await this.#deps.deliver(event, head) });
    } catch (error) {
      // A bug of ours: the event stays leased, and is tried again when that has run out.
      this.#deps.log.error({ err: error, requestId: event.requestId }, "Cannot process an event");
      this.#held.delete(event.id);
    }
    if (this.#closed) return;
    const nowMs = this.#deps.clock.nowMs();
    const othersWait = lane.taken.length > 0 || lane.dueAtMs <= nowMs;
    lane.running--;
    this.#running--;
    this.#deps.places.free();
    lane.window.ended(performance.now(), othersWait);
    this.#lanes.update(lane, nowMs);
    this.#afterEnd(lane, nowMs);
  }

  #callEnded(lane: Lane, event: QueuedEvent, { head, end }: { head: InvocationHead; end: AttemptEnd }): void {
    if (end.kind === "stopping") {
      this.stop();
      return;
    }
    if (end.kind === "throttled" && lane.running > 1) {
      // Others of the lane hold the places that it has: the event waits for one of them, and nothing is counted.
      lane.taken.unshift(event);
      lane.blocked = true;
      return;
    }
    lane.blocked = false;
    if (end.kind === "throttled") lane.pausedUntilMs = this.#deps.clock.nowMs() + deferralMs(event.deferralCount);
    this.#settler.add({ event, head, end });
  }

  /** Fills the place that came free with what is at hand; what ended is written at once, or with others a moment later. */
  #afterEnd(lane: Lane, nowMs: number): void {
    this.#begin();
    const runsDry = lane.taken.length === 0 && lane.dueAtMs <= nowMs && !this.#stopped;
    if (this.#running === 0 || runsDry || this.#settler.count >= GATHER_COUNT) this.#wake();
    else this.#gathering ??= setTimeout(() => this.#wake(), GATHER_MS);
  }

  #arm(): void {
    if (this.#stopped) return;
    const nowMs = this.#deps.clock.nowMs();
    const failed = this.#storeFailedUntilMs > nowMs;
    this.#alarm.set(failed ? this.#storeFailedUntilMs : this.#lanes.wake(nowMs));
  }
}
