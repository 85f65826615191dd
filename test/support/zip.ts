/**
 * Zips for tests, written byte by byte: honest ones from a record of files, and hostile ones where every field of every
 * header can be made to lie. Source of the layout: PKWARE's APPNOTE 6.3.10, sections 4.3 and 4.5.3.
 */
import { crc32, deflateRawSync } from "node:zlib";

export interface ZipFile {
  readonly content?: string | Uint8Array;
  /** Permissions, as `0o755`; or a whole Unix mode with its file type. */
  readonly mode?: number;
  /** The target of a symbolic link. */
  readonly symlink?: string;
}

/** One entry as it goes into the zip. Everything but the name has an honest default. */
export interface RawEntry {
  readonly name: string | Uint8Array;
  readonly content?: string | Uint8Array;
  /** A whole Unix mode, file type included; 0 for a zip from a system without them. */
  readonly mode?: number;
  readonly method?: number;
  /** False leaves out the flag that says so. */
  readonly utf8?: boolean;
  /** Or-ed to the general purpose flags: 1 says encrypted. */
  readonly flags?: number;
  readonly crc?: number;
  /** The size that the headers claim. */
  readonly bytes?: number;
  readonly compressedBytes?: number;
  /** Replaces the compressed bytes. */
  readonly compressed?: Uint8Array;
  /** Sizes go into a zip64 extra field. */
  readonly zip64?: boolean;
  /** Sizes and checksum follow the data, the local header has zeros: what a streaming writer makes. */
  readonly descriptor?: boolean;
  /** Points the directory at the local header of the entry with this index, and writes none of its own. */
  readonly sharesHeaderOf?: number;
  /** Added to the offset that the directory claims. */
  readonly shift?: number;
  readonly madeBy?: number;
}

export interface RawZip {
  /** Bytes before the zip, as in a self-extracting one. */
  readonly prefix?: Uint8Array;
  readonly comment?: string;
  /** The number of entries that the end record claims. */
  readonly count?: number;
  /** Added to the directory's offset that the end record claims. */
  readonly shift?: number;
  /** The end record is a zip64 one. */
  readonly zip64?: boolean;
}

const TYPE_FILE = 0o100000;
const TYPE_LINK = 0o120000;
const TYPE_DIRECTORY = 0o040000;
const TYPES = 0o170000;
const FLAG_UTF8 = 1 << 11;
const FLAG_DESCRIPTOR = 1 << 3;
const MADE_BY_UNIX = (3 << 8) | 45;
const DOS_DATE = 0x5a21; // 2025-01-01
const MAX_16 = 0xffff;
const MAX_32 = 0xffffffff;

/** A zip of these files. A name that ends in `/` is a folder. Async as callers should not mind how it is made. */
export async function zipOf(files: Readonly<Record<string, string | Uint8Array | ZipFile>>): Promise<Uint8Array> {
  return rawZip(
    Object.entries(files).map(([name, file]): RawEntry => {
      if (typeof file === "string" || file instanceof Uint8Array) return { name, content: file };
      if (file.symlink !== undefined) return { name, content: file.symlink, mode: TYPE_LINK | 0o777 };
      const mode = file.mode ?? 0o644;
      const type = mode & TYPES || (name.endsWith("/") ? TYPE_DIRECTORY : TYPE_FILE);
      return { name, content: file.content ?? "", mode: type | mode };
    }),
  );
}

/** A zip with exactly these headers, true or not. */
export function rawZip(entries: readonly RawEntry[], options: RawZip = {}): Uint8Array {
  const offsets: number[] = [];
  const body: Uint8Array[] = [options.prefix ?? new Uint8Array()];
  let offset = 0; // as most writers of self-extracting zips do, offsets do not count the prefix
  const central = entries.map((entry) => {
    const facts = factsOf(entry);
    const at = entry.sharesHeaderOf === undefined ? offset : (offsets[entry.sharesHeaderOf] ?? 0);
    offsets.push(at);
    if (entry.sharesHeaderOf === undefined) {
      const local = localRecord(facts);
      body.push(local);
      offset += local.length;
    }
    return centralRecord(facts, at + (entry.shift ?? 0));
  });
  const directory = Buffer.concat(central);
  const end = endRecords({ count: options.count ?? entries.length, bytes: directory.length, offset }, options);
  return new Uint8Array(Buffer.concat([...body, directory, end]));
}

type Facts = ReturnType<typeof factsOf>;

function factsOf(entry: RawEntry) {
  const name = Buffer.from(entry.name);
  const content = Buffer.from(entry.content ?? "");
  const method = entry.method ?? (content.length === 0 ? 0 : 8);
  const compressed = entry.compressed ?? (method === 8 ? deflateRawSync(content) : content);
  const directory = name.at(-1) === 0x2f;
  return {
    name,
    method,
    compressed,
    mode: entry.mode ?? (directory ? TYPE_DIRECTORY | 0o755 : TYPE_FILE | 0o644),
    madeBy: entry.madeBy ?? MADE_BY_UNIX,
    flags: (entry.utf8 === false ? 0 : FLAG_UTF8) | (entry.flags ?? 0) | (entry.descriptor ? FLAG_DESCRIPTOR : 0),
    crc: entry.crc ?? crc32(content),
    bytes: entry.bytes ?? content.length,
    compressedBytes: entry.compressedBytes ?? compressed.length,
    zip64: entry.zip64 ?? false,
    descriptor: entry.descriptor ?? false,
  };
}

function localRecord(facts: Facts): Buffer {
  const extra = facts.zip64 ? zip64Extra(facts) : Buffer.alloc(0);
  const head = record(0x04034b50, [[2, 45], ...commonFields(facts, facts.descriptor), [2, extra.length]]);
  const descriptor = facts.descriptor
    ? record(0x08074b50, [
        [4, facts.crc],
        [4, facts.compressedBytes],
        [4, facts.bytes],
      ])
    : Buffer.alloc(0);
  return Buffer.concat([head, facts.name, extra, facts.compressed, descriptor]);
}

function centralRecord(facts: Facts, offset: number): Buffer {
  const extra = facts.zip64 ? zip64Extra(facts) : Buffer.alloc(0);
  const head = record(0x02014b50, [
    [2, facts.madeBy],
    [2, 45],
    ...commonFields(facts, false),
    [2, extra.length],
    [2, 0], // comment
    [2, 0], // disk
    [2, 0], // internal attributes
    [4, facts.mode * 0x10000],
    [4, offset],
  ]);
  return Buffer.concat([head, facts.name, extra]);
}

type Field = readonly [width: 2 | 4 | 8, value: number];

const commonFields = (facts: Facts, blank: boolean): readonly Field[] => [
  [2, facts.flags],
  [2, facts.method],
  [2, 0],
  [2, DOS_DATE],
  [4, blank ? 0 : facts.crc],
  [4, facts.zip64 ? MAX_32 : blank ? 0 : facts.compressedBytes],
  [4, facts.zip64 ? MAX_32 : blank ? 0 : facts.bytes],
  [2, facts.name.length],
];

const zip64Extra = (facts: Facts): Buffer =>
  fields([
    [2, 1],
    [2, 16],
    [8, facts.bytes],
    [8, facts.compressedBytes],
  ]);

function endRecords(directory: { count: number; bytes: number; offset: number }, options: RawZip): Buffer {
  const comment = Buffer.from(options.comment ?? "");
  const { count, bytes } = directory;
  const offset = directory.offset + (options.shift ?? 0);
  const zip64 = options.zip64
    ? Buffer.concat([
        record(0x06064b50, [
          [8, 44],
          [2, 45],
          [2, 45],
          [4, 0],
          [4, 0],
          [8, count],
          [8, count],
          [8, bytes],
          [8, offset],
        ]),
        record(0x07064b50, [
          [4, 0],
          [8, directory.offset + bytes],
          [4, 1],
        ]),
      ])
    : Buffer.alloc(0);
  const short = options.zip64 ? MAX_16 : count & MAX_16;
  const end = record(0x06054b50, [
    [2, 0],
    [2, 0],
    [2, short],
    [2, short],
    [4, options.zip64 ? MAX_32 : bytes],
    [4, options.zip64 ? MAX_32 : offset],
    [2, comment.length],
  ]);
  return Buffer.concat([zip64, end, comment]);
}

const record = (signature: number, values: readonly Field[]): Buffer => fields([[4, signature], ...values]);

function fields(values: readonly Field[]): Buffer {
  const bytes = Buffer.alloc(values.reduce((sum, [width]) => sum + width, 0));
  let at = 0;
  for (const [width, value] of values) {
    if (width === 8) bytes.writeBigUInt64LE(BigInt(value), at);
    else bytes.writeUIntLE(value, at, width);
    at += width;
  }
  return bytes;
}
