/** `/_lambent/events`: the dead-letter box, to look into, to empty, and to send back from; and what the queue holds. */
import { type Context, Hono } from "hono";
import type { Services } from "../services/context.ts";
import type { BoxFilter, DeadLetter, DeadLetterLine, EventHead } from "../store/queue-port.ts";

const COUNT_DEFAULT = 50;
const COUNT_MAX = 1000;
/** Events that one step of the store sends back. */
const REDRIVE_COUNT = 500;

export function eventPages({ store: { queue }, events, clock }: Services): Hono {
  const pages = new Hono();
  pages.get("/", async (c) => {
    const { before, count } = readPage(c);
    const lines = await queue.listBox({ ...filterOf(c), before, countMax: count });
    return c.json({ events: lines.map(lineView) });
  });
  pages.get("/queued", async (c) => {
    const rows = await queue.listQueued({ lane: c.req.query("function"), countMax: readPage(c).count });
    const views = rows.map(({ id, requestId, head, acceptedAtMs, dueAtMs, attemptCount, bodyBytes, leased }) => ({
      id,
      requestId,
      ...headView(head),
      acceptedAt: iso(acceptedAtMs),
      ...(leased ? { running: true } : { dueAt: iso(dueAtMs) }),
      attempts: attemptCount,
      bytes: bodyBytes,
    }));
    return c.json({ events: views });
  });
  pages.post("/redrive", async (c) => {
    const filter = filterOf(c);
    const found = filter.id === undefined || (await queue.findBoxed(filter.id)) !== undefined;
    if (!found) return noSuchEvent(c);
    // What fails again comes back into the box: only what is in it now is sent.
    const newest = (await queue.listBox({ ...filter, countMax: 1 }))[0]?.id;
    let redriven = 0;
    for (let sent = REDRIVE_COUNT; newest !== undefined && sent === REDRIVE_COUNT; redriven += sent) {
      const lanes = await queue.redrive({ ...filter, upTo: newest, nowMs: clock.nowMs(), countMax: REDRIVE_COUNT });
      events.note(lanes);
      sent = lanes.length;
    }
    return c.json({ redriven });
  });
  pages.get("/:id{[0-9]+}", async (c) => {
    const letter = await queue.findBoxed(Number(c.req.param("id")));
    return letter ? c.json(letterView(letter)) : noSuchEvent(c);
  });
  pages.delete("/", async (c) => c.json({ purged: await queue.purgeBox(filterOf(c)) }));
  pages.delete("/:id{[0-9]+}", async (c) => {
    const purged = await queue.purgeBox({ id: Number(c.req.param("id")) });
    return purged === 0 ? noSuchEvent(c) : c.json({ purged });
  });
  return pages;
}

const noSuchEvent = (c: Context) => c.json({ message: "There is no such event in the dead-letter box" }, 404);

/** An id that is no number fits nothing. */
function filterOf(c: Context): BoxFilter {
  const id = c.req.query("id");
  return {
    id: id === undefined ? undefined : wholeNumber(id, { min: 0, fallback: 0 }),
    functionName: c.req.query("function"),
  };
}

function readPage(c: Context): { before: number | undefined; count: number } {
  const before = c.req.query("before");
  return {
    before: before === undefined ? undefined : wholeNumber(before, { min: 0, fallback: 0 }),
    count: Math.min(COUNT_MAX, wholeNumber(c.req.query("count") ?? "", { min: 1, fallback: COUNT_DEFAULT })),
  };
}

function wholeNumber(text: string, { min, fallback }: { min: number; fallback: number }): number {
  const value = Number(text);
  return /^\d{1,15}$/.test(text) && value >= min ? value : fallback;
}

const iso = (ms: number): string => new Date(ms).toISOString();

/** Who was called, or where a record of that was to go. */
const headView = (head: EventHead) =>
  head.kind === "invocation"
    ? { kind: "call", function: head.functionName, ...(head.qualifier !== undefined && { qualifier: head.qualifier }) }
    : { kind: "record", target: head.targetArn };

const lineView = (line: DeadLetterLine) => ({
  id: line.id,
  requestId: line.requestId,
  ...headView(line.head),
  function: line.functionName,
  condition: line.condition,
  reason: line.reason,
  attempts: line.attemptCount,
  acceptedAt: iso(line.acceptedAtMs),
  boxedAt: iso(line.boxedAtMs),
  bytes: line.bodyBytes,
});

function letterView(letter: DeadLetter) {
  const { body, ...line } = letter;
  return {
    ...lineView({ ...line, bodyBytes: body.length }),
    payload: JSON.parse(new TextDecoder().decode(body)) as unknown,
  };
}
