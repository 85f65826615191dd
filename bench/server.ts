/** A built executable that serves on a free loopback port from an empty data directory, and what figures ask of it. */
import { join } from "node:path";
import type { Subprocess } from "bun";
import { zipOf } from "../test/support/zip.ts";
import type { LoadRequest } from "./load-protocol.ts";
import { cpuMicroseconds, descendants } from "./process-facts.ts";
import { end, isEnding, keep, makeFolder } from "./processes.ts";

export interface ServerOptions {
  readonly flags?: readonly string[];
  /** One that an earlier server left; it is not removed. */
  readonly dataDirectory?: string;
}

export interface FunctionOptions {
  readonly source?: string;
  readonly timeoutSeconds?: number;
  readonly memoryMib?: number;
}

export interface Server {
  readonly port: number;
  readonly pid: number;
  /** Undoes all of it. */
  stop(): Promise<void>;
  /** Resolves once what goes on behind the answers, like the checks of new packages, is done. */
  settled(): Promise<void>;
  request(method: string, path: string, body?: unknown): Promise<Response>;
  createFunction(name: string, options?: FunctionOptions): Promise<void>;
  /** One call. @throws Error when it or the function fails. */
  invoke(name: string, event?: unknown): Promise<unknown>;
}

const START_DEADLINE_MS = 10_000;
const SETTLE_DEADLINE_MS = 60_000;
const SETTLE_STEP_MS = 200;
const SETTLED_SHARE = 0.05;
const FUNCTIONS = "/2015-03-31/functions";
const ECHO_SOURCE = "exports.handler = async (event) => event;\n";

export async function startServer(executable: string, options: ServerOptions = {}): Promise<Server> {
  const dataDirectory = options.dataDirectory ?? join(makeFolder(), "data");
  const port = freePort();
  const child = spawnServer(executable, { port, dataDirectory, flags: options.flags ?? [] });
  await answers(child, port);
  return {
    port,
    pid: child.pid,
    async stop() {
      await end(child);
    },
    settled: () => settled(child.pid),
    request: (method, path, body) => send(port, { method, path, body }),
    async createFunction(name, functionOptions = {}) {
      const request = await createRequest(name, functionOptions);
      await expectSuccess(await send(port, { method: request.method, path: request.path, body: request.body }));
    },
    async invoke(name, event = {}) {
      const response = await send(port, { method: "POST", path: invokePath(name), body: event });
      await expectSuccess(response);
      const failed = response.headers.get("x-amz-function-error");
      if (failed !== null) throw new Error(`Cannot go on: ${name} failed: ${await response.text()}`);
      return await response.json();
    },
  };
}

export function spawnServer(
  executable: string,
  options: { port: number; dataDirectory: string; flags: readonly string[] },
): Subprocess {
  const { port, dataDirectory, flags } = options;
  const child = keep(
    Bun.spawn([executable, "serve", "--port", String(port), "--data-dir", dataDirectory, ...flags], {
      env: { PATH: process.env.PATH ?? "" }, // none of the user's own LAMBENT_ settings
      stdio: ["ignore", "ignore", "pipe"],
    }),
  );
  void relayErrors(child);
  return child;
}

/** Passes on what a server complains of until it is asked to end: what it says then is no news. */
async function relayErrors(child: Subprocess<"ignore", "ignore", "pipe">): Promise<void> {
  for await (const bytes of child.stderr) {
    if (!isEnding(child)) process.stderr.write(bytes);
  }
}

/** Resolves with the first answer of a server that is starting. */
export async function answers(child: Subprocess, port: number): Promise<void> {
  const untilMs = performance.now() + START_DEADLINE_MS;
  while (performance.now() < untilMs) {
    if (child.exitCode !== null) throw new Error(`Cannot start the server: it ended with ${child.exitCode}`);
    try {
      const response = await fetch(`http://127.0.0.1:${port}/_lambent/health`);
      await response.bytes();
      if (response.ok) return;
    } catch {
      await Bun.sleep(1); // it does not listen yet
    }
  }
  throw new Error(`Cannot start the server: no answer within ${START_DEADLINE_MS / 1000} s`);
}

/** Whoever is below 5 % of a core for a fifth of a second has nothing to do. */
async function settled(pid: number): Promise<void> {
  const untilMs = performance.now() + SETTLE_DEADLINE_MS;
  for (let before = treeMicroseconds(pid); performance.now() < untilMs; ) {
    await Bun.sleep(SETTLE_STEP_MS);
    const now = treeMicroseconds(pid);
    if (now - before <= SETTLED_SHARE * SETTLE_STEP_MS * 1000) return;
    before = now;
  }
  throw new Error(`Cannot go on: the server was still busy after ${SETTLE_DEADLINE_MS / 1000} s`);
}

/** `NaN`, which is never settled, while processes come and go. */
function treeMicroseconds(pid: number): number {
  try {
    return [pid, ...descendants(pid)].reduce((total, each) => total + cpuMicroseconds(each), 0);
  } catch {
    return Number.NaN;
  }
}

/** A port that was free a moment ago: the figures need it before the server has one to print. */
export function freePort(): number {
  const listener = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
  const { port } = listener;
  listener.stop(true);
  return port;
}

/** The call that figures repeat. */
export const invokeRequest = (name: string, body: Uint8Array = SMALL_EVENT): LoadRequest => ({
  method: "POST",
  path: invokePath(name),
  headers: { "Content-Type": "application/json" },
  body,
});

export async function createRequest(name: string, options: FunctionOptions = {}): Promise<LoadRequest> {
  const zip = await zipOf({ "index.js": options.source ?? ECHO_SOURCE });
  return jsonRequest("POST", FUNCTIONS, {
    FunctionName: name,
    Runtime: "nodejs22.x",
    Role: "arn:aws:iam::000000000000:role/bench",
    Handler: "index.handler",
    Timeout: options.timeoutSeconds ?? 30,
    MemorySize: options.memoryMib ?? 512,
    Code: { ZipFile: Buffer.from(zip).toString("base64") },
  });
}

export const jsonRequest = (method: string, path: string, value: unknown): LoadRequest => ({
  method,
  path,
  headers: { "Content-Type": "application/json" },
  body: Buffer.from(JSON.stringify(value)),
});

export const functionPath = (name: string): string => `${FUNCTIONS}/${name}`;

const invokePath = (name: string): string => `${functionPath(name)}/invocations`;

const SMALL_EVENT = Buffer.from('{"greeting":"hello","count":1}');

function send(port: number, request: { method: string; path: string; body?: unknown }): Promise<Response> {
  const { method, path, body } = request;
  const sent = body === undefined || body instanceof Uint8Array ? body : JSON.stringify(body);
  return fetch(`http://127.0.0.1:${port}${path}`, {
    method,
    ...(sent === undefined ? {} : { body: sent as string | Uint8Array<ArrayBuffer> }),
  });
}

export async function expectSuccess(response: Response): Promise<void> {
  if (!response.ok) throw new Error(`Cannot go on: the server answers ${response.status} ${await response.text()}`);
}
