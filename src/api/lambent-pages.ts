/** Lambent's own corner of the address space, `/_lambent`: health, capabilities, package downloads. */
import { Hono } from "hono";
import { AwsError } from "../errors/aws-error.ts";
import { renderError } from "../errors/render.ts";
import type { Services } from "../services/context.ts";
import { OPERATIONS, type OperationName } from "../shapes/operations.ts";
import { clockPages } from "./clock-pages.ts";
import { eventPages } from "./event-pages.ts";
import type { Guards } from "./guarded.ts";
import { keyPages } from "./key-pages.ts";
import { VERBS } from "./routes/all.ts";
import { isStoredOnly } from "./routes/stored.ts";
import { schedulePages } from "./schedule-pages.ts";

const RECORDS_DEFAULT = 50;
const RECORDS_MAX = 1000;
const FUNCTION_NAME = /^[\w-]{1,140}$/;

export function lambentPages(services: Services, { audit, keyring }: Guards): Hono {
  const pages = new Hono();
  pages.get("/health", (c) => c.json({ status: "ok", ...services.dispatcher.census() }));
  pages.get("/capabilities", (c) =>
    c.json({
      operations: capabilities(services),
      isolation: services.isolation,
      // What a function gets of a processor that others want, too. It may use what nobody wants.
      processor: services.controllers.includes("cpu")
        ? "control groups, weight by MemorySize"
        : "niceness by MemorySize",
      memory: services.controllers.includes("memory") ? "control groups and a watch" : "a watch",
    }),
  );
  pages.get("/invocations", async (c) => {
    const before = Number(c.req.query("before") ?? Number.MAX_SAFE_INTEGER);
    const count = Math.min(Number(c.req.query("count") ?? RECORDS_DEFAULT), RECORDS_MAX);
    if (!Number.isInteger(before) || !Number.isInteger(count) || count < 1)
      return c.json({ message: "before and count have to be whole numbers" }, 400);
    const functionName = c.req.query("function");
    return c.json({ invocations: await services.records.list({ functionName, before, count }) });
  });
  pages.get("/logs/:function", async (c) => {
    const functionName = c.req.param("function");
    const from = Number(c.req.query("from") ?? 0);
    const to = Number(c.req.query("to") ?? Number.MAX_SAFE_INTEGER);
    if (!FUNCTION_NAME.test(functionName)) return c.json({ message: "no function has such a name" }, 400);
    if (!Number.isSafeInteger(from) || !Number.isSafeInteger(to) || from < 0 || to < from)
      return c.json({ message: "from and to have to be positions in the log, whole numbers in this order" }, 400);
    return new Response(services.logs.read(functionName, { from, to }), {
      headers: { "content-type": "text/plain; charset=utf-8" },
    });
  });
  pages.route("/events", eventPages(services));
  pages.route("/clock", clockPages(services));
  if (keyring) pages.route("/keys", keyPages({ keyring, clock: services.clock }));
  pages.get("/audit", (c) => {
    const count = Number(c.req.query("count") ?? RECORDS_DEFAULT);
    if (!Number.isInteger(count) || count < 1 || count > RECORDS_MAX)
      return c.json({ message: `count has to be a whole number from 1 to ${RECORDS_MAX}` }, 400);
    return c.json({ records: audit?.read(count) ?? [] });
  });
  pages.route("/schedules", schedulePages(services));
  pages.get("/packages/:file", async (c) => {
    const digest = c.req.param("file").replace(/\.zip$/, "");
    const link = { digest, expires: c.req.query("expires") ?? "", token: c.req.query("token") ?? "" };
    const sha256 = services.downloads.check(link);
    const path = sha256 === undefined ? undefined : await services.store.packages.find(sha256);
    if (path !== undefined) return new Response(Bun.file(path), { headers: { "content-type": "application/zip" } });
    const error = new AwsError(
      "AccessDeniedException",
      "Cannot download the package: the link has expired or is not one of this server's",
    );
    const { status, headers, body } = renderError(error, services.ids.uuid());
    return new Response(body, { status, headers });
  });
  return pages;
}

/**
 * `real`: does what it does on AWS, with the exceptions that the README lists. `stored`: is kept and shown, and acted upon by nothing.
 * `absent`: answers that it is not supported.
 */
function capabilities(services: { guarded: boolean }): Record<string, "real" | "stored" | "absent"> {
  const names = Object.keys(OPERATIONS) as OperationName[];
  return Object.fromEntries(names.sort().map((name) => [name, capabilityOf(name, services)]));
}

function capabilityOf(name: OperationName, services: { guarded: boolean }): "real" | "stored" | "absent" {
  if (VERBS[name] === undefined) return "absent";
  return isStoredOnly(name, services) ? "stored" : "real";
}
