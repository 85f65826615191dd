/**
 * The hidden command `wall`: gives up every privilege, fences itself in with Landlock and a filter of system calls, and becomes the program
 * that it was asked for. All of that is done by one thread, which is the only one that lives on.
 */
import { ptr } from "bun:ffi";
import { closeSync, fstatSync, openSync, writeFileSync } from "node:fs";
import { type SyscallArgument, syscall } from "../libc.ts";
import { seccompProgram } from "../seccomp/filter.ts";
import { rulesBeside } from "../seccomp/rules.ts";
import { type Architecture, type SyscallName, syscallNumber } from "../seccomp/syscalls.ts";
import { allowBeneath, check, makeRuleset, RIGHTS, restrictSelf } from "./landlock-abi.ts";

/** What the process that asks for walls says; JSON in one argument. */
export interface WallPlan {
  readonly command: readonly string[];
  readonly workingDirectory: string;
  readonly env: Readonly<Record<string, string>>;
  readonly allowed: readonly { readonly path: string; readonly rights: keyof typeof RIGHTS }[];
  /** No file grows beyond it. */
  readonly fileBytesMax: number;
  readonly isGuarded: boolean;
  /** The version that is relied on. */
  readonly landlock: number;
}

const PR_CAPBSET_DROP = 24;
const PR_SET_SECCOMP = 22;
const PR_SET_CHILD_SUBREAPER = 36;
const PR_SET_NO_NEW_PRIVS = 38;
const PR_CAP_AMBIENT = 47;
const PR_CAP_AMBIENT_CLEAR_ALL = 4;
const SECCOMP_MODE_FILTER = 2;
const CAPABILITY_VERSION_3 = 0x20080522;
const CAPABILITIES_MAX = 64;
const RLIMIT_FSIZE = 1;
const RLIMIT_NPROC = 6;
/** Of all processes and threads of this user, as the kernel counts no others: enough for all, and fewer than there are numbers. */
const USERS_TASKS_MAX = 16_384;
const AT_FDCWD = -100;
const F_SETFD = 2;
/** The channel and the lifeline. */
const HANDED_ON = [3, 4];
const O_PATH = 0o10000000;

/** Its own folder in /proc, and what tells of the machine: nothing there is of other processes. */
const PROC_FILES = [
  ...["self", "cpuinfo", "meminfo", "stat", "loadavg", "uptime", "version", "filesystems"],
  ...["sys/vm/overcommit_memory", "sys/vm/mmap_min_addr", "sys/kernel/osrelease"],
];

/** Does not return. @throws Error when the system refuses any of it. */
export function runWall(planText: string): void {
  const plan: WallPlan = JSON.parse(planText);
  process.chdir(plan.workingDirectory);
  // Bun marks what it inherits to be closed.
  for (const descriptor of HANDED_ON) call("hand on a descriptor", "fcntl", descriptor, F_SETFD, 0);
  limit("tasks", RLIMIT_NPROC, USERS_TASKS_MAX);
  limit("the size of files", RLIMIT_FSIZE, plan.fileBytesMax);
  writeFileSync("/proc/self/oom_score_adj", "1000"); // the runner cannot, inside
  call("take in orphans", "prctl", PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
  dropCapabilities();
  call("give up new privileges", "prctl", PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  fence(plan);
  filterSystemCalls(plan);
  become(plan);
}

/** Who has no privilege may not raise what is lower already: the kernel's own limit of tasks is, where there is little memory. */
function limit(what: string, resource: number, most: number): void {
  const limits = new BigUint64Array(2); // the soft one and the hard one
  call(`see the limit of ${what}`, "prlimit64", 0, resource, 0, limits);
  const [, hard = 0n] = limits;
  limits.fill(hard < BigInt(most) ? hard : BigInt(most));
  call(`limit ${what}`, "prlimit64", 0, resource, limits, 0);
}

function dropCapabilities(): void {
  prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL);
  for (let capability = 0; capability < CAPABILITIES_MAX; capability++) prctl(PR_CAPBSET_DROP, capability); // as far as it may
  const header = new Uint32Array([CAPABILITY_VERSION_3, 0]);
  call("drop capabilities", "capset", header, new Uint32Array(6));
}

function fence({ allowed, landlock }: WallPlan): void {
  const ruleset = makeRuleset(landlock);
  for (const { path, rights } of allowed) {
    const descriptor = openSync(path, O_PATH);
    allowBeneath(ruleset, { descriptor, rights: RIGHTS[rights], isFolder: fstatSync(descriptor).isDirectory() });
    closeSync(descriptor);
  }
  for (const name of PROC_FILES) {
    // Left open, also for the program: as long as somebody has it open it is the same file that the rule is about.
    const descriptor = call("open", "openat", AT_FDCWD, cString(`/proc/${name}`), O_PATH);
    allowBeneath(ruleset, { descriptor, rights: RIGHTS.read, isFolder: name === "self" });
  }
  restrictSelf(ruleset);
}

function filterSystemCalls({ isGuarded, landlock }: WallPlan): void {
  const program = seccompProgram(rulesBeside({ host: "files and processes", isGuarded, landlock }), architecture);
  // struct sock_fprog: how many instructions, padding, where they are
  const description = new BigUint64Array([BigInt(program.length / INSTRUCTION_BYTES), BigInt(ptr(program))]);
  call("filter system calls", "prctl", PR_SET_SECCOMP, SECCOMP_MODE_FILTER, description, 0, 0);
}

function become({ command, env }: WallPlan): void {
  const words = command.map(cString);
  const variables = Object.entries(env).map(([name, value]) => cString(`${name}=${value}`));
  const [program = cString("")] = words;
  call(`start ${command[0]}`, "execve", program, pointersTo(words), pointersTo(variables));
}

const INSTRUCTION_BYTES = 8;
const architecture = process.arch as Architecture;

const call = (what: string, name: SyscallName, ...args: SyscallArgument[]): number =>
  check(what, syscall(syscallNumber(name, architecture) ?? -1, ...args));

const prctl = (option: number, argument: number): number =>
  syscall(syscallNumber("prctl", architecture) ?? -1, option, argument, 0, 0, 0);

const cString = (text: string): Buffer => Buffer.from(`${text}\0`);

/** They have to stay reachable as long as the pointers are used. */
const pointersTo = (strings: readonly Buffer[]): BigUint64Array =>
  new BigUint64Array([...strings.map((each) => BigInt(ptr(each))), 0n]);
