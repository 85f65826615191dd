import type { FunctionStore } from "../port.ts";
import { atomically, type StoreDatabase } from "./database.ts";
import { codeBytes, type FunctionQueries } from "./function-queries.ts";
import type { FunctionWrites } from "./function-writes.ts";
import { insertPublished, type PublicationPlan, planPublication } from "./publish-version.ts";
import { isUnsettled, LATEST_NUMBER, type VersionRow, versionOf } from "./version-row.ts";

/** See `FunctionStore.updateLatest`. */
export function updateLatest(
  context: { db: StoreDatabase; queries: FunctionQueries; writes: FunctionWrites },
  input: Parameters<FunctionStore["updateLatest"]>[0],
): Awaited<ReturnType<FunctionStore["updateLatest"]>> {
  const { db, queries, writes } = context;
  return atomically(db, () => {
    const before = queries.findRow(input.functionName, LATEST_NUMBER);
    if (!before) return { kind: "missing" };
    if (input.expectedRevisionId !== undefined && input.expectedRevisionId !== before.revisionId)
      return { kind: "stale-revision" };
    if (isUnsettled(before)) return { kind: "update-in-progress" };

    const latest: VersionRow = {
      ...before,
      revisionId: input.revisionId,
      settings: { ...before.settings, ...input.change.settings },
      codeSha256: input.change.code?.sha256 ?? before.codeSha256,
      codeBytes: input.change.code?.bytes ?? before.codeBytes,
      updateStatus: "InProgress",
      updateStatusReason: input.reason,
      lastModifiedMs: input.nowMs,
    };
    const plan = input.publish && planPublication(queries, latest);
    const codeBytesAdded = latest.codeBytes - before.codeBytes + (plan && !plan.unchanged ? latest.codeBytes : 0);
    if (codeBytesAdded > 0 && codeBytes(db) + codeBytesAdded > input.codeBytesMax)
      return { kind: "code-storage-exceeded" };
    if (input.dryRun) return { kind: "done", value: versionOf(previewOf({ before, latest, plan })) };

    writes.updateVersion(latest);
    if (!input.publish || !plan) return { kind: "done", value: versionOf(latest) };
    const published =
      plan.unchanged ?? insertPublished(context, { latest, plan, nowMs: input.nowMs, ...input.publish });
    return { kind: "done", value: versionOf(published) };
  });
}

/** What the answer would be, under the states and the revision that are there. */
function previewOf(input: { before: VersionRow; latest: VersionRow; plan: PublicationPlan | undefined }): VersionRow {
  const { before, latest, plan } = input;
  if (plan?.unchanged) return plan.unchanged;
  const { settings, codeSha256, codeBytes } = latest;
  return { ...before, settings, codeSha256, codeBytes, number: plan?.number ?? LATEST_NUMBER };
}
