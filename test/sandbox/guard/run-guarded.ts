/** Processes that are held to a policy by a guard, for tests that say what such a process does. */
import { closeSync } from "node:fs";
import { join } from "node:path";
import { LIFELINE_DESCRIPTOR } from "../../../runtime/protocol.ts";
import { type NetworkPolicy, parsePolicy } from "../../../src/core/network-policy.ts";
import type { Guard } from "../../../src/sandbox/guard/guard.ts";
import { orphansOfThisProcess } from "../../../src/sandbox/orphans.ts";
import { IS_GUARD_OFFERED, TAKES_DESCRIPTORS } from "./offered-guard.ts";

const RAW = JSON.stringify(join(import.meta.dir, "raw-sockets.ts"));
const children = new Set<Bun.Subprocess>();
const orphans = orphansOfThisProcess();

/** After each test. */
export function endAll(): void {
  for (const child of children) child.kill("SIGKILL");
  children.clear();
}

export interface Told {
  readonly value?: unknown;
  readonly code?: string;
  readonly refused: readonly string[];
}

/** Runs the body of an async function in a process that is held to a policy. */
export async function runUnder(guard: Guard, body: string, policy: NetworkPolicy = "all"): Promise<Told> {
  const child = Bun.spawn([process.execPath, join(import.meta.dir, "guarded.ts"), guard.filterFor(policy), body], {
    stdio: ["pipe", "pipe", "inherit", "ignore", "pipe"],
  });
  children.add(child);
  orphans.started(child.pid); // else its filter would have it taken for what an earlier test's function left behind
  const reader = child.stdout.getReader();
  const decoder = new TextDecoder();
  let said = "";
  const readOn = async (): Promise<boolean> => {
    const { done, value } = await reader.read();
    said += decoder.decode(value);
    return !done;
  };
  while (!said.includes("ready\n")) if (!(await readOn())) throw new Error("The process ended before it was ready");
  const refused: string[] = [];
  const lifeline = child.stdio[LIFELINE_DESCRIPTOR] as number;
  const watched = guard.watch({
    policy,
    root: child.pid,
    lifeline,
    ownFiles: undefined,
    tasksMax: 1000,
    onRefused: (destination) => refused.push(destination),
  });
  child.stdin.write("go\n");
  await child.stdin.end();
  while (await readOn());
  await child.exited;
  orphans.ended(child.pid);
  await watched.ended;
  closeSync(lifeline);
  return { ...JSON.parse(said.replace("ready\n", "")), refused };
}

export const raw = (body: string): string => `const raw = await import(${RAW}); ${body}`;
export const at = (port: number): string => `127.0.0.1:${port}`;
export const opened = (...ports: number[]): NetworkPolicy => parsePolicy(ports.map(at).join(","));

/** How a guard gets at the sockets. */
export const WAYS = [
  { way: "takes its sockets when they are needed", aboutSockets: false, isOffered: TAKES_DESCRIPTORS },
  { way: "makes its sockets for it", aboutSockets: true, isOffered: IS_GUARD_OFFERED },
].filter(({ isOffered }) => isOffered);
