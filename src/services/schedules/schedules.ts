/**
 * Schedules: functions that run by the clock. Lambent's own, beside the API of Lambda; names, expressions and events are EventBridge's.
 *
 * **By design**: who may use the server may schedule any function, so no permission is asked of the function's policy; and a schedule outlives
 * its function, as a rule does on AWS: it is passed over until there is one again.
 */
import { functionArn } from "../../core/arn.ts";
import { AwsError, alreadyExists, invalidParameter } from "../../errors/aws-error.ts";
import { ExpressionError } from "../../invoke/schedules/cron-pattern.ts";
import { parseExpression } from "../../invoke/schedules/expression.ts";
import { scheduleArn } from "../../invoke/schedules/scheduled-event.ts";
import { MISSED_WITHIN_SECONDS_DEFAULT, type PutScheduleInput } from "../../shapes/schedules.ts";
import type { MissedPolicy, ScheduleDefinition, StoredSchedule } from "../../store/schedule-port.ts";
import type { Services } from "../context.ts";
import { readReference, requireVersion } from "../functions/reference.ts";

const TIMEZONE_DEFAULT = "UTC";
const INPUT_BYTES_MAX = 256 * 1024;

export interface ScheduleView {
  readonly name: string;
  readonly arn: string;
  readonly function: string;
  readonly expression: string;
  readonly timezone: string;
  readonly description?: string;
  readonly input?: unknown;
  readonly enabled: boolean;
  readonly missed: "once" | "skip";
  readonly missedWithin?: number;
  /** ISO 8601; absent: never again, or disabled. */
  readonly next?: string;
  readonly last?: string;
  /** Why the latest instant was not run. */
  readonly problem?: string;
}

/**
 * Makes one, or with `replace` puts it in the place of the one that is there.
 * @throws AwsError InvalidParameterValueException, ResourceNotFoundException (no such function), ResourceConflictException (name taken).
 */
export async function putSchedule(
  ctx: Services,
  input: PutScheduleInput,
  { replace }: { replace: boolean },
): Promise<ScheduleView> {
  const { name, enabled = true } = input;
  const at = readReference(ctx, { FunctionName: input.function });
  await requireVersion(ctx, at);
  const definition: ScheduleDefinition = {
    functionName: at.name,
    qualifier: at.qualifier,
    expression: input.expression.trim(),
    timezone: input.timezone ?? TIMEZONE_DEFAULT,
    description: input.description,
    input: inputText(input.input),
    enabled,
    missed: missedPolicy(input),
  };
  for (;;) {
    const before = await ctx.store.schedules.find(name);
    if (before && !replace) throw alreadyExists("Schedule", name);
    const put = await save(ctx, { name, definition, before });
    if (put) return viewOf(ctx, put);
  }
}

export async function getSchedule(ctx: Services, { name }: { name: string }): Promise<ScheduleView> {
  return viewOf(ctx, await require(ctx, name));
}

export async function listSchedules(
  ctx: Services,
  { after, count }: { after?: string | undefined; count: number },
): Promise<{ schedules: ScheduleView[]; next?: string }> {
  const page = await ctx.store.schedules.list({ after, count });
  const schedules = page.items.map((one) => viewOf(ctx, one));
  return page.next === undefined ? { schedules } : { schedules, next: page.next };
}

export async function deleteSchedule(ctx: Services, { name }: { name: string }): Promise<void> {
  if (!(await ctx.store.schedules.delete(name))) throw missing(name);
  ctx.schedules.wake();
}

/** What fell due while it was disabled is not run. */
export async function enableSchedule(
  ctx: Services,
  { name }: { name: string },
  enabled: boolean,
): Promise<ScheduleView> {
  for (;;) {
    const before = await require(ctx, name);
    if (before.definition.enabled === enabled) return viewOf(ctx, before);
    const put = await save(ctx, { name, definition: { ...before.definition, enabled }, before });
    if (put) return viewOf(ctx, put);
  }
}

/** Undefined when somebody else changed it meanwhile. */
async function save(
  ctx: Services,
  { name, definition, before }: { name: string; definition: ScheduleDefinition; before: StoredSchedule | undefined },
): Promise<StoredSchedule | undefined> {
  const nowMs = ctx.clock.nowMs();
  const nextAtMs = nextOf(definition, nowMs);
  const expectedRevision = before?.revision ?? null;
  const put = await ctx.store.schedules.put({
    name,
    definition,
    nextAtMs: definition.enabled ? nextAtMs : undefined,
    nowMs,
    expectedRevision,
  });
  if (put) ctx.schedules.wake();
  return put;
}

/** @throws AwsError for an expression that breaks a rule, or whose last instant is over. */
function nextOf({ expression, timezone }: ScheduleDefinition, nowMs: number): number {
  let next: number | undefined;
  try {
    next = parseExpression(expression, { timezone, anchorMs: nowMs }).next(nowMs);
  } catch (error) {
    if (error instanceof ExpressionError)
      throw invalidParameter(`Cannot schedule by '${expression}': ${error.message}`);
    throw error;
  }
  if (next === undefined) throw invalidParameter(`Cannot schedule by '${expression}': no such time is to come`);
  return next;
}

function inputText(input: unknown): string | undefined {
  if (input === undefined) return undefined;
  const text = JSON.stringify(input);
  if (Buffer.byteLength(text) > INPUT_BYTES_MAX)
    throw invalidParameter(`Cannot schedule so large an input: it may have ${INPUT_BYTES_MAX} bytes`);
  return text;
}

function missedPolicy({ missed = "once", missedWithin }: PutScheduleInput): MissedPolicy {
  if (missed === "once") return { run: "once", withinSeconds: missedWithin ?? MISSED_WITHIN_SECONDS_DEFAULT };
  if (missedWithin !== undefined)
    throw invalidParameter(
      "Cannot take missedWithin: what was missed is run within that time only where missed is once",
    );
  return { run: "skip" };
}

async function require({ store }: Services, name: string): Promise<StoredSchedule> {
  const found = await store.schedules.find(name);
  if (!found) throw missing(name);
  return found;
}

const missing = (name: string): AwsError =>
  new AwsError("ResourceNotFoundException", `Cannot find a schedule with the name ${name}`);

function viewOf({ home }: Services, { name, definition, nextAtMs, lastAtMs, problem }: StoredSchedule): ScheduleView {
  const { functionName, qualifier, expression, timezone, description, input, enabled, missed } = definition;
  return {
    name,
    arn: scheduleArn(home, name),
    function: functionArn(home, functionName, qualifier),
    expression,
    timezone,
    ...(description !== undefined && { description }),
    ...(input !== undefined && { input: JSON.parse(input) as unknown }),
    enabled,
    missed: missed.run,
    ...(missed.run === "once" && { missedWithin: missed.withinSeconds }),
    ...(nextAtMs !== undefined && { next: iso(nextAtMs) }),
    ...(lastAtMs !== undefined && { last: iso(lastAtMs) }),
    ...(problem !== undefined && { problem }),
  };
}

const iso = (ms: number): string => new Date(ms).toISOString().replace(/\.\d+Z$/, "Z");
