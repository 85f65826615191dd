/** The sockets that frames travel through, for either side of the treaty. */

/** Up to here small pieces are joined and leave in one write. */
const JOINED_BYTES_MAX = 64 * 1024;

/** Frames on their way into a socket, in order: what it does not take at once waits here for `flush`. */
export class FrameOutbox {
  readonly #backlog: Uint8Array[] = [];
  #onEmpty: (() => void) | undefined;

  write(socket: ByteSink, pieces: readonly Uint8Array[]): void {
    const waiting = this.#backlog.length > 0;
    this.#backlog.push(...pieces);
    if (!waiting) this.flush(socket);
  }

  /** Puts pieces behind the others without writing; they leave with the next `flush`. */
  queue(pieces: readonly Uint8Array[]): void {
    this.#backlog.push(...pieces);
  }

  /** Whether the socket took everything so far. */
  get isEmpty(): boolean {
    return this.#backlog.length === 0;
  }

  /** Calls `then` once, when everything has gone. */
  onceEmpty(then: () => void): void {
    this.#onEmpty = then;
  }

  /** To be called whenever the socket has room again. */
  flush(socket: ByteSink): void {
    this.#join();
    for (let piece = this.#backlog[0]; piece; piece = this.#backlog[0]) {
      const taken = Math.max(0, socket.write(piece));
      if (taken < piece.length) {
        this.#backlog[0] = piece.subarray(taken);
        return;
      }
      this.#backlog.shift();
    }
    const then = this.#onEmpty;
    this.#onEmpty = undefined;
    then?.();
  }

  /** Small pieces leave in one write: what each costs is mostly the way to the other process. */
  #join(): void {
    let count = 0;
    let bytes = 0;
    for (const piece of this.#backlog) {
      if (bytes + piece.length > JOINED_BYTES_MAX) break;
      bytes += piece.length;
      count++;
    }
    if (count < 2) return;
    const joined = new Uint8Array(bytes);
    let offset = 0;
    for (const piece of this.#backlog.splice(0, count)) {
      joined.set(piece, offset);
      offset += piece.length;
    }
    this.#backlog.unshift(joined);
  }
}

/** A socket that answers how many bytes it took. */
export interface ByteSink {
  write(bytes: Uint8Array): number;
}

/** A connected socket from a descriptor that this process already has. */
export const connectDescriptor = (descriptor: number, socket: Bun.SocketHandler): Promise<Bun.Socket> =>
  // Bun takes a descriptor here (node:net is built on it), and its types do not say so.
  Bun.connect({ fd: descriptor, socket } as unknown as Bun.UnixSocketOptions<undefined>);
