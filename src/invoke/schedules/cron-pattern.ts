/**
 * EventBridge's six cron fields, checked by its rules, and written as croner takes them. Sources: EventBridge Scheduler User Guide,
 * "Schedule types"; EventBridge User Guide, "Setting a schedule pattern".
 */

/** A schedule's expression breaks a rule; the message says which. */
export class ExpressionError extends Error {}

interface Field {
  readonly name: string;
  readonly min: number;
  readonly max: number;
  /** Words for the numbers from `min` on. */
  readonly words?: readonly string[];
}

const MINUTES = { name: "minutes", min: 0, max: 59 };
const HOURS = { name: "hours", min: 0, max: 23 };
const DAY_OF_MONTH = { name: "day-of-month", min: 1, max: 31 };
const MONTH = {
  name: "month",
  min: 1,
  max: 12,
  words: ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"],
};
/** Sunday is 1. */
const DAY_OF_WEEK = { name: "day-of-week", min: 1, max: 7, words: ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"] };
const YEAR = { name: "year", min: 1970, max: 2199 };

/**
 * Croner's pattern of seven fields, for its Quartz-style weekdays.
 * @param text what stands between the parentheses of `cron(…)`.
 * @throws ExpressionError
 */
export function cronPattern(text: string): string {
  const fields = text.trim().split(/\s+/);
  const [minutes = "", hours = "", dayOfMonth = "", month = "", dayOfWeek = "", year = ""] = fields;
  if (fields.length !== 6) {
    throw new ExpressionError(
      `cron(…) takes six fields, minutes, hours, day-of-month, month, day-of-week and year, and there are ${text.trim() === "" ? 0 : fields.length}`,
    );
  }
  if ((dayOfMonth === "?") === (dayOfWeek === "?")) {
    throw new ExpressionError("one of day-of-month and day-of-week has to be ?, and the other one not");
  }
  const parts = [
    "0",
    plain(MINUTES, minutes),
    plain(HOURS, hours),
    dayOfMonth === "?" ? "?" : (specialDayOfMonth(dayOfMonth) ?? plain(DAY_OF_MONTH, dayOfMonth)),
    plain(MONTH, month),
    dayOfWeek === "?" ? "?" : (specialDayOfWeek(dayOfWeek) ?? plain(DAY_OF_WEEK, dayOfWeek)),
    plain(YEAR, year),
  ];
  return parts.join(" ");
}

/** The last day, the last weekday, or the weekday nearest to a day. */
function specialDayOfMonth(text: string): string | undefined {
  if (/^LW?$/i.test(text)) return text.toUpperCase();
  const nearest = /^(\d+)W$/i.exec(text);
  return nearest ? `${numberOf(DAY_OF_MONTH, nearest[1] ?? "")}W` : undefined;
}

/** The last of the week, the last such day of the month, or the nth. */
function specialDayOfWeek(text: string): string | undefined {
  if (/^L$/i.test(text)) return "7";
  const last = /^(\d|[a-z]{3})L$/i.exec(text);
  if (last) return `${numberOf(DAY_OF_WEEK, last[1] ?? "")}#L`;
  const nth = /^(\w+)#(\d+)$/.exec(text);
  if (!nth) return undefined;
  const [, day = "", count = ""] = nth;
  if (!/^[1-5]$/.test(count)) throw new ExpressionError(`in '${text}' the number after # has to be from 1 to 5`);
  return `${numberOf(DAY_OF_WEEK, day)}#${count}`;
}

/** `*`, or a list of values, ranges and steps. */
function plain(field: Field, text: string): string {
  if (text === "*") return "*";
  return text
    .split(",")
    .map((item) => itemOf(field, item))
    .join(",");
}

function itemOf(field: Field, item: string): string {
  const parts = /^(?:(\*)|(\w+)(?:-(\w+))?)(?:\/(\d+))?$/.exec(item);
  if (!parts || item === "*") throw notUnderstood(field, item);
  const [, every, first, last, stepText] = parts;
  const from = every ? field.min : numberOf(field, first ?? "");
  const step = stepText === undefined ? undefined : Number(stepText);
  if (step !== undefined && (step < 1 || step > field.max)) {
    throw new ExpressionError(`the step of '${item}' in the field ${field.name} has to be from 1 to ${field.max}`);
  }
  if (last === undefined && step === undefined) return String(from);
  const to = last === undefined ? field.max : numberOf(field, last);
  const stepped = step === undefined ? "" : `/${step}`;
  return from <= to ? `${from}-${to}${stepped}` : wrapped(field, { from, to, step: step ?? 1 });
}

/** A range over the end, like FRI-MON. */
function wrapped(field: Field, { from, to, step }: { from: number; to: number; step: number }): string {
  if (field === YEAR) throw new ExpressionError(`the range ${from}-${to} of years ends before it begins`);
  const values: number[] = [];
  const span = field.max - field.min + 1;
  for (let value = from; value <= to + span; value += step) {
    values.push(value > field.max ? value - span : value);
  }
  return values.sort((a, b) => a - b).join(",");
}

function numberOf(field: Field, text: string): number {
  const word = field.words?.indexOf(text.toUpperCase()) ?? -1;
  const value = word >= 0 ? word + field.min : Number(text);
  if (!(/^\d+$/.test(text) || word >= 0) || value < field.min || value > field.max) throw notUnderstood(field, text);
  return value;
}

function notUnderstood({ name, min, max, words }: Field, text: string): ExpressionError {
  const named = words ? ` or ${words[0]} to ${words.at(-1)}` : "";
  return new ExpressionError(`'${text}' is nothing for the field ${name}, whose values are ${min} to ${max}${named}`);
}
