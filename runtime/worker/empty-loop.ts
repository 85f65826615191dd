/**
 * Knows when the event loop has run dry: what a handler in callback style waits for. The channel's socket keeps the thread alive between
 * calls; while someone waits it does not count, so `beforeExit` fires once only the handler's own timers and sockets are done.
 */
export interface LoopKeeper {
  ref(): void;
  unref(): void;
}

const later = setImmediate; // taken before user code may replace it

export class EmptyLoop {
  readonly #keeper: LoopKeeper;
  #waiting: (() => void) | undefined;

  constructor(keeper: LoopKeeper) {
    this.#keeper = keeper;
    process.on("beforeExit", () => {
      const then = this.#waiting;
      this.cancel();
      // Not here: a wait that began inside this event would find the loop empty for good, and the thread would end.
      if (then) later(then);
    });
  }

  /** Calls `then` once nothing is left to do; replaces an earlier wait. */
  wait(then: () => void): void {
    this.#waiting = then;
    this.#keeper.unref();
  }

  cancel(): void {
    this.#waiting = undefined;
    this.#keeper.ref();
  }
}
