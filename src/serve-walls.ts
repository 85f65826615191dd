/** The walls around functions and where they may connect to, put together from what the operator said and what this system can do. */
import { join } from "node:path";
import type { Config } from "./config.ts";
import type { Log } from "./core/log.ts";
import { type NetworkPolicy, unionOf } from "./core/network-policy.ts";
import type { NetworkHold } from "./invoke/network-hold.ts";
import type { Holds } from "./invoke/sandbox-spec.ts";
import { ControlGroups, NoControlGroupsError } from "./sandbox/control-groups.ts";
import { openGuard } from "./sandbox/guard/try-guard.ts";
import { chooseWalls } from "./sandbox/walls/choose.ts";
import { type Examination, examineHost } from "./sandbox/walls/examine.ts";
import type { Walls } from "./sandbox/walls/walls.ts";
import type { OwnCommands } from "./serve.ts";

/** So many different refusals are told; more would fill a disk with what one function tries. */
const TOLD_MAX = 1000;

interface Start {
  readonly own: OwnCommands;
  readonly log: Log;
}

/** What walls this host offers. */
export const examineWalls = (own: OwnCommands): Promise<Examination> =>
  examineHost({ wallCommand: own.wall, probeCommand: own.probe });

type Network = NetworkHold & { close(): void };

/** What holds functions, opened; to be closed when none is left. */
export interface OpenHolds extends Holds {
  close(): Promise<void>;
}

/** @throws NoWallsError; Error when functions are to be held to less than everything, and cannot be. */
export async function openHolds(config: Config, start: Start): Promise<OpenHolds> {
  const walls = await openWalls(config, start);
  const groups = await openControlGroups(config, start);
  const tasksAreHeld = groups?.controllers.includes("pids") ?? false;
  const network = await openNetwork(config, { ...start, walls, tasksAreHeld });
  return {
    walls,
    network,
    groups,
    async close() {
      network?.close();
      await groups?.close();
    },
  };
}

async function openWalls(config: Config, { own, log }: Start): Promise<Walls> {
  const folder = join(config.dataDirectory, "sandbox");
  const walls = await chooseWalls(config.isolation, { folder, wallCommand: own.wall, probeCommand: own.probe });
  if (walls.kind === "none" && config.isolation === "auto")
    log.warn("Functions run without walls, with all rights of this user: there are none for this system");
  return walls;
}

/** Undefined: limits are watched, and not held by the kernel. */
async function openControlGroups(config: Config, { log }: Start): Promise<ControlGroups | undefined> {
  if (config.controlGroups === "off") return undefined;
  try {
    return await ControlGroups.open();
  } catch (error) {
    if (!(error instanceof NoControlGroupsError)) throw error;
    log.debug({ reason: error.message }, "Limits of functions are watched: there are no control groups");
    return undefined;
  }
}

async function openNetwork(
  config: Config,
  { own, log, walls, tasksAreHeld }: Start & { walls: Walls; tasksAreHeld: boolean },
): Promise<Network | undefined> {
  const { policy, opened, policies } = config.network;
  const mustHold = policy !== "all" || Object.keys(policies).length > 0;
  const isWalled = walls.kind !== "none";
  if (!isWalled && !mustHold) return undefined;
  const guard = isWalled
    ? await openGuard({ opened, walls, tasksAreHeld, probeCommand: own.probe, workingDirectory: config.dataDirectory })
    : { failure: "functions run without walls (--isolation none)" };
  if ("failure" in guard) {
    if (mustHold) throw new Error(`Cannot hold functions to a network policy: ${guard.failure}`);
    if (walls.asksAboutSignals) throw new Error(`Cannot wall functions in: ${guard.failure}`); // the trial said otherwise
    log.warn(`Functions may connect to this host and to metadata services: ${guard.failure}`);
    return undefined;
  }
  guard.ownPorts = [config.port]; // until the one that it was given is known
  return { guard, policyOf: policyChoice(policy, policies), onRefused: tellerOf(log), close: () => guard.close() };
}

/** Of the security groups that the operator has policies for; without any, the one for all. */
const policyChoice =
  (policy: NetworkPolicy, policies: Readonly<Record<string, NetworkPolicy>>) =>
  (securityGroupIds: readonly string[]): NetworkPolicy => {
    const chosen = securityGroupIds.map((id) => policies[id]).filter((each) => each !== undefined);
    return chosen.length > 0 ? unionOf(chosen) : policy;
  };

function tellerOf(log: Log): NetworkHold["onRefused"] {
  const told = new Set<string>();
  return (functionName, destination) => {
    const key = `${functionName} ${destination}`;
    if (told.size >= TOLD_MAX || told.has(key)) return;
    told.add(key);
    log.warn(
      { function: functionName, destination },
      "A function was kept from connecting (told once); --network-open or its policy would let it",
    );
  };
}
