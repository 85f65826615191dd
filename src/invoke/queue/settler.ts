/** Between the end of a trial and the store: what ended, and what could not be written yet. */
import type { DeliveryHead, InvocationHead, QueuedEvent, Settlement } from "../../store/queue-port.ts";
import type { AsyncConfig } from "./async-config.ts";
import type { AttemptEnd } from "./attempt.ts";
import type { DeliveryEnd } from "./deliver.ts";

export interface EndedCall {
  readonly event: QueuedEvent;
  readonly head: InvocationHead;
  readonly end: Exclude<AttemptEnd, { kind: "stopping" }>;
}

export interface EndedDelivery {
  readonly event: QueuedEvent;
  readonly head: DeliveryHead;
  readonly end: DeliveryEnd;
}

export interface SettlerDeps {
  readonly settleCall: (ended: EndedCall, configs: Map<string, Promise<AsyncConfig>>) => Promise<Settlement>;
  readonly settleDelivery: (ended: EndedDelivery) => Settlement;
}

export interface SettledEvent {
  readonly lane: string;
  readonly settlement: Settlement;
}

export class Settler {
  readonly #deps: SettlerDeps;
  #ended: (EndedCall | EndedDelivery)[] = [];
  #unwritten: SettledEvent[] = [];

  constructor(deps: SettlerDeps) {
    this.#deps = deps;
  }

  /** Ends that wait to be written. */
  get count(): number {
    return this.#ended.length + this.#unwritten.length;
  }

  add(ended: EndedCall | EndedDelivery): void {
    this.#ended.push(ended);
  }

  /** All of them, to be written now. What is configured is read once for those that ended together. */
  async take(): Promise<readonly SettledEvent[]> {
    const ended = this.#ended;
    this.#ended = [];
    const configs = new Map<string, Promise<AsyncConfig>>();
    try {
      const settled = ended.map(async (one) => {
        const settlement = isCall(one) ? await this.#deps.settleCall(one, configs) : this.#deps.settleDelivery(one);
        return { lane: one.event.lane, settlement };
      });
      return [...this.#unwritten.splice(0), ...(await Promise.all(settled))];
    } catch (error) {
      this.#ended.unshift(...ended);
      throw error;
    }
  }

  /** The store would not take them. */
  putBack(settled: readonly SettledEvent[]): void {
    this.#unwritten.unshift(...settled);
  }
}

const isCall = (ended: EndedCall | EndedDelivery): ended is EndedCall => ended.head.kind === "invocation";
