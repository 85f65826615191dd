/**
 * The embedded buckets: `buckets.db` says what there is, `buckets/` holds the bytes. What a promise of this class resolved is
 * on disk; a crash at any moment leaves each object as it was before or as it is after.
 */
import type { Database } from "bun:sqlite";
import { open } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "../core/clock.ts";
import type { Ids } from "../core/ids.ts";
import { Blobs, type Piece, type WrittenBlob } from "./blobs.ts";
import { refuseBucketName } from "./bucket-name.ts";
import { refuseWrite, type WriteConditions } from "./conditions.ts";
import { dropContents, insertContent, isInUse, piecesOf } from "./contents.ts";
import { atomically, closeBucketsDatabase, openBucketsDatabase } from "./database.ts";
import {
  type Attributes,
  type Bucket,
  deleteVersion,
  findLatest,
  findVersion,
  insertVersion,
  NULL_VERSION,
  type ObjectName,
  type ObjectVersion,
  requireBucket,
  type Versioning,
} from "./object-rows.ts";
import { S3Error } from "./s3-error.ts";

/** What reading an object for Lambda's own use comes to. */
export type WholeRead =
  | { readonly kind: "found"; readonly bytes: Uint8Array }
  | { readonly kind: "no-bucket" }
  | { readonly kind: "too-large"; readonly bytes: number }
  | { readonly kind: "refused"; readonly code: string; readonly message: string };

export interface Stored {
  readonly versionId: string;
  readonly bucket: Bucket;
}

export interface Deleted {
  readonly bucket: Bucket;
  /** Of the version that was removed, or of the delete marker that was made. */
  readonly versionId: string;
  readonly isDeleteMarker: boolean;
}

const NOTHING: Attributes = { headers: {}, metadata: {}, tags: {}, checksum: null };

export class Buckets {
  private constructor(
    readonly db: Database,
    readonly blobs: Blobs,
    readonly clock: Clock,
    readonly ids: Ids,
  ) {}

  /** Opens or makes the buckets of a data directory, which has to be this process's alone. */
  static async open(place: { directory: string; clock: Clock; ids: Ids }): Promise<Buckets> {
    const blobs = await Blobs.open(join(place.directory, "buckets"), place.ids);
    const db = openBucketsDatabase(join(place.directory, "buckets.db"));
    const directory = await open(place.directory, "r");
    await directory.sync().finally(() => directory.close()); // the two names are entries that a power cut can take back
    return new Buckets(db, blobs, place.clock, place.ids);
  }

  close(): void {
    closeBucketsDatabase(this.db);
  }

  /** Removes bytes that a crash left without an object. Answers how many files. */
  sweep(): Promise<number> {
    return this.blobs.sweep((blob) => isInUse(this.db, blob));
  }

  list(): Bucket[] {
    return this.db
      .query<Bucket, []>("SELECT name, created_at_ms AS createdAtMs, versioning FROM buckets ORDER BY name")
      .all();
  }

  /** @throws S3Error NoSuchBucket */
  require(name: string): Bucket {
    return requireBucket(this.db, name);
  }

  /** @throws S3Error InvalidBucketName, BucketAlreadyOwnedByYou */
  create(name: string): void {
    refuseBucketName(name);
    const sql = "INSERT INTO buckets (name, created_at_ms) VALUES (?, ?) ON CONFLICT DO NOTHING";
    const { changes } = this.db.query(sql).run(name, this.clock.nowMs());
    if (changes === 0) throw new S3Error("BucketAlreadyOwnedByYou", { details: { BucketName: name } });
  }

  /**
   * Removes an empty bucket. Uploads that were begun in it and not completed go with it.
   * @throws S3Error BucketNotEmpty
   */
  async remove(name: string): Promise<void> {
    const freed = atomically(this.db, () => {
      requireBucket(this.db, name);
      if (this.db.query("SELECT 1 FROM objects WHERE bucket = ? LIMIT 1").get(name))
        throw new S3Error("BucketNotEmpty", { details: { BucketName: name } });
      const parts = this.db
        .query<{ content: string }, [string]>(
          "SELECT content FROM parts WHERE upload_id IN (SELECT id FROM uploads WHERE bucket = ?)",
        )
        .all(name);
      this.db.query("DELETE FROM uploads WHERE bucket = ?").run(name);
      this.db.query("DELETE FROM buckets WHERE name = ?").run(name);
      return dropContents(
        this.db,
        parts.map((part) => part.content),
      );
    });
    await this.blobs.remove(freed);
  }

  setVersioning(name: string, versioning: Versioning): void {
    const { changes } = this.db.query("UPDATE buckets SET versioning = ? WHERE name = ?").run(versioning, name);
    if (changes === 0) requireBucket(this.db, name);
  }

  /** Makes bytes that were received an object. They are kept or dropped when the promise settles. */
  async put(
    name: ObjectName,
    input: { written: WrittenBlob; etag: string; attributes: Attributes; conditions: WriteConditions },
  ): Promise<Stored> {
    const { written, ...rest } = input;
    let outcome: "kept" | "dropped" = "dropped";
    try {
      const stored = await this.store(name, { ...rest, pieces: () => written.pieces });
      outcome = "kept";
      return stored;
    } finally {
      await written.settle(outcome);
    }
  }

  /** `pieces` is asked inside the transaction, and may refuse there. */
  async store(
    name: ObjectName,
    input: { pieces: () => readonly Piece[]; etag: string; attributes: Attributes; conditions?: WriteConditions },
  ): Promise<Stored> {
    const { bucket, versionId, freed } = atomically(this.db, () => {
      const bucket = requireBucket(this.db, name.bucket);
      refuseWrite(visible(findLatest(this.db, name)), input.conditions ?? {}, name);
      const versionId = bucket.versioning === "Enabled" ? this.newId() : NULL_VERSION;
      const content = this.newId();
      const pieces = input.pieces();
      insertContent(this.db, { id: content, pieces });
      const freed = insertVersion(this.db, name.bucket, {
        key: name.key,
        versionId,
        isDeleteMarker: false,
        content,
        bytes: pieces.reduce((sum, piece) => sum + piece.bytes, 0),
        etag: input.etag,
        modifiedAtMs: this.clock.nowMs(),
        attributes: input.attributes,
      });
      return { bucket, versionId, freed };
    });
    await this.blobs.remove(freed);
    return { bucket, versionId };
  }

  /**
   * The version asked for, or the latest.
   * @throws S3Error NoSuchBucket, NoSuchKey, NoSuchVersion, MethodNotAllowed for a delete marker asked for by its id.
   */
  find(name: ObjectName, versionId?: string): ObjectVersion {
    requireBucket(this.db, name.bucket);
    if (versionId !== undefined) {
      const version = findVersion(this.db, { ...name, versionId });
      if (version === undefined)
        throw new S3Error("NoSuchVersion", { details: { Key: name.key, VersionId: versionId } });
      if (version.isDeleteMarker)
        throw new S3Error("MethodNotAllowed", { headers: { "x-amz-delete-marker": "true", Allow: "DELETE" } });
      return version;
    }
    const latest = findLatest(this.db, name);
    if (latest !== undefined && !latest.isDeleteMarker) return latest;
    const headers = latest && { "x-amz-delete-marker": "true", "x-amz-version-id": latest.versionId };
    throw new S3Error("NoSuchKey", { details: { Key: name.key }, ...(headers && { headers }) });
  }

  piecesOf(object: ObjectVersion): Piece[] {
    return piecesOf(this.db, object.content);
  }

  /** A whole object in memory: for code, which is small. What is read was there at one moment, whatever is uploaded meanwhile. */
  async readWhole(name: ObjectName & { versionId?: string | undefined }, bytesMax: number): Promise<WholeRead> {
    try {
      const object = this.find(name, name.versionId);
      if (object.bytes > bytesMax) return { kind: "too-large", bytes: object.bytes };
      const chunks = await Array.fromAsync(this.blobs.chunks(this.piecesOf(object)));
      return { kind: "found", bytes: new Uint8Array(Buffer.concat(chunks)) };
    } catch (error) {
      if (!(error instanceof S3Error)) throw error;
      if (error.code === "NoSuchBucket") return { kind: "no-bucket" };
      return { kind: "refused", code: error.code, message: error.message };
    }
  }

  /**
   * Deletes objects of one bucket, all in one step. Without a version id a bucket with versioning gets a delete marker.
   * What is not there counts as deleted.
   */
  async delete(
    bucketName: string,
    names: readonly { key: string; versionId?: string | undefined }[],
    conditions: WriteConditions = {},
  ): Promise<Deleted[]> {
    const freed: string[] = [];
    const deleted = atomically(this.db, () => {
      const bucket = requireBucket(this.db, bucketName);
      return names.map(({ key, versionId }): Deleted => {
        const name = { bucket: bucketName, key };
        refuseWrite(visible(findLatest(this.db, name)), conditions, name);
        if (versionId !== undefined || bucket.versioning === null) {
          const id = versionId ?? NULL_VERSION;
          const version = findVersion(this.db, { ...name, versionId: id });
          if (version) freed.push(...deleteVersion(this.db, bucketName, version));
          return { bucket, versionId: id, isDeleteMarker: version?.isDeleteMarker ?? false };
        }
        const id = bucket.versioning === "Enabled" ? this.newId() : NULL_VERSION;
        const marker = { key, versionId: id, isDeleteMarker: true, content: "", bytes: 0, etag: "" };
        freed.push(
          ...insertVersion(this.db, bucketName, { ...marker, modifiedAtMs: this.clock.nowMs(), attributes: NOTHING }),
        );
        return { bucket, versionId: id, isDeleteMarker: true };
      });
    });
    await this.blobs.remove(freed);
    return deleted;
  }

  setTags(object: ObjectVersion, tags: Attributes["tags"]): void {
    const attributes = JSON.stringify({ ...object.attributes, tags });
    this.db.query("UPDATE objects SET attributes = ? WHERE seq = ?").run(attributes, object.seq);
  }

  newId(): string {
    return this.ids.uuid().replaceAll("-", "");
  }
}

const visible = (object: ObjectVersion | undefined): ObjectVersion | undefined =>
  object?.isDeleteMarker ? undefined : object;
