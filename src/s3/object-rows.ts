/** One row a version of an object. The writing functions are to be called inside a transaction of the caller's. */
import type { Database } from "bun:sqlite";
import type { Checksum } from "./checksums.ts";
import { dropContents } from "./contents.ts";
import { S3Error } from "./s3-error.ts";

/** The version that a bucket's objects have where versioning is not on. */
export const NULL_VERSION = "null";

export type Versioning = "Enabled" | "Suspended";

export interface Bucket {
  readonly name: string;
  readonly createdAtMs: number;
  /** Null: never switched on. */
  readonly versioning: Versioning | null;
}

/** What a client says about an object when it stores it. */
export interface Attributes {
  /** `content-type` and its like, names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** `x-amz-meta-*`, without that. */
  readonly metadata: Readonly<Record<string, string>>;
  readonly tags: Readonly<Record<string, string>>;
  readonly checksum: Checksum | null;
}

export interface ObjectVersion {
  readonly seq: number;
  readonly key: string;
  readonly versionId: string;
  readonly isLatest: boolean;
  readonly isDeleteMarker: boolean;
  readonly content: string;
  readonly bytes: number;
  readonly etag: string;
  readonly modifiedAtMs: number;
  readonly attributes: Attributes;
}

/** As the database has it. */
export interface ObjectRow extends Omit<ObjectVersion, "isLatest" | "isDeleteMarker" | "attributes"> {
  readonly isLatest: number;
  readonly isDeleteMarker: number;
  readonly attributes: string;
}

export const OBJECT_COLUMNS = `seq, key, version_id AS versionId, latest AS isLatest, delete_marker AS isDeleteMarker, content,
  bytes, etag, modified_at_ms AS modifiedAtMs, attributes`;

export const objectOf = (row: ObjectRow): ObjectVersion => ({
  ...row,
  isLatest: row.isLatest === 1,
  isDeleteMarker: row.isDeleteMarker === 1,
  attributes: JSON.parse(row.attributes) as Attributes,
});

export interface ObjectName {
  readonly bucket: string;
  readonly key: string;
}

/** @throws S3Error NoSuchBucket */
export function requireBucket(db: Database, name: string): Bucket {
  const bucket = findBucket(db, name);
  if (bucket === undefined) throw new S3Error("NoSuchBucket", { details: { BucketName: name } });
  return bucket;
}

export function findBucket(db: Database, name: string): Bucket | undefined {
  const sql = "SELECT name, created_at_ms AS createdAtMs, versioning FROM buckets WHERE name = ?";
  return db.query<Bucket, [string]>(sql).get(name) ?? undefined;
}

/** The latest version, a delete marker too. */
export function findLatest(db: Database, { bucket, key }: ObjectName): ObjectVersion | undefined {
  const sql = `SELECT ${OBJECT_COLUMNS} FROM objects WHERE bucket = ? AND key = ? AND latest = 1`;
  const row = db.query<ObjectRow, [string, string]>(sql).get(bucket, key);
  return row ? objectOf(row) : undefined;
}

export function findVersion(
  db: Database,
  { bucket, key, versionId }: ObjectName & { versionId: string },
): ObjectVersion | undefined {
  const sql = `SELECT ${OBJECT_COLUMNS} FROM objects WHERE bucket = ? AND key = ? AND version_id = ?`;
  const row = db.query<ObjectRow, [string, string, string]>(sql).get(bucket, key, versionId);
  return row ? objectOf(row) : undefined;
}

export type NewVersion = Omit<ObjectVersion, "seq" | "isLatest">;

/** Makes a version the latest; one of the same id goes. Answers the blobs that this set free. */
export function insertVersion(db: Database, bucket: string, version: NewVersion): string[] {
  const replaced = findVersion(db, { bucket, ...version });
  const freed = replaced ? deleteRow(db, replaced) : [];
  db.query("UPDATE objects SET latest = 0 WHERE bucket = ? AND key = ? AND latest = 1").run(bucket, version.key);
  db.query(
    `INSERT INTO objects (bucket, key, version_id, latest, delete_marker, content, bytes, etag, modified_at_ms, attributes)
     VALUES (?, ?, ?, 1, ?, ?, ?, ?, ?, ?)`,
  ).run(
    bucket,
    version.key,
    version.versionId,
    version.isDeleteMarker ? 1 : 0,
    version.content,
    version.bytes,
    version.etag,
    version.modifiedAtMs,
    JSON.stringify(version.attributes),
  );
  return freed;
}

/** Takes one version out for good; the one before it becomes the latest. Answers the blobs that this set free. */
export function deleteVersion(db: Database, bucket: string, version: ObjectVersion): string[] {
  const freed = deleteRow(db, version);
  if (version.isLatest) {
    const sql = "UPDATE objects SET latest = 1 WHERE seq = (SELECT max(seq) FROM objects WHERE bucket = ? AND key = ?)";
    db.query(sql).run(bucket, version.key);
  }
  return freed;
}

function deleteRow(db: Database, version: ObjectVersion): string[] {
  db.query("DELETE FROM objects WHERE seq = ?").run(version.seq);
  return dropContents(db, [version.content]);
}
