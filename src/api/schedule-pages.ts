/** `/_lambent/schedules`: what runs by the clock. */
import { type Context, Hono } from "hono";
import { serialization } from "../errors/aws-error.ts";
import type { Services } from "../services/context.ts";
import {
  deleteSchedule,
  enableSchedule,
  getSchedule,
  listSchedules,
  putSchedule,
} from "../services/schedules/schedules.ts";
import { NamedScheduleRequest, PutScheduleRequest } from "../shapes/schedules.ts";
import { validate } from "../shapes/validate.ts";

const COUNT_DEFAULT = 100;
const COUNT_MAX = 1000;

export function schedulePages(services: Services): Hono {
  const pages = new Hono();
  const named = (c: Context) => validate(NamedScheduleRequest, { name: c.req.param("name") });
  pages.get("/", async (c) => {
    const count = Math.min(COUNT_MAX, Math.trunc(Number(c.req.query("count"))) || COUNT_DEFAULT);
    return c.json(await listSchedules(services, { after: c.req.query("after"), count: Math.max(1, count) }));
  });
  pages.post("/", async (c) => {
    const input = validate(PutScheduleRequest, await readObject(c));
    return c.json(await putSchedule(services, input, { replace: false }), 201);
  });
  pages.get("/:name", async (c) => c.json(await getSchedule(services, named(c))));
  pages.put("/:name", async (c) => {
    const input = validate(PutScheduleRequest, { ...(await readObject(c)), ...named(c) });
    return c.json(await putSchedule(services, input, { replace: true }));
  });
  pages.post("/:name/enable", async (c) => c.json(await enableSchedule(services, named(c), true)));
  pages.post("/:name/disable", async (c) => c.json(await enableSchedule(services, named(c), false)));
  pages.delete("/:name", async (c) => {
    await deleteSchedule(services, named(c));
    return c.body(null, 204);
  });
  return pages;
}

async function readObject(c: Context): Promise<Record<string, unknown>> {
  const body: unknown = await c.req.json().catch(() => undefined);
  if (typeof body !== "object" || body === null || Array.isArray(body))
    throw serialization("Cannot read the schedule: the body has to be a JSON object");
  return body as Record<string, unknown>;
}
