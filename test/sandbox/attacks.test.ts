/**
 * A handler that wants out, in each kind of walls that the machine offers. Attacks that harm nobody are also made without walls, where
 * they have to succeed: else they would prove nothing.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type SyscallName, syscallNumber } from "../../src/sandbox/seccomp/syscalls.ts";
import { NO_WALLS } from "../../src/sandbox/walls/walls.ts";
import { specOf } from "../support/dispatcher.ts";
import { until } from "../support/until.ts";
import { guardOf, IS_GUARD_OFFERED } from "./guard/offered-guard.ts";
import { OFFERED, OLD_LANDLOCK } from "./offered-walls.ts";
import { HOST_SECRET, openSite, SECRET, type Site, sleepersOf, untilNoSleepers } from "./site.ts";

/** All processes and threads there are at this moment: counting them one by one would count those that end and start meanwhile, too. */
const tasksOfMachine = (): number => Number(/\/(\d+) /.exec(readFileSync("/proc/loadavg", "latin1"))?.[1]);

interface Attack {
  readonly name: string;
  /** Throws when the attack succeeded. */
  readonly repel: (site: Site) => Promise<void>;
}

const isRefused = (answer: unknown): boolean => typeof answer === "string" && answer.startsWith("refused");
function expectAllRefused(answers: Readonly<Record<string, unknown>>): void {
  expect(Object.keys(answers)).not.toEqual([]);
  expect(Object.entries(answers).filter(([, answer]) => !isRefused(answer))).toEqual([]);
}

const HARMLESS: readonly Attack[] = [
  {
    name: "read a file of the host, straight or through a link",
    repel: async ({ attack, file, folder }) => {
      const paths = [file, `/proc/self/root${file}`, `/proc/self/cwd/../../../../../../../..${file}`];
      expectAllRefused((await attack({ trick: "readFiles", paths })).value);
      expectAllRefused((await attack({ trick: "listFolders", paths: [folder, "/root", "/home"] })).value);
      expect((await attack({ trick: "readThroughLink", path: file })).value).not.toBe(HOST_SECRET);
    },
  },
  {
    name: "read what tells of the host's users, or of the host's own settings",
    repel: async ({ attack }) => {
      const paths = ["/etc/shadow", "/etc/passwd", "/etc/group", "/etc/hostname", "/etc/machine-id", "/etc/fstab"];
      const { value } = await attack({ trick: "readFiles", paths });
      for (const [path, answer] of Object.entries(value)) {
        if (!isRefused(answer)) expect([path, String(answer).split("\n").length]).toEqual([path, 3]); // two lines of its own
      }
    },
  },
  {
    name: "read the sources or the data of the server",
    repel: async ({ attack }) => {
      const repository = join(import.meta.dir, "../..");
      const paths = [join(repository, "README.md"), join(repository, "test/fixtures/functions/victim/index.mjs")];
      expectAllRefused((await attack({ trick: "readFiles", paths })).value);
    },
  },
  {
    name: "read another environment's temporary folder",
    repel: async ({ attack, victimFile }) => {
      expectAllRefused((await attack({ trick: "readFiles", paths: [victimFile] })).value);
    },
  },
  {
    name: "read another process's environment, memory, descriptors or command",
    repel: async ({ attack, pids }) => {
      const { value } = await attack({ trick: "lookIntoProcesses", pids });
      const foreign = Object.entries(value.got).filter(([path]) =>
        pids.some((pid) => path.startsWith(`/proc/${pid}/`)),
      );
      expect(foreign.filter(([path]) => !path.endsWith("/exe"))).toEqual([]);
      expect(JSON.stringify(value.got)).not.toContain(SECRET);
    },
  },
  {
    name: "find another function's variables in its own process",
    repel: async ({ attack }) => {
      const { value } = await attack({ trick: "readFiles", paths: ["/proc/self/environ"] });
      expect(JSON.stringify(value)).not.toContain(SECRET);
    },
  },
  {
    name: "signal another process",
    repel: async ({ attack, pids }) => {
      expectAllRefused((await attack({ trick: "signal", pids, signals: [0, "SIGCONT"] })).value);
    },
  },
  {
    name: "connect to a socket of the host, in the file system or abstract",
    repel: async ({ attack, unixSocket, abstractSocket }) => {
      for (const path of [unixSocket, abstractSocket])
        expect((await attack({ trick: "connectUnix", path })).value).toMatch(/^refused/);
    },
  },
  {
    name: "have a share of the connections to the server's own port",
    repel: async ({ attack }) => {
      const server = Bun.serve({ hostname: "127.0.0.1", port: 0, reusePort: true, fetch: () => new Response() });
      const { value } = await attack({ trick: "sharePort", port: server.port });
      await server.stop(true);
      expect(value).toBe("refused");
    },
  },
  {
    name: "open more descriptors than 1,024",
    repel: async ({ attack }) => {
      const { count, answer } = (await attack({ trick: "openMany", path: "/dev/null" })).value;
      expect(count).toBeWithin(500, 1024);
      expect(answer).toBe("refused: EMFILE");
    },
  },
  {
    name: "write into shared memory of the host",
    repel: async ({ attack }) => {
      const { value } = await attack({
        trick: "shell",
        script: "f=/dev/shm/lambent-attacked-$$; echo x > $f && rm $f && echo done",
      });
      expect(value.stdout).toBe("");
    },
  },
];

const EPERM = 1;
const EINVAL = 22;
const ENOSYS = 38;
const EAFNOSUPPORT = 97;
const CLONE_NEWUSER = 0x10000000;
const CLONE_PARENT = 0x8000;
const CLONE_SIGHAND = 0x800; // alone the kernel takes none of these: nothing is started if no filter refuses it
const CLONE_THREAD = 0x10000;
const calls: readonly [SyscallName, readonly (number | string)[], number][] = [
  ["ptrace", [0], EPERM], // PTRACE_TRACEME
  ["process_vm_readv", [1, 0, 0, 0, 0, 0], EPERM],
  ["pidfd_getfd", [0, 0, 0], EPERM],
  ["kcmp", [1, 1, 0, 0, 0], EPERM],
  ["mount", ["none", "/tmp", "tmpfs", 0, 0], EPERM],
  ["umount2", ["/tmp", 0], EPERM],
  ["pivot_root", ["/tmp", "/tmp"], EPERM],
  ["chroot", ["/tmp"], EPERM],
  ["fsopen", ["tmpfs", 0], EPERM],
  ["open_tree", [-100, "/tmp", 1], EPERM],
  ["move_mount", [-100, "/tmp", -100, "/tmp", 0], EPERM],
  ["mount_setattr", [-100, "/tmp", 0, 0, 0], EPERM],
  ["unshare", [CLONE_NEWUSER], EPERM],
  ["unshare", [0], EPERM],
  ["setns", [0, 0], EPERM],
  ["clone", [CLONE_NEWUSER | 17, 0, 0, 0, 0], EPERM],
  ["clone", [CLONE_PARENT | CLONE_SIGHAND | 17, 0, 0, 0, 0], EPERM],
  ["clone", [CLONE_THREAD | CLONE_SIGHAND, 0, 0, 0, 0], EPERM],
  ["clone3", [0, 0], ENOSYS],
  ["close_range", [1000, 1001, 2], ENOSYS], // CLOSE_RANGE_UNSHARE
  ["prctl", [36, 0], EPERM], // PR_SET_CHILD_SUBREAPER
  ["bpf", [0, 0, 0], EPERM],
  ["keyctl", [0, 0, 0, 0, 0], EPERM],
  ["add_key", ["user", "name", "x", 1, -2], EPERM],
  ["request_key", ["user", "name", 0, 0], EPERM],
  ["kexec_load", [0, 0, 0, 0], EPERM],
  ["userfaultfd", [0], EPERM],
  ["perf_event_open", [0, 0, -1, -1, 0], EPERM],
  ["init_module", [0, 0, ""], EPERM],
  ["reboot", [0, 0, 0, 0], EPERM],
  ["swapon", ["/tmp", 0], EPERM],
  ["open_by_handle_at", [-100, 0, 0], EPERM],
  ["personality", [0x0400000], EPERM], // READ_IMPLIES_EXEC
  ["fcntl", [0, 1024, 1], EINVAL], // F_SETLEASE
  ["fcntl", [0, 10, 18], EPERM], // F_SETSIG, SIGCONT
  ["timer_create", [1, 0, 0], ENOSYS],
  ["fcntl", [0, 1040, 0], EINVAL], // F_SETDELEG
  ["ioctl", [0, 0x5412, 0], EPERM], // TIOCSTI
  ["io_uring_setup", [1, 0], ENOSYS],
  ["memfd_create", ["x", 0], ENOSYS],
  ["shmget", [0, 4096, 0o1600], ENOSYS],
  ["msgget", [0, 0o1600], ENOSYS],
  ["mq_open", ["/x", 0o102, 0o600, 0], ENOSYS],
  ["socket", [1, 1, 0], EAFNOSUPPORT], // AF_UNIX
  ["socket", [16, 3, 4], EAFNOSUPPORT], // NETLINK_SOCK_DIAG
  ["socket", [17, 3, 0], EAFNOSUPPORT], // AF_PACKET
  ["socket", [2, 1, 132], EAFNOSUPPORT], // SCTP
  ["socket", [10, 5, 0], EAFNOSUPPORT], // the same, as SOCK_SEQPACKET has it
  ["socket", [2, 3, 1], EAFNOSUPPORT], // SOCK_RAW
  ["socket", [2, 2, 136], EAFNOSUPPORT], // UDP-Lite
  ["socket", [40, 1, 0], EAFNOSUPPORT], // AF_VSOCK
  ["socketpair", [1, 2, 0, 0], EAFNOSUPPORT], // datagrams
];

const WALLED_ONLY: readonly Attack[] = [
  {
    name: "change a file or a folder of the host",
    repel: async ({ attack, file, folder, snapshot }) => {
      const before = snapshot();
      const { value } = await attack({ trick: "change", file, folder: join(folder, "empty") });
      expectAllRefused(value);
      expect(snapshot()).toBe(before);
    },
  },
  {
    name: "change its own code, which other environments share",
    repel: async ({ attack }) => expectAllRefused((await attack({ trick: "changeOwnCode" })).value),
  },
  {
    name: "have others wait by a lease on a file of its own, or on one of the host that it may read",
    repel: async ({ attack }) => expectAllRefused((await attack({ trick: "lease" })).value),
  },
  {
    name: "open a device or a file of the host neither to read nor to write it",
    repel: async ({ attack, file }) => {
      const numbers = (["open", "openat", "openat2"] as const).map((name) =>
        syscallNumber(name, process.arch as "x64"),
      );
      expectAllRefused((await attack({ trick: "openForNothing", paths: [file, "/dev/ptmx"], numbers })).value);
    },
  },
  {
    name: "change the flags of a file that it may read, or its generation",
    repel: async ({ attack }) => expectAllRefused((await attack({ trick: "changeFlags" })).value),
  },
  {
    name: "make a system call that leads out, or that holds what nobody counts",
    repel: async ({ attack }) => {
      const events = calls.flatMap(([name, args], index) => {
        const number = syscallNumber(name, process.arch as "x64");
        return number === null ? [] : [{ name: `${index} ${name}`, number, args }];
      });
      const { value } = await attack({ trick: "syscalls", calls: events });
      const wanted = Object.fromEntries(events.map(({ name }) => [name, calls[Number.parseInt(name, 10)]?.[2]]));
      expect(value).toEqual(wanted);
    },
  },
  {
    name: "keep or regain a privilege",
    repel: async ({ attack, walls }) => {
      const { uid, status } = (await attack({ trick: "who" })).value;
      for (const set of ["CapInh", "CapPrm", "CapEff", "CapAmb"]) expect(status).toContain(`${set}:\t0000000000000000`);
      expect(status).toMatch(/^NoNewPrivs:\t1$/m);
      expect(status).toMatch(/^Seccomp:\t2$/m);
      if (walls.kind === "namespaces") expect(uid).toBe(993);
    },
  },
  {
    name: "find a descriptor that is not its own",
    repel: async ({ attack }) => {
      const { value } = await attack({ trick: "ownDescriptors" });
      const strange = Object.entries(value as Record<string, string>).filter(
        ([, target]) => !/^(socket:|pipe:|anon_inode:|\/dev\/(null|urandom)|\/proc\/|refused|\/(usr|lib))/.test(target),
      );
      expect(strange).toEqual([]);
    },
  },
  {
    name: "keep others from starting by having as many descriptors under way as the user may",
    repel: async ({ attack, house }) => {
      expect((await attack({ trick: "keepDescriptorsUnderWay" })).value).toBeGreaterThan(1000);
      expect((await house.call(specOf("hostile-calm"))).kind).toBe("ok");
    },
  },
  {
    name: "keep thousands of processes",
    repel: async ({ attack }) => {
      const answer = await attack({ trick: "flood", count: 3000 }, { timeoutMs: 15_000 });
      if (answer.kind === "ok") expect(answer.value).toBeLessThanOrEqual(1024);
      else expect(answer.errorMessage).toMatch(/signal: killed$/);
      expect((await attack({})).value).toBe("fine");
    },
  },
  {
    name: "fill the disk with one file, with many, or with files that nobody sees",
    repel: async ({ attack }) => {
      for (const event of [
        { trick: "fillDisk", files: 1, mib: 200 },
        { trick: "fillDisk", files: 200, mib: 1 },
        { trick: "fillDiskUnseen", files: 400, mib: 1 },
      ]) {
        const answer = await attack(event, { ephemeralStorageMib: 16 });
        if (answer.kind === "ok") {
          expect(answer.value.answer).toMatch(/^refused: (ENOSPC|EFBIG)/);
          expect(answer.value.writtenMib).toBeLessThanOrEqual(16);
        } else expect(answer.errorMessage).toMatch(/signal: (killed|sigxfsz)/);
      }
    },
  },
  {
    name: "outlive its environment as a daemon, whether that is ended, exits or dies",
    repel: async ({ attack, house }) => {
      const seconds = 5000 + Math.trunc(performance.now());
      for (const [index, event] of [
        { trick: "daemonize" },
        { trick: "daemonizeAndDie", how: "exit" },
        { trick: "daemonizeAndDie", how: "signal" },
      ].entries()) {
        const mark = seconds + index;
        const answer = await attack({ ...event, seconds: mark });
        if (event.trick === "daemonize") {
          expect(answer.value).toBe("left");
          await until("what is left behind runs", () => sleepersOf(mark).length > 0);
          house.dispatcher.retire(answer.functionName);
        }
        await untilNoSleepers(mark);
      }
    },
  },
];

test("this machine offers walls", () => {
  if (process.platform === "linux") expect(OFFERED.length).toBeGreaterThan(0);
});

const kinds = [
  ...OFFERED.filter(({ asksAboutSignals }) => !asksAboutSignals).map((walls) => ({
    kind: walls.kind as string,
    walls,
    isGuarded: false,
  })),
  ...(IS_GUARD_OFFERED ? OFFERED : []).map((walls) => ({ kind: `${walls.kind} and a guard`, walls, isGuarded: true })),
  ...(IS_GUARD_OFFERED && OLD_LANDLOCK
    ? [{ kind: "landlock of Linux 5.19 and a guard", walls: OLD_LANDLOCK, isGuarded: true }]
    : []),
];

describe.each(kinds)("behind $kind a handler cannot", ({ walls, isGuarded }) => {
  let site: Site;
  beforeAll(async () => {
    site = await openSite(walls, isGuarded ? await guardOf(walls) : undefined);
  });
  afterAll(() => site.close());
  test.each([...HARMLESS, ...WALLED_ONLY])("$name", async ({ repel }) => repel(site), 40_000);
});

/** Where nobody counts an environment's processes before they start, a bomb would be the machine's. */
const counted = kinds.filter(({ walls, isGuarded }) => isGuarded || walls.tasksMax !== undefined);

describe.each(counted)("behind $kind, where its processes are counted, a handler", ({ walls, isGuarded }) => {
  let site: Site;
  beforeAll(async () => {
    site = await openSite(walls, isGuarded ? await guardOf(walls) : undefined);
  });
  afterAll(() => site.close());

  test("has no more than 1,024 processes and threads", async () => {
    const { value } = await site.attack({ trick: "flood", count: 3000 });
    expect(value).toBeWithin(900, 1024);
  });

  test("that starts processes which start processes ends, and its neighbour is answered meanwhile", async () => {
    const bomb = site.attack({ trick: "shell", script: "f() { f | f & }; f; sleep 4" }, { timeoutMs: 5000 });
    const calm = specOf("hostile-calm");
    let over = false;
    void bomb.finally(() => {
      over = true;
    });
    const before = tasksOfMachine();
    let most = 0;
    while (!over) {
      expect((await site.house.call(calm)).kind).toBe("ok");
      most = Math.max(most, tasksOfMachine() - before);
    }
    // Its own shell may or may not have had room for its last command.
    await bomb;
    expect(most).toBeWithin(100, 2500); // what else this machine starts meanwhile is in it
    expect((await site.attack({})).value).toBe("fine");
  }, 40_000);
});

describe("without walls a handler can", () => {
  let site: Site;
  beforeAll(async () => {
    site = await openSite(NO_WALLS);
  });
  afterAll(() => site.close());
  const kept = ["open more descriptors than 1,024", "find another function's variables in its own process"];
  test.each(HARMLESS.filter(({ name }) => !kept.includes(name)))("$name", async ({ repel }) => {
    const outcome = await repel(site).then(
      () => "repelled",
      () => "succeeded",
    );
    expect(outcome).toBe("succeeded");
  });
});
