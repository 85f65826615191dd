/** The last 4,096 bytes of a call's log, cut on bytes as AWS does. */
import { LOG_TAIL_BYTES } from "../../core/limits.ts";

export class LogTail {
  #chunks: Uint8Array[] = [];
  #length = 0;

  push(bytes: Uint8Array): void {
    const kept = bytes.length > LOG_TAIL_BYTES ? bytes.subarray(bytes.length - LOG_TAIL_BYTES) : bytes;
    this.#chunks.push(kept.slice()); // the chunk's buffer may be far larger than what is kept of it
    this.#length += kept.length;
    while (this.#length - (this.#chunks[0]?.length ?? 0) >= LOG_TAIL_BYTES) {
      this.#length -= this.#chunks.shift()?.length ?? 0;
    }
  }

  bytes(): Uint8Array {
    const all = Buffer.concat(this.#chunks, this.#length);
    return all.subarray(Math.max(0, all.length - LOG_TAIL_BYTES));
  }
}
