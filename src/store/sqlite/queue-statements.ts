/** The queue's statements, each prepared once: planning one costs more than running it. */
import type { Database } from "bun:sqlite";
import type { Condition } from "../queue-port.ts";
import { enqueueStatements } from "./queue-enqueue.ts";

export interface TakenRow {
  id: number;
  lane: string;
  attempt_count: number;
  deferral_count: number;
  lost_count: number;
  request_id: string;
  accepted_at_ms: number;
  head: string;
  body: Uint8Array;
}

export interface QueuedRow extends Omit<TakenRow, "body"> {
  due_at_ms: number;
  leased: number;
  body_bytes: number;
}

export interface BoxRow {
  id: number;
  function_name: string;
  lane: string;
  request_id: string;
  accepted_at_ms: number;
  boxed_at_ms: number;
  condition: Condition;
  reason: string;
  attempt_count: number;
  head: string;
  body: Uint8Array;
  body_bytes: number;
}

/** Null in a parameter of a filter means: whatever it is. */
export type BoxParameters = { id: number | null; functionName: string | null };

// Ranges rather than ORs, which would keep SQLite from seeking.
const BOX_FILTER =
  "id BETWEEN ifnull($id, 0) AND ifnull($id, 9e18) AND ($functionName IS NULL OR function_name = $functionName)";
const BOX_LINE = `id, function_name, lane, request_id, accepted_at_ms, boxed_at_ms, condition, reason, attempt_count, head,
  length(body) AS body_bytes`;

export type QueueStatements = ReturnType<typeof queueStatements>;

export function queueStatements(db: Database) {
  return {
    ...enqueueStatements(db),
    // One statement, so no two pollers ever hold the same row. A row that is leased already is one whose holder was lost.
    take: db.prepare<TakenRow, { lane: string; nowMs: number; leasedUntilMs: number; countMax: number }>(
      `UPDATE queue_entries SET due_at_ms = $leasedUntilMs, leased = 1, lost_count = lost_count + leased
       WHERE (lane, due_at_ms, event_id) IN (
         SELECT lane, due_at_ms, event_id FROM queue_entries WHERE lane = $lane AND due_at_ms <= $nowMs
         ORDER BY due_at_ms, event_id LIMIT $countMax)
       RETURNING event_id AS id, lane, attempt_count, deferral_count, lost_count,
         (SELECT request_id FROM queue_events WHERE id = event_id) AS request_id,
         (SELECT accepted_at_ms FROM queue_events WHERE id = event_id) AS accepted_at_ms,
         (SELECT head FROM queue_events WHERE id = event_id) AS head,
         (SELECT body FROM queue_events WHERE id = event_id) AS body`,
    ),
    nextDue: db.prepare<{ due_at_ms: number | null }, { lane: string }>(
      "SELECT min(due_at_ms) AS due_at_ms FROM queue_entries WHERE lane = $lane",
    ),
    again: db.prepare<never, { id: number; dueAtMs: number; attemptCount: number; deferralCount: number }>(
      `UPDATE queue_entries SET due_at_ms = $dueAtMs, leased = 0, attempt_count = $attemptCount,
         deferral_count = $deferralCount, lost_count = 0
       WHERE event_id = $id AND leased = 1`,
    ),
    endEntry: db.prepare<never, { id: number }>("DELETE FROM queue_entries WHERE event_id = $id AND leased = 1"),
    endEvent: db.prepare<never, { id: number }>("DELETE FROM queue_events WHERE id = $id"),
    // Due at once, and before all others: they were first when they were taken.
    releaseLeases: db.prepare<never, []>(
      "UPDATE queue_entries SET due_at_ms = 0, leased = 0, lost_count = lost_count + 1 WHERE leased = 1",
    ),
    // From lane to lane by seeking, for SELECT DISTINCT would read every row.
    lanes: db.prepare<{ lane: string; due_at_ms: number }, []>(
      `WITH RECURSIVE each(lane) AS (
         SELECT min(lane) FROM queue_entries
         UNION ALL SELECT (SELECT min(lane) FROM queue_entries WHERE lane > each.lane) FROM each WHERE each.lane IS NOT NULL)
       SELECT lane, (SELECT min(due_at_ms) FROM queue_entries WHERE lane = each.lane) AS due_at_ms
       FROM each WHERE lane IS NOT NULL`,
    ),
    // CROSS keeps SQLite from beginning with the events, all of which it would then have to sort.
    listQueued: db.prepare<QueuedRow, { lane: string | null; countMax: number }>(
      `SELECT event_id AS id, lane, due_at_ms, leased, attempt_count, deferral_count, lost_count,
         request_id, accepted_at_ms, head, length(body) AS body_bytes
       FROM queue_entries CROSS JOIN queue_events ON id = event_id
       WHERE lane BETWEEN ifnull($lane, '') AND ifnull($lane, char(1114111)) ORDER BY lane, due_at_ms, event_id LIMIT $countMax`,
    ),
    insertBoxed: db.prepare<
      never,
      {
        functionName: string;
        lane: string;
        requestId: string;
        acceptedAtMs: number;
        boxedAtMs: number;
        condition: string;
        reason: string;
        attemptCount: number;
        head: string;
        body: Uint8Array;
      }
    >(
      `INSERT INTO dead_letters
         (function_name, lane, request_id, accepted_at_ms, boxed_at_ms, condition, reason, attempt_count, head, body)
       VALUES ($functionName, $lane, $requestId, $acceptedAtMs, $boxedAtMs, $condition, $reason, $attemptCount, $head, $body)`,
    ),
    listBox: db.prepare<BoxRow, BoxParameters & { before: number | null; countMax: number }>(
      `SELECT ${BOX_LINE} FROM dead_letters WHERE ${BOX_FILTER} AND ($before IS NULL OR id < $before)
       ORDER BY id DESC LIMIT $countMax`,
    ),
    findBoxed: db.prepare<BoxRow, { id: number }>(`SELECT ${BOX_LINE}, body FROM dead_letters WHERE id = $id`),
    oldestBoxed: db.prepare<BoxRow, BoxParameters & { upTo: number | null; countMax: number }>(
      `SELECT ${BOX_LINE}, body FROM dead_letters WHERE ${BOX_FILTER} AND id <= ifnull($upTo, 9e18)
       ORDER BY id LIMIT $countMax`,
    ),
    boxUsage: db.prepare<{ count: number; bytes: number }, []>("SELECT count, bytes FROM dead_letter_usage"),
    deleteBoxed: db.prepare<never, { id: number }>("DELETE FROM dead_letters WHERE id = $id"),
    purgeBox: db.prepare<never, BoxParameters>(`DELETE FROM dead_letters WHERE ${BOX_FILTER}`),
  };
}
