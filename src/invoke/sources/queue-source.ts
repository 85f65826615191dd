/**
 * Feeds one function from one queue: receives, filters, gathers batches, calls, and deletes what is done. What failed is left alone, and is
 * visible again when the queue's own timeout has run out, as on AWS. Sources: Lambda Developer Guide, "Using Lambda with Amazon SQS".
 *
 * A queue that keeps order hands out no message of a group while an earlier one is out: a batch that waits or fails holds up its groups.
 *
 * **Gaps**: one request at a time asks for messages, ten each.
 */

import type { AwsEndpoint } from "../../core/aws-endpoint.ts";
import type { Clock } from "../../core/clock.ts";
import type { Ids } from "../../core/ids.ts";
import type { Log } from "../../core/log.ts";
import type { InvocationHead, QueuedEvent } from "../../store/queue-port.ts";
import type { AttemptEnd } from "../queue/attempt.ts";
import { Places, SHARE } from "../queue/places.ts";
import { deferralMs } from "../queue/retry-policy.ts";
import { Batch, callOf, endOf } from "./batch.ts";
import { compilePattern, type Matcher } from "./event-pattern.ts";
import type { MappingRecord } from "./mapping-record.ts";
import { SQS_BATCH_MAX, SQS_WAIT_SECONDS_MAX, type SqsMessage, SqsQueue } from "./sqs-queue.ts";
import { isWanted, recordOf } from "./sqs-record.ts";

export interface QueueSourceDeps {
  readonly endpoint: AwsEndpoint;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly log: Log;
  readonly places: Places;
  readonly attempt: (event: QueuedEvent, head: InvocationHead) => Promise<AttemptEnd>;
}

const BATCH_SIZE_DEFAULT = 10;
const DELETE_TRIES = 3;
/** After the queue could not be read, doubling. */
const RETRY_MS_MIN = 1000;
const RETRY_MS_MAX = 60_000;

export class QueueSource {
  readonly mapping: MappingRecord;
  readonly #deps: QueueSourceDeps;
  readonly #arn: string;
  readonly #filters: readonly Matcher[];
  readonly #batchSize: number;
  readonly #windowMs: number;
  /** For batches that run at the same time. */
  readonly #own: Places;
  readonly #stopping = new AbortController();
  readonly #running = new Set<Promise<void>>();
  #gathered = new Batch();
  #cancelWindow: (() => void) | undefined;
  #onRoom: (() => void) | undefined;
  /** Batches that wait to be tried once more. */
  #deferredCount = 0;
  #queue: SqsQueue | undefined;
  #loop: Promise<void> | undefined;
  #lastResult: string | undefined;

  constructor(deps: QueueSourceDeps, of: { mapping: MappingRecord; queueArn: string }) {
    this.#deps = deps;
    this.mapping = of.mapping;
    this.#arn = of.queueArn;
    const { settings } = of.mapping;
    this.#filters = (settings.FilterCriteria?.Filters ?? []).map(({ Pattern }) => compilePattern(Pattern ?? "{}"));
    this.#batchSize = settings.BatchSize ?? BATCH_SIZE_DEFAULT;
    this.#windowMs = (settings.MaximumBatchingWindowInSeconds ?? 0) * 1000;
    this.#own = new Places(settings.ScalingConfig?.MaximumConcurrency ?? Number.POSITIVE_INFINITY);
  }

  /** What `LastProcessingResult` says; undefined before there is anything to say. */
  get lastResult(): string | undefined {
    return this.#lastResult;
  }

  /** Resolves when the queue was found, or not. */
  start(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#loop = this.#poll(resolve);
    return promise;
  }

  /** Asks for nothing more, gives back what was not handed to the function yet, and waits for calls that run. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#cancelWindow?.();
    this.#onRoom?.();
    await this.#loop;
    await Promise.all(this.#running);
    await this.#giveBack(this.#gathered.messages.splice(0));
  }

  get #stopped(): boolean {
    return this.#stopping.signal.aborted;
  }

  async #poll(onOpened: () => void): Promise<void> {
    let failures = 0;
    while (!this.#stopped) {
      try {
        if (!this.#queue || failures > 0) this.#queue = await SqsQueue.open(this.#deps.endpoint, this.#arn);
        onOpened();
        await this.#untilRoom();
        if (this.#stopped) break;
        await this.#take(this.#queue, await this.#receive(this.#queue));
        failures = 0;
      } catch (error) {
        onOpened();
        if (this.#stopped) break;
        this.#note(`PROBLEM: ${error instanceof Error ? error.message : String(error)}`);
        await this.#sleep(Math.min(RETRY_MS_MAX, RETRY_MS_MIN * 2 ** Math.min(failures++, 10)));
      }
    }
    onOpened();
  }

  #receive(queue: SqsQueue): Promise<readonly SqsMessage[]> {
    return queue.receive({
      countMax: Math.min(SQS_BATCH_MAX, this.#batchSize - this.#gathered.count),
      waitSeconds: SQS_WAIT_SECONDS_MAX,
      signal: this.#stopping.signal,
    });
  }

  /** Those that no filter wants are deleted, as on AWS. */
  async #take(queue: SqsQueue, messages: readonly SqsMessage[]): Promise<void> {
    const unwanted: SqsMessage[] = [];
    for (const message of messages) {
      const record = recordOf(message, this.#arn);
      if (!isWanted(record, this.#filters)) unwanted.push(message);
      else this.#gather(message, JSON.stringify(record));
    }
    if (this.#gathered.count > 0 && (this.#windowMs === 0 || this.#gathered.count >= this.#batchSize)) this.#flush();
    if (unwanted.length > 0) await this.#delete(queue, unwanted);
  }

  #gather(message: SqsMessage, record: string): void {
    if (!this.#gathered.hasRoomFor(record)) this.#flush();
    this.#gathered.add(message, record);
    if (this.#gathered.count > 1 || this.#windowMs === 0) return;
    this.#cancelWindow = this.#deps.clock.setTimer(this.#deps.clock.nowMs() + this.#windowMs, () => this.#flush());
  }

  #flush(): void {
    this.#cancelWindow?.();
    const batch = this.#gathered;
    const queue = this.#queue;
    if (batch.count === 0 || !queue || this.#stopped) return;
    this.#gathered = new Batch();
    const run = this.#run(queue, batch)
      .catch((error: unknown) => this.#deps.log.error({ err: error, queue: this.#arn }, "Cannot process a batch"))
      .finally(() => {
        this.#running.delete(run);
        this.#onRoom?.();
      });
    this.#running.add(run);
  }

  /** As long as the messages are this server's, a call for which there was no room, or that the service failed, is tried again. */
  async #run(queue: SqsQueue, batch: Batch): Promise<void> {
    await this.#own.enter();
    try {
      await this.#runToEnd(queue, batch);
    } finally {
      this.#own.free();
    }
  }

  async #runToEnd(queue: SqsQueue, batch: Batch): Promise<void> {
    const untilMs = batch.receivedAtMs + queue.visibilityMs;
    for (let deferrals = 0; ; deferrals++) {
      const end = await this.#call(batch);
      if (end.kind === "stopping") return this.#giveBack(batch.messages);
      const again = end.kind === "throttled" || end.kind === "broken" || isReservedZero(end);
      if (!again || performance.now() + deferralMs(deferrals) >= untilMs) return this.#settle(queue, batch, end);
      this.#note(`PROBLEM: ${end.reason}`);
      await this.#defer(deferralMs(deferrals));
    }
  }

  async #call(batch: Batch): Promise<AttemptEnd> {
    const { places, ids, clock, attempt } = this.#deps;
    await places.enter();
    try {
      if (this.#stopped) return { kind: "stopping" };
      const { event, head } = callOf(batch, { mapping: this.mapping, requestId: ids.uuid(), nowMs: clock.nowMs() });
      return await attempt(event, head);
    } finally {
      places.free();
    }
  }

  async #settle(queue: SqsQueue, batch: Batch, end: AttemptEnd): Promise<void> {
    const result = endOf(batch, { mapping: this.mapping, end });
    if (result.kind === "failed") {
      this.#note(`PROBLEM: ${result.reason}`);
      // What cannot be called at all would otherwise go round as fast as the queue hands it out.
      if (end.kind === "over") await this.#defer(RETRY_MS_MIN);
      return;
    }
    const done = batch.messages.filter(({ MessageId }) => !result.failedIds.has(MessageId));
    this.#note(result.failedIds.size > 0 ? "PROBLEM: Function call reported failed messages" : "OK");
    await this.#delete(queue, done);
  }

  async #delete(queue: SqsQueue, messages: readonly SqsMessage[]): Promise<void> {
    let left = messages;
    for (let tries = 0; left.length > 0 && tries < DELETE_TRIES; tries++) left = await queue.delete(left);
    if (left.length > 0)
      this.#deps.log.warn({ queue: this.#arn, count: left.length }, "Cannot delete messages: they will come again");
  }

  async #giveBack(messages: readonly SqsMessage[]): Promise<void> {
    if (messages.length > 0) await this.#queue?.release(messages);
  }

  /** Nothing is asked for that could not be run soon: its time would run out here. */
  async #untilRoom(): Promise<void> {
    while (!this.#stopped && this.#running.size > 0 && !this.#hasRoom()) {
      await new Promise<void>((resolve) => {
        this.#onRoom = resolve;
      });
    }
  }

  #hasRoom(): boolean {
    const { leftCount } = this.#deps.places;
    return this.#deferredCount === 0 && this.#own.leftCount > 0 && this.#running.size < SHARE * leftCount;
  }

  #note(result: string): void {
    if (result === this.#lastResult) return;
    this.#lastResult = result;
    if (result !== "OK")
      this.#deps.log.warn(
        { queue: this.#arn, function: this.mapping.functionName, result },
        "An event source has a problem",
      );
  }

  /** While a batch waits no others are asked for: they could only wait as well, until they were received too often. */
  async #defer(ms: number): Promise<void> {
    this.#deferredCount++;
    await this.#sleep(ms);
    this.#deferredCount--;
    this.#onRoom?.();
  }

  /** Until then, or until it is stopped. */
  #sleep(ms: number): Promise<void> {
    const { clock } = this.#deps;
    const { signal } = this.#stopping;
    if (signal.aborted) return Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<void>();
    const cancel = clock.setTimer(clock.nowMs() + ms, resolve);
    signal.addEventListener("abort", () => resolve(), { once: true });
    return promise.finally(cancel);
  }
}

const isReservedZero = (end: AttemptEnd): end is Extract<AttemptEnd, { kind: "over" }> =>
  end.kind === "over" && end.condition === "ZeroReservedConcurrency";
