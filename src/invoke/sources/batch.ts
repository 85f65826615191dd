/** Messages that one call gets, and what comes of it. */
import { newTraceId } from "../../core/trace-id.ts";
import type { InvocationHead, QueuedEvent } from "../../store/queue-port.ts";
import type { AttemptEnd } from "../queue/attempt.ts";
import { type BatchEnd, readBatchResponse } from "./batch-response.ts";
import type { MappingRecord } from "./mapping-record.ts";
import type { SqsMessage } from "./sqs-queue.ts";

/** As much as a synchronous call may bring, less what is put around the records. */
export const BATCH_BYTES_MAX = 6 * 1024 * 1024 - 100;

/** Gathers messages until there are enough. */
export class Batch {
  readonly messages: SqsMessage[] = [];
  readonly #records: string[] = [];
  /** When the first came, by the process's own clock: the queue's does not stand still either. */
  receivedAtMs = 0;
  #bytes = 0;

  get count(): number {
    return this.messages.length;
  }

  hasRoomFor(record: string): boolean {
    return this.#bytes + Buffer.byteLength(record) < BATCH_BYTES_MAX;
  }

  /** @param record the message as the function gets it, JSON. */
  add(message: SqsMessage, record: string): void {
    if (this.count === 0) this.receivedAtMs = performance.now();
    this.messages.push(message);
    this.#records.push(record);
    this.#bytes += Buffer.byteLength(record) + 1;
  }

  body(): Uint8Array {
    return Buffer.from(`{"Records":[${this.#records.join(",")}]}`);
  }
}

/** The call of a batch, as the asynchronous queue would have it. A chain of calls goes on through the queue by the messages' own header. */
export function callOf(
  batch: Batch,
  { mapping, requestId, nowMs }: { mapping: MappingRecord; requestId: string; nowMs: number },
): { event: QueuedEvent; head: InvocationHead } {
  const { functionName } = mapping;
  const traceId = batch.messages[0]?.Attributes?.["AWSTraceHeader"] ?? newTraceId(nowMs, requestId);
  const head = { kind: "invocation" as const, functionName, qualifier: mapping.qualifier ?? undefined, traceId };
  const event = {
    id: 0,
    lane: functionName,
    requestId,
    acceptedAtMs: nowMs,
    dueAtMs: nowMs,
    attemptCount: 0,
    deferralCount: 0,
    lostCount: 0,
    head,
    body: batch.body(),
  };
  return { event, head };
}

/** Which of the batch are done after a call that came to an end. */
export function endOf(batch: Batch, { mapping, end }: { mapping: MappingRecord; end: AttemptEnd }): BatchEnd {
  if (end.kind !== "ok") return { kind: "failed", reason: "reason" in end ? end.reason : "the server is stopping" };
  if (!mapping.settings.FunctionResponseTypes?.includes("ReportBatchItemFailures"))
    return { kind: "done", failedIds: new Set() };
  return readBatchResponse(end.payload, new Set(batch.messages.map(({ MessageId }) => MessageId)));
}
