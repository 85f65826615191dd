/**
 * What no function needs and what would lead out, or hold memory of the host that is counted nowhere. The error is the one after which
 * programs do without: ENOSYS where a library falls back, else EPERM.
 */
import { LANDLOCK_VERSION_SCOPES, LANDLOCK_VERSION_TRUNCATE } from "../walls/landlock-abi.ts";
import { ENOSYS, type Rule } from "./filter.ts";

const EPERM = 1;
const EACCES = 13;

const O_ACCMODE = 3;
const O_TRUNC = 0o1000;
const F_SETOWN = 8;
const F_SETSIG = 10;
const SIGCONT = 18;
const F_SETOWN_EX = 15;
const FIOSETOWN = 0x8901;
const SIOCSPGRP = 0x8902;
const EAFNOSUPPORT = 97;

/** CLONE_NEWTIME, NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET without the first, which clone(2) cannot ask for. */
const CLONE_NEW = 0x00020000 | 0x02000000 | 0x04000000 | 0x08000000 | 0x10000000 | 0x20000000 | 0x40000000;

/** Whose child belongs to the caller's own parent: under Landlock that is the server, and nobody would count it as the function's. */
const CLONE_PARENT = 0x00008000;

/** The guard looks at the descriptors of a process: no thread of it has others. */
const CLONE_FILES = 0x00000400;
const CLONE_THREAD = 0x00010000;
const CLOSE_RANGE_UNSHARE = 2;

const PR_SET_CHILD_SUBREAPER = 36;

/** Leases, and those of folders (Linux 6.19). */
const [F_SETLEASE, F_SETDELEG] = [1024, 1040];
const EINVAL = 22;

const TIOCSTI = 0x5412;
const TIOCLINUX = 0x541c;

const AF_UNIX = 1;
const AF_INET = 2;
const AF_INET6 = 10;
const AF_NETLINK = 16;
const NETLINK_ROUTE = 0;
const SOCK_TYPE_MASK = 0xf;
const SOCK_STREAM = 1;
const SOCK_DGRAM = 2;
const SOCK_SEQPACKET = 5;
/** TCP, its multipath form, UDP, and pings; zero is the type's own. */
const PROTOCOLS = [0, 6, 262, 17, 1, 58];

const SOL_SOCKET = 1;
const SO_REUSEPORT = 15;
const ENOPROTOOPT = 92;

/** Linux's own, without and with randomised addresses, in 64 and 32 bits, and the question which it is. */
const PERSONALITIES = [0, 0x0008, 0x20000, 0x20008, 0xffffffff];

/** In every mode that has walls. */
export const RULES: readonly Rule[] = [
  {
    answer: { errno: EPERM },
    calls: [
      ...(["ptrace", "process_vm_readv", "process_vm_writev", "kcmp", "pidfd_getfd"] as const),
      ...(["process_madvise", "process_mrelease", "move_pages", "migrate_pages"] as const),
      ...(["mount", "umount2", "pivot_root", "chroot", "mount_setattr", "move_mount", "open_tree"] as const),
      ...(["open_tree_attr", "fsopen", "fsconfig", "fsmount", "fspick", "statmount", "listmount"] as const),
      ...(["unshare", "setns", "bpf", "perf_event_open", "userfaultfd", "fanotify_init"] as const),
      ...(["keyctl", "add_key", "request_key", "name_to_handle_at", "open_by_handle_at"] as const),
      ...(["kexec_load", "kexec_file_load", "reboot", "init_module", "finit_module", "delete_module"] as const),
      ...(["create_module", "query_module", "get_kernel_syms", "nfsservctl", "uselib", "ustat", "sysfs"] as const),
      ...(["swapon", "swapoff", "acct", "quotactl", "quotactl_fd", "lookup_dcookie", "syslog", "vhangup"] as const),
      ...(["sethostname", "setdomainname", "settimeofday", "clock_settime", "clock_adjtime", "adjtimex"] as const),
      ...(["iopl", "ioperm", "modify_ldt"] as const),
    ],
  },
  // What these hold stays when no process has it mapped: no watch over processes sees it.
  {
    answer: { errno: ENOSYS },
    calls: [
      ...(["shmget", "shmat", "shmctl", "shmdt", "msgget", "msgsnd", "msgrcv", "msgctl"] as const),
      ...(["semget", "semop", "semctl", "semtimedop", "mq_open", "mq_unlink", "memfd_create", "memfd_secret"] as const),
    ],
  },
  // Between calls an environment is stopped, and SIGCONT, which the kernel would send by these, has it go on.
  { answer: { errno: ENOSYS }, calls: ["timer_create"] },
  {
    answer: { errno: EPERM },
    calls: ["fcntl"],
    when: [
      [
        { argument: 1, is: [F_SETSIG] },
        { argument: 2, is: [SIGCONT] },
      ],
    ],
  },
  // Its work is done by the kernel's threads, past every filter; libraries do without.
  { answer: { errno: ENOSYS }, calls: ["io_uring_setup", "io_uring_enter", "io_uring_register"] },
  // A filter cannot look into its structure: the C library falls back to `clone`.
  { answer: { errno: ENOSYS }, calls: ["clone3"] },
  {
    answer: { errno: EPERM },
    calls: ["clone"],
    when: [
      [{ argument: 0, mask: CLONE_NEW | CLONE_PARENT, isNot: [0] }],
      [{ argument: 0, mask: CLONE_THREAD | CLONE_FILES, is: [CLONE_THREAD] }],
    ],
  },
  {
    answer: { errno: ENOSYS },
    calls: ["close_range"],
    when: [[{ argument: 2, mask: CLOSE_RANGE_UNSHARE, isNot: [0] }]],
  },
  // What takes in the orphans of its descendants keeps doing so: they would be the server's.
  {
    answer: { errno: EPERM },
    calls: ["prctl"],
    when: [
      [
        { argument: 0, is: [PR_SET_CHILD_SUBREAPER] },
        { argument: 1, is: [0] },
      ],
    ],
  },
  // Whoever opens or truncates a file of which somebody has one waits for up to 45 seconds: the guard, or who looks up a name on the host.
  { answer: { errno: EINVAL }, calls: ["fcntl"], when: [[{ argument: 1, is: [F_SETLEASE, F_SETDELEG] }]] },
  { answer: { errno: EPERM }, calls: ["personality"], when: [[{ argument: 0, isNot: PERSONALITIES }]] },
  { answer: { errno: EPERM }, calls: ["ioctl"], when: [[{ argument: 1, is: [TIOCSTI, TIOCLINUX] }]] },
  // Sockets in the file system and abstract ones lead to the host's services, and a filter cannot see which is meant.
  {
    answer: { errno: EAFNOSUPPORT },
    calls: ["socket"],
    when: [
      [{ argument: 0, isNot: [AF_INET, AF_INET6, AF_NETLINK] }],
      [
        { argument: 0, is: [AF_NETLINK] },
        { argument: 2, isNot: [NETLINK_ROUTE] },
      ],
      // Others connect without being asked about, as SCTP does with an option of its sockets.
      [
        { argument: 0, is: [AF_INET, AF_INET6] },
        { argument: 1, mask: SOCK_TYPE_MASK, isNot: [SOCK_STREAM, SOCK_DGRAM] },
      ],
      [
        { argument: 0, is: [AF_INET, AF_INET6] },
        { argument: 2, isNot: PROTOCOLS },
      ],
    ],
  },
  // A listener with TLS lets a second one have its port, so as to change the certificate: to the kernel a function is of the same user.
  {
    answer: { errno: ENOPROTOOPT },
    calls: ["setsockopt"],
    when: [
      [
        { argument: 1, is: [SOL_SOCKET] },
        { argument: 2, is: [SO_REUSEPORT] },
      ],
    ],
  },
  // One that sends datagrams could still be pointed elsewhere.
  {
    answer: { errno: EAFNOSUPPORT },
    calls: ["socketpair"],
    when: [
      [{ argument: 0, isNot: [AF_UNIX] }],
      [{ argument: 1, mask: SOCK_TYPE_MASK, isNot: [SOCK_STREAM, SOCK_SEQPACKET] }],
    ],
  },
];

/**
 * Where files of the host may be the process's own: devices and what the kernel shows in /proc belong to root, and so does what root has walled
 * in, whatever it is called inside.
 */
const ATTRIBUTES: Rule = {
  answer: { errno: EPERM },
  calls: [
    ...(["utime", "utimes", "futimesat", "inotify_add_watch"] as const),
    ...(["setxattr", "lsetxattr", "fsetxattr", "setxattrat"] as const),
    ...(["removexattr", "lremovexattr", "fremovexattr", "removexattrat"] as const),
  ],
};

/** What somebody can be asked about, who looks whose file it is. */
const MODES: Rule = {
  answer: { errno: EPERM },
  calls: [
    ...(["chmod", "fchmod", "fchmodat", "fchmodat2", "utimensat"] as const),
    ...(["chown", "fchown", "lchown", "fchownat"] as const),
  ],
};

const ENOTTY = 25;
const IOCTL_TYPE_MASK = 0xff00;
/** `f`, `v` and `X`: flags, generations, encryption, verity, projects. Source: include/uapi/linux/fs.h. */
const IOCTL_TYPES_OF_FILES = [0x6600, 0x7600, 0x5800];
const IOCTL_TYPE_OF_BTRFS = 0x9400;
/** What copies a file within a file system, and has to write to one. */
const [FICLONE, FICLONERANGE] = [0x40049409, 0x4020940d];

/** Where the host's files and processes are in sight: what Landlock does not look after, though it changes them. */
const OTHERS: readonly Rule[] = [
  // Neither reads nor writes, so that it is no matter of Landlock's, but is good for ioctl, and for what opening a device does. Source: open(2).
  { answer: { errno: EACCES }, calls: ["open"], when: [[{ argument: 1, mask: O_ACCMODE, is: [O_ACCMODE] }]] },
  { answer: { errno: EACCES }, calls: ["openat"], when: [[{ argument: 2, mask: O_ACCMODE, is: [O_ACCMODE] }]] },
  // A filter cannot look into its structure: programs fall back to `openat`.
  { answer: { errno: ENOSYS }, calls: ["openat2"] },
  {
    answer: { errno: ENOTTY },
    calls: ["ioctl"],
    when: [
      [{ argument: 1, mask: IOCTL_TYPE_MASK, is: IOCTL_TYPES_OF_FILES }],
      [
        { argument: 1, mask: IOCTL_TYPE_MASK, is: [IOCTL_TYPE_OF_BTRFS] },
        { argument: 1, isNot: [FICLONE, FICLONERANGE] },
      ],
    ],
  },
  // Zero is the caller itself.
  {
    answer: { errno: EPERM },
    calls: ["prlimit64", "sched_setaffinity", "sched_setattr", "sched_setparam", "sched_setscheduler"],
    when: [[{ argument: 0, isNot: [0] }]],
  },
  {
    answer: { errno: EPERM },
    calls: ["setpriority", "ioprio_set"],
    when: [[{ argument: 1, isNot: [0] }], [{ argument: 0, isNot: [0, 1] }]],
  },
];

/** What Landlock looks after from version 3 on: opening a file to read it may empty it. */
const EMPTYING: readonly Rule[] = [
  { answer: { errno: EPERM }, calls: ["open"], when: [[{ argument: 1, mask: O_ACCMODE | O_TRUNC, is: [O_TRUNC] }]] },
  { answer: { errno: EPERM }, calls: ["openat"], when: [[{ argument: 2, mask: O_ACCMODE | O_TRUNC, is: [O_TRUNC] }]] },
];

/** What Landlock looks after from version 6 on. The last two have the kernel send signals, whenever something is to be read. */
const SIGNALLING: readonly Rule[] = [
  { answer: { errno: ENOSYS }, calls: ["pidfd_send_signal"] },
  { answer: { errno: EPERM }, calls: ["rt_sigqueueinfo", "rt_tgsigqueueinfo"] },
  { answer: { errno: EPERM }, calls: ["fcntl"], when: [[{ argument: 1, is: [F_SETOWN, F_SETOWN_EX] }]] },
  { answer: { errno: EPERM }, calls: ["ioctl"], when: [[{ argument: 1, is: [FIOSETOWN, SIOCSPGRP] }]] },
];

/** What somebody can be asked about, who looks whose process it is. */
const SIGNALS: Rule = {
  answer: { errno: EPERM },
  calls: ["kill", "tkill", "tgkill"],
  when: [[{ argument: 0, isNot: [0] }]],
};

export interface Beside {
  readonly host: "files" | "files and processes";
  readonly isGuarded: boolean;
  /** Its version, where nothing else stands between; undefined: something else does. */
  readonly landlock?: number;
}

/** Of a process that sees what is the host's own, and to whom the kernel may think it belongs. */
export const rulesBeside = ({ host, isGuarded, landlock = Number.POSITIVE_INFINITY }: Beside): readonly Rule[] => [
  ...RULES,
  ATTRIBUTES,
  ...(isGuarded ? [] : [MODES]),
  ...(host === "files" ? [] : OTHERS),
  ...(landlock < LANDLOCK_VERSION_TRUNCATE ? [...EMPTYING, ...(isGuarded ? [] : [TRUNCATING])] : []),
  ...(landlock < LANDLOCK_VERSION_SCOPES ? [...SIGNALLING, ...(isGuarded ? [] : [SIGNALS])] : []),
];

const TRUNCATING: Rule = { answer: { errno: EPERM }, calls: ["truncate"] };
