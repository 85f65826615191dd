import { eq } from "drizzle-orm";
import type { StateReason } from "../../core/states.ts";
import type { FunctionStore } from "../port.ts";
import { atomically, type StoreDatabase } from "./database.ts";
import { codeBytes, type FunctionQueries } from "./function-queries.ts";
import type { FunctionWrites } from "./function-writes.ts";
import { functions } from "./tables.ts";
import { contentDigest, isUnsettled, LATEST_NUMBER, type VersionRow, versionOf } from "./version-row.ts";

/** See `FunctionStore.publish`. */
export function publishVersion(
  context: { db: StoreDatabase; queries: FunctionQueries; writes: FunctionWrites },
  input: Parameters<FunctionStore["publish"]>[0],
): Awaited<ReturnType<FunctionStore["publish"]>> {
  const { db, queries } = context;
  return atomically(db, () => {
    const latest = queries.findRow(input.functionName, LATEST_NUMBER);
    if (!latest) return { kind: "missing" };
    if (input.expectedRevisionId !== undefined && input.expectedRevisionId !== latest.revisionId)
      return { kind: "stale-revision" };
    if (input.expectedSha256 !== undefined && input.expectedSha256 !== latest.codeSha256)
      return { kind: "other-code", sha256: latest.codeSha256 };
    if (isUnsettled(latest)) return { kind: "update-in-progress" };

    const plan = planPublication(queries, latest);
    if (plan.unchanged) return { kind: "done", value: versionOf(plan.unchanged) };
    if (codeBytes(db) + latest.codeBytes > input.codeBytesMax) return { kind: "code-storage-exceeded" };
    const published = insertPublished(context, { latest, plan, ...input });
    context.writes.updateVersion({ ...latest, revisionId: input.latestRevisionId });
    return { kind: "done", value: versionOf(published) };
  });
}

/** What publishing `latest` would do: find it unchanged since the last number was given out, or give out `number`. */
export interface PublicationPlan {
  readonly unchanged: VersionRow | undefined;
  readonly number: number;
  readonly contentDigest: string;
}

export function planPublication(queries: FunctionQueries, latest: VersionRow): PublicationPlan {
  const number = queries.find(latest.functionName)?.versionNext ?? 1;
  const digest = contentDigest(versionOf(latest));
  const last = number > 1 ? queries.findRow(latest.functionName, number - 1) : undefined;
  return { unchanged: last?.publishedFrom === digest ? last : undefined, number, contentDigest: digest };
}

/** Writes the planned version, inside the caller's transaction. */
export function insertPublished(
  { db, writes }: { db: StoreDatabase; writes: FunctionWrites },
  input: {
    latest: VersionRow;
    plan: PublicationPlan;
    revisionId: string;
    description?: string | undefined;
    reason: StateReason;
    nowMs: number;
  },
): VersionRow {
  const { latest, plan } = input;
  const row: VersionRow = {
    ...latest,
    number: plan.number,
    revisionId: input.revisionId,
    settings: { ...latest.settings, description: input.description ?? latest.settings.description },
    state: "Pending",
    stateReason: input.reason,
    updateStatus: null,
    updateStatusReason: null,
    lastModifiedMs: input.nowMs,
    publishedFrom: plan.contentDigest,
  };
  writes.insertVersion(row);
  db.update(functions)
    .set({ versionNext: plan.number + 1 })
    .where(eq(functions.name, latest.functionName))
    .run();
  return row;
}
