/** How an event gets into the queue: the one way for all that puts some there, inside its own transaction. */
import type { Database } from "bun:sqlite";
import type { NewEvent } from "../queue-port.ts";

export type EnqueueStatements = ReturnType<typeof enqueueStatements>;

export function enqueueStatements(db: Database) {
  return {
    insertEvent: db.prepare<never, { requestId: string; acceptedAtMs: number; head: string; body: Uint8Array }>(
      "INSERT INTO queue_events (request_id, accepted_at_ms, head, body) VALUES ($requestId, $acceptedAtMs, $head, $body)",
    ),
    insertEntry: db.prepare<never, { lane: string; dueAtMs: number; id: number | bigint }>(
      "INSERT INTO queue_entries (lane, due_at_ms, event_id) VALUES ($lane, $dueAtMs, $id)",
    ),
  };
}

export function enqueue(statements: EnqueueStatements, event: NewEvent): void {
  const { lane, requestId, acceptedAtMs, dueAtMs, body } = event;
  const { lastInsertRowid: id } = statements.insertEvent.run({
    requestId,
    acceptedAtMs,
    head: JSON.stringify(event.head),
    body,
  });
  statements.insertEntry.run({ lane, dueAtMs, id });
}
