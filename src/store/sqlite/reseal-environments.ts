import { sql } from "drizzle-orm";
import type { Reseal } from "../settings-content.ts";
import { atomically, type StoreDatabase } from "./database.ts";
import type { FunctionQueries } from "./function-queries.ts";
import type { FunctionWrites } from "./function-writes.ts";
import { versions } from "./tables.ts";
import { contentDigest, LATEST_NUMBER, type VersionRow, versionOf } from "./version-row.ts";

/** See `FunctionStore.resealEnvironments`. */
export function resealEnvironments(
  context: { db: StoreDatabase; queries: FunctionQueries; writes: FunctionWrites },
  seal: Reseal,
): number {
  const { db } = context;
  let hadOpen = false;
  const count = atomically(db, () => {
    const found = db
      .select({ functionName: versions.functionName, number: versions.number })
      .from(versions)
      .where(sql`json_extract(${versions.settings}, '$.environment') IS NOT NULL`)
      .all();
    let changed = 0;
    for (const [functionName, places] of Map.groupBy(found, (place) => place.functionName)) {
      const done = resealFunction(context, { functionName, numbers: places.map(({ number }) => number), seal });
      changed += done.changed;
      hadOpen ||= done.hadOpen;
    }
    return changed;
  });
  if (hadOpen) forget(db);
  return count;
}

function resealFunction(
  { queries, writes }: { queries: FunctionQueries; writes: FunctionWrites },
  { functionName, numbers, seal }: { functionName: string; numbers: readonly number[]; seal: Reseal },
): { changed: number; hadOpen: boolean } {
  const latest = queries.findRow(functionName, LATEST_NUMBER);
  const digestBefore = latest && contentDigest(versionOf(latest));
  const rows = numbers.flatMap((number) => queries.findRow(functionName, number) ?? []);
  const hadOpen = rows.some(({ settings }) => typeof settings.environment !== "string");
  let changed = 0;
  for (const row of rows) {
    const { environment, kmsKeyArn } = row.settings;
    const sealed = environment === null ? undefined : seal({ functionName, kmsKeyArn, environment });
    if (sealed === undefined) continue;
    writes.updateVersion({ ...row, settings: { ...row.settings, environment: sealed } });
    changed++;
  }
  if (hadOpen) compareAnew({ queries, writes }, { functionName, digestBefore });
  return { changed, hadOpen };
}

/** A digest of what was open would tell a guess from the truth. Of those only the one that still counts is kept, as what it is now. */
function compareAnew(
  { queries, writes }: { queries: FunctionQueries; writes: FunctionWrites },
  { functionName, digestBefore }: { functionName: string; digestBefore: string | undefined },
): void {
  const latest = queries.findRow(functionName, LATEST_NUMBER);
  const digest = latest ? contentDigest(versionOf(latest)) : null;
  for (let number = (queries.find(functionName)?.versionNext ?? 1) - 1; number > LATEST_NUMBER; number--) {
    const row: VersionRow | undefined = queries.findRow(functionName, number);
    if (row) writes.updateVersion({ ...row, publishedFrom: row.publishedFrom === digestBefore ? digest : null });
  }
}

/** Pages that were freed, and the log, still hold what was written over. */
function forget(db: StoreDatabase): void {
  db.$client.run("VACUUM");
  db.$client.run("PRAGMA wal_checkpoint(TRUNCATE)");
}
