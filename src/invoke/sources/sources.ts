/** All event sources that are polled: one for each mapping that is enabled, kept in step with what is stored. */

import type { AwsEndpoint } from "../../core/aws-endpoint.ts";
import type { Store } from "../../store/port.ts";
import { findMapping, isQueueArn, type MappingRecord, mappingIds } from "./mapping-record.ts";
import { QueueSource, type QueueSourceDeps } from "./queue-source.ts";

export interface SourcesDeps extends Omit<QueueSourceDeps, "endpoint"> {
  readonly store: Store;
  /** Where queues are; null: nowhere, and none is polled. */
  readonly endpoint: AwsEndpoint | null;
}

/** What a mapping is on its way to; a mapping that has arrived has none. */
export type Transition = "Creating" | "Enabling" | "Disabling" | "Updating";

const NO_ENDPOINT = "PROBLEM: no endpoint is set; AWS_ENDPOINT_URL_SQS names one";

export class Sources {
  readonly #deps: SourcesDeps;
  readonly #sources = new Map<string, QueueSource>();
  readonly #transitions = new Map<string, Transition>();
  /** Changes of one mapping take their turn. */
  readonly #changes = new Map<string, Promise<void>>();
  #stopped = true;

  constructor(deps: SourcesDeps) {
    this.#deps = deps;
  }

  get hasEndpoint(): boolean {
    return this.#deps.endpoint !== null;
  }

  async start(): Promise<void> {
    this.#stopped = false;
    for (const uuid of await mappingIds(this.#deps.store)) void this.changed(uuid, "Enabling");
  }

  /** After the mapping's record was made, changed or deleted. Resolves when what is polled is in step with it. */
  changed(uuid: string, transition: Transition): Promise<void> {
    if (this.#stopped || !this.hasEndpoint) return Promise.resolve();
    this.#transitions.set(uuid, transition);
    const before = this.#changes.get(uuid) ?? Promise.resolve();
    const change = before
      .then(() => this.#adapt(uuid))
      .catch((error: unknown) => this.#deps.log.error({ err: error, uuid }, "Cannot poll an event source"))
      .finally(() => {
        if (this.#changes.get(uuid) !== change) return;
        this.#changes.delete(uuid);
        this.#transitions.delete(uuid);
      });
    this.#changes.set(uuid, change);
    return change;
  }

  transitionOf(uuid: string): Transition | undefined {
    return this.#transitions.get(uuid);
  }

  /** What `LastProcessingResult` says; undefined: nothing yet. */
  resultOf(uuid: string, eventSourceArn: string | null): string | undefined {
    if (!this.hasEndpoint && isQueueArn(eventSourceArn)) return NO_ENDPOINT;
    return this.#sources.get(uuid)?.lastResult;
  }

  /** Asks for no more messages; resolves when all batches have ended. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all([...this.#changes.values(), ...[...this.#sources.values()].map((source) => source.stop())]);
  }

  async #adapt(uuid: string): Promise<void> {
    const mapping = await findMapping(this.#deps.store, uuid);
    const running = this.#sources.get(uuid);
    if (running && mapping?.enabled && JSON.stringify(running.mapping) === JSON.stringify(mapping)) return;
    await running?.stop();
    this.#sources.delete(uuid);
    if (mapping?.enabled) await this.#begin(uuid, mapping);
  }

  async #begin(uuid: string, mapping: MappingRecord): Promise<void> {
    const { endpoint, ...deps } = this.#deps;
    const { eventSourceArn } = mapping;
    if (!endpoint || this.#stopped || !isQueueArn(eventSourceArn)) return;
    const source = new QueueSource({ ...deps, endpoint }, { mapping, queueArn: eventSourceArn });
    this.#sources.set(uuid, source);
    await source.start();
  }
}
