/** What a poller knows of the lanes: who has events that are due, who will have, and when the first of those is. */
import type { QueuedEvent } from "../../store/queue-port.ts";
import { Window } from "./window.ts";

export class Lane {
  readonly name: string;
  readonly window: Window;
  /** Taken from the store under a lease, and not begun. */
  readonly taken: QueuedEvent[] = [];
  running = 0;
  /** When the store's next event of the lane falls due, as far as is known. */
  dueAtMs = Number.POSITIVE_INFINITY;
  /** There was no room for the lane's last event: nothing of it is tried before. */
  pausedUntilMs = 0;
  /** There is no room beside those that run: the lane waits until one ends. */
  blocked = false;
  /** For which instant it has set an alarm last. */
  alarmAtMs = Number.POSITIVE_INFINITY;
  /** A running mean of what its events weigh. */
  bodyBytes = 0;

  constructor(name: string, nowMs: number) {
    this.name = name;
    this.window = new Window(nowMs);
  }

  /** When there is something to do, were there room. */
  get wakeAtMs(): number {
    return Math.max(this.pausedUntilMs, this.taken.length > 0 ? 0 : this.dueAtMs);
  }

  noteBody(bytes: number): void {
    this.bodyBytes += (bytes - this.bodyBytes) / 8;
  }
}

interface Alarm {
  readonly atMs: number;
  readonly lane: Lane;
}

export class Lanes {
  readonly #lanes = new Map<string, Lane>();
  /** In the order of their turns. */
  readonly #awake = new Set<Lane>();
  /** A binary heap; an alarm that its lane has outlived is passed over when it comes up. */
  readonly #alarms: Alarm[] = [];

  get(name: string): Lane {
    const known = this.#lanes.get(name);
    if (known) return known;
    const lane = new Lane(name, performance.now());
    this.#lanes.set(name, lane);
    return lane;
  }

  /** Those with something to do now. */
  get awake(): ReadonlySet<Lane> {
    return this.#awake;
  }

  /** After anything about the lane changed. */
  update(lane: Lane, nowMs: number): void {
    const { wakeAtMs } = lane;
    if (wakeAtMs <= nowMs) {
      this.#awake.add(lane);
      return;
    }
    this.#awake.delete(lane);
    if (wakeAtMs < Number.POSITIVE_INFINITY) this.#setAlarm(lane, wakeAtMs);
    else if (lane.running === 0) this.#lanes.delete(lane.name);
  }

  /** To the end of the line. */
  passTurn(lane: Lane): void {
    if (this.#awake.delete(lane)) this.#awake.add(lane);
  }

  /** Wakes those whose time has come; answers when the next one's does. */
  wake(nowMs: number): number {
    for (let first = this.#alarms[0]; first; first = this.#alarms[0]) {
      const stale = first.lane.wakeAtMs !== first.atMs;
      if (!stale && first.atMs > nowMs) return first.atMs;
      this.#pop();
      if (first.lane.alarmAtMs === first.atMs) first.lane.alarmAtMs = Number.POSITIVE_INFINITY;
      if (!stale) this.#awake.add(first.lane);
    }
    return Number.POSITIVE_INFINITY;
  }

  #setAlarm(lane: Lane, atMs: number): void {
    if (lane.alarmAtMs === atMs) return;
    lane.alarmAtMs = atMs;
    this.#push({ atMs, lane });
  }

  #push(alarm: Alarm): void {
    const heap = this.#alarms;
    let at = heap.length;
    heap.push(alarm);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = heap[parent];
      if (!above || above.atMs <= alarm.atMs) break;
      heap[at] = above;
      at = parent;
    }
    heap[at] = alarm;
  }

  #pop(): void {
    const heap = this.#alarms;
    const last = heap.pop();
    if (!last || heap.length === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      let below = heap[child];
      const right = heap[child + 1];
      if (right && below && right.atMs < below.atMs) {
        child++;
        below = right;
      }
      if (!below || below.atMs >= last.atMs) break;
      heap[at] = below;
      at = child;
    }
    heap[at] = last;
  }
}
