/**
 * Walls of bubblewrap: namespaces of its own for users, processes, mounts, IPC, host names and control groups, and a root with nothing in
 * it but the system's programs, the folders of its view and a `/tmp` of its own. Source: bwrap(1).
 */
import { closeSync, mkdirSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { basename, join, relative } from "node:path";
import { makePipe } from "../libc.ts";
import { orphansOfThisProcess } from "../orphans.ts";
import { seccompProgram } from "../seccomp/filter.ts";
import { RULES, rulesBeside } from "../seccomp/rules.ts";
import { isWalled } from "../seccomp/syscalls.ts";
import { Mirror } from "./mirror.ts";
import { programOf } from "./program.ts";
import { DEVICES, programFolders, systemFiles, systemFolders } from "./system-files.ts";
import { type Confinement, DESCRIPTOR_FIRST, type Enclosed, type Walls } from "./walls.ts";

/** As AWS's environments have them. */
const USER_ID = 993;
const GROUP_ID = 990;
const USER_NAME = "sbx_user1051";
const HOST_NAME = "lambent";

/** Processes and threads. The kernel counts them by user, and only those inside. For root it does not count. */
const TASKS_MAX = 1024;

/** Where the executable appears: AWS's folder of the runtime. */
const RUNTIME_FOLDER = "/var/runtime";

const RANDOM = "/dev/random";

const NAMESPACES = ["user", "pid", "ipc", "uts"].map((kind) => `--unshare-${kind}`);

/**
 * @param bubblewrap its executable's path.
 * @param folder where it may keep files of its own; it is made.
 * @throws Error when the folder cannot be written, or there is no filter for this processor.
 */
export function namespaceWalls({ bubblewrap, folder }: { bubblewrap: string; folder: string }): Walls {
  if (!isWalled(process.arch))
    throw new Error(`Cannot build walls: there is no filter of system calls for ${process.arch}`);
  const { arch } = process;
  const isBesideHost = process.getuid?.() === 0;
  const filterOf = (isGuarded: boolean): Uint8Array =>
    seccompProgram(isBesideHost ? rulesBeside({ host: "files", isGuarded }) : RULES, arch);
  const filters = { guarded: filterOf(true), alone: filterOf(false) };
  const orphans = orphansOfThisProcess();
  const { mounts, refresh } = configuration(folder);
  const system = [...systemMounts(), ...mounts];
  return {
    kind: "namespaces",
    canMount: true,
    isBesideHost,
    hidesOwnProc: false,
    asksAboutSignals: false,
    tasksMax: isBesideHost ? undefined : TASKS_MAX,
    endsAll: true,
    processesAbove: 2, // bubblewrap outside and, as the namespace's first process, inside
    enclose: (confinement) => {
      refresh();
      return enclose(confinement, {
        bubblewrap,
        system,
        filter: confinement.isGuarded ? filters.guarded : filters.alone,
      });
    },
    onStart: (pid) => orphans.started(pid),
    onEnd: (_, pid) => {
      if (pid !== undefined) orphans.ended(pid); // the namespace's first process outlives the one outside
    },
  };
}

function enclose(
  { command, workingDirectory, env, view }: Confinement,
  { bubblewrap, system, filter }: { bubblewrap: string; system: readonly string[]; filter: Uint8Array },
): Enclosed {
  const { executable, sources } = programOf(command);
  const inside = join(RUNTIME_FOLDER, basename(executable));
  const mounts = [
    ...system,
    ...["--size", String(view.temporaryBytes), "--perms", "1777", "--tmpfs", "/tmp"], // before the rest: sources may lie in it
    ...readOnly(executable, inside),
    ...sources.flatMap((path) => readOnly(path, path)),
    ...view.folders.flatMap(({ path, at }) => readOnly(path, at)),
    ...view.links.flatMap(({ at, to }) => ["--symlink", to, at]),
    ...["--remount-ro", "/"],
  ];
  const variables = Object.entries({ ...env, LAMBENT_TASKS_MAX: String(TASKS_MAX) }).flatMap(([name, value]) => [
    "--setenv",
    name,
    value,
  ]);
  const walls = [
    ...NAMESPACES,
    ...["--unshare-cgroup-try", "--die-with-parent", "--cap-drop", "ALL", "--hostname", HOST_NAME],
    ...["--uid", String(USER_ID), "--gid", String(GROUP_ID)],
    ...mounts,
    ...["--chdir", workingDirectory, ...variables, "--seccomp", String(DESCRIPTOR_FIRST), "--"],
  ];
  return {
    command: [bubblewrap, ...walls, inside, ...command.slice(1)],
    workingDirectory: undefined,
    env: {}, // what is meant for the process must not reach bubblewrap, which runs with privileges in its namespace
    descriptors: [readableOnce(filter)],
    ownFiles: { place: { kind: "mount" }, ids: { user: USER_ID, group: GROUP_ID } },
  };
}

const readOnly = (path: string, at: string): string[] => ["--ro-bind", path, at];

function systemMounts(): string[] {
  const { folders, links } = programFolders();
  return [
    ...folders.flatMap((path) => readOnly(path, path)),
    ...links.flatMap(({ at, to }) => ["--symlink", to, at]),
    ...["--proc", "/proc"],
    ...DEVICES.filter((path) => path !== RANDOM).flatMap((path) => ["--dev-bind", path, path]),
    ...["--symlink", "urandom", RANDOM], // the same since Linux 5.18, and a mount less
    ...["--symlink", "/proc/self/fd", "/dev/fd", "--symlink", "/proc/self/fd/0", "/dev/stdin"],
    ...["--symlink", "/proc/self/fd/1", "/dev/stdout", "--symlink", "/proc/self/fd/2", "/dev/stderr"],
  ];
}

/** A folder to stand for `/etc`, with names for the user that the process sees itself run as, copies of the system's files, and its folders. */
function configuration(folder: string): { readonly mounts: readonly string[]; refresh(): void } {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true, mode: 0o755 });
  const write = (name: string, text: string): void => writeFileSync(join(folder, name), text, { mode: 0o644 });
  write("passwd", `root:x:0:0:root:/:/sbin/nologin\n${USER_NAME}:x:${USER_ID}:${GROUP_ID}::/tmp:/sbin/nologin\n`);
  write("group", `root:x:0:\n${USER_NAME}:x:${GROUP_ID}:\n`);
  const placeOf = (path: string): string => join(folder, relative("/etc", path));
  const mirror = new Mirror(systemFiles(), placeOf);
  mirror.refresh(); // before the start that it would make slower
  const folders = systemFolders();
  for (const path of folders) mkdirSync(placeOf(path), { recursive: true, mode: 0o755 });
  return {
    mounts: [...readOnly(folder, "/etc"), ...folders.flatMap((path) => readOnly(path, path))],
    refresh: () => mirror.refresh(),
  };
}

/** A descriptor from which these bytes are read. They are few enough to lie in a pipe. */
function readableOnce(bytes: Uint8Array): number {
  const { readEnd, writeEnd } = makePipe();
  writeSync(writeEnd, bytes);
  closeSync(writeEnd);
  return readEnd;
}
