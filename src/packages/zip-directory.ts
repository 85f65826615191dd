/**
 * A zip's directory, read by zip.js, and where in the zip each entry's bytes are. What is not zip.js's to judge is checked
 * here: that every entry has bytes of its own (overlapping ones make a small zip endless) and that they can be read.
 */
import type { Entry } from "@zip.js/zip.js";
import { PACKAGE_UNZIPPED_BYTES_MAX } from "../core/limits.ts";
import { AwsError } from "../errors/aws-error.ts";
import { METHOD_DEFLATED, METHOD_STORED, type PackedBytes } from "./inflate.ts";
import { Pacer } from "./pacer.ts";
import { badEntry, cannotUnzip, tooManyEntries, unzippedTooLarge } from "./refusals.ts";

/** Files and folders of one package, the folders that are only implied included. AWS names no number. */
export const PACKAGE_ENTRIES_MAX = 100_000;

// Local file header, APPNOTE 4.3.7.
const LOCAL_HEADER_BYTES = 30;
const LOCAL_HEADER_SIGNATURE = 0x04034b50;
const FLAG_ENCRYPTED = 1;

/** One entry as the directory tells it; `name` is not checked yet, and `bytes` is what the zip claims. */
export interface ZipEntry {
  readonly name: string;
  /** Unix file type and permissions; 0 when the zip was made on a system without them. */
  readonly mode: number;
  readonly directory: boolean;
  readonly packed: Omit<PackedBytes, "path">;
}

interface Span {
  readonly name: string;
  readonly start: number;
  readonly end: number;
}

/**
 * The entries in the order of the directory.
 * @throws AwsError for bytes that are no zip, entries that nobody can read, and sizes that add up to too much.
 */
export async function readDirectory(zip: Uint8Array): Promise<ZipEntry[]> {
  const entries: ZipEntry[] = [];
  const spans: Span[] = [];
  const pacer = new Pacer();
  let bytes = 0;
  for await (const entry of rawEntries(zip)) {
    if (entries.length === PACKAGE_ENTRIES_MAX) throw tooManyEntries(PACKAGE_ENTRIES_MAX);
    bytes += entry.directory ? 0 : entry.uncompressedSize;
    if (bytes > PACKAGE_UNZIPPED_BYTES_MAX) throw unzippedTooLarge();
    const start = dataStart(zip, entry);
    const end = start + entry.compressedSize;
    if (end > zip.length) throw cannotUnzip();
    spans.push({ name: entry.filename, start: entry.offset, end });
    entries.push({
      name: entry.filename,
      mode: entry.unixMode ?? 0,
      directory: entry.directory,
      packed: {
        method: methodOf(entry),
        compressed: zip.subarray(start, end),
        bytes: entry.uncompressedSize,
        crc32: entry.crc32 ?? 0,
      },
    });
    const pause = pacer.spend(0);
    if (pause) await pause;
  }
  refuseOverlaps(spans);
  return entries;
}

/** zip.js is loaded with the first package: it takes 5 ms that no runner, and no start, should pay. */
async function* rawEntries(zip: Uint8Array): AsyncGenerator<Entry> {
  const { ZipReader } = await import("@zip.js/zip.js/lib/zip-core-reader.js");
  const source = {
    size: zip.length,
    readUint8Array: async (at: number, length: number) => zip.subarray(at, at + length),
  };
  try {
    // @ts-expect-error zip.js takes any object that can read a range; its types ask for its own class.
    yield* new ZipReader(source, { useWebWorkers: false, filenameValidation: "tolerant" }).getEntriesGenerator();
  } catch (error) {
    throw error instanceof AwsError ? error : cannotUnzip(error);
  }
}

/** Checks the entry's own header against the directory, as readers that stream would otherwise see another file. */
function dataStart(zip: Uint8Array, entry: Entry): number {
  const header = new DataView(zip.buffer, zip.byteOffset, zip.byteLength);
  if (entry.offset < 0 || entry.offset + LOCAL_HEADER_BYTES > zip.length) throw cannotUnzip();
  if (header.getUint32(entry.offset, true) !== LOCAL_HEADER_SIGNATURE) throw cannotUnzip();
  const flags = header.getUint16(entry.offset + 6, true);
  if (entry.encrypted || flags & FLAG_ENCRYPTED)
    throw badEntry(entry.filename, "is encrypted. Make the zip without a password.");
  if (header.getUint16(entry.offset + 8, true) !== entry.compressionMethod) throw cannotUnzip();
  return (
    entry.offset +
    LOCAL_HEADER_BYTES +
    header.getUint16(entry.offset + 26, true) +
    header.getUint16(entry.offset + 28, true)
  );
}

function methodOf(entry: Entry): PackedBytes["method"] {
  const method = entry.compressionMethod;
  if (method === METHOD_STORED || method === METHOD_DEFLATED) return method;
  throw badEntry(entry.filename, `is compressed with method ${method}. Make the zip with the usual one, deflate.`);
}

function refuseOverlaps(spans: Span[]): void {
  spans.sort((a, b) => a.start - b.start);
  let end = 0;
  for (const span of spans) {
    if (span.start < end) throw badEntry(span.name, "shares its bytes with another entry. Make the zip again.");
    end = span.end;
  }
}
