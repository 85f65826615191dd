/** Whether functions can be guarded on this machine. */
import { tmpdir } from "node:os";
import type { Guard } from "../../../src/sandbox/guard/guard.ts";
import { openGuard } from "../../../src/sandbox/guard/try-guard.ts";
import { NO_WALLS, type Walls } from "../../../src/sandbox/walls/walls.ts";
import { wallOptions } from "../../support/dispatcher.ts";

const tryGuard = (walls: Walls) =>
  openGuard({
    opened: [],
    walls,
    tasksAreHeld: false,
    probeCommand: wallOptions(tmpdir()).probeCommand,
    workingDirectory: tmpdir(),
  });

const trial = await tryGuard(NO_WALLS);
const failure = "failure" in trial ? trial.failure : undefined;
if (failure !== undefined) console.warn(`Not tested: what a guard is asked about (${failure})`);

export const IS_GUARD_OFFERED = failure === undefined;
/** Whether one process may take another's descriptors, as it may not in many containers. */
export const TAKES_DESCRIPTORS = !("failure" in trial) && !trial.keepsSockets;

export async function guardOf(walls: Walls): Promise<Guard> {
  const guard = await tryGuard(walls);
  if ("failure" in guard) throw new Error(guard.failure);
  return guard;
}
