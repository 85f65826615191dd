/**
 * Runs `bun test` with the arguments given, and closes with one line, `N passed, N failed`, that a machine can read. The
 * exit code is 0 only when tests ran, all that ran passed, and the run came to its end.
 */
/** A test that hangs ends; how long a machine takes that does much else besides is not what any test is about. */
const TEST_TIMEOUT_MS = 30_000;
const TAIL_CHARACTERS = 4096; // Bun's summary is its last few lines

const run = Bun.spawn([process.execPath, "test", `--timeout=${TEST_TIMEOUT_MS}`, ...process.argv.slice(2)], {
  stdin: "ignore",
  stdout: "pipe",
  stderr: "pipe",
});
const [, tail] = await Promise.all([forward(run.stdout, process.stdout), forward(run.stderr, process.stderr)]);
await run.exited;

const summary = Bun.stripANSI(tail);
const finished = /^Ran \d+ tests? across \d+ files?\b/m.test(summary);
const passed = count("pass");
const skipped = count("skip") + count("todo");
const complaint = complaintOf();
const failed = Math.max(count("fail"), complaint ? 1 : 0);

if (complaint) console.error(complaint);
console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`);
process.exitCode = failed > 0 ? 1 : 0;

/** What is wrong with the run as a whole, where no single failed test says it. */
function complaintOf(): string | undefined {
  if (run.signalCode) return `bun test was ended by ${run.signalCode}`;
  if (!finished) return `bun test ended with exit code ${run.exitCode} before it had finished`;
  if (passed + count("fail") === 0) return "No test ran";
  if (run.exitCode !== 0 && count("fail") === 0) return `bun test ended with exit code ${run.exitCode}`;
  return undefined;
}

/** From a line such as ` 12 pass`: Bun leaves out the lines that would say 0. */
function count(word: string): number {
  return Number(new RegExp(`^ *(\\d+) ${word}$`, "m").exec(summary)?.[1] ?? 0);
}

/** Passes a stream on as it comes; the promise is its last few kilobytes. */
async function forward(from: ReadableStream<Uint8Array>, to: NodeJS.WriteStream): Promise<string> {
  const decoder = new TextDecoder();
  let tail = "";
  for await (const chunk of from) {
    to.write(chunk);
    tail = (tail + decoder.decode(chunk, { stream: true })).slice(-TAIL_CHARACTERS);
  }
  return tail;
}

export {}; // a module, so that it may await at its top
