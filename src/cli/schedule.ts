/** `lambent schedule`: what a running server runs by the clock, over its own HTTP interface. */
import type { Command } from "commander";
import type { ClientSettings } from "../config-client.ts";
import { ask as askServer, serverCommand } from "./ask.ts";
import { table } from "./table.ts";

interface ScheduleLine {
  readonly name: string;
  readonly function: string;
  readonly expression: string;
  readonly timezone: string;
  readonly enabled: boolean;
  readonly next?: string;
  readonly last?: string;
  readonly problem?: string;
}

interface Options extends ClientSettings {
  readonly json?: boolean;
}

interface AddOptions extends Options {
  readonly function: string;
  readonly expression: string;
  readonly timezone?: string;
  readonly input?: string;
  readonly description?: string;
  readonly missed?: string;
  readonly missedWithin?: string;
  readonly disabled?: boolean;
  readonly replace?: boolean;
}

const EXPRESSIONS = `
An expression is one of
  rate(5 minutes)             the first time after five minutes
  cron(0 8 ? * MON-FRI *)     minutes hours day-of-month month day-of-week year, as EventBridge has them
  at(2026-12-31T23:59:00)     once
`;

export function addSchedule(program: Command): void {
  const schedule = program
    .command("schedule")
    .description("Functions that a running server runs by the clock")
    .exitOverride();
  const command = (words: string, description: string): Command => serverCommand(schedule, words, description);
  command("add <name>", "Run a function by the clock")
    .requiredOption("--function <name>", "name or ARN, of a version or an alias too")
    .requiredOption("--expression <text>", "when: see below")
    .option("--timezone <name>", "of the times in cron(…) and at(…), like Europe/Berlin (default: UTC)")
    .option("--input <json>", "the event (default: EventBridge's Scheduled Event)")
    .option("--description <text>", "for people")
    .option("--missed <policy>", "what the server was down for: once (one run for all of it) or skip (default: once)")
    .option("--missed-within <seconds>", "how old that may be (default: 86400)")
    .option("--disabled", "do not run it yet")
    .option("--replace", "in the place of the schedule of this name")
    .addHelpText("after", EXPRESSIONS)
    .action(async (name: string, options: AddOptions) => {
      const body = definitionOf(name, options);
      const added = options.replace
        ? await ask(options, "PUT", { path: placeOf(name), body })
        : await ask(options, "POST", { body });
      const { next } = added as ScheduleLine;
      console.log(next === undefined ? `${name} is disabled` : `${name} runs next at ${next}`);
    });
  command("ls", "List them")
    .option("--json", "one JSON object a line")
    .action(async (options: Options) => console.log(await list(options)));
  command("show <name>", "Print one, as JSON").action(async (name: string, options: Options) =>
    console.log(JSON.stringify(await ask(options, "GET", { path: placeOf(name) }), undefined, 2)),
  );
  command("rm <name>", "Delete one").action(async (name: string, options: Options) => {
    await ask(options, "DELETE", { path: placeOf(name) });
    console.log(`${name} is deleted`);
  });
  for (const verb of ["enable", "disable"]) {
    command(`${verb} <name>`, verb === "enable" ? "Run one again, from now on" : "Keep one, and do not run it").action(
      async (name: string, options: Options) => {
        await ask(options, "POST", { path: `${placeOf(name)}/${verb}` });
        console.log(`${name} is ${verb}d`);
      },
    );
  }
}

/** @throws Error for an option that the server could not read. */
function definitionOf(name: string, options: AddOptions): Record<string, unknown> {
  const { timezone, description, missed, missedWithin } = options;
  return {
    name,
    function: options.function,
    expression: options.expression,
    timezone,
    description,
    ...(options.input !== undefined && { input: jsonOf(options.input) }),
    missed,
    ...(missedWithin !== undefined && { missedWithin: secondsOf(missedWithin) }),
    enabled: !options.disabled,
  };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error(`Cannot use '${text}' for --input: it has to be JSON`);
  }
}

function secondsOf(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new Error(`Cannot use '${text}' for --missed-within: it has to be whole seconds`);
  return Number(text);
}

async function list(options: Options): Promise<string> {
  const schedules: ScheduleLine[] = [];
  let next: string | undefined;
  do {
    const query = next === undefined ? "" : `?after=${encodeURIComponent(next)}`;
    const page = (await ask(options, "GET", { path: query })) as { schedules: ScheduleLine[]; next?: string };
    schedules.push(...page.schedules);
    next = page.next;
  } while (next !== undefined);
  if (options.json) return schedules.map((one) => JSON.stringify(one)).join("\n");
  if (schedules.length === 0) return "There are no schedules";
  const rows = schedules.map((one) => [
    one.name,
    one.expression,
    one.timezone,
    one.function.replace(/^.*:function:/, ""),
    one.enabled ? (one.next ?? "never") : "disabled",
    one.last ?? "",
    one.problem ?? "",
  ]);
  return table([["NAME", "EXPRESSION", "TIMEZONE", "FUNCTION", "NEXT", "LAST", "PROBLEM"], ...rows]);
}

const placeOf = (name: string): string => `/${encodeURIComponent(name)}`;

const ask = (
  options: ClientSettings,
  method: string,
  { path = "", body }: { path?: string; body?: unknown },
): Promise<unknown> =>
  askServer(options, { method, path: `/_lambent/schedules${path}`, ...(body !== undefined && { body }) });
