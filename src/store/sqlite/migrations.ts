/**
 * The steps from an empty database to the one that this build knows, embedded as text. The database counts the steps it has
 * taken in its `user_version`. A step that shipped is never edited: a change is a new file at the end of the list.
 */
import type { Database } from "bun:sqlite";
import functionsSql from "./migrations/0001-functions.sql" with { type: "text" };
import labelsSql from "./migrations/0002-labels.sql" with { type: "text" };
import queueSql from "./migrations/0003-queue.sql" with { type: "text" };
import layersSql from "./migrations/0004-layers.sql" with { type: "text" };
import schedulesSql from "./migrations/0005-schedules.sql" with { type: "text" };
import boxUsageSql from "./migrations/0006-dead-letter-usage.sql" with { type: "text" };

export const MIGRATIONS: readonly string[] = [functionsSql, labelsSql, queueSql, layersSql, schedulesSql, boxUsageSql];

/** The data was written by a newer Lambent, whose tables this one does not know. */
export class DatabaseTooNewError extends Error {
  override readonly name = "DatabaseTooNewError";
  constructor(
    readonly foundVersion: number,
    readonly knownVersion: number,
  ) {
    super(
      `Cannot open the database: it has schema version ${foundVersion} and this Lambent knows up to ${knownVersion}; use the newer Lambent that wrote it`,
    );
  }
}

/**
 * Takes the steps that the database has not taken yet, each in a transaction of its own together with its number: one that
 * fails leaves the database as the step before left it.
 * @throws DatabaseTooNewError before anything is written.
 */
export function migrate(database: Database, steps: readonly string[] = MIGRATIONS): void {
  const found = schemaVersion(database);
  if (found > steps.length) throw new DatabaseTooNewError(found, steps.length);
  for (const [index, step] of steps.entries()) {
    if (index < found) continue;
    const take = database.transaction(() => {
      database.run(step);
      database.run(`PRAGMA user_version = ${index + 1}`);
    });
    take.immediate();
  }
}

export function schemaVersion(database: Database): number {
  const row = database.prepare<{ user_version: number }, []>("PRAGMA user_version").get();
  return row?.user_version ?? 0;
}
