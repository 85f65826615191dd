import type { Database } from "bun:sqlite";
import type { NewEvent } from "../queue-port.ts";
import type { Firing, ScheduleDefinition, ScheduleStore, StoredSchedule } from "../schedule-port.ts";
import { atomically, type Durable, type StoreDatabase } from "./database.ts";
import { pageOf, rowLimit } from "./paging.ts";
import { enqueue, enqueueStatements } from "./queue-enqueue.ts";

interface ScheduleRow {
  name: string;
  definition: string;
  revision: number;
  created_at_ms: number;
  modified_at_ms: number;
  next_at_ms: number | null;
  last_at_ms: number | null;
  problem: string | null;
}

export function scheduleStore({
  db,
  durable,
}: {
  db: StoreDatabase;
  durable: Durable;
}): ScheduleStore & { finalize(): void } {
  const statements = { ...scheduleStatements(db.$client), ...enqueueStatements(db.$client) };
  const durably = <T>(work: () => T): Promise<T> => durable(() => atomically(db, work));
  const find = (name: string): StoredSchedule | undefined => {
    const row = statements.find.get({ name });
    return row ? scheduleOf(row) : undefined;
  };
  return {
    put: async ({ name, definition, nextAtMs, nowMs, expectedRevision }) =>
      durably(() => {
        const before = find(name);
        if (expectedRevision !== undefined && (before?.revision ?? null) !== expectedRevision) return undefined;
        statements.put.run({ name, definition: JSON.stringify(definition), nextAtMs: nextAtMs ?? null, nowMs });
        return find(name);
      }),
    find: async (name) => find(name),
    list: async (input) => {
      const rows = statements.list.all({ after: input.after ?? "", countMax: rowLimit(input) });
      return pageOf(rows, input, { item: scheduleOf, key: (row) => row.name });
    },
    delete: async (name) => durably(() => statements.delete.run({ name }).changes > 0),
    due: async ({ nowMs, countMax }) => statements.due.all({ nowMs, countMax }).map(scheduleOf),
    nextDueMs: async () => statements.nextDue.get()?.next_at_ms ?? undefined,
    fire: async (firings) =>
      durably(() =>
        firings.flatMap((firing): NewEvent[] => {
          if (statements.fire.run(fireParameters(firing)).changes === 0 || firing.end.kind !== "run") return [];
          enqueue(statements, firing.end.event);
          return [firing.end.event];
        }),
      ),
    finalize() {
      for (const statement of Object.values(statements)) statement.finalize();
    },
  };
}

const fireParameters = ({ name, revision, dueAtMs, nextAtMs, end }: Firing) => ({
  name,
  revision,
  dueAtMs,
  nextAtMs: nextAtMs ?? null,
  lastAtMs: end.kind === "run" ? end.atMs : null,
  problem: end.kind === "run" ? null : end.problem,
});

function scheduleStatements(db: Database) {
  return {
    put: db.prepare<never, { name: string; definition: string; nextAtMs: number | null; nowMs: number }>(
      `INSERT INTO schedules (name, definition, revision, created_at_ms, modified_at_ms, next_at_ms)
       VALUES ($name, $definition, 1, $nowMs, $nowMs, $nextAtMs)
       ON CONFLICT (name) DO UPDATE SET definition = excluded.definition, revision = revision + 1,
         modified_at_ms = excluded.modified_at_ms, next_at_ms = excluded.next_at_ms, problem = NULL`,
    ),
    find: db.prepare<ScheduleRow, { name: string }>("SELECT * FROM schedules WHERE name = $name"),
    list: db.prepare<ScheduleRow, { after: string; countMax: number }>(
      "SELECT * FROM schedules WHERE name > $after ORDER BY name LIMIT $countMax",
    ),
    delete: db.prepare<never, { name: string }>("DELETE FROM schedules WHERE name = $name"),
    due: db.prepare<ScheduleRow, { nowMs: number; countMax: number }>(
      "SELECT * FROM schedules WHERE next_at_ms <= $nowMs ORDER BY next_at_ms LIMIT $countMax",
    ),
    nextDue: db.prepare<{ next_at_ms: number | null }, []>("SELECT min(next_at_ms) AS next_at_ms FROM schedules"),
    fire: db.prepare<never, ReturnType<typeof fireParameters>>(
      `UPDATE schedules SET next_at_ms = $nextAtMs, last_at_ms = ifnull($lastAtMs, last_at_ms), problem = $problem
       WHERE name = $name AND revision = $revision AND next_at_ms = $dueAtMs`,
    ),
  };
}

const scheduleOf = (row: ScheduleRow): StoredSchedule => ({
  name: row.name,
  definition: JSON.parse(row.definition) as ScheduleDefinition,
  revision: row.revision,
  createdAtMs: row.created_at_ms,
  modifiedAtMs: row.modified_at_ms,
  nextAtMs: row.next_at_ms ?? undefined,
  lastAtMs: row.last_at_ms ?? undefined,
  problem: row.problem ?? undefined,
});
