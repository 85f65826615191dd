/** The chunks of a streamed result: handed on one by one to whoever streams the call, else put together at its end. */
import { RESPONSE_BYTES_MAX } from "../core/limits.ts";
import { responseTooLarge } from "./failures.ts";
import type { ChunkSink, Outcome } from "./invocation.ts";

export class Chunks {
  readonly #sink: ChunkSink | undefined;
  #kept: Uint8Array[] = [];
  #keptBytes = 0;

  constructor(sink: ChunkSink | undefined) {
    this.#sink = sink;
  }

  /** Answers as the sink does. What nobody streams is kept as far as a whole result may go. */
  take(bytes: Uint8Array, contentType: string | undefined): void | Promise<void> {
    if (this.#sink) return this.#sink.chunk(bytes, contentType);
    this.#keptBytes += bytes.length;
    if (this.#keptBytes <= RESPONSE_BYTES_MAX) this.#kept.push(bytes.slice());
  }

  /** What the call ends with, when its last frame carried `payload`. */
  result(payload: Uint8Array): Outcome {
    if (this.#keptBytes > RESPONSE_BYTES_MAX) return responseTooLarge();
    return { kind: "ok", payload: this.#kept.length === 0 ? payload : Buffer.concat(this.#kept) };
  }
}
