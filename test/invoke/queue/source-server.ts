/** The server as a process of its own, straight from the source. */
import { join } from "node:path";
import { atEnd } from "../../support/at-end.ts";

const MAIN = join(import.meta.dir, "../../../src/main.ts");

export function start(directory: string, ...flags: string[]) {
  return startWith({}, directory, ...flags);
}

/** A test that fails leaves no server behind. */
const children = new Set<Bun.Subprocess>();
atEnd(() => {
  for (const child of children) child.kill("SIGKILL");
});

interface Around {
  /** Of its environment. */
  readonly variables?: Readonly<Record<string, string>>;
  /** What starts it. */
  readonly prefix?: readonly string[];
}

export async function startWith({ variables = {}, prefix = [] }: Around, directory: string, ...flags: string[]) {
  const own = [process.execPath, MAIN, "serve", "--port", "0", "--data-dir", directory, "--log-level", "error"];
  const open = ["--network-open", "127.0.0.1"]; // functions report to servers of the tests
  const child = Bun.spawn([...prefix, ...own, ...open, ...flags], {
    env: { PATH: process.env.PATH ?? "", ...variables },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "inherit",
  });
  children.add(child);
  const reader = child.stdout.getReader();
  let printed = "";
  for (;;) {
    const url = / on (http:\/\/\S+)\n/.exec(printed)?.[1];
    if (url !== undefined) return { child, url };
    const { done, value } = await reader.read();
    if (done) throw new Error("The server ended before it listened");
    printed += new TextDecoder().decode(value);
  }
}

/** A command of the executable, to its end. */
export async function runCommand(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const child = Bun.spawn([process.execPath, MAIN, ...args], {
    env: { PATH: process.env.PATH ?? "" },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const [code, stdout, stderr] = await Promise.all([
    child.exited,
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
  ]);
  return { code, stdout, stderr };
}
