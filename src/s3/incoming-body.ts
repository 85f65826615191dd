/** The body of a request: decoded, counted and compared with every digest that came with it, as it streams by. */
import { UNCOUNTED_BYTES_MAX } from "../core/body-budget.ts";
import type { ChunkChain } from "../security/sigv4/chunks.ts";
import { decodeAwsChunked } from "./aws-chunked.ts";
import {
  CHECKSUM_ALGORITHMS,
  type Checksum,
  type ChecksumAlgorithm,
  checksumHeader,
  type RunningChecksum,
  runningChecksum,
} from "./checksums.ts";
import type { Exchange } from "./exchange.ts";
import { S3Error } from "./s3-error.ts";

/** One PutObject, or one part. Source: Amazon S3 User Guide, "Amazon S3 multipart upload limits". */
export const UPLOAD_BYTES_MAX = 5 * 1024 ** 3;
const DOCUMENT_BYTES_MAX = 2 * 1024 ** 2;
/** Of an object that goes to the disk as it comes, so much is in memory. */
const HELD_BYTES_MAX = DOCUMENT_BYTES_MAX;

type Source = Pick<Exchange, "request" | "peer" | "admission">;

export class IncomingBody {
  readonly #request: Request;
  readonly #peer: Source["peer"];
  readonly #chain: ChunkChain | undefined;
  readonly #bytesMax: number;
  readonly #md5 = new Bun.CryptoHasher("md5");
  readonly #sha256: Bun.CryptoHasher | undefined;
  readonly #running = new Map<ChecksumAlgorithm, RunningChecksum>();
  readonly #trailers = new Map<string, string>();
  #etag: string | undefined;
  #checksum: Checksum | null = null;

  constructor({ request, peer, admission }: Source, bytesMax = UPLOAD_BYTES_MAX) {
    this.#request = request;
    this.#peer = peer;
    this.#chain = admission?.chain;
    this.#bytesMax = bytesMax;
    const declared = this.#declaredBytes();
    if (declared !== undefined && declared > bytesMax) throw tooLarge(declared, bytesMax);
    const sha256 = request.headers.get("x-amz-content-sha256") ?? "";
    this.#sha256 = /^[0-9a-f]{64}$/.test(sha256) ? new Bun.CryptoHasher("sha256") : undefined;
    const held = Math.min(declared ?? bytesMax, HELD_BYTES_MAX);
    if (held > UNCOUNTED_BYTES_MAX && peer?.bodies.take(request, held) === false)
      throw new S3Error("SlowDown", { headers: { connection: "close" } });
    for (const algorithm of this.#announced()) this.#running.set(algorithm, runningChecksum(algorithm));
  }

  /** The MD5 in hex, once the body has been read. */
  get etag(): string {
    if (this.#etag === undefined) throw new Error("the body has been read");
    return this.#etag;
  }

  /** The checksum that came along, and was right. */
  get checksum(): Checksum | null {
    return this.#checksum;
  }

  /** @throws S3Error EntityTooLarge, IncompleteBody, BadDigest, InvalidDigest, XAmzContentSHA256Mismatch */
  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, void> {
    const declared = this.#declaredBytes();
    let bytes = 0;
    for await (const chunk of this.#decoded()) {
      bytes += chunk.length;
      if (bytes > this.#bytesMax) throw tooLarge(bytes, this.#bytesMax);
      // No more than there was room for; nor anything when that was no number.
      if (declared !== undefined && !(bytes <= declared)) throw new S3Error("IncompleteBody");
      this.#md5.update(chunk);
      this.#sha256?.update(chunk);
      for (const sum of this.#running.values()) sum.update(chunk);
      yield chunk;
    }
    if (declared !== undefined && declared !== bytes) throw new S3Error("IncompleteBody");
    this.#compare();
  }

  /** The whole of it as text: for the documents of requests. */
  static async text(source: Source): Promise<string> {
    const chunks = await Array.fromAsync(new IncomingBody(source, DOCUMENT_BYTES_MAX));
    return Buffer.concat(chunks).toString();
  }

  #decoded(): AsyncIterable<Uint8Array> {
    const raw = this.#received();
    return this.#isChunked() ? decodeAwsChunked(raw, { trailers: this.#trailers, chain: this.#chain }) : raw;
  }

  /** A client has some time for each piece; when all is there, the rest may take as long as it likes. */
  async *#received(): AsyncGenerator<Uint8Array, void, void> {
    const peer = this.#peer;
    for await (const chunk of readStream(this.#request.body)) {
      peer?.timeout(this.#request, peer.idleSeconds);
      yield chunk;
    }
    peer?.timeout(this.#request, 0);
  }

  #isChunked(): boolean {
    const { headers } = this.#request;
    return (
      (headers.get("x-amz-content-sha256") ?? "").startsWith("STREAMING-") ||
      /\baws-chunked\b/.test(headers.get("content-encoding") ?? "")
    );
  }

  #declaredBytes(): number | undefined {
    const header = this.#isChunked() ? "x-amz-decoded-content-length" : "content-length";
    const text = this.#request.headers.get(header);
    return text === null ? undefined : Number(text);
  }

  /** In a header, or in a trailer that a header announces. */
  #announced(): ChecksumAlgorithm[] {
    const { headers } = this.#request;
    const trailers = (headers.get("x-amz-trailer") ?? "").toLowerCase().split(/\s*,\s*/);
    return CHECKSUM_ALGORITHMS.filter(
      (each) => headers.has(checksumHeader(each)) || trailers.includes(checksumHeader(each)),
    );
  }

  #compare(): void {
    const { headers } = this.#request;
    const md5 = this.#md5.digest();
    const contentMd5 = headers.get("content-md5");
    if (contentMd5 !== null) {
      if (Buffer.from(contentMd5, "base64").length !== md5.length) throw new S3Error("InvalidDigest");
      if (md5.toString("base64") !== contentMd5) throw new S3Error("BadDigest");
    }
    if (this.#sha256 && this.#sha256.digest("hex") !== headers.get("x-amz-content-sha256"))
      throw new S3Error("XAmzContentSHA256Mismatch");
    for (const [algorithm, sum] of this.#running) {
      const name = checksumHeader(algorithm);
      const value = sum.value();
      if (value !== (this.#trailers.get(name) ?? headers.get(name))) throw new S3Error("BadDigest");
      this.#checksum = { algorithm, value };
    }
    this.#etag = md5.toString("hex");
  }
}

async function* readStream(stream: ReadableStream<Uint8Array> | null): AsyncGenerator<Uint8Array, void, void> {
  if (stream === null) return;
  const reader = stream.getReader();
  let ended = false;
  try {
    for (;;) {
      const { done, value } = await read(reader);
      ended = done;
      if (done) return;
      yield value;
    }
  } finally {
    if (!ended) void reader.cancel().catch(() => undefined); // refused: the rest need not be read
  }
}

type Step = { done: true; value?: undefined } | { done: false; value: Uint8Array };

/** A client that goes away is not a fault of ours. */
async function read(reader: { read(): Promise<unknown> }): Promise<Step> {
  try {
    return (await reader.read()) as Step;
  } catch (cause) {
    throw new S3Error("IncompleteBody", { cause });
  }
}

const tooLarge = (bytes: number, bytesMax: number): S3Error =>
  new S3Error("EntityTooLarge", { details: { ProposedSize: String(bytes), MaxSizeAllowed: String(bytesMax) } });
