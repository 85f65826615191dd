import assert from "node:assert/strict";
import { and, eq } from "drizzle-orm";
import type { DocumentChange, DocumentEdit, DocumentKey, DocumentStore, StoredDocument } from "../document-port.ts";
import { atomically, type Durable, type StoreDatabase } from "./database.ts";
import { type DocumentQueries, type DocumentRow, documentOf, documentQueries, isDocument } from "./document-queries.ts";
import type { FunctionQueries } from "./function-queries.ts";
import { firstUnmet } from "./needs.ts";
import { documents } from "./tables.ts";

interface Context {
  readonly db: StoreDatabase;
  readonly functions: FunctionQueries;
  readonly queries: DocumentQueries;
}

export function documentStore(parts: {
  db: StoreDatabase;
  functions: FunctionQueries;
  durable: Durable;
}): DocumentStore {
  const { db, functions, durable } = parts;
  const queries = documentQueries(db);
  const context = { db, functions, queries };
  return {
    put: (change) => durable(() => atomically(db, () => writeDocument(db, { change, before: queries.find(change) }))),
    find: async (key) => {
      const row = queries.find(key);
      return row && documentOf(row);
    },
    list: async (input) => queries.list(input),
    delete: (key) => durable(() => deleteDocument(db, key)),
    replace: (input) => durable(() => replaceDocument(context, input)),
    edit: (input, change) => durable(() => editDocument(context, { ...input, change })),
  };
}

const deleteDocument = (db: StoreDatabase, key: DocumentKey): boolean =>
  db.delete(documents).where(isDocument(key)).returning({ key: documents.key }).all().length > 0;

function replaceDocument(
  context: Context,
  input: DocumentChange & { expectedRevision: number | null },
): StoredDocument | undefined {
  return atomically(context.db, () => {
    const before = context.queries.find(input);
    if ((before?.revision ?? null) !== input.expectedRevision) return undefined;
    return writeDocument(context.db, { change: input, before });
  });
}

function editDocument(
  context: Context,
  input: Parameters<DocumentStore["edit"]>[0] & { change: (before: StoredDocument | undefined) => DocumentEdit },
): Awaited<ReturnType<DocumentStore["edit"]>> {
  const { db, queries } = context;
  return atomically(db, () => {
    const unmet = firstUnmet(context, { needs: input.needs ?? [], self: input });
    if (unmet) return unmet;
    const before = queries.find(input);
    const edit = input.change(before && documentOf(before));
    if (edit === "keep") return { kind: "done", value: before && documentOf(before) };
    if (edit === "delete") {
      db.delete(documents).where(isDocument(input)).run();
      return { kind: "done", value: undefined };
    }
    const { kind, owner, key, nowMs } = input;
    return { kind: "done", value: writeDocument(db, { change: { kind, owner, key, nowMs, ...edit.put }, before }) };
  });
}

/** Inside the caller's transaction. */
export function writeDocument(
  db: StoreDatabase,
  { change, before }: { change: DocumentChange; before: DocumentRow | undefined },
): StoredDocument {
  assert(!change.owner.includes("/"), "an owner holds no slash: it parts owner and key in a page's key");
  const row: DocumentRow = {
    kind: change.kind,
    owner: change.owner,
    key: change.key,
    body: change.body,
    codeSha256: change.code?.sha256 ?? null,
    codeBytes: change.code?.bytes ?? null,
    revision: (before?.revision ?? 0) + 1,
    createdAtMs: before?.createdAtMs ?? change.nowMs,
    modifiedAtMs: change.nowMs,
    label: change.label ?? null,
  };
  if (before) db.update(documents).set(row).where(isDocument(change)).run();
  else db.insert(documents).values(row).run();
  return documentOf(row);
}

/** Those that belong to one version or alias of a function. Inside the caller's transaction. */
export function deleteDocumentsOf(db: StoreDatabase, of: { functionName: string; qualifier: string }): void {
  db.delete(documents)
    .where(and(eq(documents.owner, of.functionName), eq(documents.key, of.qualifier)))
    .run();
}
