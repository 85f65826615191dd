/**
 * The tables as drizzle sees them. What they are made of (indexes, checks, triggers) stands in `migrations/`; a test holds
 * the two to the same columns.
 */
import { customType, integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";
import type { FunctionState, StateReason, UpdateStatus } from "../../core/states.ts";
import type { FunctionSettings } from "../port.ts";

/** JSON, or NULL. In a prepared statement drizzle's own kind of column makes the text `null` of it. */
const reason = customType<{ data: StateReason | null; driverData: string | null }>({
  dataType: () => "text",
  toDriver: (value) => (value === null ? null : JSON.stringify(value)),
  fromDriver: (text) => (text === null ? null : (JSON.parse(text) as StateReason)),
});

export const functions = sqliteTable("functions", {
  name: text("name").notNull().primaryKey(),
  createdAtMs: integer("created_at_ms").notNull(),
  tags: text("tags", { mode: "json" }).$type<Readonly<Record<string, string>>>().notNull(),
  versionNext: integer("version_next").notNull(),
  reservedConcurrency: integer("reserved_concurrency"),
});

/** `number` 0 is `$LATEST`. */
export const versions = sqliteTable(
  "versions",
  {
    functionName: text("function_name").notNull(),
    number: integer("number").notNull(),
    revisionId: text("revision_id").notNull(),
    settings: text("settings", { mode: "json" }).$type<FunctionSettings>().notNull(),
    codeSha256: text("code_sha256").notNull(),
    codeBytes: integer("code_bytes").notNull(),
    state: text("state").$type<FunctionState>().notNull(),
    stateReason: reason("state_reason"),
    updateStatus: text("update_status").$type<UpdateStatus>(),
    updateStatusReason: reason("update_status_reason"),
    lastModifiedMs: integer("last_modified_ms").notNull(),
    publishedFrom: text("published_from"),
  },
  (table) => [primaryKey({ columns: [table.functionName, table.number] })],
);

export const aliases = sqliteTable(
  "aliases",
  {
    functionName: text("function_name").notNull(),
    name: text("name").notNull(),
    versionNumber: integer("version_number").notNull(),
    description: text("description").notNull(),
    weights: text("weights", { mode: "json" }).$type<Readonly<Record<string, number>>>().notNull(),
    revisionId: text("revision_id").notNull(),
  },
  (table) => [primaryKey({ columns: [table.functionName, table.name] })],
);

export const documents = sqliteTable(
  "documents",
  {
    kind: text("kind").notNull(),
    owner: text("owner").notNull(),
    key: text("key").notNull(),
    body: text("body", { mode: "json" }).$type<unknown>().notNull(),
    codeSha256: text("code_sha256"),
    codeBytes: integer("code_bytes"),
    revision: integer("revision").notNull(),
    createdAtMs: integer("created_at_ms").notNull(),
    modifiedAtMs: integer("modified_at_ms").notNull(),
    label: text("label"),
  },
  (table) => [primaryKey({ columns: [table.kind, table.owner, table.key] })],
);

/** One row, kept by triggers: the bytes of all code that versions and documents use, each use counted. */
export const codeUsage = sqliteTable("code_usage", {
  id: integer("id").notNull().primaryKey(),
  bytes: integer("bytes").notNull(),
});
