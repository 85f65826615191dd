/** A place for attacks: a dispatcher behind walls, a victim with secrets, files of the host, and processes to get at. */
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { homedir } from "node:os";
import { join } from "node:path";
import type { ExecutionSpec } from "../../src/invoke/invocation.ts";
import type { Guard } from "../../src/sandbox/guard/guard.ts";
import type { Walls } from "../../src/sandbox/walls/walls.ts";
import { type CallAnswer, specOf, startDispatcher, type TestDispatcher } from "../support/dispatcher.ts";
import { descendantsOf } from "../support/processes.ts";
import { until } from "../support/until.ts";

export const SECRET = "the-victims-own-secret";
export const HOST_SECRET = "a secret of the host";

export interface Site {
  readonly walls: Walls;
  readonly house: TestDispatcher;
  /** The host's folder, with the file in it and, in one of its own, another function's code. */
  readonly folder: string;
  readonly file: string;
  readonly unixSocket: string;
  readonly abstractSocket: string;
  /** As the host knows them: control plane, bystander, the victim's processes. */
  readonly pids: readonly number[];
  /** Where the victim keeps its secret, as it sees it. */
  readonly victimFile: string;
  attack(event: object, change?: Partial<ExecutionSpec>): Promise<CallAnswer>;
  /** What the host's folder holds now: anything that changed shows. */
  snapshot(): string;
  close(): Promise<void>;
}

/** @param guard answers what functions ask about; without one, that is refused. */
export async function openSite(walls: Walls, guard?: Guard): Promise<Site> {
  const folder = mkdtempSync(join(homedir(), ".lambent-attacked-")); // no walls let anybody in there, as they might in /tmp
  const file = join(folder, "host.txt");
  writeFileSync(file, HOST_SECRET);
  mkdirSync(join(folder, "empty"));
  const network = guard && { guard, policyOf: () => "all" as const, onRefused() {} };
  const house = startDispatcher({ walls, network });
  const before = new Set(descendantsOf(process.pid).map(({ pid }) => pid));
  const victim = specOf("victim", { variables: { SECRET } });
  const { file: victimFile } = (await house.call(victim)).value;
  const victimPids = descendantsOf(process.pid)
    .map(({ pid }) => pid)
    .filter((pid) => !before.has(pid));
  const bystander = Bun.spawn(["sleep", "600"], { env: { SECRET } });
  const unixSocket = join(folder, "socket");
  const abstractSocket = `\0lambent-attacked-${process.pid}-${walls.kind}`;
  const listeners = await Promise.all([unixSocket, abstractSocket].map(listen));
  const snapshot = (): string =>
    JSON.stringify(
      readdirSync(folder).map((name) => {
        const { mode, uid, gid, mtimeMs, nlink, size } = statSync(join(folder, name));
        return [name, mode, uid, gid, mtimeMs, nlink, size];
      }),
    ) + readFileSync(file, "utf8");
  return {
    walls,
    house,
    folder,
    file,
    unixSocket,
    abstractSocket,
    victimFile,
    pids: [process.pid, bystander.pid, ...victimPids],
    attack: (event, change = {}) => house.call(specOf("attacks", { timeoutMs: 20_000, ...change }), event),
    snapshot,
    async close() {
      for (const listener of listeners) listener.close();
      bystander.kill("SIGKILL");
      await bystander.exited;
      await house.close();
      guard?.close();
      rmSync(victimFile, { force: true }); // it is the host's where there are no walls
      chmodSync(folder, 0o700);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function listen(path: string): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.end()).on("error", reject);
    server.listen(path, () => resolve(server));
  });
}

/** Processes of the machine whose command is `sleep <seconds>`: each attack has a number of its own. */
export const sleepersOf = (seconds: number): number[] =>
  readdirSync("/proc").flatMap((pid) => {
    if (!/^\d+$/.test(pid)) return [];
    try {
      const isMeant = readFileSync(`/proc/${pid}/cmdline`, "latin1") === `sleep\0${seconds}\0`;
      const state = readFileSync(`/proc/${pid}/stat`, "latin1").split(") ").at(-1)?.[0];
      return isMeant && state !== "Z" ? [Number(pid)] : [];
    } catch {
      return []; // it ended meanwhile
    }
  });

export const untilNoSleepers = (seconds: number): Promise<unknown> =>
  until("what was left behind is gone", () => sleepersOf(seconds).length === 0);
