/** `lambent events`: the dead-letter box of a running server, over its own HTTP interface. */
import type { Command } from "commander";
import type { ClientSettings } from "../config-client.ts";
import { ask as askServer, serverCommand } from "./ask.ts";
import { table } from "./table.ts";

interface EventLine {
  readonly id: number;
  readonly requestId: string;
  readonly function?: string;
  readonly target?: string;
  readonly condition?: string;
  readonly reason?: string;
  readonly attempts: number;
  readonly boxedAt?: string;
  readonly dueAt?: string;
  readonly running?: boolean;
}

interface Options extends ClientSettings {
  readonly function?: string;
  readonly queued?: boolean;
  readonly count?: string;
  readonly json?: boolean;
  readonly all?: boolean;
}

export function addEvents(program: Command): void {
  const events = program
    .command("events")
    .description("Asynchronous events that could go nowhere: the dead-letter box of a running server")
    .exitOverride();
  const command = (words: string, description: string): Command => serverCommand(events, words, description);
  command("ls", "List them, the newest first")
    .option("--function <name>", "only those of this function")
    .option("--queued", "what waits in the queue instead")
    .option("--count <number>", "at most so many", "50")
    .option("--json", "one JSON object a line")
    .action(async (options: Options) => console.log(await list(options)));
  command("show <id>", "Print one with its payload, as JSON").action(async (id: string, options: Options) =>
    console.log(JSON.stringify(await ask(options, "GET", `/${encodeURIComponent(id)}`), undefined, 2)),
  );
  command("redrive [id]", "Send one back into the queue; or all, or all of a function")
    .option("--function <name>", "all of this function")
    .option("--all", "all of them")
    .action(async (id: string | undefined, options: Options) => {
      const { redriven } = (await ask(options, "POST", `/redrive?${chosen(id, options)}`)) as { redriven: number };
      console.log(`${redriven} sent back into the queue`);
    });
  command("purge [id]", "Delete one for good; or all, or all of a function")
    .option("--function <name>", "all of this function")
    .option("--all", "all of them")
    .action(async (id: string | undefined, options: Options) => {
      const { purged } = (await ask(options, "DELETE", `?${chosen(id, options)}`)) as { purged: number };
      console.log(`${purged} deleted`);
    });
}

/** @throws Error unless it is said which ones are meant. */
function chosen(id: string | undefined, options: Options): URLSearchParams {
  if (id !== undefined && !/^\d+$/.test(id)) throw new Error(`Cannot choose event '${id}': its id is a whole number`);
  if (id === undefined && options.function === undefined && !options.all)
    throw new Error("Cannot tell which events are meant: give an id, --function <name> or --all");
  return new URLSearchParams({
    ...(id !== undefined && { id }),
    ...(options.function && { function: options.function }),
  });
}

async function list(options: Options): Promise<string> {
  const query = new URLSearchParams({
    count: options.count ?? "",
    ...(options.function && { function: options.function }),
  });
  const answer = (await ask(options, "GET", `${options.queued ? "/queued" : ""}?${query}`)) as {
    events: EventLine[];
  };
  if (options.json) return answer.events.map((event) => JSON.stringify(event)).join("\n");
  if (answer.events.length === 0) return options.queued ? "Nothing waits in the queue" : "The dead-letter box is empty";
  const rows = answer.events.map(({ id, requestId, attempts, ...rest }) => [
    String(id),
    (rest.boxedAt ?? rest.dueAt ?? (rest.running ? "running" : "")).replace(/\.\d+Z$/, "Z"),
    rest.function ?? rest.target ?? "",
    requestId,
    String(attempts),
    rest.condition ?? "",
    rest.reason ?? "",
  ]);
  return table([
    ["ID", options.queued ? "DUE" : "SINCE", "FUNCTION", "REQUEST", "TRIED", "CONDITION", "REASON"],
    ...rows,
  ]);
}

const ask = (options: ClientSettings, method: string, path: string): Promise<unknown> =>
  askServer(options, { method, path: `/_lambent/events${path}` });
