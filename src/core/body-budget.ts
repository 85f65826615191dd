/** How much memory the bodies of requests may take, all together: each from its first byte until its request is answered. */

/** A body that is no larger is not worth counting. */
export const UNCOUNTED_BYTES_MAX = 16 * 1024;

export class BodyBudget {
  readonly #bytesMax: number;
  readonly #held = new Map<Request, number>();
  #bytes = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** So many more for this request. False: there is no room; but one alone may be as large as its operation takes. */
  take(request: Request, bytes: number): boolean {
    const own = this.#held.get(request) ?? 0;
    if (this.#bytes + bytes > this.#bytesMax && this.#bytes > own) return false;
    this.#held.set(request, own + bytes);
    this.#bytes += bytes;
    return true;
  }

  /** What it has taken, if anything, as its request is over. */
  give(request: Request): void {
    if (this.#held.size === 0) return; // most calls
    this.#bytes -= this.#held.get(request) ?? 0;
    this.#held.delete(request);
  }
}
