/** Writes of functions and versions, each prepared once, all inside the caller's transaction. */
import { and, eq, getTableColumns, sql } from "drizzle-orm";
import type { StoreDatabase } from "./database.ts";
import { functions, versions } from "./tables.ts";
import type { VersionRow } from "./version-row.ts";

export type FunctionWrites = ReturnType<typeof functionWrites>;

export function functionWrites(db: StoreDatabase) {
  const record = db.insert(functions).values(givenFor<typeof functions.$inferSelect>(functions)).prepare();
  const version = db.insert(versions).values(givenFor<VersionRow>(versions)).prepare();
  const change = db
    .update(versions)
    .set(givenFor<VersionRow>(versions))
    .where(
      and(eq(versions.functionName, sql.placeholder("functionName")), eq(versions.number, sql.placeholder("number"))),
    )
    .prepare();

  return {
    insertRecord: (row: typeof functions.$inferSelect): void => void record.run(row),
    insertVersion: (row: VersionRow): void => void version.run(row),
    /** Replaces the version of this function and number. */
    updateVersion: (row: VersionRow): void => void change.run(row),
  };
}

/** A placeholder for each column, under the column's name, in the row's own type: drizzle knows placeholders in its types only here and there. */
const givenFor = <Row>(table: Parameters<typeof getTableColumns>[0]): Row =>
  Object.fromEntries(Object.keys(getTableColumns(table)).map((name) => [name, sql.placeholder(name)])) as Row;
