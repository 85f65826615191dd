/**
 * When a schedule runs: `rate(…)`, `cron(…)` and `at(…)` as EventBridge has them. Sources: EventBridge Scheduler User Guide, "Schedule
 * types on EventBridge Scheduler" and its rules for daylight saving time.
 *
 * A time that a change of the clocks leaves out is not run. One that comes twice is run the first time only, but for expressions whose
 * minutes or hours hold a `*` or a step: those go on at their pace.
 */
import { Cron, type CronOptions } from "croner";
import { cronPattern, ExpressionError } from "./cron-pattern.ts";

export interface Expression {
  /** The first instant after `afterMs`; undefined when there is none. */
  next(afterMs: number): number | undefined;
  /** The last instant that is not after `atMs`. */
  latest(atMs: number): number | undefined;
}

const MINUTE_MS = 60_000;
const UNIT_MS = { minute: MINUTE_MS, hour: 60 * MINUTE_MS, day: 24 * 60 * MINUTE_MS };
const RATE_MS_MAX = 100 * 366 * UNIT_MS.day;
/** Runs that croner moves out of a gap are passed over; there are never several in a row. */
const PASSED_OVER_MAX = 10;

/**
 * @param timing `anchorMs`: what the periods of a rate are counted from.
 * @throws ExpressionError that says what is wrong.
 */
export function parseExpression(text: string, timing: { timezone: string; anchorMs: number }): Expression {
  const parts = /^(rate|cron|at)\((.*)\)$/.exec(text.trim());
  const [, kind, inner = ""] = parts ?? [];
  checkTimezone(timing.timezone);
  switch (kind) {
    case "rate":
      return rate(inner, timing.anchorMs);
    case "cron":
      return cron(inner, timing.timezone);
    case "at":
      return at(inner, timing.timezone);
    default:
      throw new ExpressionError(
        "it has to be rate(5 minutes), cron(0 8 ? * MON-FRI *) or at(2026-12-31T23:59:00), or the like",
      );
  }
}

function rate(text: string, anchorMs: number): Expression {
  const parts = /^\s*(\d+)\s+(minute|hour|day)(s?)\s*$/.exec(text);
  if (!parts)
    throw new ExpressionError("rate(…) takes a whole number and minutes, hours or days, as in rate(5 minutes)");
  const [, digits = "", unit = "", plural = ""] = parts;
  const count = Number(digits);
  if (count < 1) throw new ExpressionError("the number in rate(…) has to be 1 or more");
  if ((count === 1) !== (plural === "")) {
    throw new ExpressionError(
      `rate(…) says it in the singular for 1 and in the plural otherwise: rate(${count} ${unit}${count === 1 ? "" : "s"})`,
    );
  }
  const periodMs = count * UNIT_MS[unit as keyof typeof UNIT_MS];
  if (periodMs > RATE_MS_MAX) throw new ExpressionError("the period of rate(…) has to be under a hundred years");
  const index = (ms: number): number => Math.floor((ms - anchorMs) / periodMs);
  return {
    next: (afterMs) => anchorMs + Math.max(1, index(afterMs) + 1) * periodMs,
    latest: (atMs) => (index(atMs) >= 1 ? anchorMs + index(atMs) * periodMs : undefined),
  };
}

function cron(text: string, timezone: string): Expression {
  const job = new Cron(cronPattern(text), cronOptions(timezone));
  return {
    next(afterMs) {
      let found = job.nextRun(new Date(afterMs));
      for (let passed = 0; found && !job.match(found) && passed < PASSED_OVER_MAX; passed++) found = job.nextRun(found);
      return found?.getTime();
    },
    latest(atMs) {
      // What croner calls previous lies a whole second before.
      const [found] = job
        .previousRuns(PASSED_OVER_MAX, new Date(atMs + 1000))
        .filter((run) => run.getTime() <= atMs && job.match(run));
      return found?.getTime();
    },
  };
}

const cronOptions = (timezone: string): CronOptions => ({
  paused: true,
  timezone,
  mode: "7-part",
  alternativeWeekdays: true,
  domAndDow: true,
  fixedTimeRule: "no-wildcard",
});

function at(text: string, timezone: string): Expression {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/.test(text)) {
    throw new ExpressionError("at(…) takes a date and a time without a zone, as in at(2026-12-31T23:59:00)");
  }
  const written = new Date(`${text}Z`);
  const isDate = !Number.isNaN(written.getTime()) && written.toISOString().startsWith(text);
  const instantMs = isDate ? new Cron(text, { paused: true, timezone }).nextRun(new Date(0))?.getTime() : undefined;
  if (instantMs === undefined) throw new ExpressionError(`there is no such date to come as ${text}`);
  return {
    next: (afterMs) => (instantMs > afterMs ? instantMs : undefined),
    latest: (nowMs) => (instantMs <= nowMs ? instantMs : undefined),
  };
}

function checkTimezone(timezone: string): void {
  try {
    new Intl.DateTimeFormat("en", { timeZone: timezone });
  } catch {
    throw new ExpressionError(`'${timezone}' is no time zone; one is named like Europe/Berlin, or UTC`);
  }
}
