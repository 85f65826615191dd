/** Multipart uploads. Their parts are kept like objects; completing one joins them without copying a byte. */
import type { WrittenBlob } from "./blobs.ts";
import type { Buckets, Stored } from "./buckets.ts";
import type { WriteConditions } from "./conditions.ts";
import { dropContents, insertContent, isInUse, piecesOf } from "./contents.ts";
import { atomically } from "./database.ts";
import { type Attributes, type ObjectName, requireBucket } from "./object-rows.ts";
import { S3Error } from "./s3-error.ts";

export const PART_NUMBER_MAX = 10_000;
/** Every part but the last. Source: Amazon S3 User Guide, "Amazon S3 multipart upload limits". */
const PART_BYTES_MIN = 5 * 1024 * 1024;

export interface Upload {
  readonly id: string;
  readonly key: string;
  readonly createdAtMs: number;
  readonly attributes: Attributes;
}

export interface Part {
  readonly number: number;
  readonly content: string;
  readonly bytes: number;
  readonly etag: string;
  readonly modifiedAtMs: number;
}

type UploadRow = Omit<Upload, "attributes"> & { attributes: string };
const UPLOAD_COLUMNS = "id, key, created_at_ms AS createdAtMs, attributes";
const PART_COLUMNS = "number, content, bytes, etag, modified_at_ms AS modifiedAtMs";

export function beginUpload(buckets: Buckets, name: ObjectName, attributes: Attributes): string {
  const id = buckets.newId();
  atomically(buckets.db, () => {
    requireBucket(buckets.db, name.bucket);
    const sql = "INSERT INTO uploads (id, bucket, key, created_at_ms, attributes) VALUES (?, ?, ?, ?, ?)";
    buckets.db.query(sql).run(id, name.bucket, name.key, buckets.clock.nowMs(), JSON.stringify(attributes));
  });
  return id;
}

/** @throws S3Error NoSuchUpload, NoSuchBucket */
export function requireUpload(buckets: Buckets, name: ObjectName, id: string): Upload {
  requireBucket(buckets.db, name.bucket);
  const sql = `SELECT ${UPLOAD_COLUMNS} FROM uploads WHERE id = ? AND bucket = ? AND key = ?`;
  const row = buckets.db.query<UploadRow, [string, string, string]>(sql).get(id, name.bucket, name.key);
  if (!row) throw new S3Error("NoSuchUpload", { details: { UploadId: id } });
  return { ...row, attributes: JSON.parse(row.attributes) as Attributes };
}

/** Stores a part, in place of one of the same number. The bytes are kept or dropped when the promise settles. */
export async function putPart(
  buckets: Buckets,
  name: ObjectName,
  part: { uploadId: string; number: number; written: WrittenBlob; etag: string },
): Promise<void> {
  let outcome: "kept" | "dropped" = "dropped";
  try {
    await insertPart(buckets, name, { ...part, pieces: part.written.pieces });
    outcome = "kept";
  } finally {
    await part.written.settle(outcome);
  }
}

/** `pieces` are held by the caller. When they belong to an object that went meanwhile, the part is refused. */
export async function insertPart(
  buckets: Buckets,
  name: ObjectName,
  part: { uploadId: string; number: number; pieces: WrittenBlob["pieces"]; etag: string; copied?: boolean },
): Promise<void> {
  const { db } = buckets;
  const freed = atomically(db, () => {
    requireUpload(buckets, name, part.uploadId);
    if (part.copied && !part.pieces.every((piece) => isInUse(db, piece.blob))) throw new S3Error("NoSuchKey");
    const content = buckets.newId();
    insertContent(db, { id: content, pieces: part.pieces });
    const replaced = partsOf(buckets, part.uploadId, part.number);
    const bytes = part.pieces.reduce((sum, piece) => sum + piece.bytes, 0);
    db.query(
      "INSERT OR REPLACE INTO parts (upload_id, number, content, bytes, etag, modified_at_ms) VALUES (?, ?, ?, ?, ?, ?)",
    ).run(part.uploadId, part.number, content, bytes, part.etag, buckets.clock.nowMs());
    return dropContents(
      db,
      replaced.map((each) => each.content),
    );
  });
  await buckets.blobs.remove(freed);
}

/** In the order of their numbers. */
export function partsOf(buckets: Buckets, uploadId: string, number?: number): Part[] {
  const sql = `SELECT ${PART_COLUMNS} FROM parts WHERE upload_id = ?1 AND (?2 IS NULL OR number = ?2) ORDER BY number`;
  return buckets.db.query<Part, [string, number | null]>(sql).all(uploadId, number ?? null);
}

/**
 * Makes the parts named an object; parts that are not named are dropped.
 * @throws S3Error InvalidPart, InvalidPartOrder, EntityTooSmall, NoSuchUpload, PreconditionFailed
 */
export async function completeUpload(
  buckets: Buckets,
  name: ObjectName,
  input: { uploadId: string; named: readonly { number: number; etag: string }[]; conditions: WriteConditions },
): Promise<Stored & { etag: string }> {
  const { uploadId, named } = input;
  const { attributes } = requireUpload(buckets, name, uploadId);
  const parts = new Map(partsOf(buckets, uploadId).map((part) => [part.number, part]));
  const chosen = named.map(({ number, etag }, index): Part => {
    if (index > 0 && number <= (named[index - 1]?.number ?? 0)) throw new S3Error("InvalidPartOrder");
    const part = parts.get(number);
    if (part === undefined || part.etag !== etag)
      throw new S3Error("InvalidPart", { details: { UploadId: uploadId, PartNumber: String(number), ETag: etag } });
    return part;
  });
  const small = chosen.slice(0, -1).find((part) => part.bytes < PART_BYTES_MIN);
  if (small) {
    const details = { ProposedSize: String(small.bytes), MinSizeAllowed: String(PART_BYTES_MIN) };
    throw new S3Error("EntityTooSmall", { details: { ...details, PartNumber: String(small.number) } });
  }
  const etag = jointEtag(chosen);
  const freed: string[] = [];
  const stored = await buckets.store(name, {
    etag,
    attributes,
    conditions: input.conditions,
    pieces: () => {
      requireUpload(buckets, name, uploadId); // in the same step: somebody may have completed or aborted it
      const now = new Map(partsOf(buckets, uploadId).map((part) => [part.number, part.content]));
      if (chosen.some((part) => now.get(part.number) !== part.content)) throw new S3Error("InvalidPart");
      const pieces = chosen.flatMap((part) => piecesOf(buckets.db, part.content));
      freed.push(...dropUpload(buckets, uploadId));
      return pieces;
    },
  });
  // Those that the object consists of are in use again since `pieces` answered.
  await buckets.blobs.remove(freed.filter((blob) => !isInUse(buckets.db, blob)));
  return { ...stored, etag };
}

export async function abortUpload(buckets: Buckets, name: ObjectName, id: string): Promise<void> {
  const freed = atomically(buckets.db, () => {
    requireUpload(buckets, name, id);
    return dropUpload(buckets, id);
  });
  await buckets.blobs.remove(freed);
}

export function uploadsOf(buckets: Buckets, bucket: string, prefix: string): Upload[] {
  requireBucket(buckets.db, bucket);
  const sql = `SELECT ${UPLOAD_COLUMNS} FROM uploads WHERE bucket = ? ORDER BY key, id`;
  const rows = buckets.db.query<UploadRow, [string]>(sql).all(bucket);
  return rows
    .filter((row) => row.key.startsWith(prefix))
    .map((row) => ({ ...row, attributes: JSON.parse(row.attributes) as Attributes }));
}

/** Inside a transaction. Answers the blobs that this set free. */
function dropUpload(buckets: Buckets, id: string): string[] {
  const contents = partsOf(buckets, id).map((part) => part.content);
  buckets.db.query("DELETE FROM uploads WHERE id = ?").run(id);
  return dropContents(buckets.db, contents);
}

/** The MD5 of the parts' MD5s, and how many there are: as S3 has it, and as clients compare it. */
function jointEtag(parts: readonly Part[]): string {
  const joint = new Bun.CryptoHasher("md5");
  for (const part of parts) joint.update(Buffer.from(part.etag, "hex"));
  return `${joint.digest("hex")}-${parts.length}`;
}
