/** `buckets.db`: what the buckets hold, the bytes themselves apart. A commit is durable when it returns. */
import { Database } from "bun:sqlite";

/** Steps from an empty database on; one that shipped is never edited. The database counts them in its `user_version`. */
const STEPS = [
  `
  CREATE TABLE buckets (
    name TEXT PRIMARY KEY,
    created_at_ms INTEGER NOT NULL,
    versioning TEXT CHECK (versioning IN ('Enabled', 'Suspended')) -- NULL: never switched on
  ) STRICT;

  -- A content is a list of pieces of blobs. Copies share blobs; a blob without a piece is removed.
  CREATE TABLE pieces (
    content TEXT NOT NULL,
    ordinal INTEGER NOT NULL,
    blob TEXT NOT NULL,
    start INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    PRIMARY KEY (content, ordinal)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX pieces_by_blob ON pieces (blob);

  CREATE TABLE objects (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, -- of two versions the later has the higher
    bucket TEXT NOT NULL REFERENCES buckets (name),
    key TEXT NOT NULL, -- compared byte by byte, as S3 sorts
    version_id TEXT NOT NULL, -- 'null' where versioning was not on
    latest INTEGER NOT NULL,
    delete_marker INTEGER NOT NULL,
    content TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    etag TEXT NOT NULL, -- without its quotes
    modified_at_ms INTEGER NOT NULL,
    attributes TEXT NOT NULL -- JSON
  ) STRICT;
  CREATE UNIQUE INDEX objects_by_version ON objects (bucket, key, version_id);
  CREATE UNIQUE INDEX objects_latest ON objects (bucket, key) WHERE latest = 1;
  CREATE INDEX objects_in_order ON objects (bucket, key, seq DESC);

  CREATE TABLE uploads (
    id TEXT PRIMARY KEY,
    bucket TEXT NOT NULL REFERENCES buckets (name),
    key TEXT NOT NULL,
    created_at_ms INTEGER NOT NULL,
    attributes TEXT NOT NULL
  ) STRICT;
  CREATE INDEX uploads_in_order ON uploads (bucket, key, id);

  CREATE TABLE parts (
    upload_id TEXT NOT NULL REFERENCES uploads (id) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    content TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    etag TEXT NOT NULL,
    modified_at_ms INTEGER NOT NULL,
    PRIMARY KEY (upload_id, number)
  ) STRICT, WITHOUT ROWID;
  `,
];

/** As the store's own database is set up (store/sqlite/database.ts), for the same reasons. */
const SETTINGS = [
  "PRAGMA journal_mode = WAL",
  "PRAGMA synchronous = FULL",
  "PRAGMA foreign_keys = ON",
  "PRAGMA busy_timeout = 5000",
];

/** @throws Error when a newer Lambent wrote it, or it is no database. */
export function openBucketsDatabase(path: string): Database {
  const db = new Database(path, { create: true, readwrite: true, strict: true });
  try {
    for (const setting of SETTINGS) db.run(setting);
    const found = db.query<{ user_version: number }, []>("PRAGMA user_version").get()?.user_version ?? 0;
    if (found > STEPS.length) throw new Error(`Cannot open "${path}": a newer Lambent wrote it; use that one`);
    for (const [index, step] of STEPS.entries()) {
      if (index < found) continue;
      atomically(db, () => {
        db.run(step);
        db.run(`PRAGMA user_version = ${index + 1}`);
      });
    }
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

/** All of `work` is durable on return, or none of it happened. */
export const atomically = <T>(db: Database, work: () => T): T => db.transaction(work).immediate();

/** Folds the log into the file, and closes. */
export function closeBucketsDatabase(db: Database): void {
  db.run("PRAGMA wal_checkpoint(TRUNCATE)");
  db.close();
}
