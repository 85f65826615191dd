/**
 * How the bytes of an object go out. Bun writes Content-Length for bytes in memory and for files, and strips it from streams
 * (github.com/oven-sh/bun/issues/10507), so streams are the last resort.
 *
 * **Gaps**: an object of several pieces (a multipart upload) that is read at once and is larger than `MEMORY_BYTES_MAX` comes chunked,
 * without a Content-Length. Ranges, in which the common clients read, are smaller.
 */

import { slicePieces } from "./blobs.ts";
import type { Buckets } from "./buckets.ts";
import type { ObjectVersion } from "./object-rows.ts";
import type { ByteRange } from "./range.ts";

/** The AWS CLI and SDKs read ranges of 8 MiB. */
const MEMORY_BYTES_MAX = 8 * 1024 * 1024;
/** Bun opens a file when the answer begins; until then its name has to stay. */
const OPENED_AFTER_MS_MAX = 5000;

export interface ObjectBody {
  readonly body: Uint8Array<ArrayBuffer> | Blob | ReadableStream<Uint8Array> | null;
  readonly headers: Readonly<Record<string, string>>;
}

/** `range`: undefined for all of it. */
export async function objectBody(
  buckets: Buckets,
  object: ObjectVersion,
  range: ByteRange | undefined,
): Promise<ObjectBody> {
  const { blobs } = buckets;
  const { start, bytes } = range ?? { start: 0, bytes: object.bytes };
  const headers = { "content-length": String(bytes) };
  const pieces = slicePieces(buckets.piecesOf(object), { start, bytes });
  if (bytes === 0) return { body: null, headers };
  if (bytes <= MEMORY_BYTES_MAX) {
    const chunks = await Array.fromAsync(blobs.chunks(pieces));
    return { body: chunks.length === 1 && chunks[0] ? chunks[0] : new Uint8Array(Buffer.concat(chunks)), headers };
  }
  const [piece, ...more] = pieces;
  // For a part of a file that is the whole of an object Bun would answer 206.
  if (piece === undefined || more.length > 0 || (piece.start > 0 && range === undefined))
    return { body: blobs.read(pieces), headers };
  blobs.hold([piece.blob]);
  buckets.clock.setTimer(buckets.clock.nowMs() + OPENED_AFTER_MS_MAX, () => blobs.release([piece.blob]));
  const file = Bun.file(blobs.pathOf(piece.blob)).slice(piece.start, piece.start + bytes);
  // Without one Bun would make up a Content-Disposition of the file's name; this says what none says.
  return { body: file, headers: { ...headers, "content-disposition": "inline" } };
}
