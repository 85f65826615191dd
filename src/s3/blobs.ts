/**
 * Bytes on disk, each run of them a file that never changes: `<directory>/<id>`, where the id is drawn here, so no key of a
 * user's ever becomes a path. Which of them are in use is the database's to say.
 */
import { type FileHandle, mkdir, open, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Ids } from "../core/ids.ts";

/** A run of bytes within a blob. */
export interface Piece {
  readonly blob: string;
  readonly start: number;
  readonly bytes: number;
}

/** A new blob: on disk, and not yet in the database. */
export interface WrittenBlob {
  readonly pieces: readonly Piece[];
  readonly bytes: number;
  /** To be called once it is in the database, or will not be: a blob that nothing refers to then goes. */
  settle(outcome: "kept" | "dropped"): Promise<void>;
}

const READ_BYTES = 256 * 1024;
const PART_SUFFIX = ".part";
const BLOB_NAME = /^[0-9a-f]{32}(\.part)?$/;

export class Blobs {
  readonly #directory: string;
  readonly #ids: Ids;
  /** Blobs that are written or read now. */
  readonly #holds = new Map<string, number>();
  /** Those to remove when the last hold on them ends. */
  readonly #doomed = new Set<string>();

  private constructor(directory: string, ids: Ids) {
    this.#directory = directory;
    this.#ids = ids;
  }

  static async open(directory: string, ids: Ids): Promise<Blobs> {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    return new Blobs(directory, ids);
  }

  /** Keeps what `source` yields, durably before the promise resolves. Whatever `source` throws passes, and nothing stays. */
  async write(source: AsyncIterable<Uint8Array>): Promise<WrittenBlob> {
    const blob = this.#ids.uuid().replaceAll("-", "");
    const path = join(this.#directory, blob);
    this.hold([blob]);
    let bytes = 0;
    try {
      const file = await open(path + PART_SUFFIX, "wx", 0o600);
      try {
        for await (const chunk of source) {
          await writeAll(file, chunk);
          bytes += chunk.length;
        }
        if (bytes > 0) await file.sync();
      } finally {
        await file.close();
      }
      if (bytes > 0) await rename(path + PART_SUFFIX, path);
      else await rm(path + PART_SUFFIX);
      if (bytes > 0) await this.#syncDirectory();
    } catch (error) {
      await rm(path + PART_SUFFIX, { force: true });
      this.release([blob]);
      throw error;
    }
    return {
      pieces: bytes > 0 ? [{ blob, start: 0, bytes }] : [],
      bytes,
      settle: async (outcome) => {
        this.release([blob]);
        if (outcome === "dropped") await this.remove([blob]);
      },
    };
  }

  /** The bytes of these pieces, one after the other. What it needs stays until the stream ends, however it ends. */
  read(pieces: readonly Piece[]): ReadableStream<Uint8Array> {
    const source = this.chunks(pieces);
    return new ReadableStream<Uint8Array>({
      async pull(controller) {
        const { done, value } = await source.next();
        if (done) controller.close();
        else controller.enqueue(value);
      },
      async cancel() {
        await source.return();
      },
    });
  }

  /** As `read`. The holds are taken at once, not with the first byte. */
  chunks(pieces: readonly Piece[]): AsyncGenerator<Uint8Array<ArrayBuffer>, void, void> {
    const blobs = pieces.map((piece) => piece.blob);
    this.hold(blobs);
    const inner = readPieces(this.#directory, pieces);
    let held = true;
    const end = (): void => {
      if (held) this.release(blobs);
      held = false;
    };
    // An async generator that was never started does not run its `finally`, so ending is watched from outside.
    const watched: AsyncGenerator<Uint8Array<ArrayBuffer>, void, void> = {
      async next() {
        try {
          const step = await inner.next();
          if (step.done) end();
          return step;
        } catch (error) {
          end();
          throw error;
        }
      },
      async return() {
        end();
        return inner.return();
      },
      async throw(error) {
        end();
        return inner.throw(error);
      },
      [Symbol.asyncIterator]: () => watched,
      async [Symbol.asyncDispose]() {
        await watched.return();
      },
    };
    return watched;
  }

  pathOf(blob: string): string {
    return join(this.#directory, blob);
  }

  hold(blobs: readonly string[]): void {
    for (const blob of blobs) this.#holds.set(blob, (this.#holds.get(blob) ?? 0) + 1);
  }

  release(blobs: readonly string[]): void {
    for (const blob of blobs) {
      const left = (this.#holds.get(blob) ?? 1) - 1;
      if (left > 0) {
        this.#holds.set(blob, left);
        continue;
      }
      this.#holds.delete(blob);
      // A file that stays by a failure here is one for the sweep at the next start.
      if (this.#doomed.delete(blob)) void this.#unlink(blob).catch(() => undefined);
    }
  }

  /** Removes blobs that the database no longer knows, as soon as nobody reads them. */
  async remove(blobs: readonly string[]): Promise<void> {
    for (const blob of blobs) {
      if (this.#holds.has(blob)) this.#doomed.add(blob);
      else await this.#unlink(blob);
    }
  }

  /** Removes what a crash left: files that are not in use and not being written. Answers how many. */
  async sweep(isInUse: (blob: string) => boolean): Promise<number> {
    let count = 0;
    // Listed first: whatever comes later is not even a candidate.
    for (const name of await readdir(this.#directory)) {
      if (!BLOB_NAME.test(name)) continue;
      const blob = name.replace(PART_SUFFIX, "");
      if (this.#holds.has(blob) || (name === blob && isInUse(blob))) continue;
      await rm(join(this.#directory, name), { force: true });
      count++;
    }
    return count;
  }

  #unlink(blob: string): Promise<void> {
    return rm(join(this.#directory, blob), { force: true });
  }

  async #syncDirectory(): Promise<void> {
    const handle = await open(this.#directory, "r");
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  }
}

/** The part of a content from `start` on, `bytes` long. */
export function slicePieces(pieces: readonly Piece[], { start, bytes }: { start: number; bytes: number }): Piece[] {
  const slice: Piece[] = [];
  let skip = start;
  let left = bytes;
  for (const piece of pieces) {
    const taken = Math.min(piece.bytes - skip, left);
    if (taken > 0) slice.push({ blob: piece.blob, start: piece.start + skip, bytes: taken });
    left -= Math.max(taken, 0);
    skip = Math.max(0, skip - piece.bytes);
    if (left === 0) break;
  }
  return slice;
}

async function* readPieces(
  directory: string,
  pieces: readonly Piece[],
): AsyncGenerator<Uint8Array<ArrayBuffer>, void, void> {
  for (const { blob, start, bytes } of pieces) {
    const file = await open(join(directory, blob), "r");
    try {
      for (let done = 0; done < bytes; ) {
        const buffer = new Uint8Array(Math.min(READ_BYTES, bytes - done));
        const { bytesRead } = await file.read(buffer, 0, buffer.length, start + done);
        if (bytesRead === 0) throw new Error(`Cannot read blob "${blob}": it ends after ${start + done} bytes`);
        done += bytesRead;
        yield bytesRead === buffer.length ? buffer : buffer.subarray(0, bytesRead);
      }
    } finally {
      await file.close();
    }
  }
}

async function writeAll(file: FileHandle, chunk: Uint8Array): Promise<void> {
  for (let done = 0; done < chunk.length; ) {
    const { bytesWritten } = await file.write(chunk, done, chunk.length - done);
    done += bytesWritten;
  }
}
