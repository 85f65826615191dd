/**
 * What became of each invocation, for people and tools to look up. A database of its own, so that these writes, many and of little worth each,
 * never stand in the way of those that have to be durable: it is never synced, and what a power cut makes unreadable is begun anew.
 */
import { Database } from "bun:sqlite";
import { rmSync } from "node:fs";
import { and, desc, eq, lt, sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/bun-sqlite";
import { index, integer, real, sqliteTable, text } from "drizzle-orm/sqlite-core";

const records = sqliteTable(
  "invocations",
  {
    id: integer("id").primaryKey({ autoIncrement: true }),
    requestId: text("request_id").notNull(),
    functionName: text("function_name").notNull(),
    version: text("version").notNull(),
    startedAtMs: integer("started_at_ms").notNull(),
    durationMs: real("duration_ms"),
    initMs: real("init_ms"),
    memoryUsedMib: integer("memory_used_mib"),
    result: text("result").$type<InvocationRecord["result"]>().notNull(),
    errorType: text("error_type"),
    logStreamName: text("log_stream_name"),
    logFrom: integer("log_from"),
    logTo: integer("log_to"),
  },
  (table) => [index("invocations_by_function").on(table.functionName, table.id)],
);

const SCHEMA = `
CREATE TABLE IF NOT EXISTS invocations (
  id INTEGER PRIMARY KEY AUTOINCREMENT, request_id TEXT NOT NULL, function_name TEXT NOT NULL, version TEXT NOT NULL,
  started_at_ms INTEGER NOT NULL, duration_ms REAL, init_ms REAL, memory_used_mib INTEGER, result TEXT NOT NULL,
  error_type TEXT, log_stream_name TEXT, log_from INTEGER, log_to INTEGER
);
CREATE INDEX IF NOT EXISTS invocations_by_function ON invocations (function_name, id);
`;

export interface InvocationRecord {
  readonly requestId: string;
  readonly functionName: string;
  readonly version: string;
  /** Epoch milliseconds. */
  readonly startedAtMs: number;
  /** Null when the handler was never called. */
  readonly durationMs: number | null;
  /** Null for a warm call. */
  readonly initMs: number | null;
  readonly memoryUsedMib: number | null;
  readonly result: "Success" | "Handled" | "Unhandled" | "Rejected";
  readonly errorType: string | null;
  readonly logStreamName: string | null;
  /** Positions in the function's log: its lines are between them. Null when the handler was never called. */
  readonly logFrom: number | null;
  readonly logTo: number | null;
}

export interface RecordStore {
  append(batch: readonly InvocationRecord[]): void;
  /** Newest first; `before` is the `id` of the last one of the page before. */
  list(input: {
    functionName?: string | undefined;
    before?: number | undefined;
    count: number;
  }): (InvocationRecord & { id: number })[];
  /** Keeps the newest `countMax`, and of those what is not older than `beforeMs`. */
  prune(input: { countMax: number; beforeMs: number }): void;
  close(): void;
}

/** Opens the records at `path`, or in memory for ":memory:". */
export function openRecords(path: string): RecordStore {
  const client = openReadable(path);
  const db = drizzle(client);
  // By hand and many rows at a time, since thousands a second come this way, and the query builder takes longer than SQLite does.
  const insertOne = client.query(insertion(1));
  const insertMany = client.query(insertion(ROWS_AT_ONCE));
  const insertAll = client.transaction((batch: readonly InvocationRecord[]) => {
    let at = 0;
    for (; at + ROWS_AT_ONCE <= batch.length; at += ROWS_AT_ONCE) {
      insertMany.run(...batch.slice(at, at + ROWS_AT_ONCE).flatMap(valuesOf));
    }
    for (const one of batch.slice(at)) insertOne.run(...valuesOf(one));
  });
  return {
    append: (batch) => insertAll(batch),
    list({ functionName, before, count }) {
      const wanted = and(
        functionName === undefined ? undefined : eq(records.functionName, functionName),
        before === undefined ? undefined : lt(records.id, before),
      );
      return db.select().from(records).where(wanted).orderBy(desc(records.id)).limit(count).all();
    },
    prune({ countMax, beforeMs }) {
      const newest =
        db
          .select({ id: sql<number | null>`max(${records.id})` })
          .from(records)
          .get()?.id ?? 0;
      db.delete(records)
        .where(lt(records.id, newest - countMax + 1))
        .run();
      db.delete(records).where(lt(records.startedAtMs, beforeMs)).run();
    },
    close: () => client.close(),
  };
}

function openReadable(path: string): Database {
  try {
    return open(path);
  } catch {
    for (const suffix of ["", "-wal", "-shm"]) rmSync(path + suffix, { force: true });
    return open(path);
  }
}

function open(path: string): Database {
  const client = new Database(path, { create: true, readwrite: true, strict: true });
  client.run("PRAGMA journal_mode = WAL");
  client.run("PRAGMA synchronous = OFF");
  client.run(SCHEMA);
  client.run("SELECT log_to FROM invocations LIMIT 0"); // one of an earlier shape is begun anew, like one that cannot be read
  return client;
}

const COLUMNS = [
  "request_id",
  "function_name",
  "version",
  "started_at_ms",
  "duration_ms",
  "init_ms",
  "memory_used_mib",
  "result",
  "error_type",
  "log_stream_name",
  "log_from",
  "log_to",
];
const ROWS_AT_ONCE = 32;

const insertion = (rows: number): string =>
  `INSERT INTO invocations (${COLUMNS}) VALUES ${Array(rows).fill(`(${Array(COLUMNS.length).fill("?")})`)}`;

const valuesOf = (one: InvocationRecord): (string | number | null)[] => [
  one.requestId,
  one.functionName,
  one.version,
  one.startedAtMs,
  one.durationMs,
  one.initMs,
  one.memoryUsedMib,
  one.result,
  one.errorType,
  one.logStreamName,
  one.logFrom,
  one.logTo,
];
