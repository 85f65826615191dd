/**
 * The built executable as a child process: on a free loopback port, with a data directory of its own, ended by its own pid. Nothing
 * of the environment of the tests reaches it but the path.
 */
import { existsSync } from "node:fs";
import { mkdtemp, readdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { removeTree } from "../../src/store/packages.ts";
import { atEnd } from "./at-end.ts";

/** Another build than `make build`'s can be named, such as one of `make dist`. */
export const EXECUTABLE = resolve(process.env.E2E_EXECUTABLE ?? join(import.meta.dir, "../../dist/lambent"));

export interface ServerOptions {
  /** Flags after `serve --port 0 --data-dir …`. */
  readonly flags?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Default: a temporary one, removed by `stop`. */
  readonly dataDirectory?: string;
  /** As `ulimit -n` sets it. */
  readonly descriptorsMax?: number;
}

export interface ServerExit {
  readonly code: number | null;
  readonly signal: string | null;
}

export interface RunningServer {
  /** `http://127.0.0.1:40123`; another one after `restart`. */
  readonly url: string;
  readonly pid: number;
  readonly dataDirectory: string;
  /** What the process has printed so far. */
  readonly stdout: string;
  readonly stderr: string;
  /** Of the process that runs now, or ran last. */
  readonly exited: Promise<ServerExit>;
  signal(name: NodeJS.Signals): void;
  /** SIGKILL, and waits until the process is gone. */
  kill9(): Promise<void>;
  /** Starts the same server again in the same data directory; ends the one that runs, when one does. */
  restart(): Promise<void>;
  /** SIGTERM and, if that does not end it soon, SIGKILL; removes the temporary data directory. Safe to call twice. */
  stop(): Promise<void>;
}

const START_MS_MAX = 10_000;
const STOP_MS_MAX = 5000;

export async function startServer(options: ServerOptions = {}): Promise<RunningServer> {
  const temporary = options.dataDirectory === undefined ? await mkdtemp(join(tmpdir(), "lambent-e2e-")) : undefined;
  const dataDirectory = options.dataDirectory ?? join(temporary ?? "", "data");
  const start = () =>
    startProcess(["serve", "--port", "0", "--data-dir", dataDirectory, ...(options.flags ?? [])], options);
  let child: Child;
  let url: string;
  try {
    child = start();
    url = await listening(child);
  } catch (error) {
    if (temporary !== undefined) await removeTree(temporary);
    throw error;
  }
  return {
    get url() {
      return url;
    },
    get pid() {
      return child.pid;
    },
    get stdout() {
      return child.stdout();
    },
    get stderr() {
      return child.stderr();
    },
    get exited() {
      return child.exited;
    },
    dataDirectory,
    signal: (name) => child.signal(name),
    async kill9() {
      child.signal("SIGKILL");
      await child.exited;
    },
    async restart() {
      child.signal("SIGKILL");
      await child.exited;
      child = start();
      url = await listening(child);
    },
    async stop() {
      child.signal("SIGTERM");
      const late = setTimeout(() => child.signal("SIGKILL"), STOP_MS_MAX);
      await child.exited;
      clearTimeout(late);
      if (temporary !== undefined) await removeTree(temporary);
    },
  };
}

/** Runs a command to its end, as one that prints something and exits, or fails to start. */
export async function runLambent(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<ServerExit & { stdout: string; stderr: string }> {
  const child = startProcess(args, { env });
  const late = setTimeout(() => child.signal("SIGKILL"), START_MS_MAX);
  const exit = await child.exited;
  clearTimeout(late);
  return { ...exit, stdout: child.stdout(), stderr: child.stderr() };
}

/** An empty folder for one test; the caller removes it. */
export async function temporaryDirectory(): Promise<{ path: string; remove: () => Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), "lambent-e2e-"));
  return { path, remove: () => removeTree(path) };
}

/** The names of the packages in a data directory, whatever state they are in; sorted. */
export async function packageFiles(dataDirectory: string): Promise<string[]> {
  return (await readdir(join(dataDirectory, "packages"))).sort();
}

/** The names of the unpacked packages in a data directory; sorted. */
export async function unpackedTrees(dataDirectory: string): Promise<string[]> {
  return (await readdir(join(dataDirectory, "unpacked"))).sort();
}

interface Child {
  readonly pid: number;
  readonly exited: Promise<ServerExit>;
  /** The first time that what was printed matches; undefined when the process ends before. */
  printed(pattern: RegExp): Promise<RegExpExecArray | undefined>;
  stdout(): string;
  stderr(): string;
  signal(name: NodeJS.Signals): void;
}

const running = new Set<Child>();
// A test that fails leaves no server behind.
atEnd(() => {
  for (const child of running) child.signal("SIGKILL");
});

function startProcess(args: readonly string[], { env = {}, descriptorsMax }: ServerOptions): Child {
  if (!existsSync(EXECUTABLE)) throw new Error(`Cannot test ${EXECUTABLE}: it is not there; run "make build" first`);
  const limited = descriptorsMax === undefined ? [] : ["sh", "-c", `ulimit -n ${descriptorsMax}; exec "$0" "$@"`];
  const process_ = Bun.spawn([...limited, EXECUTABLE, ...args], {
    cwd: tmpdir(),
    env: { PATH: process.env.PATH ?? "/usr/bin:/bin", HOME: tmpdir(), ...env },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const outputs = [new Output(process_.stdout), new Output(process_.stderr)] as const;
  const exited = (async (): Promise<ServerExit> => {
    await process_.exited;
    // A runner that outlived the server would hold the pipes open: what it prints is not waited for.
    await Promise.race([Promise.all(outputs.map((output) => output.ended)), Bun.sleep(1000)]);
    return { code: process_.exitCode, signal: process_.signalCode as string | null };
  })();
  const child: Child = {
    pid: process_.pid,
    exited,
    printed: (pattern) => outputs[0].matched(pattern),
    stdout: () => outputs[0].text,
    stderr: () => outputs[1].text,
    signal(name) {
      if (process_.exitCode === null && process_.signalCode === null) process_.kill(name);
    },
  };
  running.add(child);
  void exited.then(() => running.delete(child));
  return child;
}

async function listening(child: Child): Promise<string> {
  const late = setTimeout(() => child.signal("SIGKILL"), START_MS_MAX);
  const banner = await child.printed(/ on (https?:\/\/\S+)\n/);
  clearTimeout(late);
  if (banner?.[1] !== undefined) return banner[1];
  const { code, signal } = await child.exited;
  throw new Error(
    `The server did not start (exit code ${code}, signal ${signal}): ${child.stderr() || "it said nothing"}`,
  );
}

class Output {
  text = "";
  readonly ended: Promise<void>;
  #onText: (() => void)[] = [];
  #over = false;

  constructor(stream: ReadableStream<Uint8Array>) {
    this.ended = this.#read(stream);
  }

  async matched(pattern: RegExp): Promise<RegExpExecArray | undefined> {
    for (;;) {
      const match = pattern.exec(this.text);
      if (match) return match;
      if (this.#over) return undefined;
      await new Promise<void>((resolve) => this.#onText.push(resolve));
    }
  }

  async #read(stream: ReadableStream<Uint8Array>): Promise<void> {
    const decoder = new TextDecoder();
    for await (const chunk of stream) {
      this.text += decoder.decode(chunk, { stream: true });
      for (const resolve of this.#onText.splice(0)) resolve();
    }
    this.#over = true;
    for (const resolve of this.#onText.splice(0)) resolve();
  }
}
