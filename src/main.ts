/** The executable's entry. What a runner does not need is loaded only when it is not one: a cold call waits for this. */
const RUNNER_COMMAND = "runner";

if (process.argv[2] === RUNNER_COMMAND) {
  const { runRunner } = await import("../runtime/runner/main.ts");
  await runRunner();
} else {
  const { runCommandLine } = await import("./command-line.ts");
  // From source this process is Bun running a file; the executable is itself.
  const compiled = Bun.main.startsWith("/$bunfs/");
  await runCommandLine(process.argv.slice(2), [process.execPath, ...(compiled ? [] : [Bun.main]), RUNNER_COMMAND]);
}

export {};
