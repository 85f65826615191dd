import assert from "node:assert/strict";
import { LATEST } from "../../core/states.ts";
import type { FunctionStore, FunctionVersion } from "../port.ts";
import { atomically, type StoreDatabase } from "./database.ts";
import { documentQueries } from "./document-queries.ts";
import { writeDocument } from "./documents.ts";
import { codeBytes, type FunctionQueries } from "./function-queries.ts";
import type { FunctionWrites } from "./function-writes.ts";
import { firstUnmet } from "./needs.ts";
import { contentDigest, LATEST_NUMBER, rowOf, type VersionRow, versionNumber } from "./version-row.ts";

/** See `FunctionStore.create`. */
export function createFunction(
  context: { db: StoreDatabase; queries: FunctionQueries; writes: FunctionWrites },
  input: Parameters<FunctionStore["create"]>[0],
): Awaited<ReturnType<FunctionStore["create"]>> {
  const { db, queries, writes } = context;
  const { record, latest, published } = input;
  assert(latest.version === LATEST && latest.functionName === record.name, "latest is the $LATEST of the record");
  const rows: VersionRow[] = [rowOf(latest, { number: LATEST_NUMBER, publishedFrom: null })];
  if (published) rows.push(rowOf(published, { number: numberOf(published), publishedFrom: contentDigest(latest) }));
  const codeBytesAdded = rows.reduce((sum, row) => sum + row.codeBytes, 0);
  const versionNext = published ? numberOf(published) + 1 : record.versionNext;

  return atomically(db, () => {
    if (queries.find(record.name)) return { kind: "exists" };
    if (codeBytes(db) + codeBytesAdded > input.codeBytesMax) return { kind: "code-storage-exceeded" };
    const unmet =
      input.needs && firstUnmet({ db, functions: queries, queries: documentQueries(db) }, { needs: input.needs });
    if (unmet) return unmet;
    writes.insertRecord({ ...record, versionNext });
    for (const row of rows) writes.insertVersion(row);
    for (const change of input.documents ?? []) {
      writeDocument(db, { change, before: documentQueries(db).find(change) });
    }
    return { kind: "done", value: published ?? latest };
  });
}

function numberOf(published: FunctionVersion): number {
  const number = versionNumber(published.version);
  assert(number !== undefined && number !== LATEST_NUMBER, "a published version has a number");
  return number;
}
