/** Whether functions can be held to a network policy on this machine. */
import { tmpdir } from "node:os";
import { NetworkGuard } from "../../../src/sandbox/network/network-guard.ts";
import { tryGuard } from "../../../src/sandbox/network/try-guard.ts";
import { NO_WALLS } from "../../../src/sandbox/walls/walls.ts";
import { wallOptions } from "../../support/dispatcher.ts";

const { probeCommand } = wallOptions(tmpdir());
const failure = await tryGuard({
  guard: new NetworkGuard({ opened: [] }),
  walls: NO_WALLS,
  probeCommand,
  workingDirectory: tmpdir(),
});
if (failure !== undefined) console.warn(`Not tested: network policies (${failure})`);

export const IS_GUARD_OFFERED = failure === undefined;
