import assert from "node:assert/strict";
import { and, eq } from "drizzle-orm";
import type { FunctionStore } from "../port.ts";
import { aliasesNaming } from "./alias-queries.ts";
import { atomically, type StoreDatabase } from "./database.ts";
import { deleteDocumentsOf } from "./documents.ts";
import type { FunctionQueries } from "./function-queries.ts";
import { documents, functions, versions } from "./tables.ts";
import { LATEST_NUMBER, versionNumber } from "./version-row.ts";

/** See `FunctionStore.delete`. Versions and aliases go by foreign key. */
export function deleteFunction(
  context: { db: StoreDatabase; queries: FunctionQueries },
  functionName: string,
): Awaited<ReturnType<FunctionStore["delete"]>> {
  const { db, queries } = context;
  return atomically(db, () => {
    if (!queries.find(functionName)) return { kind: "missing" };
    db.delete(functions).where(eq(functions.name, functionName)).run();
    db.delete(documents).where(eq(documents.owner, functionName)).run();
    return { kind: "done", value: null };
  });
}

/** See `FunctionStore.deleteVersion`. */
export function deleteVersion(
  context: { db: StoreDatabase; queries: FunctionQueries },
  input: { functionName: string; version: string },
): Awaited<ReturnType<FunctionStore["deleteVersion"]>> {
  const { db, queries } = context;
  const number = versionNumber(input.version);
  assert(number !== LATEST_NUMBER, "$LATEST goes with its function only");
  if (number === undefined) return { kind: "missing" };
  return atomically(db, () => {
    if (!queries.findRow(input.functionName, number)) return { kind: "missing" };
    const aliases = aliasesNaming(db, { functionName: input.functionName, number });
    if (aliases.length > 0) return { kind: "aliased", aliases };
    db.delete(versions)
      .where(and(eq(versions.functionName, input.functionName), eq(versions.number, number)))
      .run();
    deleteDocumentsOf(db, { functionName: input.functionName, qualifier: input.version });
    return { kind: "done", value: null };
  });
}
