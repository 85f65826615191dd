/** The runner's end of the socket over which the host speaks. */
import { connectDescriptor, FrameOutbox } from "../protocol-socket.ts";

export interface Channel {
  /** Answers whether the socket took everything; `onceEmpty` tells when it has. */
  write(pieces: readonly Uint8Array[]): boolean;
  onceEmpty(then: () => void): void;
  ref(): void;
  unref(): void;
}

export async function connectChannel(
  descriptor: number,
  events: { onBytes: (bytes: Uint8Array) => void; onEnd: () => void },
): Promise<Channel> {
  const outbox = new FrameOutbox();
  const socket = await connectDescriptor(descriptor, {
    data: (_socket, bytes) => events.onBytes(bytes),
    drain: (drained) => outbox.flush(drained),
    close: () => events.onEnd(),
    error: () => events.onEnd(),
  });
  return {
    write: (pieces) => {
      outbox.write(socket, pieces);
      return outbox.isEmpty;
    },
    onceEmpty: (then) => outbox.onceEmpty(then),
    ref: () => socket.ref(),
    unref: () => socket.unref(),
  };
}
