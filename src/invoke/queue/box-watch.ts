/** Says it when the dead-letter box grows large: nothing is ever dropped from it, so somebody has to look into it. */
import type { Log } from "../../core/log.ts";
import type { QueueStore, Settlement } from "../../store/queue-port.ts";

/** From here on, and each time that it has doubled since. */
export const LARGE_COUNT = 1000;
export const LARGE_BYTES = 256 * 1024 * 1024;
/** The box is measured after so many more. */
const MEASURED_EVERY = 100;

export class BoxWatch {
  readonly #deps: { queue: Pick<QueueStore, "boxUsage">; log: Log };
  #countMax = LARGE_COUNT;
  #bytesMax = LARGE_BYTES;
  #unmeasured = MEASURED_EVERY;

  constructor(deps: { queue: Pick<QueueStore, "boxUsage">; log: Log }) {
    this.#deps = deps;
  }

  /** These were written. */
  async noteSettled(settlements: readonly Settlement[]): Promise<void> {
    const count = settlements.reduce((sum, one) => sum + (one.next === "end" ? (one.box?.length ?? 0) : 0), 0);
    this.#unmeasured += count;
    if (count === 0 || this.#unmeasured < MEASURED_EVERY) return;
    this.#unmeasured = 0;
    await this.measure();
  }

  async measure(): Promise<void> {
    const { queue, log } = this.#deps;
    const { count, bytes } = await queue.boxUsage();
    if (count < this.#countMax && bytes < this.#bytesMax) return;
    this.#countMax = Math.max(this.#countMax, 2 * count);
    this.#bytesMax = Math.max(this.#bytesMax, 2 * bytes);
    log.warn(
      { count, bytes },
      "The dead-letter box is large: look into it with lambent events ls, then redrive or purge",
    );
  }
}
