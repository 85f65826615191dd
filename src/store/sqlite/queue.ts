/**
 * The queue on a connection of its own, whose commits are not synced (`synchronous = NORMAL`) either: what has to be durable is synced
 * by the group. Both connections belong to one thread and finish each transaction at once, so neither
 * ever waits for the other.
 */
import { Database } from "bun:sqlite";
import type {
  BoxFilter,
  DeadLetter,
  DeadLetterLine,
  EventHead,
  LaneDue,
  NewDeadLetter,
  NewEvent,
  QueuedEvent,
  QueueStore,
  Settlement,
} from "../queue-port.ts";
import { BUSY_TIMEOUT_MS } from "./database.ts";
import { enqueue } from "./queue-enqueue.ts";
import {
  type BoxParameters,
  type BoxRow,
  type QueueStatements,
  queueStatements,
  type TakenRow,
} from "./queue-statements.ts";
import { GroupCommit } from "./queue-sync.ts";

export interface OpenQueue extends QueueStore {
  /** Before the database itself is closed. */
  close(): Promise<void>;
}

/**
 * @param place the path of a database that is open already, or for one in memory its only connection.
 * @param sync makes all durable that was committed before.
 */
export function openQueue(place: string | Database, sync: () => Promise<void>): OpenQueue {
  if (typeof place !== "string") return assemble(place, { sync, close: () => {} });
  const db = new Database(place, { readwrite: true, strict: true });
  db.run("PRAGMA synchronous = NORMAL");
  db.run(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`);
  return assemble(db, { sync, close: () => db.close() });
}

interface Context {
  readonly db: Database;
  readonly statements: QueueStatements;
}

function assemble(db: Database, disk: { sync: () => Promise<void>; close: () => void }): OpenQueue {
  const statements = queueStatements(db);
  const context = { db, statements };
  const arrivals = new GroupCommit<readonly NewEvent[]>((groups) => {
    atomically(db, () => {
      for (const event of groups.flat()) enqueue(statements, event);
    });
  }, disk.sync);
  const durably = async <T>(work: () => T): Promise<T> => {
    const done = atomically(db, work);
    await disk.sync();
    return done;
  };
  return {
    accept: (events) => arrivals.add(events),
    exchange: async (input) => exchange(context, input),
    releaseLeases: async () => statements.releaseLeases.run().changes,
    lanes: async () => statements.lanes.all().map((row) => ({ lane: row.lane, dueAtMs: row.due_at_ms })),
    listQueued: async ({ lane, countMax }) =>
      statements.listQueued.all({ lane: lane ?? null, countMax }).map((row) => ({
        ...eventFacts(row),
        dueAtMs: row.due_at_ms,
        bodyBytes: row.body_bytes,
        leased: row.leased === 1,
      })),
    listBox: async ({ before, countMax, ...filter }) =>
      statements.listBox.all({ ...parametersOf(filter), before: before ?? null, countMax }).map(deadLetterLine),
    boxUsage: async () => statements.boxUsage.get() ?? { count: 0, bytes: 0 },
    findBoxed: async (id) => {
      const row = statements.findBoxed.get({ id });
      return row ? deadLetter(row) : undefined;
    },
    redrive: (input) => durably(() => redrive(statements, input)),
    purgeBox: (filter) => durably(() => statements.purgeBox.run(parametersOf(filter)).changes),
    async close() {
      await arrivals.idle();
      for (const statement of Object.values(statements)) statement.finalize();
      disk.close();
    },
  };
}

const atomically = <T>(db: Database, work: () => T): T => db.transaction(work).immediate();

function exchange(
  { db, statements }: Context,
  input: Parameters<QueueStore["exchange"]>[0],
): Awaited<ReturnType<QueueStore["exchange"]>> {
  return atomically(db, () => {
    for (const settlement of input.settlements) settle(statements, settlement);
    const { nowMs, leasedUntilMs } = input;
    const taken: QueuedEvent[] = [];
    const lanes: LaneDue[] = [];
    for (const { lane, countMax } of input.wanted) {
      const rows = statements.take.all({ lane, nowMs, leasedUntilMs, countMax });
      rows.sort((a, b) => a.id - b.id); // RETURNING promises no order
      for (const row of rows) taken.push({ ...eventFacts(row), dueAtMs: leasedUntilMs, body: row.body });
      lanes.push({ lane, dueAtMs: statements.nextDue.get({ lane })?.due_at_ms ?? undefined });
    }
    return { taken, lanes };
  });
}

function settle(statements: QueueStatements, settlement: Settlement): void {
  const { id } = settlement;
  if (settlement.next === "again") {
    const { dueAtMs, attemptCount, deferralCount } = settlement;
    statements.again.run({ id, dueAtMs, attemptCount, deferralCount });
    return;
  }
  statements.endEntry.run({ id });
  statements.endEvent.run({ id });
  for (const event of settlement.enqueue ?? []) enqueue(statements, event);
  for (const letter of settlement.box ?? []) box(statements, letter);
}

function box(statements: QueueStatements, letter: NewDeadLetter): void {
  const { functionName, lane, requestId, acceptedAtMs, boxedAtMs, condition, reason, attemptCount, body } = letter;
  const head = JSON.stringify(letter.head);
  statements.insertBoxed.run({
    functionName,
    lane,
    requestId,
    acceptedAtMs,
    boxedAtMs,
    condition,
    reason,
    attemptCount,
    head,
    body,
  });
}

function redrive(statements: QueueStatements, input: Parameters<QueueStore["redrive"]>[0]): string[] {
  const { nowMs, countMax, upTo = null } = input;
  return statements.oldestBoxed.all({ ...parametersOf(input), upTo, countMax }).map((row) => {
    const { lane, requestId, head, body } = deadLetter(row);
    enqueue(statements, { lane, requestId, acceptedAtMs: nowMs, dueAtMs: nowMs, head, body });
    statements.deleteBoxed.run({ id: row.id });
    return lane;
  });
}

const parametersOf = ({ id, functionName }: BoxFilter): BoxParameters => ({
  id: id ?? null,
  functionName: functionName ?? null,
});

const eventFacts = (row: Omit<TakenRow, "body">) => ({
  id: row.id,
  lane: row.lane,
  requestId: row.request_id,
  acceptedAtMs: row.accepted_at_ms,
  attemptCount: row.attempt_count,
  deferralCount: row.deferral_count,
  lostCount: row.lost_count,
  head: JSON.parse(row.head) as EventHead,
});

const deadLetterLine = (row: BoxRow): DeadLetterLine => ({
  id: row.id,
  functionName: row.function_name,
  lane: row.lane,
  requestId: row.request_id,
  acceptedAtMs: row.accepted_at_ms,
  boxedAtMs: row.boxed_at_ms,
  condition: row.condition,
  reason: row.reason,
  attemptCount: row.attempt_count,
  head: JSON.parse(row.head) as EventHead,
  bodyBytes: row.body_bytes,
});

function deadLetter(row: BoxRow): DeadLetter {
  const { bodyBytes: _, ...line } = deadLetterLine(row);
  return { ...line, body: row.body };
}
