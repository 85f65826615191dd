/** The machine's processes as /proc shows them: who started whom, and who is still there. */
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { basename } from "node:path";

interface ProcessEntry {
  readonly pid: number;
  /** The number that it has in its own namespace. */
  readonly innerPid: number;
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
    const inner = /^NSpid:.*\t(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
    return { pid, innerPid: Number(inner ?? pid), parent: Number(parent), state, startedAt: fields[19] ?? "", command };
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

/** The processes of its execution environments, without what their handlers started and what walls them in. */
export const runnersOf = (server: number): ProcessEntry[] =>
  descendantsOf(server).filter(({ command }) => command.includes("runner") && basename(command[0] ?? "") !== "bwrap");

/** What a process in an environment knows of itself. */
export interface SeenFromInside {
  readonly pid: number;
  /** What `/proc/self/ns/pid` says. */
  readonly namespace: string;
}

/** The number that the host knows it by. */
export function hostPidOf({ pid, namespace }: SeenFromInside): number {
  const isMeant = (entry: ProcessEntry): boolean =>
    entry.innerPid === pid && readlinkSync(`/proc/${entry.pid}/ns/pid`) === namespace;
  const found = descendantsOf(process.pid).find(isMeant);
  if (!found) throw new Error(`No process here is ${pid} in ${namespace}`);
  return found.pid;
}

export const isAlive = (entry: ProcessEntry): boolean => read(entry.pid)?.startedAt === entry.startedAt;
