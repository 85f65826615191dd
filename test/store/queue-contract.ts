/** What any implementation of the queue has to pass. */
import { describe, expect, test } from "bun:test";
import type { Store } from "../../src/store/port.ts";
import type { NewDeadLetter, NewEvent, QueuedEvent, QueueStore, Settlement } from "../../src/store/queue-port.ts";
import { openedForEach } from "./contract/opened.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const LEASE_MS = 1000;

export const queuedCall = (functionName: string, rest: Partial<NewEvent> = {}): NewEvent => ({
  lane: functionName,
  requestId: `request-${functionName}`,
  acceptedAtMs: 100,
  dueAtMs: 100,
  head: { kind: "invocation", functionName },
  body: bytes(`{"for":"${functionName}"}`),
  ...rest,
});

const letter = (functionName: string, rest: Partial<NewDeadLetter> = {}): NewDeadLetter => ({
  functionName,
  lane: functionName,
  requestId: `request-${functionName}`,
  acceptedAtMs: 100,
  boxedAtMs: 200,
  condition: "RetriesExhausted",
  reason: "Error: it broke",
  attemptCount: 3,
  head: { kind: "invocation", functionName },
  body: bytes("{}"),
  ...rest,
});

async function take(
  queue: QueueStore,
  lane: string,
  at: { nowMs: number; countMax?: number },
): Promise<readonly QueuedEvent[]> {
  const { nowMs, countMax = 10 } = at;
  const wanted = [{ lane, countMax }];
  return (await queue.exchange({ nowMs, leasedUntilMs: nowMs + LEASE_MS, settlements: [], wanted })).taken;
}

const settle = (queue: QueueStore, nowMs: number, ...settlements: Settlement[]) =>
  queue.exchange({ nowMs, leasedUntilMs: nowMs + LEASE_MS, settlements, wanted: [] });

async function heldOf(queue: QueueStore, lane: string, nowMs: number): Promise<QueuedEvent> {
  const [held] = await take(queue, lane, { nowMs });
  if (!held) throw new Error(`Nothing of ${lane} is due at ${nowMs}`);
  return held;
}

export function queueContract(implementation: string, open: () => Promise<Store>): void {
  describe(`${implementation} > queue`, () => {
    const store = openedForEach(open);
    const queue = (): QueueStore => store().queue;

    test("an event comes out as it went in", async () => {
      const body = Uint8Array.from({ length: 300_000 }, (_, index) => index % 251);
      const head = {
        kind: "invocation",
        functionName: "a",
        qualifier: "live",
        traceId: "Root=1",
        tenantId: "t",
      } as const;
      await queue().accept([queuedCall("a", { requestId: "r-1", head, body, acceptedAtMs: 90 })]);
      const [taken] = await take(queue(), "a", { nowMs: 100 });
      expect(taken).toMatchObject({ lane: "a", requestId: "r-1", acceptedAtMs: 90, head });
      expect(taken).toMatchObject({ attemptCount: 0, deferralCount: 0, lostCount: 0 });
      expect(Buffer.compare(taken?.body ?? bytes(""), body)).toBe(0);
    });

    test("taking is by lane, in due order, no more than asked for, and nothing before its instant", async () => {
      const at = (dueAtMs: number) => queuedCall("a", { dueAtMs, requestId: `at-${dueAtMs}` });
      await queue().accept([at(300), at(100), at(200), queuedCall("b")]);
      const first = await take(queue(), "a", { nowMs: 250, countMax: 1 });
      expect(first.map(({ requestId }) => requestId)).toEqual(["at-100"]);
      const rest = await take(queue(), "a", { nowMs: 250 });
      expect(rest.map(({ requestId }) => requestId)).toEqual(["at-200"]);
      expect(await take(queue(), "a", { nowMs: 299 })).toEqual([]);
      expect((await take(queue(), "a", { nowMs: 300 })).length).toBe(1);
    });

    test("what is taken is nobody else's until its lease runs out, and then it says that it was lost", async () => {
      await queue().accept([queuedCall("a")]);
      const first = await heldOf(queue(), "a", 100);
      expect(await take(queue(), "a", { nowMs: 100 + LEASE_MS - 1 })).toEqual([]);
      const again = await heldOf(queue(), "a", 100 + LEASE_MS);
      expect(again).toMatchObject({ id: first.id, requestId: first.requestId, lostCount: 1, attemptCount: 0 });
    });

    test("releasing leases makes them due at once", async () => {
      await queue().accept([queuedCall("a"), queuedCall("b"), queuedCall("c", { dueAtMs: 500 })]);
      await take(queue(), "a", { nowMs: 100 });
      await take(queue(), "b", { nowMs: 100 });
      expect(await queue().releaseLeases()).toBe(2);
      expect(await queue().releaseLeases()).toBe(0);
      expect(await take(queue(), "a", { nowMs: 100 })).toMatchObject([{ lostCount: 1 }]);
      expect(await take(queue(), "c", { nowMs: 100 })).toEqual([]);
    });

    test("an event that is put off comes again at its instant, with its counts", async () => {
      await queue().accept([queuedCall("a")]);
      const { id } = await heldOf(queue(), "a", 100);
      await settle(queue(), 110, { id, next: "again", dueAtMs: 60_110, attemptCount: 1, deferralCount: 4 });
      expect(await take(queue(), "a", { nowMs: 60_109 })).toEqual([]);
      const again = await heldOf(queue(), "a", 60_110);
      expect(again).toMatchObject({ id, attemptCount: 1, deferralCount: 4, lostCount: 0, acceptedAtMs: 100 });
    });

    test("an event that ended is gone, and what follows from it is there", async () => {
      await queue().accept([queuedCall("a")]);
      const { id } = await heldOf(queue(), "a", 100);
      const enqueue = [queuedCall("b", { dueAtMs: 110 })];
      await settle(queue(), 110, { id, next: "end", enqueue, box: [letter("a", { reason: "why" })] });
      expect(await take(queue(), "a", { nowMs: 1e9 })).toEqual([]);
      expect(await take(queue(), "b", { nowMs: 110 })).toMatchObject([{ lane: "b", attemptCount: 0 }]);
      expect(await queue().listBox({ countMax: 10 })).toMatchObject([
        { functionName: "a", reason: "why", bodyBytes: 2 },
      ]);
    });

    test("settling and taking happen in one step, which says when each lane is due next", async () => {
      await queue().accept([queuedCall("a"), queuedCall("a"), queuedCall("a", { dueAtMs: 700 }), queuedCall("b")]);
      const { id } = await heldOf(queue(), "b", 100);
      const { taken, lanes } = await queue().exchange({
        nowMs: 100,
        leasedUntilMs: 5000,
        settlements: [{ id, next: "end" }],
        wanted: [
          { lane: "a", countMax: 10 },
          { lane: "b", countMax: 10 },
          { lane: "nobody", countMax: 10 },
        ],
      });
      expect(taken.map(({ lane }) => lane)).toEqual(["a", "a"]);
      expect(lanes).toEqual([
        { lane: "a", dueAtMs: 700 },
        { lane: "b", dueAtMs: undefined },
        { lane: "nobody", dueAtMs: undefined },
      ]);
    });

    test("the lanes that have events are known, each with its first instant", async () => {
      expect(await queue().lanes()).toEqual([]);
      const arn = "arn:aws:sqs:us-east-1:000000000000:q";
      await queue().accept([
        queuedCall("b", { dueAtMs: 9 }),
        queuedCall("b", { dueAtMs: 5 }),
        queuedCall("a"),
        queuedCall(arn),
      ]);
      expect(await queue().lanes()).toEqual([
        { lane: "a", dueAtMs: 100 },
        { lane: arn, dueAtMs: 100 },
        { lane: "b", dueAtMs: 5 },
      ]);
    });

    test("the queue can be looked into", async () => {
      await queue().accept([queuedCall("a"), queuedCall("b")]);
      const { id } = await heldOf(queue(), "a", 100);
      expect(await queue().listQueued({ countMax: 10 })).toMatchObject([
        { id, lane: "a", leased: true },
        { lane: "b", leased: false, dueAtMs: 100 },
      ]);
      expect(await queue().listQueued({ lane: "b", countMax: 10 })).toMatchObject([{ lane: "b" }]);
      expect((await queue().listQueued({ countMax: 1 })).length).toBe(1);
    });

    test("many at the same time are all accepted, each before its promise resolves", async () => {
      const names = Array.from({ length: 200 }, (_, index) => `r-${index}`);
      await Promise.all(
        names.map(async (requestId) => {
          await queue().accept([queuedCall(requestId, { requestId })]);
          expect((await queue().listQueued({ lane: requestId, countMax: 1 })).length).toBe(1);
        }),
      );
      expect((await queue().lanes()).length).toBe(200);
    });

    test("the box is listed newest first, page by page, and by function", async () => {
      await queue().accept([queuedCall("a")]);
      const { id } = await heldOf(queue(), "a", 100);
      await settle(queue(), 100, { id, next: "end", box: ["a", "b", "a"].map((name) => letter(name)) });
      const all = await queue().listBox({ countMax: 10 });
      expect(all.map(({ functionName }) => functionName)).toEqual(["a", "b", "a"]);
      const page = await queue().listBox({ countMax: 2 });
      const next = await queue().listBox({ countMax: 2, before: page.at(-1)?.id });
      expect([...page, ...next]).toEqual([...all]);
      expect((await queue().listBox({ countMax: 10, functionName: "a" })).length).toBe(2);
      const found = await queue().findBoxed(all[0]?.id ?? 0);
      expect(found).toMatchObject({ ...letter("a"), body: expect.anything() });
      expect(await queue().findBoxed(1e6)).toBeUndefined();
    });

    test("redriving makes new events of what is in the box, oldest first", async () => {
      await queue().accept([queuedCall("a")]);
      const { id } = await heldOf(queue(), "a", 100);
      await settle(queue(), 100, {
        id,
        next: "end",
        box: ["r-1", "r-2", "r-3"].map((requestId) => letter("a", { requestId })),
      });
      const upTo = (await queue().listBox({ countMax: 1 }))[0]?.id;
      expect(await queue().redrive({ nowMs: 900, countMax: 2 })).toEqual(["a", "a"]);
      expect((await queue().listBox({ countMax: 10 })).map(({ requestId }) => requestId)).toEqual(["r-3"]);
      expect(await queue().redrive({ nowMs: 900, countMax: 2, upTo: (upTo ?? 0) - 1 })).toEqual([]);
      const taken = await take(queue(), "a", { nowMs: 900 });
      expect(taken).toMatchObject([
        { requestId: "r-1", acceptedAtMs: 900, attemptCount: 0 },
        { requestId: "r-2", acceptedAtMs: 900, attemptCount: 0 },
      ]);
    });

    test("purging takes one, those of a function, or all", async () => {
      await queue().accept([queuedCall("a")]);
      const { id } = await heldOf(queue(), "a", 100);
      await settle(queue(), 100, { id, next: "end", box: ["a", "b", "b", "c"].map((name) => letter(name)) });
      const [newest] = await queue().listBox({ countMax: 1 });
      expect(await queue().purgeBox({ id: newest?.id })).toBe(1);
      expect(await queue().purgeBox({ id: newest?.id })).toBe(0);
      expect(await queue().purgeBox({ functionName: "b" })).toBe(2);
      expect(await queue().purgeBox({})).toBe(1);
    });

    test("what the box holds is counted as it changes", async () => {
      expect(await queue().boxUsage()).toEqual({ count: 0, bytes: 0 });
      await queue().accept([queuedCall("a")]);
      const { id } = await heldOf(queue(), "a", 100);
      const bodies = ["{}", '"four"', "[1]"].map((text) => letter("a", { body: bytes(text) }));
      await settle(queue(), 100, { id, next: "end", box: bodies });
      expect(await queue().boxUsage()).toEqual({ count: 3, bytes: 11 });
      await queue().redrive({ nowMs: 100, countMax: 1 });
      expect(await queue().boxUsage()).toEqual({ count: 2, bytes: 9 });
      await queue().purgeBox({});
      expect(await queue().boxUsage()).toEqual({ count: 0, bytes: 0 });
    });
  });
}
