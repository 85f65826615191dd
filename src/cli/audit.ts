/** `lambent audit`: what was changed on a running server, by whom, and who was refused. */
import type { Command } from "commander";
import { ask, serverCommand } from "./ask.ts";
import { table } from "./table.ts";

interface AuditLine {
  readonly time: string;
  readonly action: string;
  readonly resource: string | null;
  readonly who: string | null;
  readonly from: string | null;
  readonly outcome: string;
}

export function addAudit(program: Command): void {
  serverCommand(program, "audit", "Show what was changed, and who was refused, the newest first")
    .option("--count <number>", "at most so many", "50")
    .option("--json", "one JSON object a line")
    .action(async (options: Record<string, string>) => {
      const query = new URLSearchParams({ count: options["count"] ?? "" });
      const { records } = (await ask(options, { method: "GET", path: `/_lambent/audit?${query}` })) as {
        records: AuditLine[];
      };
      if (options["json"]) console.log(records.map((record) => JSON.stringify(record)).join("\n"));
      else if (records.length === 0) console.log("Nothing was changed yet");
      else console.log(listing(records));
    });
}

const listing = (records: readonly AuditLine[]): string =>
  table([
    ["TIME", "WHO", "FROM", "OUTCOME", "ACTION", "RESOURCE"],
    ...records.map(({ time, who, from, outcome, action, resource }) => [
      time.replace(/\.\d+Z$/, "Z"),
      who?.replace(/^.*?:(?=user\/|root$)/, "") ?? "-",
      from ?? "-",
      outcome,
      action,
      resource ?? "",
    ]),
  ]);
