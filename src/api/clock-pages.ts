/** `/_lambent/clock`: the time that everything waits by, and the lever that moves it when the server was started with `--clock manual`. */
import { Hono } from "hono";
import { ManualClock } from "../core/manual-clock.ts";
import type { Services } from "../services/context.ts";

const ADVANCE_SECONDS_MAX = 366 * 24 * 3600;

export function clockPages({ clock, events, schedules }: Services): Hono {
  const pages = new Hono();
  const view = () => ({
    kind: clock instanceof ManualClock ? "manual" : "system",
    now: new Date(clock.nowMs()).toISOString(),
  });
  pages.get("/", (c) => c.json(view()));
  pages.post("/", async (c) => {
    if (!(clock instanceof ManualClock))
      return c.json({ message: "Cannot move the clock: start the server with --clock manual" }, 409);
    const given = (await c.req.json().catch(() => undefined)) as { advanceSeconds?: unknown } | undefined;
    const seconds = given?.advanceSeconds;
    if (typeof seconds !== "number" || !(seconds >= 0 && seconds <= ADVANCE_SECONDS_MAX))
      return c.json({ message: `advanceSeconds has to be a number from 0 to ${ADVANCE_SECONDS_MAX}` }, 400);
    await clock.advance(Math.round(seconds * 1000), async () => {
      await schedules.untilQuiet(); // first: what it fires goes into the queue
      await events.untilQuiet();
    });
    return c.json(view());
  });
  return pages;
}
