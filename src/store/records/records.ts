/**
 * What became of each invocation, for people and tools to look up. A database of its own, so that these writes, many and of little worth each,
 * never stand in the way of those that have to be durable: it is never synced, and what a power cut makes unreadable is begun anew.
 *
 * Thousands of records come in a second and few are ever looked at, so a row holds all that one function has of one batch, as JSON.
 */
import { Database } from "bun:sqlite";
import { rmSync } from "node:fs";
import { and, asc, desc, eq, inArray, lt, max, or, sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/bun-sqlite";
import { index, integer, sqliteTable, text } from "drizzle-orm/sqlite-core";

const groups = sqliteTable(
  "invocations",
  {
    firstId: integer("first_id").primaryKey(),
    lastId: integer("last_id").notNull(),
    /** The first id of its batch. Among the records of a batch those of several functions take turns. */
    batchId: integer("batch_id").notNull(),
    functionName: text("function_name").notNull(),
    newestAtMs: integer("newest_at_ms").notNull(),
    records: text("records", { mode: "json" }).$type<readonly StoredValues[]>().notNull(),
  },
  (table) => [index("invocations_by_function").on(table.functionName, table.firstId)],
);

const SCHEMA = `
CREATE TABLE IF NOT EXISTS invocations (
  first_id INTEGER PRIMARY KEY, last_id INTEGER NOT NULL, batch_id INTEGER NOT NULL, function_name TEXT NOT NULL,
  newest_at_ms INTEGER NOT NULL, records TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS invocations_by_function ON invocations (function_name, first_id);
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

/** What is kept: the newest by number, and of those what is young enough. */
export interface Retention {
  readonly countMax: number;
  /** Epoch milliseconds. */
  readonly beforeMs: number;
}

export interface RecordStore {
  /** Removes about as much of the oldest as it adds, where that is no longer to be kept. */
  append(batch: readonly InvocationRecord[], retention: Retention): void;
  /** Newest first; `before` is the `id` of the last one of the page before. */
  list(input: {
    functionName?: string | undefined;
    before?: number | undefined;
    count: number;
  }): (InvocationRecord & { id: number })[];
  /** Removes some of what is no longer to be kept, whole groups of it; answers whether there may be more. */
  prune(retention: Retention): boolean;
  close(): void;
}

const PRUNED_AT_ONCE = 64;
const GROUPS_READ_AT_ONCE = 16;

type Group = typeof groups.$inferSelect;
type Listed = InvocationRecord & { id: number };

/** Opens the records at `path`, or in memory for ":memory:". */
export function openRecords(path: string): RecordStore {
  const client = openReadable(path);
  const db = drizzle(client);
  let nextId = (newestIdIn(db) ?? 0) + 1;
  const insert = db
    .insert(groups)
    .values({
      firstId: sql.placeholder("firstId"),
      lastId: sql.placeholder("lastId"),
      batchId: sql.placeholder("batchId"),
      functionName: sql.placeholder("functionName"),
      newestAtMs: sql.placeholder("newestAtMs"),
      records: sql.placeholder("records"),
    })
    .prepare();
  const removeOldest = ({ countMax, beforeMs }: Retention, groupsMax: number): number => {
    const oldest = db.select({ id: groups.firstId }).from(groups).orderBy(asc(groups.firstId)).limit(groupsMax);
    const isPast = or(lt(groups.lastId, nextId - countMax), lt(groups.newestAtMs, beforeMs));
    return db
      .delete(groups)
      .where(and(inArray(groups.firstId, oldest), isPast))
      .returning({ id: groups.firstId })
      .all().length;
  };
  function* groupsBefore(id: number, functionName: string | undefined): Generator<Group> {
    const ofFunction = functionName === undefined ? undefined : eq(groups.functionName, functionName);
    for (let before = id; ; ) {
      const wanted = and(ofFunction, lt(groups.firstId, before));
      const found = db
        .select()
        .from(groups)
        .where(wanted)
        .orderBy(desc(groups.firstId))
        .limit(GROUPS_READ_AT_ONCE)
        .all();
      yield* found;
      const last = found.at(-1);
      if (!last) return;
      before = last.firstId;
    }
  }
  return {
    append: client.transaction((batch: readonly InvocationRecord[], retention: Retention) => {
      const added = groupsOf(batch, nextId);
      for (const group of added) insert.run(group);
      nextId += batch.length;
      removeOldest(retention, added.length + 1);
    }),
    list({ functionName, before = nextId, count }) {
      const found: Listed[] = [];
      for (const record of newestFirst(groupsBefore(before, functionName))) {
        if (record.id >= before) continue;
        if (found.length === count) break;
        found.push(record);
      }
      return found;
    },
    prune: (retention) => removeOldest(retention, PRUNED_AT_ONCE) === PRUNED_AT_ONCE,
    close: () => client.close(),
  };
}

function newestIdIn(db: ReturnType<typeof drizzle>): number | undefined {
  const newest = db.select().from(groups).orderBy(desc(groups.firstId)).limit(1).get();
  if (!newest) return undefined;
  const ofBatch = db.select({ id: max(groups.lastId) }).from(groups);
  return ofBatch.where(sql`${groups.firstId} >= ${newest.batchId}`).get()?.id ?? undefined;
}

function groupsOf(batch: readonly InvocationRecord[], batchId: number): Group[] {
  const byFunction = new Map<string, { -readonly [K in keyof Group]: Group[K] } & { records: StoredValues[] }>();
  for (const [at, record] of batch.entries()) {
    const { functionName, startedAtMs } = record;
    const id = batchId + at;
    let group = byFunction.get(functionName);
    if (!group) {
      group = { firstId: id, lastId: id, batchId, functionName, newestAtMs: startedAtMs, records: [] };
      byFunction.set(functionName, group);
    }
    group.lastId = id;
    group.newestAtMs = Math.max(group.newestAtMs, startedAtMs);
    group.records.push(valuesOf(id, record));
  }
  return [...byFunction.values()];
}

/** @param ordered the newest group first. */
function* newestFirst(ordered: Iterable<Group>): Generator<Listed> {
  let batchId: number | undefined;
  let ofBatch: Listed[] = [];
  for (const group of ordered) {
    if (group.batchId !== batchId) {
      yield* ofBatch.toSorted((a, b) => b.id - a.id);
      ofBatch = [];
      batchId = group.batchId;
    }
    ofBatch.push(...group.records.map((values) => recordOf(group.functionName, values)));
  }
  yield* ofBatch.toSorted((a, b) => b.id - a.id);
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
  client.run("SELECT first_id FROM invocations LIMIT 0"); // one of an earlier shape is begun anew, like one that cannot be read
  return client;
}

/** In this order: names would take most of the room. */
const valuesOf = (id: number, one: InvocationRecord) =>
  [
    id,
    one.requestId,
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
  ] as const;
type StoredValues = ReturnType<typeof valuesOf>;

function recordOf(functionName: string, values: StoredValues): Listed {
  const [id, requestId, version, startedAtMs, durationMs, initMs, memoryUsedMib, result, ...rest] = values;
  const [errorType, logStreamName, logFrom, logTo] = rest;
  return {
    id,
    requestId,
    functionName,
    version,
    startedAtMs,
    durationMs,
    initMs,
    memoryUsedMib,
    result,
    errorType,
    logStreamName,
    logFrom,
    logTo,
  };
}
