/** What is in a bucket, page by page, in S3's order: keys by their UTF-8 bytes, versions of a key from the newest. */
import type { Database } from "bun:sqlite";
import { OBJECT_COLUMNS, type ObjectRow, type ObjectVersion, objectOf, requireBucket } from "./object-rows.ts";

export interface ListingQuery {
  readonly bucket: string;
  readonly prefix: string;
  /** Keys with it after the prefix are one entry, up to and with it. */
  readonly delimiter: string;
  readonly countMax: number;
  /** Only what comes after this key, or after this common prefix. */
  readonly after: string;
  /** Listing versions: only those of `after` that come after this one; undefined, none of them. */
  readonly afterVersionId?: string | undefined;
  readonly versions: boolean;
}

export interface Listing {
  readonly objects: readonly ObjectVersion[];
  readonly prefixes: readonly string[];
  readonly isTruncated: boolean;
  /** The last entry of the page: a key, or a common prefix. */
  readonly last: { readonly key: string; readonly versionId?: string } | undefined;
}

/** Sorts after every key that begins with what stands before it. */
const LAST_CHARACTER = "\u{10ffff}";
const BATCH_ROWS = 1001;

/** @throws S3Error NoSuchBucket */
export function list(db: Database, query: ListingQuery): Listing {
  requireBucket(db, query.bucket);
  const objects: ObjectVersion[] = [];
  const prefixes: string[] = [];
  let last: Listing["last"];
  const page = (isTruncated: boolean): Listing => ({ objects, prefixes, isTruncated, last });
  if (query.countMax === 0) return page(false);

  const from = startOf(db, query);
  for (let more = true; more; ) {
    const rows = fetchRows(db, query, from);
    more = rows.length === BATCH_ROWS;
    for (const row of rows) {
      if (!row.key.startsWith(query.prefix)) return page(false); // sorted: the prefix is behind us
      from.key = row.key;
      from.seq = row.seq;
      const common = commonPrefix(row.key, query);
      if (common !== undefined && (common === prefixes.at(-1) || common === query.after)) continue;
      if (objects.length + prefixes.length === query.countMax) return page(true);
      if (common === undefined) {
        objects.push(objectOf(row));
        last = { key: row.key, versionId: row.versionId };
        continue;
      }
      prefixes.push(common);
      last = { key: common };
      from.key = common + LAST_CHARACTER; // there may be a million keys under it: go on behind them
      from.seq = 0;
      more = true;
      break;
    }
  }
  return page(false);
}

interface Position {
  key: string;
  /** Of this key, versions below it are still to come; 0: none. */
  seq: number;
}

function startOf(db: Database, query: ListingQuery): Position {
  const { after, prefix, delimiter } = query;
  const isPrefix = delimiter !== "" && after.endsWith(delimiter) && commonPrefix(after, query) === after;
  if (isPrefix && query.afterVersionId === undefined) return { key: after + LAST_CHARACTER, seq: 0 };
  if (isBefore(after, prefix)) return { key: prefix, seq: Number.MAX_SAFE_INTEGER };
  if (query.afterVersionId === undefined) return { key: after, seq: 0 };
  const sql = "SELECT seq FROM objects WHERE bucket = ? AND key = ? AND version_id = ?";
  const at = db.query<{ seq: number }, [string, string, string]>(sql).get(query.bucket, after, query.afterVersionId);
  return { key: after, seq: at?.seq ?? 0 };
}

function fetchRows(db: Database, { bucket, versions }: ListingQuery, { key, seq }: Position): ObjectRow[] {
  const which = versions ? "" : "AND latest = 1 AND delete_marker = 0";
  // Row values would sort seq the wrong way round; the index is used for the first condition.
  const sql = `SELECT ${OBJECT_COLUMNS} FROM objects WHERE bucket = ?1 AND key >= ?2 AND (key > ?2 OR seq < ?3) ${which}
    ORDER BY key, seq DESC LIMIT ${BATCH_ROWS}`;
  return db.query<ObjectRow, [string, string, number]>(sql).all(bucket, key, seq);
}

/** JavaScript compares strings by UTF-16, which puts some characters elsewhere. */
const isBefore = (a: string, b: string): boolean => Buffer.compare(Buffer.from(a), Buffer.from(b)) < 0;

function commonPrefix(key: string, { prefix, delimiter }: ListingQuery): string | undefined {
  const at = delimiter === "" ? -1 : key.indexOf(delimiter, prefix.length);
  return at < 0 ? undefined : key.slice(0, at + delimiter.length);
}
