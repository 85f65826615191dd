/** The rows that say which bytes an object or a part consists of. All to be called inside a transaction of the caller's. */
import type { Database } from "bun:sqlite";
import type { Piece } from "./blobs.ts";

export function insertContent(db: Database, { id, pieces }: { id: string; pieces: readonly Piece[] }): void {
  const insert = db.query("INSERT INTO pieces (content, ordinal, blob, start, bytes) VALUES (?, ?, ?, ?, ?)");
  for (const [ordinal, piece] of pieces.entries()) insert.run(id, ordinal, piece.blob, piece.start, piece.bytes);
}

export const piecesOf = (db: Database, content: string): Piece[] =>
  db.query<Piece, [string]>("SELECT blob, start, bytes FROM pieces WHERE content = ? ORDER BY ordinal").all(content);

/** Takes contents out and answers the blobs that nothing refers to any more: to be removed after the commit. */
export function dropContents(db: Database, contents: readonly string[]): string[] {
  const blobs = new Set<string>();
  for (const content of contents) {
    for (const piece of piecesOf(db, content)) blobs.add(piece.blob);
    db.query("DELETE FROM pieces WHERE content = ?").run(content);
  }
  return [...blobs].filter((blob) => !isInUse(db, blob));
}

export const isInUse = (db: Database, blob: string): boolean =>
  db.query("SELECT 1 FROM pieces WHERE blob = ? LIMIT 1").get(blob) !== null;
