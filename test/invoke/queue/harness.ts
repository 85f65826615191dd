/** The queue with everything real but the runners: functions are plain functions here, and time is moved by hand. */
import type { Ids } from "../../../src/core/ids.ts";
import { makeLog } from "../../../src/core/log.ts";
import { ManualClock } from "../../../src/core/manual-clock.ts";
import { notFound } from "../../../src/errors/aws-error.ts";
import type { Refusal } from "../../../src/invoke/dispatcher.ts";
import type { ExecutionSpec, Invocation, InvocationResult, Outcome } from "../../../src/invoke/invocation.ts";
import { type EventQueueDeps, makeEventQueue } from "../../../src/invoke/queue/event-queue.ts";
import { backgroundPlaces } from "../../../src/invoke/queue/places.ts";
import type { Poller } from "../../../src/invoke/queue/poller.ts";
import { openStore } from "../../../src/store/open-store.ts";
import type { FunctionSettings, Store } from "../../../src/store/port.ts";
import type { DeadLetter } from "../../../src/store/queue-port.ts";
import { create, latestOf } from "../../store/contract/records.ts";

export const START_MS = Date.UTC(2026, 0, 2, 3, 4, 5, 678);
export const HOME = { region: "us-east-1", accountId: "000000000000" };
export const arnOf = (name: string): string => `arn:aws:lambda:us-east-1:000000000000:function:${name}`;

export interface Run {
  readonly functionName: string;
  readonly requestId: string;
  readonly payload: string;
  /** Since the clock began. */
  readonly atMs: number;
  readonly invocation: Invocation;
}

export type Handler = (run: Run) => Outcome | Promise<Outcome>;

export const ok = (payload = "null"): Outcome => ({ kind: "ok", payload: Buffer.from(payload) });
export const failed = (message = "it broke"): Outcome => ({
  kind: "function-error",
  functionError: "Handled",
  errorType: "Error",
  payload: Buffer.from(JSON.stringify({ errorType: "Error", errorMessage: message, trace: [] })),
});

export interface Harness {
  readonly store: Store;
  readonly clock: ManualClock;
  readonly queue: Poller;
  readonly runs: Run[];
  /** Answers why a function has no room, when it has none. */
  refuse: (functionName: string) => Refusal | undefined;
  /** Makes a function; a second time gives it another handler. */
  define(name: string, handler: Handler, settings?: Partial<FunctionSettings>): Promise<void>;
  undefine(name: string): void;
  configure(name: string, body: Record<string, unknown>, qualifier?: string): Promise<void>;
  /** Queues an event and waits until it has come to rest. Answers its request id. */
  send(name: string, input?: { payload?: string; qualifier?: string; traceId?: string }): Promise<string>;
  submit(name: string, input?: { payload?: string; qualifier?: string; traceId?: string }): Promise<string>;
  advance(ms: number): Promise<void>;
  /** When each run of a function began, in seconds since the clock did. */
  seconds(name: string): number[];
  box(): Promise<DeadLetter[]>;
  close(): Promise<void>;
}

export async function startQueue({
  started = true,
  concurrencyMax = 1000,
  environmentsMax = 200,
  ...rest
}: Partial<EventQueueDeps> & {
  started?: boolean;
  concurrencyMax?: number;
  environmentsMax?: number;
} = {}): Promise<Harness> {
  const store = rest.store ?? (await openStore({ memory: true }));
  const clock = new ManualClock(START_MS);
  const handlers = new Map<string, Handler>();
  const runs: Run[] = [];
  let ids = 0;
  const countingIds: Ids = { uuid: () => `00000000-0000-4000-8000-${String(++ids).padStart(12, "0")}` };
  const targetOf = (name: string) => ({
    choose: () => ({ spec: { functionName: name, functionVersion: "$LATEST" } as ExecutionSpec }),
  });
  const run = async (spec: ExecutionSpec, invocation: Invocation): Promise<InvocationResult> => {
    const { functionName } = spec;
    const { requestId } = invocation;
    const payload = Buffer.from(invocation.payload).toString();
    const one = { functionName, requestId, payload, atMs: clock.nowMs() - START_MS, invocation };
    runs.push(one);
    const handler = handlers.get(functionName);
    if (!handler) throw new Error(`No handler of ${functionName}`);
    return { outcome: await handler(one) };
  };
  const queue = makeEventQueue({
    store,
    clock,
    ids: countingIds,
    home: HOME,
    log: makeLog("silent"),
    targets: {
      known: () => undefined,
      async resolve({ name, qualifier }) {
        if (handlers.has(name)) return targetOf(name);
        throw notFound("Function", `${arnOf(name)}:${qualifier ?? "$LATEST"}`);
      },
    },
    dispatcher: { admit: (name) => harness.refuse(name), run },
    endpoints: { sqs: null, sns: null, events: null, s3: null },
    places: backgroundPlaces({ concurrencyMax, environmentsMax }),
    ...rest,
  });
  const harness: Harness = {
    store,
    clock,
    queue,
    runs,
    refuse: () => undefined,
    async define(name, handler, settings = {}) {
      if (!handlers.has(name)) {
        const latest = latestOf(name);
        await create(store, { ...latest, settings: { ...latest.settings, ...settings } });
      }
      handlers.set(name, handler);
    },
    undefine: (name) => void handlers.delete(name),
    async configure(name, body, qualifier = "$LATEST") {
      await store.documents.put({ kind: "event-invoke", owner: name, key: qualifier, body, nowMs: 0 });
    },
    async send(name, input) {
      const requestId = await harness.submit(name, input);
      await queue.untilQuiet();
      return requestId;
    },
    async submit(name, { payload = "{}", qualifier, traceId } = {}) {
      const requestId = crypto.randomUUID();
      const nowMs = clock.nowMs();
      await queue.submit([
        {
          lane: name,
          requestId,
          acceptedAtMs: nowMs,
          dueAtMs: nowMs,
          head: { kind: "invocation", functionName: name, qualifier, traceId },
          body: Buffer.from(payload),
        },
      ]);
      return requestId;
    },
    advance: (ms) => clock.advance(ms, () => queue.untilQuiet()),
    seconds: (name) => runs.filter(({ functionName }) => functionName === name).map(({ atMs }) => atMs / 1000),
    async box() {
      const lines = await store.queue.listBox({ countMax: 1000 });
      return Promise.all(lines.map(async ({ id }) => (await store.queue.findBoxed(id)) as DeadLetter));
    },
    async close() {
      await queue.close();
      await store.close();
    },
  };
  if (started) await queue.start();
  return harness;
}
