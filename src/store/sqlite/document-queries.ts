import { and, asc, eq, ne, or, sql } from "drizzle-orm";
import type { DocumentKey, DocumentStore, StoredDocument } from "../document-port.ts";
import type { Page } from "../port.ts";
import type { StoreDatabase } from "./database.ts";
import { pageOf, rowLimit } from "./paging.ts";
import { documents } from "./tables.ts";

export type DocumentQueries = ReturnType<typeof documentQueries>;
export type DocumentRow = typeof documents.$inferSelect;

export function documentQueries(db: StoreDatabase) {
  const document = db
    .select()
    .from(documents)
    .where(
      and(
        eq(documents.kind, sql.placeholder("kind")),
        eq(documents.owner, sql.placeholder("owner")),
        eq(documents.key, sql.placeholder("key")),
      ),
    )
    .prepare();

  return {
    find: ({ kind, owner, key }: DocumentKey): DocumentRow | undefined => document.get({ kind, owner, key }),

    /** One that bears the label, other than `self`. */
    findHolder({ kind, label }: { kind: string; label: string }, self?: DocumentKey): DocumentRow | undefined {
      const isOther =
        self && or(ne(documents.kind, self.kind), ne(documents.owner, self.owner), ne(documents.key, self.key));
      return db
        .select()
        .from(documents)
        .where(and(eq(documents.kind, kind), eq(documents.label, label), isOther))
        .limit(1)
        .get();
    },

    list(input: Parameters<DocumentStore["list"]>[0]): Page<StoredDocument> {
      const after = input.after === undefined ? undefined : positionAfter(input.after);
      const rows = db
        .select()
        .from(documents)
        .where(
          and(
            eq(documents.kind, input.kind),
            input.owner === undefined ? undefined : eq(documents.owner, input.owner),
            input.label === undefined ? undefined : eq(documents.label, input.label),
            after && sql`(${documents.owner}, ${documents.key}) > (${after.owner}, ${after.key})`,
          ),
        )
        .orderBy(asc(documents.owner), asc(documents.key))
        .limit(rowLimit(input))
        .all();
      return pageOf(rows, input, { item: documentOf, key: (row) => `${row.owner}/${row.key}` });
    },
  };
}

// An owner holds no slash, so the first one parts it from the key.
function positionAfter(after: string): { owner: string; key: string } {
  const slash = after.indexOf("/");
  return slash < 0 ? { owner: after, key: "" } : { owner: after.slice(0, slash), key: after.slice(slash + 1) };
}

export const isDocument = ({ kind, owner, key }: DocumentKey) =>
  and(eq(documents.kind, kind), eq(documents.owner, owner), eq(documents.key, key));

export const documentOf = (row: DocumentRow): StoredDocument => ({
  kind: row.kind,
  owner: row.owner,
  key: row.key,
  body: row.body,
  code: row.codeSha256 === null ? null : { sha256: row.codeSha256, bytes: row.codeBytes ?? 0 },
  label: row.label,
  revision: row.revision,
  createdAtMs: row.createdAtMs,
  modifiedAtMs: row.modifiedAtMs,
});
