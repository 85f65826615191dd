/** When each kind of expression falls due: EventBridge's rules, its own examples among them. */
import { describe, expect, test } from "bun:test";
import { ExpressionError } from "../../../src/invoke/schedules/cron-pattern.ts";
import { parseExpression } from "../../../src/invoke/schedules/expression.ts";

const ANCHOR = "2026-01-01T00:00:00Z";
const parse = (text: string, timezone = "UTC") => parseExpression(text, { timezone, anchorMs: Date.parse(ANCHOR) });
const iso = (ms: number | undefined): string | undefined =>
  ms === undefined ? undefined : new Date(ms).toISOString().replace(".000Z", "Z");

/** The first instants after `from`. */
function instants(text: string, { from = ANCHOR, count = 3, timezone = "UTC" } = {}): (string | undefined)[] {
  const expression = parse(text, timezone);
  const found: (string | undefined)[] = [];
  let ms: number | undefined = Date.parse(from);
  for (let n = 0; n < count && ms !== undefined; n++) {
    ms = expression.next(ms);
    found.push(iso(ms));
  }
  return found;
}

test.each([
  ["rate(1 minute)", "2026-01-01T00:01:00Z", "2026-01-01T00:02:00Z"],
  ["rate(5 minutes)", "2026-01-01T00:05:00Z", "2026-01-01T00:10:00Z"],
  ["rate(1 hour)", "2026-01-01T01:00:00Z", "2026-01-01T02:00:00Z"],
  ["rate(7 days)", "2026-01-08T00:00:00Z", "2026-01-15T00:00:00Z"],
  ["cron(0 10 * * ? *)", "2026-01-01T10:00:00Z", "2026-01-02T10:00:00Z"],
  ["cron(15 12 * * ? *)", "2026-01-01T12:15:00Z", "2026-01-02T12:15:00Z"],
  ["cron(0 18 ? * MON-FRI *)", "2026-01-01T18:00:00Z", "2026-01-02T18:00:00Z"],
  ["cron(0 8 1 * ? *)", "2026-01-01T08:00:00Z", "2026-02-01T08:00:00Z"],
  ["cron(0/15 * * * ? *)", "2026-01-01T00:15:00Z", "2026-01-01T00:30:00Z"],
  ["cron(0/10 * ? * MON-FRI *)", "2026-01-01T00:10:00Z", "2026-01-01T00:20:00Z"],
  ["cron(0/5 8-17 ? * mon-fri *)", "2026-01-01T08:00:00Z", "2026-01-01T08:05:00Z"],
  ["cron(0 9 ? * 2#1 *)", "2026-01-05T09:00:00Z", "2026-02-02T09:00:00Z"], // the first Monday: Sunday is 1
  ["cron(0 9 ? * 1 *)", "2026-01-04T09:00:00Z", "2026-01-11T09:00:00Z"],
  ["cron(0 9 ? * FRIL *)", "2026-01-30T09:00:00Z", "2026-02-27T09:00:00Z"],
  ["cron(0 9 ? * 6L *)", "2026-01-30T09:00:00Z", "2026-02-27T09:00:00Z"],
  ["cron(0 9 ? * L *)", "2026-01-03T09:00:00Z", "2026-01-10T09:00:00Z"],
  ["cron(0 9 L * ? *)", "2026-01-31T09:00:00Z", "2026-02-28T09:00:00Z"],
  ["cron(0 9 3W * ? *)", "2026-01-02T09:00:00Z", "2026-02-03T09:00:00Z"], // the 3rd of January is a Saturday
  ["cron(0 9 LW 5 ? *)", "2026-05-29T09:00:00Z", "2027-05-31T09:00:00Z"],
  ["cron(0 9 ? * FRI-MON *)", "2026-01-02T09:00:00Z", "2026-01-03T09:00:00Z"],
  ["cron(0 22-2/2 * * ? *)", "2026-01-01T02:00:00Z", "2026-01-01T22:00:00Z"],
  ["cron(0 0 1 JAN,JUL ? 2027-2030/2)", "2027-01-01T00:00:00Z", "2027-07-01T00:00:00Z"],
  ["cron(0 12 29 2 ? *)", "2028-02-29T12:00:00Z", "2032-02-29T12:00:00Z"],
  ["at(2026-02-03T04:05:06)", "2026-02-03T04:05:06Z", undefined],
])("%s runs at %s, then %s", (text, first, second) => {
  expect(instants(text, { count: 2 })).toEqual([first, second]);
});

describe("where the clocks change", () => {
  const timezone = "Europe/Berlin";

  test("a time that does not exist is left out", () => {
    expect(instants("cron(30 2 * * ? *)", { from: "2026-03-28T00:00:00Z", timezone })).toEqual([
      "2026-03-28T01:30:00Z",
      "2026-03-30T00:30:00Z",
      "2026-03-31T00:30:00Z",
    ]);
  });

  test("a time that comes twice is run once", () => {
    expect(instants("cron(30 2 * * ? *)", { from: "2026-10-24T12:00:00Z", timezone, count: 2 })).toEqual([
      "2026-10-25T00:30:00Z",
      "2026-10-26T01:30:00Z",
    ]);
  });

  test("what runs every half hour goes on through the hour that comes twice", () => {
    expect(instants("cron(0/30 * * * ? *)", { from: "2026-10-24T23:45:00Z", timezone, count: 5 })).toEqual([
      "2026-10-25T00:00:00Z",
      "2026-10-25T00:30:00Z",
      "2026-10-25T01:00:00Z",
      "2026-10-25T01:30:00Z",
      "2026-10-25T02:00:00Z",
    ]);
  });

  test("a rate does not care", () => {
    expect(instants("rate(12 hours)", { from: "2026-03-28T18:00:00Z", timezone, count: 2 })).toEqual([
      "2026-03-29T00:00:00Z",
      "2026-03-29T12:00:00Z",
    ]);
  });

  test("at(…) is a local time", () => {
    expect(instants("at(2026-07-01T12:00:00)", { timezone, count: 1 })).toEqual(["2026-07-01T10:00:00Z"]);
  });
});

test.each([
  ["rate(5 minutes)", "2026-01-01T00:12:34.567Z", "2026-01-01T00:10:00Z"],
  ["rate(5 minutes)", "2026-01-01T00:10:00Z", "2026-01-01T00:10:00Z"],
  ["rate(5 minutes)", "2026-01-01T00:04:59.999Z", undefined],
  ["cron(0 10 * * ? *)", "2026-03-01T10:00:00Z", "2026-03-01T10:00:00Z"],
  ["cron(0 10 * * ? *)", "2026-03-01T09:59:59.999Z", "2026-02-28T10:00:00Z"],
  ["at(2026-02-03T04:05:06)", "2026-02-03T04:05:05.999Z", undefined],
  ["at(2026-02-03T04:05:06)", "2027-01-01T00:00:00Z", "2026-02-03T04:05:06Z"],
])("the latest instant of %s by %s is %s", (text, at, latest) => {
  expect(iso(parse(text).latest(Date.parse(at)))).toBe(latest);
});

test("what never comes has no instant, and that is found out at once", () => {
  expect(parse("cron(0 0 31 2 ? *)").next(Date.parse(ANCHOR))).toBeUndefined();
  expect(parse("cron(0 0 1 1 ? 2020)").next(Date.parse(ANCHOR))).toBeUndefined();
});

test.each([
  ["", "it has to be rate(5 minutes), cron("],
  ["5 minutes", "it has to be rate(5 minutes), cron("],
  ["rate(5 minutes", "it has to be rate(5 minutes), cron("],
  ["RATE(5 minutes)", "it has to be rate(5 minutes), cron("],
  ["rate(1 minutes)", "rate(1 minute)"],
  ["rate(5 minute)", "rate(5 minutes)"],
  ["rate(0 minutes)", "1 or more"],
  ["rate(-5 minutes)", "a whole number"],
  ["rate(1.5 hours)", "a whole number"],
  ["rate(5 seconds)", "minutes, hours or days"],
  ["rate(99999999999 days)", "under a hundred years"],
  ["cron()", "six fields"],
  ["cron(0 10 * * ?)", "there are 5"],
  ["cron(0 0 10 * * ? *)", "there are 7"],
  ["cron(0 10 * * * *)", "one of day-of-month and day-of-week has to be ?"],
  ["cron(0 10 1 * MON *)", "one of day-of-month and day-of-week has to be ?"],
  ["cron(0 10 ? * ? *)", "one of day-of-month and day-of-week has to be ?"],
  ["cron(60 10 * * ? *)", "'60' is nothing for the field minutes, whose values are 0 to 59"],
  ["cron(0 24 * * ? *)", "the field hours"],
  ["cron(0 10 32 * ? *)", "the field day-of-month"],
  ["cron(0 10 0 * ? *)", "the field day-of-month"],
  ["cron(0 10 * 13 ? *)", "the field month, whose values are 1 to 12 or JAN to DEC"],
  ["cron(0 10 ? * 0 *)", "the field day-of-week, whose values are 1 to 7 or SUN to SAT"],
  ["cron(0 10 ? * 8 *)", "the field day-of-week"],
  ["cron(0 10 ? * 3#6 *)", "from 1 to 5"],
  ["cron(0 10 ? * 3#1,6#3 *)", "the field day-of-week"],
  ["cron(0 10 * * ? 1969)", "the field year"],
  ["cron(0 10 * * ? 2030-2027)", "ends before it begins"],
  ["cron(0/0 10 * * ? *)", "the step"],
  ["cron(*,5 10 * * ? *)", "the field minutes"],
  ["cron(? 10 * * ? *)", "the field minutes"],
  ["cron(5- 10 * * ? *)", "the field minutes"],
  ["cron(0 10 L-3 * ? *)", "the field day-of-month"],
  ["at(2026-02-30T00:00:00)", "there is no such date"],
  ["at(2026-02-03)", "at(…) takes a date and a time"],
  ["at(2026-02-03T04:05:06Z)", "at(…) takes a date and a time"],
])("%s is refused: %s", (text, says) => {
  expect(() => parse(text)).toThrow(ExpressionError);
  expect(() => parse(text)).toThrow(says);
});

test.each(["Mars/Olympus", "", "Europe/"])("the time zone %p is refused", (timezone) => {
  expect(() => parse("rate(1 hour)", timezone)).toThrow("is no time zone");
});
