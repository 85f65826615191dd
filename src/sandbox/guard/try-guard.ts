/** Whether functions can be guarded here: tried with a real process, since what stands around this one may forbid it. */
import { closeSync, readFileSync } from "node:fs";
import { LIFELINE_DESCRIPTOR } from "../../../runtime/protocol.ts";
import { childrenOf } from "../process-tree.ts";
import type { Walls } from "../walls/walls.ts";
import { Guard, type GuardOptions } from "./guard.ts";
import { takeHandedOver } from "./hand-over.ts";
import { fetchDescriptor, readMemory } from "./notifications.ts";

const PROBE_BYTES = 1024 * 1024;
const PROBE_MS_MAX = 5000;
const STANDARD_OUTPUT = 1;

export interface GuardTrial {
  readonly opened: GuardOptions["opened"];
  readonly walls: Walls;
  /** Whether the kernel counts what each environment starts, whatever the walls are. */
  readonly tasksAreHeld: boolean;
  /** Starts this executable as something that installs the filters in its last argument, says so, and waits. */
  readonly probeCommand: readonly string[];
  readonly workingDirectory: string;
}

/** A guard for what runs behind these walls, or why there can be none. */
export async function openGuard(trial: GuardTrial): Promise<Guard | { readonly failure: string }> {
  const { isBesideHost, hidesOwnProc, asksAboutSignals, tasksMax } = trial.walls;
  const asked = {
    aboutTasks: tasksMax === undefined && !trial.tasksAreHeld,
    aboutSignals: asksAboutSignals,
    aboutFiles: isBesideHost,
    aboutOpening: hidesOwnProc,
  };
  const guard = new Guard({ opened: trial.opened, asked: { ...asked, aboutSockets: true } });
  const found = await tryGuard(guard, trial);
  if (found.failure !== undefined) return found;
  return found.takesDescriptors ? new Guard({ opened: trial.opened, asked: { ...asked, aboutSockets: false } }) : guard;
}

type Finding = { readonly failure: string } | { readonly failure?: undefined; readonly takesDescriptors: boolean };

async function tryGuard(guard: Guard, { walls, probeCommand, workingDirectory }: GuardTrial): Promise<Finding> {
  const enclosed = walls.enclose({
    command: [...probeCommand, guard.filterFor("all")],
    workingDirectory: walls.canMount ? "/" : workingDirectory,
    env: {},
    view: { folders: [], links: [], temporaryBytes: PROBE_BYTES },
    isGuarded: true,
  });
  const child = Bun.spawn([...enclosed.command], {
    env: enclosed.env,
    stdio: ["ignore", "pipe", "pipe", "ignore", "pipe", ...enclosed.descriptors],
    timeout: PROBE_MS_MAX,
    killSignal: "SIGKILL",
  });
  walls.onStart(child.pid);
  const lifeline = child.stdio[LIFELINE_DESCRIPTOR] as number;
  try {
    const said = await (child.stdout as ReadableStream<Uint8Array>).getReader().read();
    if (said.done)
      return { failure: (await new Response(child.stderr as ReadableStream).text()).trim().split("\n").at(-1) ?? "" };
    const listener = takeHandedOver(lifeline);
    if (listener === undefined) return { failure: "no descriptor comes through a socket" };
    closeSync(listener);
    let pid = child.pid;
    for (let level = 0; level < walls.processesAbove; level++) pid = childrenOf(pid)[0] ?? pid;
    if (!canReadMemory(pid))
      return { failure: "the system lets nobody read the memory of own processes (Yama's ptrace_scope, say)" };
    const fetched = fetchDescriptor(pid, STANDARD_OUTPUT);
    if (fetched >= 0) closeSync(fetched);
    return { takesDescriptors: fetched >= 0 };
  } finally {
    child.kill("SIGKILL");
    await child.exited;
    closeSync(lifeline);
    for (const descriptor of enclosed.descriptors) closeSync(descriptor);
    walls.onEnd(enclosed, child.pid);
  }
}

/** Where something is mapped that may be read. */
const READABLE = /^([0-9a-f]+)-[0-9a-f]+ r/m;

function canReadMemory(pid: number): boolean {
  try {
    const address = READABLE.exec(readFileSync(`/proc/${pid}/maps`, "latin1"))?.[1];
    return address !== undefined && readMemory(pid, BigInt(`0x${address}`), 1) !== undefined;
  } catch {
    return false;
  }
}
