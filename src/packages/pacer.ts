/** Long work in slices: after about a slice's worth of bytes the event loop gets a turn. */
import { setImmediate } from "node:timers/promises";

/** Around 2–5 ms of inflating or writing on a small machine. */
const SLICE_BYTES = 1024 * 1024;
/** What a file costs beside its bytes: headers, a checksum, an open and a close. */
const ITEM_BYTES = 16 * 1024;

export class Pacer {
  #spent = 0;

  /** Counts one item of work. The answer is a promise to await when it is time for a pause. */
  spend(bytes: number): Promise<void> | undefined {
    this.#spent += bytes + ITEM_BYTES;
    if (this.#spent < SLICE_BYTES) return undefined;
    this.#spent = 0;
    return setImmediate();
  }
}
