/** Collects what became of each call and hands it to the records in batches, off the path of calls. */
import type { Clock } from "../core/clock.ts";
import type { InvocationRecord, RecordStore, Retention } from "../store/records/records.ts";
import type { ExecutionSpec, Invocation, InvocationResult, Outcome } from "./invocation.ts";

const FLUSH_AFTER_MS = 250;
/** More at once would hold up the calls that come meanwhile. */
const BATCH_MAX = 256;
const PRUNE_EVERY_MS = 60_000;
const PRUNE_REST_MS = 20;
const RETAINED_COUNT = 1_000_000;

export class Recorder {
  readonly #records: RecordStore;
  readonly #clock: Clock;
  readonly #onError: (error: unknown) => void;
  readonly #pruner: Timer;
  #more: Timer | undefined;
  #batch: InvocationRecord[] = [];
  #timer: Timer | undefined;

  readonly #retentionMs: number;

  constructor(options: { records: RecordStore; clock: Clock; retentionMs: number; onError: (error: unknown) => void }) {
    this.#records = options.records;
    this.#clock = options.clock;
    this.#onError = options.onError;
    this.#retentionMs = options.retentionMs;
    this.#pruner = setInterval(() => this.#prune(), PRUNE_EVERY_MS);
    this.#pruner.unref();
  }

  add(spec: ExecutionSpec, invocation: Invocation, { outcome, metrics }: InvocationResult): void {
    this.#batch.push({
      requestId: invocation.requestId,
      functionName: spec.functionName,
      version: spec.functionVersion,
      startedAtMs: this.#clock.nowMs() - Math.round(metrics?.durationMs ?? 0),
      durationMs: metrics?.durationMs ?? null,
      initMs: metrics?.initMs ?? null,
      memoryUsedMib: metrics?.memoryUsedMib ?? null,
      result: resultOf(outcome),
      errorType: outcome.kind === "function-error" ? outcome.errorType.slice(0, 200) : null,
      logStreamName: metrics?.logStreamName ?? null,
      logFrom: metrics?.logFrom ?? null,
      logTo: metrics?.logTo ?? null,
    });
    if (this.#batch.length >= BATCH_MAX) this.flush();
    else this.#timer ??= setTimeout(() => this.flush(), FLUSH_AFTER_MS);
  }

  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const batch = this.#batch;
    this.#batch = [];
    try {
      if (batch.length > 0) this.#records.append(batch, this.#retention());
    } catch (error) {
      this.#onError(error); // the calls are answered; a full disk costs their records, not the service
    }
  }

  close(): void {
    this.flush();
    clearInterval(this.#pruner);
    clearTimeout(this.#more);
    this.#records.close();
  }

  #retention(): Retention {
    return { countMax: RETAINED_COUNT, beforeMs: this.#clock.nowMs() - this.#retentionMs };
  }

  /** In small pieces: calls come between them. */
  #prune(): void {
    try {
      if (this.#records.prune(this.#retention())) this.#more = setTimeout(() => this.#prune(), PRUNE_REST_MS).unref();
    } catch (error) {
      this.#onError(error);
    }
  }
}

function resultOf(outcome: Outcome): InvocationRecord["result"] {
  if (outcome.kind === "ok") return "Success";
  return outcome.kind === "rejected" ? "Rejected" : outcome.functionError;
}
