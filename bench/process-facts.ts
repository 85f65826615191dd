/** What the kernel knows of a process. Source: proc(5). Only Linux has it: elsewhere the figures that need it are skipped. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { Skipped } from "./figure.ts";

const KIB = 1024;
/** CLK_TCK: the unit of `utime` and `stime`, 100 on every Linux that Bun runs on. */
const TICKS_PER_SECOND = 100;

/** CPU time of all threads, in microseconds; it advances in steps of 10,000. */
export function cpuMicroseconds(pid: number): number {
  const fields = statFields(pid);
  return ((Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND) * 1e6;
}

/** Resident memory, shared pages included, in bytes. */
export const rssBytes = (pid: number): number => kibField(`/proc/${pid}/status`, "VmRSS");

/** Resident memory in which a page that n processes share counts as a n-th, in bytes. */
export const pssBytes = (pid: number): number => kibField(`/proc/${pid}/smaps_rollup`, "Pss");

/** Memory that nobody shares and no file backs, in bytes. */
export const anonymousBytes = (pid: number): number => kibField(`/proc/${pid}/smaps_rollup`, "Anonymous");

export const descriptorCount = (pid: number): number => readdirSync(`/proc/${procOnly(pid)}/fd`).length;

/** The processes of execution environments: those below the server that have its hidden command among their arguments. */
export const runners = (serverPid: number): number[] =>
  descendants(serverPid).filter((pid) => argumentsOf(pid).includes("runner"));

function argumentsOf(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
  } catch {
    return []; // it ended meanwhile
  }
}

/** All processes below this one: a runner may be a grandchild, behind the program that walls it in. */
export function descendants(pid: number): number[] {
  const childrenOf = new Map<number, number[]>();
  procOnly(pid);
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const parent = Number(statFields(Number(name))[1]);
      childrenOf.set(parent, [...(childrenOf.get(parent) ?? []), Number(name)]);
    } catch {
      // it ended since the folder was read
    }
  }
  const below = (of: number): number[] => (childrenOf.get(of) ?? []).flatMap((child) => [child, ...below(child)]);
  return below(pid);
}

/** The fields of `stat` from the third, `state`, on: the second is the program's name and may hold spaces. */
function statFields(pid: number): string[] {
  const stat = readFileSync(`/proc/${procOnly(pid)}/stat`, "latin1");
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
}

function kibField(path: string, name: string): number {
  procOnly(0);
  const line = new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(readFileSync(path, "latin1"));
  if (!line) throw new Error(`Cannot read ${path}: it has no ${name}`);
  return Number(line[1]) * KIB;
}

function procOnly(pid: number): number {
  if (!existsSync("/proc/self/stat")) throw new Skipped("this system has no /proc");
  return pid;
}
