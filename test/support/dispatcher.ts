/**
 * A real dispatcher with real runner processes, for functions that lie unpacked under `test/fixtures/functions`. Time for people (log names,
 * reports) stands still; processes take the time that they take.
 */
import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ManualClock } from "../../src/core/manual-clock.ts";
import { Dispatcher, type DispatcherOptions } from "../../src/invoke/dispatcher.ts";
import type { ExecutionSpec, Invocation, Outcome } from "../../src/invoke/invocation.ts";
import type { LogSink } from "../../src/invoke/logs/environment-log.ts";
import { chooseWalls, type Isolation, type WallOptions } from "../../src/sandbox/walls/choose.ts";
import { atEnd } from "./at-end.ts";
import { until } from "./until.ts";

/** Those that `LAMBENT_ISOLATION` names, else the strongest that work here. */
const ISOLATION = (process.env.LAMBENT_ISOLATION ?? "auto") as Isolation;

const REPOSITORY = join(import.meta.dir, "../..");
const SELF = [process.execPath, join(REPOSITORY, "src/main.ts")];
export const RUNNER_COMMAND = [...SELF, "runner"];
export const wallOptions = (folder: string): WallOptions => ({
  folder,
  wallCommand: [...SELF, "wall"],
  probeCommand: [...SELF, "probe"],
});
const wallFolder = mkdtempSync(join(tmpdir(), "lambent-walls-"));
atEnd(() => rmSync(wallFolder, { recursive: true, force: true }));
export const WALLS = await chooseWalls(ISOLATION, wallOptions(wallFolder));
export const FIXTURES = join(REPOSITORY, "test/fixtures/functions");
export const FAKE_NOW_MS = Date.UTC(2026, 0, 2, 3, 4, 5, 678);

const encoder = new TextEncoder();
const decoder = new TextDecoder();

export interface CallAnswer {
  readonly kind: Outcome["kind"];
  /** `Handled` or `Unhandled`. */
  readonly functionError?: string;
  readonly errorType?: string;
  readonly errorMessage?: string;
  /** What the handler returned, or the whole error object. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look into whatever the fixture returned
  readonly value: any;
  readonly text: string;
  readonly logTail: string;
  readonly functionName: string;
  readonly requestId: string;
  readonly tookMs: number;
}

export interface TestDispatcher {
  readonly dispatcher: Dispatcher;
  /** What each function's environments logged so far. */
  logOf(functionName: string): string;
  /** How many holds on packages have not been released. */
  readonly codeHolds: number;
  call(spec: ExecutionSpec, event?: unknown, rest?: Partial<Invocation>): Promise<CallAnswer>;
  /** Resolves when no environment is left, or only `count`. */
  untilEnvironments(count: number): Promise<void>;
  close(): Promise<void>;
}

/** A log that is written to, but keeps no count. */
export const sinkOf = (write: LogSink["write"] = () => {}): LogSink => ({
  write,
  writeText: (text) => write(Buffer.from(text)),
  position: 0,
});

export function startDispatcher(options: Partial<DispatcherOptions> = {}): TestDispatcher {
  const logs = new Map<string, string>();
  let codeHolds = 0;
  const dispatcher = new Dispatcher({
    runnerCommand: RUNNER_COMMAND,
    walls: WALLS,
    region: "us-east-1",
    concurrencyMax: 1000,
    environmentsMax: 100,
    callsMax: Number.POSITIVE_INFINITY,
    idleTimeoutMs: 60_000,
    credentials: { AWS_ACCESS_KEY_ID: "test" },
    clock: new ManualClock(FAKE_NOW_MS),
    holdCode: () => {
      codeHolds++;
      return () => codeHolds--;
    },
    logSinkOf: ({ functionName }) =>
      sinkOf((bytes) => {
        const log = (logs.get(functionName) ?? "") + decoder.decode(bytes);
        logs.set(functionName, log.slice(-64 * 1024)); // some fixtures print a hundred megabytes
      }),
    ...options,
  });
  const untilEnvironments = (count: number): Promise<void> =>
    until(`${count} environments are left`, () => dispatcher.census().environments === count).then(() => {});
  return {
    dispatcher,
    get codeHolds() {
      return codeHolds;
    },
    logOf: (functionName) => logs.get(functionName) ?? "",
    async call(spec, event = {}, rest = {}) {
      const invocation: Invocation = {
        requestId: randomUUID(),
        invokedArn: `arn:aws:lambda:us-east-1:000000000000:function:${spec.functionName}`,
        payload: encoder.encode(JSON.stringify(event)),
        wantsLogTail: false,
        ...rest,
      };
      const refusal = dispatcher.admit(spec.functionName);
      if (refusal) throw new Error(`The call was refused: ${JSON.stringify(refusal)}`);
      const beganAtMs = performance.now();
      const { outcome, logTail } = await dispatcher.run(spec, invocation);
      return {
        ...readOutcome(outcome),
        logTail: logTail ? decoder.decode(logTail) : "",
        functionName: spec.functionName,
        requestId: invocation.requestId,
        tookMs: performance.now() - beganAtMs,
      };
    },
    untilEnvironments,
    async close() {
      dispatcher.close();
      await untilEnvironments(0);
    },
  };
}

function readOutcome(
  outcome: Outcome,
): Pick<CallAnswer, "kind" | "functionError" | "errorType" | "errorMessage" | "value" | "text"> {
  if (outcome.kind === "rejected") return { kind: "rejected", value: undefined, text: outcome.reason };
  const text = decoder.decode(outcome.payload);
  const value = asJson(text);
  if (outcome.kind === "ok") return { kind: "ok", value, text };
  const { functionError, errorType } = outcome;
  const { errorMessage } = (value ?? {}) as { errorMessage?: string };
  return {
    kind: outcome.kind,
    functionError,
    errorType,
    ...(errorMessage !== undefined && { errorMessage }),
    value,
    text,
  };
}

function asJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // streamed text, or nothing at all
  }
}

let specCount = 0;

/** A function version whose code is `test/fixtures/functions/<fixture>`; each has a name and a key of its own. */
export function specOf(fixture: string, change: Partial<ExecutionSpec> = {}): ExecutionSpec {
  const functionName = `${fixture}-${++specCount}`;
  return {
    key: `${functionName}:$LATEST:${randomUUID()}`,
    functionName,
    functionVersion: "$LATEST",
    handler: "index.handler",
    codeSha256: "c2hhMjU2",
    taskRoot: join(FIXTURES, fixture),
    memoryMib: 256,
    ephemeralStorageMib: 512,
    timeoutMs: 5000,
    variables: {},
    runtime: "nodejs22.x",
    logging: { format: "Text", applicationLevel: "INFO", systemLevel: "INFO", group: `/aws/lambda/${functionName}` },
    securityGroupIds: [],
    tracing: "PassThrough",
    ...change,
  };
}
