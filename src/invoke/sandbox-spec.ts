/** What an environment's process starts with, and what it is held to. */
import { MEMORY_MIB_OF_A_CORE } from "../core/limits.ts";
import type { ControlGroups, GroupPlace } from "../sandbox/control-groups.ts";
import { NICENESS_VARIABLE, nicenessOf } from "../sandbox/processor-share.ts";
import type { SandboxSpec } from "../sandbox/sandbox.ts";
import type { View, Walls } from "../sandbox/walls/walls.ts";
import type { ExecutionSpec } from "./invocation.ts";
import { TASKS_MAX } from "./memory-watch.ts";
import type { NetworkHold } from "./network-hold.ts";
import { processVariables } from "./runtime-variables.ts";

/** What holds environments, all of them alike. */
export interface Holds {
  /** What stands around each environment. */
  readonly walls: Walls;
  /** Absent: they connect to whatever they want to. */
  readonly network?: NetworkHold | undefined;
  /** Absent: what they take is watched, and not held by the kernel. */
  readonly groups?: ControlGroups | undefined;
}

const BYTES_PER_MIB = 1024 * 1024;
const WEIGHT_OF_A_CORE = 100;
/** The kernel refuses one more before the watch, which counts what stands above the process as well, ends them all. */
const TASKS_HELD = TASKS_MAX - 8;

/** @param spec as the environment sees it. */
export function sandboxSpecOf(
  spec: ExecutionSpec,
  start: {
    readonly command: readonly string[];
    readonly variables: Readonly<Record<string, string>>;
    readonly view: View;
  },
  { walls, network, groups }: Holds,
): SandboxSpec {
  const share = spec.memoryMib / MEMORY_MIB_OF_A_CORE;
  const niceness = groups?.controllers.includes("cpu") ? 0 : nicenessOf(share);
  return {
    command: start.command,
    workingDirectory: spec.taskRoot,
    env: { ...processVariables(spec, start.variables), [NICENESS_VARIABLE]: String(niceness) },
    view: start.view,
    walls,
    niceness,
    place: groups && placeIn(groups, { spec, share, view: start.view }),
    ...(network && { guarded: guardedBy(network, spec) }),
  };
}

/** The temporary folder may be in memory, which the kernel then counts; what else is above MemorySize the watch finds. */
const placeIn = (
  groups: ControlGroups,
  { spec, share, view }: { spec: ExecutionSpec; share: number; view: View },
): GroupPlace => ({
  groups,
  limits: {
    memoryBytes: spec.memoryMib * BYTES_PER_MIB + view.temporaryBytes,
    tasksMax: TASKS_HELD,
    processorWeight: Math.max(1, Math.round(WEIGHT_OF_A_CORE * share)),
  },
});

function guardedBy(
  { guard, policyOf, onRefused }: NetworkHold,
  { functionName, securityGroupIds }: ExecutionSpec,
): NonNullable<SandboxSpec["guarded"]> {
  return {
    guard,
    policy: policyOf(securityGroupIds),
    tasksMax: TASKS_HELD,
    onRefused: (destination) => onRefused(functionName, destination),
  };
}
