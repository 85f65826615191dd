/**
 * Walls without a helper and without a privilege: the executable starts itself as `wall`, which fences itself in and becomes the program.
 * Folders stay where they are, processes of others are in sight but out of reach, and what is temporary goes to a folder of its own.
 */
import { existsSync, mkdirSync, mkdtempSync, readdirSync } from "node:fs";
import { chmod, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { orphansOfThisProcess } from "../orphans.ts";
import { isWalled } from "../seccomp/syscalls.ts";
import { LANDLOCK_VERSION_MIN, LANDLOCK_VERSION_SCOPES, landlockVersion } from "./landlock-abi.ts";
import { programOf } from "./program.ts";
import { DEVICES, MACHINE_FILES, programFolders, systemFiles, systemFolders } from "./system-files.ts";
import type { WallPlan } from "./wall-process.ts";
import type { Confinement, Enclosed, Walls } from "./walls.ts";

export interface LandlockOptions {
  /** Starts this executable with its hidden command `wall`. */
  readonly command: readonly string[];
  /** Where temporary folders are made, one for each process; it is made. */
  readonly folder: string;
  /** The kernel's, unless said otherwise; what later ones look after is not relied on. */
  readonly version?: number;
}

/**
 * @throws Error when the kernel has no such Landlock, or the folder cannot be written.
 */
export function landlockWalls({ command, folder, version = landlockVersion() }: LandlockOptions): Walls {
  if (version < LANDLOCK_VERSION_MIN)
    throw new Error(
      version === 0
        ? "Cannot build walls: this kernel has no Landlock, or does not let it be used"
        : `Cannot build walls: this kernel's Landlock is version ${version}, and files can be moved about from version ${LANDLOCK_VERSION_MIN} on (Linux 5.19)`,
    );
  if (!isWalled(process.arch))
    throw new Error(`Cannot build walls: there is no filter of system calls for ${process.arch}`);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  for (const left of readdirSync(folder)) void removeFolder(join(folder, left)); // by a server that was killed
  const system = systemRights();
  const orphans = orphansOfThisProcess();
  return {
    kind: "landlock",
    canMount: false,
    isBesideHost: true,
    hidesOwnProc: true,
    asksAboutSignals: version < LANDLOCK_VERSION_SCOPES,
    tasksMax: undefined,
    endsAll: false,
    processesAbove: 0,
    enclose: (confinement) => enclose(confinement, { command, folder, version, system }),
    onStart: (pid) => orphans.started(pid),
    onEnd: ({ temporary }, pid) => {
      if (pid !== undefined) orphans.ended(pid);
      if (temporary) void removeFolder(temporary.folder);
    },
  };
}

type Allowed = WallPlan["allowed"];

function enclose(
  { command, workingDirectory, env, view, isGuarded }: Confinement,
  walls: Required<LandlockOptions> & { system: Allowed },
): Enclosed {
  const temporaryFolder = mkdtempSync(join(walls.folder, "environment-"));
  const { executable, sources } = programOf(command);
  const readable = [executable, ...sources, ...view.folders.map(({ path }) => path)];
  const plan: WallPlan = {
    command,
    workingDirectory,
    env: { ...env, TMPDIR: temporaryFolder, LAMBENT_TMP_KEPT: readable.filter(isInTmp).join(":") },
    allowed: [
      ...walls.system,
      ...readable.map((path) => ({ path, rights: "readAndExecute" as const })),
      { path: temporaryFolder, rights: "all" },
    ],
    fileBytesMax: view.temporaryBytes,
    isGuarded,
    landlock: walls.version,
  };
  return {
    command: [...walls.command, JSON.stringify(plan)],
    workingDirectory: undefined,
    env: {},
    descriptors: [],
    temporary: { folder: temporaryFolder, bytesMax: view.temporaryBytes },
    ownFiles: {
      place: { kind: "folder", path: temporaryFolder },
      ids: { user: process.getuid?.() ?? -1, group: process.getgid?.() ?? -1 },
    },
  };
}

const isInTmp = (path: string): boolean => path.startsWith("/tmp/");

function systemRights(): Allowed {
  return [
    ...programFolders().folders.map((path) => ({ path, rights: "readAndExecute" as const })),
    ...[...systemFiles(), ...systemFolders(), ...MACHINE_FILES.filter(existsSync)].map((path) => ({
      path,
      rights: "read" as const,
    })),
    ...DEVICES.map((path) => ({ path, rights: "readAndWrite" as const })),
  ];
}

/** A handler may have left folders that nobody can enter. */
export async function removeFolder(path: string): Promise<void> {
  await makeEnterable(path);
  await rm(path, { recursive: true, force: true }).catch(() => {}); // the next start looks again
}

async function makeEnterable(path: string): Promise<void> {
  const entries = await readdir(path, { withFileTypes: true }).catch(async () => {
    await chmod(path, 0o700).catch(() => {});
    return readdir(path, { withFileTypes: true }).catch(() => []);
  });
  for (const entry of entries) if (entry.isDirectory()) await makeEnterable(join(path, entry.name));
}
