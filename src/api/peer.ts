/**
 * The other end of a connection, as `Bun.serve` tells of it, and how long it may keep the connection busy. Bun itself closes one that has
 * not brought a whole head within twelve seconds of its beginning; all that comes later is counted here. There is none in tests that ask
 * the app directly.
 */
import type { BodyBudget } from "../core/body-budget.ts";

/** The other end of one connection. */
export interface Peer {
  /** From now on; 0: for ever. Bytes that arrive do not prolong it, those that leave do. */
  timeout(request: Request, seconds: number): void;
  requestIP(request: Request): { readonly address: string } | null;
  /** For a head, after the first one; for a body to go on; and for an answer to be taken. */
  readonly idleSeconds: number;
  /** What the bodies of all connections may take. */
  readonly bodies: BodyBudget;
}

/** A body that has begun has to come at this speed, all in all, once it has taken as long as a connection may be idle. */
const BODY_BYTES_PER_SECOND_MIN = 8 * 1024;

/** Looks at a body as it comes in: as long as that goes on, and fast enough, the connection stays. */
export class BodyWatch {
  readonly #peer: Peer | undefined;
  readonly #request: Request;
  readonly #startMs = performance.now();
  #bytes = 0;

  constructor(peer: Peer | undefined, request: Request) {
    this.#peer = peer;
    this.#request = request;
  }

  /** False: it is too slow to wait for. */
  took(bytes: number): boolean {
    this.#bytes += bytes;
    const peer = this.#peer;
    if (!peer) return true;
    const passedSeconds = (performance.now() - this.#startMs) / 1000 - peer.idleSeconds;
    const isTooSlow = passedSeconds > 0 && this.#bytes < passedSeconds * BODY_BYTES_PER_SECOND_MIN;
    peer.timeout(this.#request, peer.idleSeconds);
    return !isTooSlow;
  }
}
