/** From the words on the command line to what they start; every failure that a person can mend is one line. */
import { banner } from "./cli/banner.ts";
import { checkHealth } from "./cli/health.ts";
import { EXIT_USAGE, runProgram } from "./cli/program.ts";
import { type Config, readConfig } from "./config.ts";
import { SettingError } from "./config-setting.ts";
import { randomIds } from "./core/ids.ts";
import { type OwnCommands, type Server, StartError, startServer } from "./serve.ts";
import { examineWalls } from "./serve-walls.ts";

const EXIT_FAILURE = 1;

export async function runCommandLine(argv: readonly string[], own: OwnCommands): Promise<void> {
  for (const stream of [process.stdout, process.stderr]) stream.on("error", onLostReader);
  try {
    process.exitCode = await runProgram(argv, {
      async serve(given) {
        const config = readConfig(given, { seed: randomIds.uuid().slice(0, 8) });
        await serve(config, own);
      },
      async health(url) {
        console.log(await checkHealth(url));
      },
      examine: () => examineWalls(own),
    });
  } catch (error) {
    console.error(`lambent: ${error instanceof Error ? error.message : String(error)}`);
    const expected = error instanceof StartError || error instanceof SettingError;
    process.exit(expected && error instanceof SettingError ? EXIT_USAGE : EXIT_FAILURE);
  }
}

async function serve(config: Config, own: OwnCommands): Promise<void> {
  const server = await startServer(config, own);
  const { url, isolation, callers } = server;
  process.stdout.write(banner({ url, isolation, callers, config, colours: process.stdout.isTTY === true }));
  stopOnSignal(server);
}

/** `lambent --help | head`: who read has seen enough. A server serves on. */
function onLostReader(error: NodeJS.ErrnoException): void {
  if (error.code !== "EPIPE") throw error;
}

/** The first signal drains; the second ends at once. */
function stopOnSignal(server: Server): void {
  let stopping = false;
  const onSignal = (signal: NodeJS.Signals): void => {
    if (stopping) process.exit(signal === "SIGINT" ? 130 : 143);
    stopping = true;
    console.error("lambent: finishing the calls that run; once more to end at once");
    server.stop().then(
      (unfinished) => {
        if (unfinished > 0) console.error(`lambent: ended ${unfinished} calls that did not finish in time`);
        process.exit(0);
      },
      (error: unknown) => {
        console.error(`lambent: ${error instanceof Error ? error.message : String(error)}`);
        process.exit(EXIT_FAILURE);
      },
    );
  };
  process.on("SIGINT", onSignal);
  process.on("SIGTERM", onSignal);
}
