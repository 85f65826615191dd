/** The command line: what there is to type, and its help. */
import { Command, CommanderError, Option } from "commander";
import { SETTINGS, type SettingName } from "../config.ts";
import { localServerUrl } from "../config-client.ts";
import { COMMIT, VERSION } from "../core/version.ts";
import type { Examination } from "../sandbox/walls/examine.ts";
import { addAudit } from "./audit.ts";
import { addDoctor } from "./doctor.ts";
import { addEvents } from "./events.ts";
import { addKeys } from "./keys.ts";
import { addSchedule } from "./schedule.ts";

export interface Actions {
  serve(given: Partial<Record<SettingName, string>>): Promise<void>;
  health(url: string): Promise<void>;
  /** What walls this host offers. */
  examine(): Promise<Examination>;
}

/** Wrong words on the command line. */
export const EXIT_USAGE = 2;

export function makeProgram(actions: Actions): Command {
  const program = new Command("lambent")
    .description("The AWS Lambda API in one executable that runs the functions itself.")
    .version(`lambent ${VERSION} (${COMMIT}, Bun ${Bun.version})`, "-V, --version", "print the version")
    .helpOption("-h, --help", "print this help")
    .showSuggestionAfterError()
    .exitOverride();
  program.addHelpText(
    "after",
    "\nA first function:\n  lambent serve\n  aws lambda list-functions --endpoint-url http://127.0.0.1:4566 --region us-east-1\n",
  );
  addServe(program, actions);
  program
    .command("health")
    .description("Ask a running server whether it is well; exits 0 when it is")
    .option("--url <url>", "the server's address", localServerUrl())
    .exitOverride()
    .action((options: { url: string }) => actions.health(options.url));
  addEvents(program);
  addSchedule(program);
  addKeys(program);
  addAudit(program);
  addDoctor(program, actions.examine);
  return program;
}

function addServe(program: Command, actions: Actions): void {
  const serve = program.command("serve").description("Start the server").exitOverride();
  const names = new Map<string, SettingName>();
  for (const [name, row] of Object.entries(SETTINGS) as [SettingName, (typeof SETTINGS)[SettingName]][]) {
    const fallback = "fallback" in row ? `; default: ${row.fallback}` : "";
    const option = new Option(`--${row.flag} <${row.placeholder}>`, `${row.help} (${row.env}${fallback})`);
    names.set(option.attributeName(), name);
    serve.addOption(option);
  }
  serve.action((options: Record<string, string>) => {
    const given = Object.entries(options).flatMap(([key, value]) => {
      const name = names.get(key);
      return name === undefined ? [] : [[name, value] as const];
    });
    return actions.serve(Object.fromEntries(given));
  });
}

/** Runs the command line; answers the exit status where the command itself does not end the process. */
export async function runProgram(argv: readonly string[], actions: Actions): Promise<number> {
  const program = makeProgram(actions);
  try {
    if (argv.length === 0) {
      program.outputHelp();
      return 0;
    }
    await program.parseAsync([...argv], { from: "user" });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT_USAGE;
    throw error;
  }
}
