/** The chunks of a streamed result: handed on one by one to whoever streams the call, else put together at its end. */
import { RESPONSE_BYTES_MAX } from "../core/limits.ts";
import { responseTooLarge } from "./failures.ts";
import type { ChunkSink, Outcome } from "./invocation.ts";

const NONE = new Uint8Array(0);

export class Chunks {
  readonly #sink: ChunkSink | undefined;
  /** All of them in one piece, with room to grow: a hostile runner may send each byte in a frame of its own. */
  #kept = NONE;
  #keptBytes = 0;

  constructor(sink: ChunkSink | undefined) {
    this.#sink = sink;
  }

  /** Answers as the sink does. What nobody streams is kept as far as a whole result may go. */
  take(bytes: Uint8Array, contentType: string | undefined): void | Promise<void> {
    if (this.#sink) return this.#sink.chunk(bytes, contentType);
    const at = this.#keptBytes;
    this.#keptBytes += bytes.length;
    if (this.#keptBytes > RESPONSE_BYTES_MAX) return;
    if (this.#keptBytes > this.#kept.length) {
      const grown = new Uint8Array(Math.min(RESPONSE_BYTES_MAX, Math.max(this.#keptBytes, 2 * this.#kept.length)));
      grown.set(this.#kept.subarray(0, at));
      this.#kept = grown;
    }
    this.#kept.set(bytes, at);
  }

  /** What the call ends with, when its last frame carried `payload`. */
  result(payload: Uint8Array): Outcome {
    if (this.#keptBytes > RESPONSE_BYTES_MAX) return responseTooLarge();
    return { kind: "ok", payload: this.#keptBytes === 0 ? payload : this.#kept.subarray(0, this.#keptBytes) };
  }
}
