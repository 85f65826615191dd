/** The executable's entry. What a hidden command does not need is loaded only when it is not one: a cold call waits for this. */
const RUNNER_COMMAND = "runner";
const BUNDLER_COMMAND = "bundler";
const WALL_COMMAND = "wall";
const PROBE_COMMAND = "probe";
const SIGKILL = 9;

const ARGUMENT_AT = 3;

switch (process.argv[2]) {
  case RUNNER_COMMAND: {
    const { runRunner } = await import("../runtime/runner/main.ts");
    await runRunner(process.argv[ARGUMENT_AT]);
    break;
  }
  case WALL_COMMAND: {
    const { runWall } = await import("./sandbox/walls/wall-process.ts");
    try {
      runWall(process.argv[ARGUMENT_AT] ?? "");
    } catch (error) {
      console.error(error instanceof Error ? error.message : String(error)); // one line: who tried these walls shows it
      process.exitCode = 1;
    }
    break;
  }
  case PROBE_COMMAND: {
    const filter = process.argv[ARGUMENT_AT];
    if (filter === undefined) break; // that it gets here is all
    const { probeFilter } = await import("../runtime/runner/asking-filter.ts");
    probeFilter(filter);
    break;
  }
  case BUNDLER_COMMAND: {
    const { signalAtParentsEnd } = await import("../runtime/runner/parents-end.ts");
    signalAtParentsEnd(SIGKILL); // it is deaf while it bundles
    const { runBundler } = await import("./packages/bundle/process.ts");
    runBundler();
    break;
  }
  default: {
    const { runCommandLine } = await import("./command-line.ts");
    // From source this process is Bun running a file; the executable is itself.
    const compiled = Bun.main.startsWith("/$bunfs/");
    const self = [process.execPath, ...(compiled ? [] : [Bun.main])];
    await runCommandLine(process.argv.slice(2), {
      runner: [...self, RUNNER_COMMAND],
      bundler: [...self, BUNDLER_COMMAND],
      wall: [...self, WALL_COMMAND],
      probe: [...self, PROBE_COMMAND],
    });
  }
}

export {};
