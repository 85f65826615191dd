import type { StateReason } from "../../core/states.ts";
import type { FunctionStore, FunctionVersion } from "../port.ts";
import { atomically, type StoreDatabase } from "./database.ts";
import type { FunctionQueries } from "./function-queries.ts";
import type { FunctionWrites } from "./function-writes.ts";
import { isUnsettled, type VersionRow, versionNumber, versionOf } from "./version-row.ts";

/** See `FunctionStore.settle`. What a power cut takes back is unsettled again, and a start settles it. */
export function settleVersion(
  context: { db: StoreDatabase; queries: FunctionQueries; writes: FunctionWrites },
  input: Parameters<FunctionStore["settle"]>[0],
): FunctionVersion | undefined {
  const { db, queries, writes } = context;
  const number = versionNumber(input.version);
  if (number === undefined) return undefined;
  return atomically(db, () => {
    const row = queries.findRow(input.functionName, number);
    if (!row || row.revisionId !== input.expectedRevisionId || !isUnsettled(row)) return undefined;
    const settled = { ...row, ...outcome(row, input.failure), revisionId: input.revisionId };
    writes.updateVersion(settled);
    return versionOf(settled);
  });
}

function outcome(row: VersionRow, failure: StateReason | undefined): Partial<VersionRow> {
  if (!failure) return { state: "Active", stateReason: null, updateStatus: "Successful", updateStatusReason: null };
  const failed: Partial<VersionRow> = { updateStatus: "Failed", updateStatusReason: failure };
  return row.state === "Pending" ? { ...failed, state: "Failed", stateReason: failure } : failed;
}
