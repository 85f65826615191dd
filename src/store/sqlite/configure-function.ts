import { and, eq } from "drizzle-orm";
import type { FunctionStore } from "../port.ts";
import { atomically, type StoreDatabase } from "./database.ts";
import type { FunctionQueries } from "./function-queries.ts";
import { functions, versions } from "./tables.ts";
import { isUnsettled, LATEST_NUMBER } from "./version-row.ts";

/** See `FunctionStore.changeTags`. */
export function changeTags(
  context: { db: StoreDatabase; queries: FunctionQueries },
  input: Parameters<FunctionStore["changeTags"]>[0],
): Awaited<ReturnType<FunctionStore["changeTags"]>> {
  const { db, queries } = context;
  return atomically(db, () => {
    const latest = queries.findRow(input.functionName, LATEST_NUMBER);
    if (!latest) return { kind: "missing" };
    const removed = new Set(input.remove);
    const kept = Object.entries(queries.find(input.functionName)?.tags ?? {}).filter(([key]) => !removed.has(key));
    const tags = { ...Object.fromEntries(kept), ...input.set };
    if (Object.keys(tags).length > input.countMax) return { kind: "too-many-tags" };
    db.update(functions).set({ tags }).where(eq(functions.name, input.functionName)).run();
    if (!isUnsettled(latest)) {
      db.update(versions)
        .set({ revisionId: input.revisionId })
        .where(and(eq(versions.functionName, input.functionName), eq(versions.number, LATEST_NUMBER)))
        .run();
    }
    return { kind: "done", value: null };
  });
}

/** See `FunctionStore.putReservedConcurrency`. */
export function putReservedConcurrency(
  context: { db: StoreDatabase; queries: FunctionQueries },
  input: Parameters<FunctionStore["putReservedConcurrency"]>[0],
): Awaited<ReturnType<FunctionStore["putReservedConcurrency"]>> {
  const { db, queries } = context;
  return atomically(db, () => {
    const found = queries.find(input.functionName);
    if (!found) return { kind: "missing" };
    const before = found.reservedConcurrency ?? 0;
    const after = input.reserved ?? 0;
    if (after > before && queries.usage().reservedConcurrency - before + after > input.totalMax)
      return { kind: "over-reserved" };
    db.update(functions)
      .set({ reservedConcurrency: input.reserved })
      .where(eq(functions.name, input.functionName))
      .run();
    return { kind: "done", value: null };
  });
}
