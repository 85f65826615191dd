/**
 * What the asynchronous queue asks of a store. As in `port.ts` each function is one atomic step and answers a promise, but how durable
 * a step is differs, and is said with each: what a client was told must survive a power cut, while a lease or an ending that one takes
 * back only means that an event runs once more, which is what "at least once" allows.
 *
 * Events stand in **lanes**, each in the order in which they fall due. The store knows no more of an event than its lane, its instant
 * and its counts; `head` and `body` are the queue's own.
 */

/** One call of a function. */
export interface InvocationHead {
  readonly kind: "invocation";
  readonly functionName: string;
  /** As the caller had it: a version, an alias, or undefined. */
  readonly qualifier?: string | undefined;
  readonly traceId?: string | undefined;
  readonly tenantId?: string | undefined;
}

/** A record of how a call ended, on its way to a resource that is no function. */
export interface DeliveryHead {
  readonly kind: "delivery";
  readonly targetArn: string;
  /** The qualified ARN of the function whose call it was. */
  readonly functionArn: string;
  readonly condition: Condition;
  /** What a dead-letter queue is told beside the event, as message attributes; undefined for a destination. */
  readonly attributes?: { readonly errorCode: number; readonly errorMessage: string } | undefined;
  /** The call's trace header: the chain of calls goes on through a queue. */
  readonly traceId?: string | undefined;
  /** A UUID of its own, so that what is delivered twice lands in the same place. */
  readonly deliveryId: string;
}

export type EventHead = InvocationHead | DeliveryHead;

/** Why an event came to its end. The first five are AWS's words; the others say what AWS keeps to itself. */
export type Condition =
  | "Success"
  | "RetriesExhausted"
  | "EventAgeExceeded"
  | "ZeroReservedConcurrency"
  | "RecursiveInvocation"
  | "FunctionNotFound"
  | "Abandoned";

export interface NewEvent {
  readonly lane: string;
  readonly requestId: string;
  readonly acceptedAtMs: number;
  readonly dueAtMs: number;
  readonly head: EventHead;
  readonly body: Uint8Array;
}

export interface QueuedEvent extends NewEvent {
  readonly id: number;
  /** How often it was tried, and the trial came to an end. */
  readonly attemptCount: number;
  /** How often in a row there was no room for it, or the service failed. */
  readonly deferralCount: number;
  /** How often its lease ran out, or its holder was gone, before it was settled. */
  readonly lostCount: number;
}

/** What becomes of an event that is held. */
export type Settlement =
  /** Away with it. What follows from its end goes into the queue and the box in the same step. */
  | {
      readonly id: number;
      readonly next: "end";
      readonly enqueue?: readonly NewEvent[];
      readonly box?: readonly NewDeadLetter[];
    }
  /** Once more, at `dueAtMs`. */
  | {
      readonly id: number;
      readonly next: "again";
      readonly dueAtMs: number;
      readonly attemptCount: number;
      readonly deferralCount: number;
    };

/** An event, or the record of one, that could go nowhere. */
export interface NewDeadLetter {
  /** The function that was called, also where a record could not be delivered elsewhere. */
  readonly functionName: string;
  /** Where it goes when it is redriven. */
  readonly lane: string;
  readonly requestId: string;
  readonly acceptedAtMs: number;
  readonly boxedAtMs: number;
  readonly condition: Condition;
  /** For people: what went wrong last. */
  readonly reason: string;
  readonly attemptCount: number;
  readonly head: EventHead;
  readonly body: Uint8Array;
}

export interface DeadLetter extends NewDeadLetter {
  readonly id: number;
}

/** Without the body, for lists. */
export type DeadLetterLine = Omit<DeadLetter, "body"> & { readonly bodyBytes: number };

export interface LaneDue {
  readonly lane: string;
  /** When its next event falls due, or its first lease runs out; undefined when the lane is empty. */
  readonly dueAtMs: number | undefined;
}

/** Which of the box; all members have to fit. No member: all of them. */
export interface BoxFilter {
  readonly id?: number | undefined;
  readonly functionName?: string | undefined;
}

export interface QueueStore {
  /**
   * Puts events into the queue. Power-loss durable when it resolves: what comes in while a sync is under way goes out with the next
   * one, so that one sync serves many callers.
   */
  accept(events: readonly NewEvent[]): Promise<void>;

  /**
   * Settles what ended and takes what is due, up to `countMax` of each lane, the earliest first, under a lease: a row that nobody
   * settles falls due again at `leasedUntilMs`. Settling what is not there any more does nothing but for what it enqueues and boxes.
   * `lanes` says of each wanted lane, also of one of which nothing is taken, when its next event is due.
   * Survives the process; a power cut may take back the last ones, whole and in order.
   */
  exchange(input: {
    readonly nowMs: number;
    readonly leasedUntilMs: number;
    readonly settlements: readonly Settlement[];
    readonly wanted: readonly { readonly lane: string; readonly countMax: number }[];
  }): Promise<{ readonly taken: readonly QueuedEvent[]; readonly lanes: readonly LaneDue[] }>;

  /** Ends all leases: for a process that starts, and knows that whoever held them is gone. Answers how many there were. */
  releaseLeases(): Promise<number>;

  /** The lanes that have events, and when the first of each falls due. Takes as long as there are lanes, not events. */
  lanes(): Promise<readonly (LaneDue & { readonly dueAtMs: number })[]>;

  /** Events of the queue by lane and due instant, without what they carry. */
  listQueued(input: {
    readonly lane?: string | undefined;
    readonly countMax: number;
  }): Promise<readonly (Omit<QueuedEvent, "body"> & { readonly bodyBytes: number; readonly leased: boolean })[]>;

  /** The dead-letter box, newest first; `before` is the id of the last one of the page before. */
  listBox(
    input: BoxFilter & { readonly before?: number | undefined; readonly countMax: number },
  ): Promise<readonly DeadLetterLine[]>;
  /** How many the box holds, and what their bodies weigh. Takes no longer for a large one. */
  boxUsage(): Promise<{ readonly count: number; readonly bytes: number }>;
  findBoxed(id: number): Promise<DeadLetter | undefined>;
  /**
   * Takes up to `countMax` out of the box, oldest first and none with an id past `upTo`, and into the queue as new events: counts from 0, accepted and due at `nowMs`,
   * the request id kept. Power-loss durable. Answers the lanes that they went into, one each event.
   */
  redrive(
    input: BoxFilter & { readonly nowMs: number; readonly countMax: number; readonly upTo?: number | undefined },
  ): Promise<readonly string[]>;
  /** Deletes from the box, power-loss durable; answers how many. */
  purgeBox(input: BoxFilter): Promise<number>;
}
