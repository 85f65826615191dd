/** The machine's processes as /proc shows them: who started whom, and who is still there. */
import { readdirSync, readFileSync } from "node:fs";

interface ProcessEntry {
  readonly pid: number;
  readonly parent: number;
  readonly state: string;
  /** In clock ticks since boot: tells a process from a later one with the same number. */
  readonly startedAt: string;
  readonly command: readonly string[];
}

/** Undefined when there is none, or only its exit status is left (where nobody collects orphans that is forever). */
function read(pid: number): ProcessEntry | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" "); // the name before may hold anything
    const [state = "", parent = ""] = fields;
    if (state === "Z" || state === "X") return undefined;
    const command = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").slice(0, -1);
    return { pid, parent: Number(parent), state, startedAt: fields[19] ?? "", command };
  } catch {
    return undefined;
  }
}

/** Children, their children, and so on. */
export function descendantsOf(root: number): ProcessEntry[] {
  const all = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => read(Number(name)) ?? []);
  const found: ProcessEntry[] = [];
  const parents = new Set([root]);
  for (let before = -1; before !== found.length; ) {
    before = found.length;
    for (const entry of all) {
      if (!parents.has(entry.parent) || parents.has(entry.pid)) continue;
      parents.add(entry.pid);
      found.push(entry);
    }
  }
  return found;
}

/** The processes of its execution environments, without what their handlers started. */
export const runnersOf = (server: number): ProcessEntry[] =>
  descendantsOf(server).filter((entry) => entry.command.includes("runner"));

export const isAlive = (entry: ProcessEntry): boolean => read(entry.pid)?.startedAt === entry.startedAt;
