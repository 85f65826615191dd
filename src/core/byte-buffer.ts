/** Gathers bytes and text in memory that is used again and again: what thousands of calls a second leave behind must not fill the heap. */
export class ByteBuffer {
  #memory: Buffer;
  #used = 0;

  constructor(capacity = 1024) {
    this.#memory = Buffer.allocUnsafeSlow(capacity);
  }

  get length(): number {
    return this.#used;
  }

  get capacity(): number {
    return this.#memory.length;
  }

  /** Valid until more is appended or all is cleared. */
  get bytes(): Uint8Array<ArrayBuffer> {
    return this.#memory.subarray(0, this.#used) as Uint8Array<ArrayBuffer>;
  }

  append(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#memory.set(bytes, this.#used);
    this.#used += bytes.length;
  }

  /** As UTF-8; answers how many bytes that were. */
  appendText(text: string): number {
    this.#reserve(text.length * UTF8_BYTES_MAX);
    const written = this.#memory.write(text, this.#used);
    this.#used += written;
    return written;
  }

  clear(): void {
    this.#used = 0;
  }

  #reserve(bytes: number): void {
    const needed = this.#used + bytes;
    if (needed <= this.#memory.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, 2 * this.#memory.length));
    larger.set(this.bytes);
    this.#memory = larger;
  }
}

/** Of one UTF-16 unit. */
const UTF8_BYTES_MAX = 3;
