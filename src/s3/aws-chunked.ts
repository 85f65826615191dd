/**
 * The `aws-chunked` encoding: `<hex size>[;chunk-signature=…]\r\n<bytes>\r\n` until a chunk of size 0, then trailers. Source: Amazon
 * S3 API Reference, "Signature calculations: transferring payload in multiple chunks" and "… including trailing headers".
 */
import type { ChunkChain } from "../security/sigv4/chunks.ts";
import { S3Error } from "./s3-error.ts";

const LINE_BYTES_MAX = 8192;
const TRAILERS_MAX = 32;
const CR = 13;
const LF = 10;

/**
 * Yields the bytes inside; trailers, names in lower case, are in `trailers` when it is done. With a `chain` each chunk has to be signed,
 * which is seen once the whole of it was yielded; without one signatures are read over.
 * @throws SignatureError mismatch
 */
export async function* decodeAwsChunked(
  source: AsyncIterable<Uint8Array>,
  { trailers, chain }: { trailers: Map<string, string>; chain?: ChunkChain | undefined },
): AsyncGenerator<Uint8Array, void, void> {
  const reader = new ChunkReader(source);
  try {
    for (;;) {
      const head = await reader.line();
      const size = /^([0-9a-fA-F]{1,12})(?:;|$)/.exec(head)?.[1];
      if (size === undefined) throw malformed();
      const signature = /;chunk-signature=([0-9a-f]{64})(?:;|$)/.exec(head)?.[1];
      const bytes = Number.parseInt(size, 16);
      const hash = chain && new Bun.CryptoHasher("sha256");
      for await (const piece of reader.take(bytes)) {
        hash?.update(piece);
        yield piece;
      }
      if (hash) chain.chunk(hash.digest("hex"), signature);
      if (bytes === 0) break;
      if ((await reader.line()) !== "") throw malformed();
    }
    let signed = "";
    let isOver = false; // nothing comes after the trailers' signature
    for (let line = await reader.lastLine(); line !== ""; line = await reader.lastLine()) {
      const [, name, value] = /^([\w-]+):\s*(.*)$/.exec(line) ?? [];
      if (name === undefined || value === undefined || trailers.size === TRAILERS_MAX) throw malformed();
      if (chain && isOver) throw malformed();
      if (chain && name.toLowerCase() === "x-amz-trailer-signature") {
        chain.trailer(signed, value.trim());
        isOver = true;
        continue;
      }
      signed += `${name.toLowerCase()}:${value.trim()}\n`;
      trailers.set(name.toLowerCase(), value.trim());
    }
    if (chain && signed !== "" && !isOver) chain.trailer(signed, undefined);
    await reader.drain();
  } finally {
    await reader.end();
  }
}

const malformed = (): S3Error =>
  new S3Error("InvalidRequest", { message: "The body is not what its aws-chunked encoding says" });

class ChunkReader {
  readonly #source: AsyncIterator<Uint8Array>;
  #buffer: Uint8Array = new Uint8Array();
  #at = 0;

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  /** Up to the next line feed, without the line's end. */
  async line(): Promise<string> {
    const line = await this.#line();
    if (line === undefined) throw new S3Error("IncompleteBody");
    return line;
  }

  /** As `line`, but the end of the body is an empty line: not every client writes the last one. */
  async lastLine(): Promise<string> {
    return (await this.#line()) ?? "";
  }

  async *take(bytes: number): AsyncGenerator<Uint8Array, void, void> {
    for (let left = bytes; left > 0; ) {
      if (!(await this.#fill())) throw new S3Error("IncompleteBody");
      const chunk = this.#buffer.subarray(this.#at, this.#at + left);
      this.#at += chunk.length;
      left -= chunk.length;
      yield chunk;
    }
  }

  async drain(): Promise<void> {
    if (await this.#fill()) throw malformed();
  }

  async end(): Promise<void> {
    await this.#source.return?.();
  }

  async #line(): Promise<string | undefined> {
    let text = "";
    while (await this.#fill()) {
      const end = this.#buffer.indexOf(LF, this.#at);
      const piece = this.#buffer.subarray(this.#at, end < 0 ? undefined : end);
      this.#at += piece.length + (end < 0 ? 0 : 1);
      if (text.length + piece.length > LINE_BYTES_MAX) throw malformed();
      text += Buffer.from(piece).toString("latin1");
      if (end >= 0) return text.charCodeAt(text.length - 1) === CR ? text.slice(0, -1) : text;
    }
    return text === "" ? undefined : text;
  }

  /** Whether there is at least a byte to read. */
  async #fill(): Promise<boolean> {
    while (this.#at >= this.#buffer.length) {
      const { done, value } = await this.#source.next();
      if (done) return false;
      this.#buffer = value;
      this.#at = 0;
    }
    return true;
  }
}
