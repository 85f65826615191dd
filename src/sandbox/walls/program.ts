/** The program that is started behind walls: this executable, or Bun with the sources of it. */
import { dirname, join } from "node:path";

export interface Program {
  /** The executable's own file. */
  readonly executable: string;
  /** From source: the files and folders that it reads. They have to stay where they are. */
  readonly sources: readonly string[];
}

const SOURCES = ["src", "runtime", "package.json", "tsconfig.json"];

/** @param command the executable and, from source, the script that stands for it in `src`. */
export function programOf([executable = "", script = ""]: readonly string[]): Program {
  if (!/\.ts$/.test(script)) return { executable, sources: [] };
  const root = dirname(dirname(script));
  return { executable, sources: SOURCES.map((name) => join(root, name)) };
}
