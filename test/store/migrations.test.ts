import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { getTableConfig } from "drizzle-orm/sqlite-core";
import { acquireDataDirectory } from "../../src/store/data-directory.ts";
import { openStore } from "../../src/store/open-store.ts";
import { DatabaseTooNewError, MIGRATIONS, migrate, schemaVersion } from "../../src/store/sqlite/migrations.ts";
import * as tables from "../../src/store/sqlite/tables.ts";
import { temporaryDirectories } from "./temporary-directory.ts";

const temporaryDirectory = temporaryDirectories();
const STEPS = ["CREATE TABLE a (x); INSERT INTO a VALUES (1);", "ALTER TABLE a ADD COLUMN y DEFAULT 2;"];

describe("migrations", () => {
  test("a database takes only the steps that it lacks, and keeps its rows", () => {
    const database = new Database(":memory:");
    migrate(database, STEPS.slice(0, 1));
    expect(schemaVersion(database)).toBe(1);
    migrate(database, STEPS);
    migrate(database, STEPS);
    expect(schemaVersion(database)).toBe(2);
    expect(database.query("SELECT * FROM a").all()).toEqual([{ x: 1, y: 2 }]);
  });

  test("a step that fails leaves the database as the step before left it", () => {
    const database = new Database(":memory:");
    const broken = "CREATE TABLE b (x); INSERT INTO nowhere VALUES (1);";
    expect(() => migrate(database, [...STEPS, broken])).toThrow("no such table: nowhere");
    expect(schemaVersion(database)).toBe(2);
    expect(database.query("SELECT name FROM sqlite_schema").all()).toEqual([{ name: "a" }]);
  });

  test("a database of a newer version is refused untouched, and the directory is free again", async () => {
    const directory = await temporaryDirectory();
    const held = acquireDataDirectory(directory);
    const database = new Database(held.databasePath);
    database.run("CREATE TABLE from_the_future (x)");
    database.run(`PRAGMA user_version = ${MIGRATIONS.length + 1}`);
    database.close();
    held.release();
    for (const attempt of ["first", "second"]) {
      const opened = openStore({ directory }).catch((error: unknown) => error);
      expect(await opened, attempt).toBeInstanceOf(DatabaseTooNewError);
      expect(await opened).toMatchObject({ foundVersion: MIGRATIONS.length + 1, knownVersion: MIGRATIONS.length });
    }
    const after = new Database(join(directory, "lambent.db"), { readonly: true });
    expect(after.query("SELECT name FROM sqlite_schema").all()).toEqual([{ name: "from_the_future" }]);
    after.close();
  });

  test.each(Object.entries(tables))("table %p has the columns that its migrations made", (_, table) => {
    const database = new Database(":memory:");
    migrate(database);
    const { name, columns } = getTableConfig(table);
    const made = database
      .query<{ name: string; type: string; notnull: number }, []>(`PRAGMA table_info(${name})`)
      .all();
    const known = columns.map((c) => ({
      name: c.name,
      type: c.getSQLType().toUpperCase(),
      notnull: Number(c.notNull),
    }));
    expect(made.map(({ name, type, notnull }) => ({ name, type, notnull }))).toEqual(known);
  });
});
