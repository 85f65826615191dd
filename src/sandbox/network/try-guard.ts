/** Whether functions can be held to a network policy here: tried with a real process, since sandboxes around this one may forbid it. */
import { closeSync } from "node:fs";
import { LISTENER_DESCRIPTOR } from "../../../runtime/protocol.ts";
import { childrenOf } from "../process-tree.ts";
import type { Walls } from "../walls/walls.ts";
import type { NetworkGuard } from "./network-guard.ts";
import { fetchDescriptor } from "./notifications.ts";

const PROBE_BYTES = 1024 * 1024;
const PROBE_MS_MAX = 5000;

export interface GuardTrial {
  readonly guard: NetworkGuard;
  readonly walls: Walls;
  /** Starts this executable as something that installs the filter in its last argument, says so, and waits. */
  readonly probeCommand: readonly string[];
  readonly workingDirectory: string;
}

/** Answers why not; undefined when they can. */
export async function tryGuard({
  guard,
  walls,
  probeCommand,
  workingDirectory,
}: GuardTrial): Promise<string | undefined> {
  const enclosed = walls.enclose({
    command: [...probeCommand, guard.filterText],
    workingDirectory: walls.canMount ? "/" : workingDirectory,
    env: {},
    view: { folders: [], links: [], temporaryBytes: PROBE_BYTES },
  });
  const child = Bun.spawn([...enclosed.command], {
    env: enclosed.env,
    stdio: ["pipe", "pipe", "pipe", "ignore", "ignore", ...enclosed.descriptors],
    timeout: PROBE_MS_MAX,
    killSignal: "SIGKILL",
  });
  walls.onStart(child.pid);
  try {
    const said = await (child.stdout as ReadableStream<Uint8Array>).getReader().read();
    if (said.done) return (await new Response(child.stderr as ReadableStream).text()).trim().split("\n").at(-1);
    let pid = child.pid;
    for (let level = 0; level < walls.processesAbove; level++) pid = childrenOf(pid)[0] ?? pid;
    const fetched = fetchDescriptor(pid, LISTENER_DESCRIPTOR);
    if (fetched < 0) return `the system lets no process take another's descriptors (pidfd_getfd: error ${-fetched})`;
    closeSync(fetched);
    return undefined;
  } finally {
    child.kill("SIGKILL");
    await child.exited;
    for (const descriptor of enclosed.descriptors) closeSync(descriptor);
    walls.onEnd(enclosed, child.pid);
  }
}
