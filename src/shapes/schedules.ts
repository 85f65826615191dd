import { bool, type Infer, int, json, str, struct, uri } from "./dsl.ts";
import { NamespacedFunctionName } from "./names.ts";

/** Schedules are Lambent's own, so their members bear its names. `missedWithin` in seconds. */

/** As EventBridge names its rules. Source: EventBridge API Reference, PutRule. */
const ScheduleName = str({ min: 1, max: 64, pattern: String.raw`[.\-_A-Za-z0-9]+` });

export const NamedScheduleRequest = struct(["name"], { name: uri(ScheduleName) });

/** A day: as long as EventBridge Scheduler keeps trying by default. */
export const MISSED_WITHIN_SECONDS_DEFAULT = 86_400;
const MISSED_WITHIN_SECONDS_MAX = 366 * 86_400;

export const PutScheduleRequest = struct(["name", "function", "expression"], {
  name: ScheduleName,
  function: NamespacedFunctionName,
  expression: str({ min: 1, max: 256 }),
  timezone: str({ min: 1, max: 50 }),
  description: str({ min: 0, max: 512 }),
  /** Any JSON value: the event. */
  input: json(),
  enabled: bool(),
  missed: str({ oneOf: ["once", "skip"] }),
  missedWithin: int({ min: 0, max: MISSED_WITHIN_SECONDS_MAX }),
});
export type PutScheduleInput = Infer<typeof PutScheduleRequest>;
