/**
 * Runs `bun test` with the arguments given, and closes with one line, `N passed, N failed`, that a machine can read. The exit code is 0 only
 * when tests ran, all that ran passed, and the run came to its end.
 *
 * Without arguments all tests run, the end-to-end ones beside the others: either half waits for other processes most of its time. What the
 * second half prints is held back until the first has ended.
 */
import { type Dirent, readdirSync } from "node:fs";
import { join } from "node:path";

/** A test that hangs ends; how long a machine takes that does much else besides is not what any test is about. */
const TEST_TIMEOUT_MS = 30_000;
const TAIL_CHARACTERS = 4096; // Bun's summary is its last few lines
const TESTS = "test";
const END_TO_END = "e2e";
/** As `bun test` finds them. */
const TEST_FILE = /[._](test|spec)\.[cm]?[jt]sx?$/;

interface Result {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

const parts = process.argv.length > 2 ? [process.argv.slice(2)] : halves();
let before: Promise<unknown> = Promise.resolve();
const results = await Promise.all(
  parts.map((part) => {
    const result = runTests(part, before);
    before = result;
    return result;
  }),
);
const sum = (of: keyof Result): number => results.reduce((total, result) => total + result[of], 0);

console.log(
  `${sum("passed")} passed, ${sum("failed")} failed${sum("skipped") > 0 ? `, ${sum("skipped")} skipped` : ""}`,
);
process.exitCode = sum("failed") > 0 ? 1 : 0;

/** The folders and files of either; together they are all that `bun test` would find. */
function halves(): string[][] {
  const others = readdirSync(TESTS, { withFileTypes: true })
    .filter((entry) => entry.name !== END_TO_END && hasTests(entry))
    .map((entry) => `./${join(TESTS, entry.name)}${entry.isDirectory() ? "/" : ""}`);
  return [[`./${join(TESTS, END_TO_END)}/`], others];
}

function hasTests(entry: Dirent): boolean {
  const path = join(TESTS, entry.name);
  const names = entry.isDirectory() ? (readdirSync(path, { recursive: true }) as string[]) : [path];
  return names.some((name) => TEST_FILE.test(name));
}

/** What it prints is passed on as it comes, once `before` has settled. */
async function runTests(part: readonly string[], before: Promise<unknown>): Promise<Result> {
  const run = Bun.spawn([process.execPath, "test", `--timeout=${TEST_TIMEOUT_MS}`, ...part], {
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const [, tail] = await Promise.all([
    forward(run.stdout, process.stdout, before),
    forward(run.stderr, process.stderr, before),
  ]);
  await run.exited;
  const summary = Bun.stripANSI(tail);
  const complaint = complaintOf(run, summary);
  if (complaint) console.error(complaint);
  return {
    passed: count(summary, "pass"),
    failed: Math.max(count(summary, "fail"), complaint ? 1 : 0),
    skipped: count(summary, "skip") + count(summary, "todo"),
  };
}

/** What is wrong with the run as a whole, where no single failed test says it. */
function complaintOf(run: Bun.Subprocess, summary: string): string | undefined {
  if (run.signalCode) return `bun test was ended by ${run.signalCode}`;
  if (!/^Ran \d+ tests? across \d+ files?\b/m.test(summary))
    return `bun test ended with exit code ${run.exitCode} before it had finished`;
  if (count(summary, "pass") + count(summary, "fail") === 0) return "No test ran";
  if (run.exitCode !== 0 && count(summary, "fail") === 0) return `bun test ended with exit code ${run.exitCode}`;
  return undefined;
}

/** From a line such as ` 12 pass`: Bun leaves out the lines that would say 0. */
function count(summary: string, word: string): number {
  return Number(new RegExp(`^ *(\\d+) ${word}$`, "m").exec(summary)?.[1] ?? 0);
}

/** Passes a stream on; the promise is its last few kilobytes. */
async function forward(
  from: ReadableStream<Uint8Array>,
  to: NodeJS.WriteStream,
  before: Promise<unknown>,
): Promise<string> {
  const decoder = new TextDecoder();
  const held: Uint8Array[] = [];
  let isOurTurn = false;
  const begin = before.then(() => {
    isOurTurn = true;
    for (const chunk of held.splice(0)) to.write(chunk);
  });
  let tail = "";
  for await (const chunk of from) {
    if (isOurTurn) to.write(chunk);
    else held.push(chunk);
    tail = (tail + decoder.decode(chunk, { stream: true })).slice(-TAIL_CHARACTERS);
  }
  await begin;
  return tail;
}
