/**
 * Control groups (version 2): what an environment's processes may take, held by the kernel. The groups are made below the one that this
 * process is in, which needs the right to: root has it, and so has a service with systemd's `Delegate=yes`, or a container that may write
 * its groups. Source: Linux, Documentation/admin-guide/cgroup-v2.rst.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { rmdir, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";

export interface GroupLimits {
  /** All that the kernel counts, a file system in memory included; nothing is swapped out. */
  readonly memoryBytes: number;
  /** Processes and threads. */
  readonly tasksMax: number;
  /** Of contended processors, beside the other groups: 1 to 10,000. */
  readonly processorWeight: number;
}

/** Where a process is to be held to limits, and to which. */
export interface GroupPlace {
  readonly groups: ControlGroups;
  readonly limits: GroupLimits;
}

export const CONTROLLERS = ["cpu", "memory", "pids"] as const;
export type Controller = (typeof CONTROLLERS)[number];

const PREFIX = "lambent-";
/** The group that this process itself moves into: one with limits for its children may have no processes of its own. */
const SERVER_SUFFIX = "-server";
const REMOVE_TRIES = 50;
const REMOVE_REST_MS = 20;

const DISABLE = CONTROLLERS.map((name) => `-${name}`).join(" ");

/** Why there are none. */
export class NoControlGroupsError extends Error {}

export class ControlGroups {
  readonly controllers: readonly Controller[];
  readonly #base: string;
  /** Has a group for each environment. */
  readonly #own: string;
  /** Where this process has moved itself. */
  readonly #server: string | undefined;
  #nextId = 0;

  private constructor(base: string, parts: { own: string; server: string | undefined; controllers: Controller[] }) {
    this.#base = base;
    this.#own = parts.own;
    this.#server = parts.server;
    this.controllers = parts.controllers;
  }

  /** @throws NoControlGroupsError */
  static async open(): Promise<ControlGroups> {
    const base = ownGroup();
    if (base === undefined) throw new NoControlGroupsError("this system has no control groups of version 2");
    const offered = readFileSync(join(base, "cgroup.controllers"), "utf8").trim().split(" ");
    const controllers = CONTROLLERS.filter((name) => offered.includes(name));
    if (controllers.length === 0) throw new NoControlGroupsError(`${base} has none of cpu, memory and pids`);
    removeLeftOver(base);
    const own = join(base, `${PREFIX}${process.pid}`);
    const isRoot = !readdirSync(base).includes("cgroup.type");
    const server = isRoot ? undefined : `${own}${SERVER_SUFFIX}`;
    const groups = new ControlGroups(base, { own, server, controllers });
    try {
      await groups.#begin();
    } catch (error) {
      await groups.close();
      throw new NoControlGroupsError(reasonOf(error, base), { cause: error });
    }
    return groups;
  }

  async #begin(): Promise<void> {
    mkdirSync(this.#own);
    if (this.#server !== undefined) {
      mkdirSync(this.#server);
      await writeFile(join(this.#server, "cgroup.procs"), String(process.pid));
    }
    const wanted = this.controllers.map((name) => `+${name}`).join(" ");
    for (const group of [this.#base, this.#own]) await writeFile(join(group, "cgroup.subtree_control"), wanted);
    this.make({ memoryBytes: 1 << 30, tasksMax: 1, processorWeight: 1 }).remove(); // every limit is tried once
  }

  /** @throws Error when the system refuses. */
  make({ memoryBytes, tasksMax, processorWeight }: GroupLimits): ControlGroup {
    const path = join(this.#own, String(this.#nextId++));
    mkdirSync(path);
    const limits: Record<Controller, readonly (readonly [string, number])[]> = {
      cpu: [["cpu.weight", processorWeight]],
      memory: [
        ["memory.max", memoryBytes],
        ["memory.oom.group", 1],
      ],
      pids: [["pids.max", tasksMax]],
    };
    for (const controller of this.controllers) {
      for (const [name, value] of limits[controller]) writeFileSync(join(path, name), String(value));
    }
    if (this.controllers.includes("memory")) writeQuietly(join(path, "memory.swap.max"), 0); // not there without swap
    return new ControlGroup(path);
  }

  /** Undoes `open`; environments have to be gone. */
  async close(): Promise<void> {
    await removeGroup(this.#own);
    if (this.#server === undefined) return;
    writeQuietly(join(this.#base, "cgroup.subtree_control"), DISABLE); // or nobody may move back
    writeQuietly(join(this.#base, "cgroup.procs"), process.pid);
    await removeGroup(this.#server);
  }
}

/** Of one environment. */
export class ControlGroup {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  /**
   * Resolves once the process, with all its threads and what it starts from now on, is in the group. The system takes some milliseconds, in which
   * this process goes on. @throws Error when it is gone.
   */
  take(pid: number): Promise<void> {
    return writeFile(join(this.#path, "cgroup.procs"), String(pid));
  }

  /** Whether the kernel ended it because it took more memory than it may. */
  ranOutOfMemory(): boolean {
    return /^oom_kill [1-9]/m.test(readQuietly(join(this.#path, "memory.events")));
  }

  /** Ends all that is in it, wherever it went. */
  kill(): void {
    writeQuietly(join(this.#path, "cgroup.kill"), 1);
  }

  /** Once what was in it has ended. */
  remove(): void {
    void removeGroup(this.#path);
  }
}

/** The folder of the group that this process is in; undefined where there is no version 2. */
function ownGroup(): string | undefined {
  const mounted = readQuietly("/proc/self/mountinfo")
    .split("\n")
    .find((line) => line.includes(" - cgroup2 "));
  const path = /^0::(.*)$/m.exec(readQuietly("/proc/self/cgroup"))?.[1];
  const [, , , root, at] = mounted?.split(" ") ?? [];
  if (path === undefined || root === undefined || at === undefined) return undefined;
  const below = path.startsWith(root) ? path.slice(root === "/" ? 0 : root.length) : path;
  const folder = join(unescaped(at), below).replace(/\/$/, "");
  return readQuietly(join(folder, "cgroup.controllers")) === "" ? undefined : folder;
}

/** As mountinfo writes a space, a tab, a newline or a backslash. Source: proc(5). */
const unescaped = (path: string): string =>
  path.replace(/\\([0-7]{3})/g, (_, octal) => String.fromCharCode(Number.parseInt(octal, 8)));

/** Groups of servers that ended without removing them. */
function removeLeftOver(base: string): void {
  for (const name of readdirSync(base)) {
    const pid = Number(/^lambent-(\d+)(-server)?$/.exec(name)?.[1]);
    if (!Number.isInteger(pid) || existsSync(`/proc/${pid}`)) continue;
    for (const path of [...foldersIn(join(base, name)), join(base, name)]) {
      try {
        rmdirSync(path);
      } catch {
        // something lives in it yet
      }
    }
  }
}

const foldersIn = (path: string): string[] =>
  readdirSync(path, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => join(path, name));

/** A process that was killed is in its group a moment longer. */
async function removeGroup(path: string): Promise<void> {
  for (let tries = 0; tries < REMOVE_TRIES; tries++) {
    try {
      return await rmdir(path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EBUSY") return;
      await Bun.sleep(REMOVE_REST_MS);
    }
  }
}

function reasonOf(error: unknown, base: string): string {
  const { code } = error as NodeJS.ErrnoException;
  if (code === "EACCES" || code === "EPERM" || code === "EROFS") return `${base} may not be written`;
  if (code === "EBUSY") return `other processes are in ${base}, too`;
  return `${basename(base) || base}: ${error instanceof Error ? error.message : String(error)}`;
}

function writeQuietly(path: string, value: string | number): void {
  try {
    writeFileSync(path, String(value));
  } catch {
    // it is gone, or has no such file
  }
}

function readQuietly(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
