/** What this host offers to wall functions in with: for `lambent doctor`. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { release, tmpdir } from "node:os";
import { join } from "node:path";
import { CONTROLLERS, ControlGroups, type Controller, NoControlGroupsError } from "../control-groups.ts";
import { openGuard } from "../guard/try-guard.ts";
import { tryWalls, WALL_KINDS, type WallOptions } from "./choose.ts";
import { LANDLOCK_VERSION_MIN, LANDLOCK_VERSION_SCOPES, landlockVersion } from "./landlock-abi.ts";
import type { WallKind, Walls } from "./walls.ts";

export interface Examination {
  readonly facts: readonly { readonly what: string; readonly finding: string }[];
  readonly kinds: readonly { readonly kind: WallKind; readonly works: boolean; readonly reason?: string }[];
  /** What `--isolation auto` takes; undefined: it does not start. */
  readonly auto: WallKind | undefined;
  /** Why functions cannot be held to where they may connect; undefined: they can. */
  readonly networkFailure: string | undefined;
  /** What would be stronger, or would help at all. */
  readonly advice: readonly string[];
}

/** Tries each kind of walls with a real process, in a temporary folder. */
export async function examineHost(commands: Omit<WallOptions, "folder">): Promise<Examination> {
  const folder = mkdtempSync(join(tmpdir(), "lambent-doctor-"));
  try {
    const trials = [];
    for (const kind of WALL_KINDS) trials.push(await tryWalls(kind, { ...commands, folder }));
    const kinds = trials.map((trial) =>
      trial.walls ? { kind: trial.kind, works: true } : { kind: trial.kind, works: false, reason: trial.reason },
    );
    const working = kinds.find(({ works }) => works)?.kind;
    const auto = working ?? (process.platform === "linux" ? undefined : "none");
    const walls = trials.find((trial) => trial.walls)?.walls;
    const networkFailure = walls ? await guardFailureWith(walls, commands, folder) : "there are no walls";
    const groups = await tryControlGroups();
    const facts = [...factsOfHost(), { what: "control groups", finding: groups.finding }];
    return {
      facts,
      kinds,
      auto,
      networkFailure,
      advice: adviceOn({ kinds, controllers: groups.controllers, isGuarded: networkFailure === undefined }),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function guardFailureWith(
  walls: Walls,
  { probeCommand }: Omit<WallOptions, "folder">,
  workingDirectory: string,
): Promise<string | undefined> {
  const guard = await openGuard({ opened: [], walls, tasksAreHeld: false, probeCommand, workingDirectory });
  return "failure" in guard ? guard.failure : undefined;
}

function factsOfHost(): Examination["facts"] {
  const version = landlockVersion();
  return [
    { what: "kernel", finding: `${process.platform} ${release()}, ${process.arch}` },
    { what: "user", finding: isRoot() ? "root" : `${process.getuid?.() ?? "unknown"}, no root` },
    { what: "bubblewrap", finding: Bun.which("bwrap") ?? "not installed" },
    { what: "user namespaces", finding: userNamespaces() },
    {
      what: "Landlock",
      finding:
        version === 0
          ? "none"
          : `version ${version} (${LANDLOCK_VERSION_MIN} or later is needed; before ${LANDLOCK_VERSION_SCOPES} a guard has to hold as well)`,
    },
    { what: "seccomp", finding: readQuietly("/proc/sys/kernel/seccomp/actions_avail").trim() || "none" },
  ];
}

const isRoot = (): boolean => process.getuid?.() === 0;

/** Source: user_namespaces(7); Debian's kernel.unprivileged_userns_clone; AppArmor's restriction, as Ubuntu has it. */
function userNamespaces(): string {
  if (!existsSync("/proc/self/ns/user")) return "none";
  if (readQuietly("/proc/sys/user/max_user_namespaces").trim() === "0")
    return "switched off (user.max_user_namespaces is 0)";
  if (readQuietly("/proc/sys/kernel/unprivileged_userns_clone").trim() === "0")
    return "for root only (kernel.unprivileged_userns_clone is 0)";
  if (readQuietly("/proc/sys/kernel/apparmor_restrict_unprivileged_userns").trim() === "1")
    return "only for programs that AppArmor names (kernel.apparmor_restrict_unprivileged_userns is 1)";
  return "there";
}

interface GroupTrial {
  readonly controllers: readonly Controller[];
  readonly finding: string;
}

/** Makes some, and removes them again. */
async function tryControlGroups(): Promise<GroupTrial> {
  try {
    const groups = await ControlGroups.open();
    await groups.close();
    return { controllers: groups.controllers, finding: `hold ${groups.controllers.join(", ")}` };
  } catch (error) {
    if (!(error instanceof NoControlGroupsError)) throw error;
    return { controllers: [], finding: `not used: ${error.message}` };
  }
}

function adviceOn({
  kinds,
  controllers,
  isGuarded,
}: {
  readonly kinds: Examination["kinds"];
  readonly controllers: readonly Controller[];
  readonly isGuarded: boolean;
}): string[] {
  if (process.platform !== "linux")
    return ["Run Lambent on Linux, or in a virtual machine of its own, to wall functions in"];
  const [namespaces, landlock] = kinds;
  const advice: string[] = [];
  if (!namespaces?.works)
    advice.push(
      Bun.which("bwrap") === null
        ? "Install bubblewrap (apt install bubblewrap): namespaces are stronger than Landlock"
        : "Let bubblewrap make user namespaces and mount /proc: outside of a container, or in one that allows both",
    );
  if (!landlock?.works && !namespaces?.works)
    advice.push("Run Linux 5.19 or later with Landlock switched on: it needs no privilege, also in a container");
  if (controllers.length < CONTROLLERS.length)
    advice.push(
      "Let Lambent make control groups (version 2), as a systemd service with Delegate=yes may: the kernel then holds memory, processes and shares",
    );
  if (isRoot() && !isGuarded)
    advice.push(
      "Run Lambent as a user of its own: functions may then change modes and times of their own files, and the kernel counts their processes",
    );
  return advice;
}

function readQuietly(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return ""; // the system has no such thing
  }
}
