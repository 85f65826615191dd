/** A process and its descendants, as /proc shows them; where there is none, the process alone. Source: proc(5), task/<tid>/children. */
import { readdirSync, readFileSync, readlinkSync } from "node:fs";

/** Calls `visit` for each descendant, parents before their children, until it answers false; answers whether it never did. */
export function forEachDescendant(pid: number, visit: (pid: number) => boolean | void): boolean {
  return childrenOf(pid).every((child) => visit(child) !== false && forEachDescendant(child, visit));
}

/** Each thread has a list of the children that it started; those that lost their parent are in the first thread's of who took them in. */
export function childrenOf(pid: number | "self"): number[] {
  let threads: string[];
  try {
    threads = readdirSync(`/proc/${pid}/task`);
  } catch {
    return []; // it ended meanwhile, or the system has no /proc
  }
  return threads.flatMap((thread) => {
    const line = readQuietly(`/proc/${pid}/task/${thread}/children`).trim();
    return line === "" ? [] : line.split(" ").map(Number);
  });
}

/** Rounds of a fork bomb that outruns its end: each one stops all that it sees, and what is stopped starts nothing. */
const ROUNDS_MAX = 50;

/** SIGSTOP to all descendants until a look finds no new one; answers them. */
export function stopDescendants(pid: number): number[] {
  const stopped = new Set<number>();
  for (let round = 0, before = -1; round < ROUNDS_MAX && before !== stopped.size; round++) {
    before = stopped.size;
    forEachDescendant(pid, (descendant) => {
      if (stopped.has(descendant)) return;
      signal(descendant, "SIGSTOP");
      stopped.add(descendant);
    });
  }
  return [...stopped];
}

/** Ends a process and all its descendants; they are stopped first, so that none gets away meanwhile. */
export function killTree(pid: number): void {
  signal(pid, "SIGSTOP");
  for (const each of [...stopDescendants(pid), pid]) signal(each, "SIGKILL");
}

export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // it ended meanwhile
  }
}

/** What a process has open, as the links in /proc/<pid>/fd name it; nothing of one that is gone. */
export function openFilesOf(pid: number): string[] {
  const folder = `/proc/${pid}/fd`;
  let descriptors: string[];
  try {
    descriptors = readdirSync(folder);
  } catch {
    return [];
  }
  return descriptors.flatMap((descriptor) => {
    try {
      return [readlinkSync(`${folder}/${descriptor}`)];
    } catch {
      return []; // closed meanwhile
    }
  });
}

export function readQuietly(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return ""; // whoever it was ended meanwhile
  }
}
