/**
 * The cap on connections: `Bun.serve` has none, and asks nobody before it accepts. So they are counted several times a second, and the
 * surplus is ended. When all descriptors are used up, Bun's accepting spins until there are some again: the cap is well below that.
 *
 * **By design** on Linux only: elsewhere nothing tells a process's connections as cheaply.
 */
import type { Log } from "./core/log.ts";
import { type Connection, Connections } from "./sandbox/connections.ts";
import { descriptorCount, descriptorsMax } from "./sandbox/descriptors.ts";
import { surplusOf } from "./serve-surplus.ts";

export interface ConnectionCapParts {
  readonly countMax: number;
  readonly ports: ReadonlySet<number>;
  /** Of the clients whose requests are under way. */
  readonly busyPorts: () => ReadonlySet<number>;
  readonly log: Log;
}

const CALM_MS = 250;
const ALERT_MS = 50;
/** A look at many takes long: no more than a tenth of the time goes there. */
const PAUSES_PER_LOOK = 10;
/** As what is no connection may have become less. */
const LOOK_ANYWAY_MS = 2000;
const SAY_MS = 10_000;

export class ConnectionCap {
  readonly #parts: ConnectionCapParts;
  readonly #connections = new Connections();
  readonly #descriptorsMax = descriptorsMax();
  /** What runners, files and connections of our own need. */
  readonly #reserve = Math.floor(this.#descriptorsMax / 8);
  readonly #countMax: number;
  #timer: NodeJS.Timeout | undefined;
  /** Descriptors that were no connections when all were looked at last. */
  #others = 0;
  #lookedAtMs = Number.NEGATIVE_INFINITY;
  #closed = 0;
  #saidAtMs = Number.NEGATIVE_INFINITY;

  private constructor(parts: ConnectionCapParts) {
    this.#parts = parts;
    this.#countMax = Math.min(parts.countMax, Math.floor(this.#descriptorsMax / 2));
  }

  /** Answers what ends it. */
  static start(parts: ConnectionCapParts): { stop(): void } {
    if (process.platform !== "linux") return { stop: () => undefined };
    const cap = new ConnectionCap(parts);
    cap.#wait(CALM_MS);
    return { stop: () => clearTimeout(cap.#timer) };
  }

  #wait(ms: number): void {
    this.#timer = setTimeout(() => this.#look(), ms);
  }

  #look(): void {
    const startMs = performance.now();
    let pauseMs = CALM_MS;
    try {
      const count = descriptorCount();
      if (count > this.#countMax / 2) pauseMs = ALERT_MS;
      if (this.#mayBeTooMany(count)) {
        this.#lookedAtMs = startMs;
        this.#end(count);
      }
    } catch (error) {
      this.#parts.log.error({ err: error }, "Cannot count the connections");
      pauseMs = SAY_MS;
    }
    this.#wait(Math.max(pauseMs, (performance.now() - startMs) * PAUSES_PER_LOOK));
  }

  #mayBeTooMany(descriptors: number): boolean {
    if (descriptors > this.#descriptorsMax - this.#reserve || descriptors - this.#others > this.#countMax) return true;
    return descriptors > this.#countMax && performance.now() - this.#lookedAtMs > LOOK_ANYWAY_MS;
  }

  #end(descriptors: number): void {
    const open = this.#connections.at(this.#parts.ports);
    this.#others = descriptors - open.length;
    const room = this.#descriptorsMax - this.#reserve - this.#others;
    const countMax = Math.min(this.#countMax, Math.max(room, this.#reserve));
    if (open.length <= countMax) return;
    const busyPorts = this.#parts.busyPorts();
    const candidates = open.map((each) => ({ ...each, isBusy: busyPorts.has(each.peerPort) }));
    for (const each of surplusOf(candidates, countMax)) if (this.#connections.shut(each)) this.#closed++;
    this.#say(open, countMax);
  }

  #say(open: readonly Connection[], countMax: number): void {
    const nowMs = performance.now();
    if (nowMs - this.#saidAtMs < SAY_MS) return;
    const byNetwork = Map.groupBy(open, ({ network }) => network);
    const [most, theirs] = [...byNetwork].reduce((a, b) => (b[1].length > a[1].length ? b : a));
    this.#parts.log.warn(
      { open: open.length, max: countMax, closed: this.#closed, mostFrom: most, ofThose: theirs.length },
      "Too many connections: the surplus was closed",
    );
    this.#saidAtMs = nowMs;
    this.#closed = 0;
  }
}
