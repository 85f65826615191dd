/** The bytes of one entry, checked against what the zip's directory says of them while they are read. */
import { crc32, createInflateRaw, inflateRawSync } from "node:zlib";
import { badEntry } from "./refusals.ts";

/** Compression methods of the zip format (APPNOTE 4.4.5) that are understood. */
export const METHOD_STORED = 0;
export const METHOD_DEFLATED = 8;

/** Inflated in one go up to here (under 1 ms), because a stream costs 150 µs before its first byte. */
const ONE_GO_BYTES_MAX = 1024 * 1024;
const CHUNK_BYTES = 256 * 1024;

/** Where an entry's bytes are, and what they must come to. `compressed` is a view into the zip. */
export interface PackedBytes {
  readonly path: string;
  readonly method: typeof METHOD_STORED | typeof METHOD_DEFLATED;
  readonly compressed: Uint8Array;
  readonly bytes: number;
  readonly crc32: number;
}

/**
 * Inflates an entry in chunks and stops at the first byte too many, so a bomb that lies about its size gets no further than
 * what it admitted. Large entries are inflated off this thread.
 * @throws AwsError when the bytes do not decompress, or do not have the size or the checksum they should.
 */
export async function* inflate(packed: PackedBytes): AsyncGenerator<Uint8Array, void, undefined> {
  let bytes = 0;
  let sum = 0;
  for await (const chunk of chunksOf(packed)) {
    bytes += chunk.length;
    if (bytes > packed.bytes) throw damaged(packed, "it holds more than the zip says");
    sum = crc32(chunk, sum);
    yield chunk;
  }
  if (bytes < packed.bytes) throw damaged(packed, "it holds less than the zip says");
  if (sum !== packed.crc32) throw damaged(packed, "its checksum is wrong");
}

function chunksOf(packed: PackedBytes): Iterable<Uint8Array> | AsyncIterable<Uint8Array> {
  if (packed.method === METHOD_STORED) return slices(packed.compressed);
  if (packed.bytes > ONE_GO_BYTES_MAX) return streamed(packed);
  try {
    return [inflateRawSync(packed.compressed, { maxOutputLength: Math.max(1, packed.bytes) })];
  } catch {
    throw damaged(packed, "it does not decompress to the size that the zip says");
  }
}

function* slices(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += CHUNK_BYTES) yield bytes.subarray(at, at + CHUNK_BYTES);
}

async function* streamed(packed: PackedBytes): AsyncGenerator<Uint8Array> {
  const stream = createInflateRaw({ chunkSize: CHUNK_BYTES });
  stream.end(packed.compressed);
  try {
    yield* stream;
  } catch {
    throw damaged(packed, "it does not decompress");
  }
}

const damaged = (packed: PackedBytes, why: string) =>
  badEntry(packed.path, `is damaged: ${why}. Make the zip again, then try to upload it again.`);
