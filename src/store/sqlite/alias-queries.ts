import { and, asc, eq, gt, or, type SQL, sql } from "drizzle-orm";
import type { Alias, AliasStore, Page } from "../port.ts";
import type { StoreDatabase } from "./database.ts";
import { pageOf, rowLimit } from "./paging.ts";
import { aliases } from "./tables.ts";
import { versionName, versionNumber } from "./version-row.ts";

export type AliasQueries = ReturnType<typeof aliasQueries>;
type AliasRow = typeof aliases.$inferSelect;

export function aliasQueries(db: StoreDatabase) {
  const alias = db
    .select()
    .from(aliases)
    .where(and(eq(aliases.functionName, sql.placeholder("functionName")), eq(aliases.name, sql.placeholder("name"))))
    .prepare();

  return {
    find(key: { functionName: string; name: string }): Alias | undefined {
      const row = alias.get({ functionName: key.functionName, name: key.name });
      return row && aliasOf(row);
    },

    list(input: Parameters<AliasStore["list"]>[0]): Page<Alias> {
      const number = input.version === undefined ? undefined : versionNumber(input.version);
      if (input.version !== undefined && number === undefined) return { items: [] };
      const rows = db
        .select()
        .from(aliases)
        .where(
          and(
            eq(aliases.functionName, input.functionName),
            gt(aliases.name, input.after ?? ""),
            number === undefined ? undefined : names(number),
          ),
        )
        .orderBy(asc(aliases.name))
        .limit(rowLimit(input))
        .all();
      return pageOf(rows, input, { item: aliasOf, key: (row) => row.name });
    },
  };
}

/** Names of the aliases that send traffic to this version. */
export function aliasesNaming(db: StoreDatabase, input: { functionName: string; number: number }): string[] {
  const rows = db
    .select({ name: aliases.name })
    .from(aliases)
    .where(and(eq(aliases.functionName, input.functionName), names(input.number)))
    .orderBy(asc(aliases.name))
    .all();
  return rows.map((row) => row.name);
}

const names = (number: number): SQL | undefined =>
  or(
    eq(aliases.versionNumber, number),
    sql`EXISTS (SELECT 1 FROM json_each(${aliases.weights}) WHERE key = ${versionName(number)})`,
  );

const aliasOf = (row: AliasRow): Alias => ({
  functionName: row.functionName,
  name: row.name,
  version: versionName(row.versionNumber),
  description: row.description,
  weights: row.weights,
  revisionId: row.revisionId,
});
