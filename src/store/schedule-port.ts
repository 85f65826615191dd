/** The part of the port that keeps what runs by the clock. Every step is power-loss durable when it resolves. */
import type { Page, PageRequest } from "./port.ts";
import type { NewEvent } from "./queue-port.ts";

/** What a schedule runs, and when. `expression` is EventBridge's: `rate(…)`, `cron(…)` or `at(…)`. */
export interface ScheduleDefinition {
  readonly functionName: string;
  /** A version, an alias, or undefined. */
  readonly qualifier?: string | undefined;
  readonly expression: string;
  /** An IANA name. */
  readonly timezone: string;
  readonly description?: string | undefined;
  /** The event, JSON; undefined: EventBridge's. */
  readonly input?: string | undefined;
  readonly enabled: boolean;
  /** What becomes of instants that the server was not up for. */
  readonly missed: MissedPolicy;
}

/** `once`: one run for all of them, if the latest is no older than `withinSeconds`; `skip`: none. */
export type MissedPolicy =
  | { readonly run: "once"; readonly withinSeconds: number }
  | { readonly run: "skip"; readonly withinSeconds?: undefined };

export interface StoredSchedule {
  readonly name: string;
  readonly definition: ScheduleDefinition;
  /** Counts the puts, from 1. */
  readonly revision: number;
  readonly createdAtMs: number;
  readonly modifiedAtMs: number;
  /** Undefined: never again, or not while it is disabled. */
  readonly nextAtMs: number | undefined;
  /** The instant that was run last. */
  readonly lastAtMs: number | undefined;
  /** For people: why the latest instant was not run. */
  readonly problem: string | undefined;
}

/** A schedule whose instant has come. */
export interface Firing {
  readonly name: string;
  /** As they were read: a schedule that has changed or fired since is left alone. */
  readonly revision: number;
  readonly dueAtMs: number;
  readonly nextAtMs: number | undefined;
  readonly end:
    | { readonly kind: "run"; readonly atMs: number; readonly event: NewEvent }
    | { readonly kind: "passed over"; readonly problem: string };
}

export interface ScheduleStore {
  /** Puts only while the schedule's revision is `expectedRevision` (null: while there is none; undefined: whatever there is). */
  put(input: {
    readonly name: string;
    readonly definition: ScheduleDefinition;
    readonly nextAtMs: number | undefined;
    readonly nowMs: number;
    readonly expectedRevision?: number | null | undefined;
  }): Promise<StoredSchedule | undefined>;
  find(name: string): Promise<StoredSchedule | undefined>;
  /** By name. */
  list(input: PageRequest): Promise<Page<StoredSchedule>>;
  /** False when there was none. */
  delete(name: string): Promise<boolean>;
  /** Those whose instant has come, the earliest first. */
  due(input: { readonly nowMs: number; readonly countMax: number }): Promise<readonly StoredSchedule[]>;
  /** When the first of all falls due. */
  nextDueMs(): Promise<number | undefined>;
  /** Moves each to its next instant and puts its event into the queue, all in one step. Answers the events that were queued. */
  fire(firings: readonly Firing[]): Promise<readonly NewEvent[]>;
}
