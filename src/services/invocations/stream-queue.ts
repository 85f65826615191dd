const ends = new WeakMap<ReadableStream, Promise<void>>();

/** Of a queue's `readable`: when the last item was put, whoever reads it. Undefined for any other stream. */
export const endOf = (readable: ReadableStream): Promise<void> | undefined => ends.get(readable);

/** What streams to a client: whoever puts an item waits while the client does not read. */
export class StreamQueue<Item> {
  readonly readable: ReadableStream<Item>;
  /** When the first item was put. */
  readonly started: Promise<undefined>;
  readonly #onStart: () => void;
  #controller: ReadableStreamDefaultController<Item> | undefined;
  #room: PromiseWithResolvers<void> | undefined;
  readonly #end = Promise.withResolvers<void>();

  constructor() {
    const { promise, resolve } = Promise.withResolvers<undefined>();
    this.started = promise;
    this.#onStart = () => resolve(undefined);
    this.readable = new ReadableStream({
      start: (controller) => {
        this.#controller = controller;
      },
      pull: () => this.#makeRoom(),
      cancel: () => {
        this.#controller = undefined; // the client went away; the handler goes on, and nobody reads what it writes
        this.#makeRoom();
      },
    });
    ends.set(this.readable, this.#end.promise);
  }

  put(item: Item): void | Promise<void> {
    this.#onStart();
    if (!this.#controller) return;
    this.#controller.enqueue(item);
    if ((this.#controller.desiredSize ?? 1) > 0) return;
    this.#room ??= Promise.withResolvers();
    return this.#room.promise;
  }

  end(items: readonly Item[] = []): void {
    for (const item of items) this.#controller?.enqueue(item);
    this.#end.resolve();
    this.#controller?.close();
    this.#controller = undefined;
    this.#makeRoom(); // nobody pulls at a stream that was closed: whoever waits would wait for ever
  }

  fail(error: unknown): void {
    this.#end.resolve();
    this.#controller?.error(error);
    this.#controller = undefined;
    this.#makeRoom();
  }

  #makeRoom(): void {
    const room = this.#room;
    this.#room = undefined;
    room?.resolve();
  }
}
