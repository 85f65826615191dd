import { afterEach, describe, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { encodeFrame } from "../../runtime/protocol.ts";
import { Sandbox, type SandboxEvents, type SandboxExit } from "../../src/sandbox/sandbox.ts";
import { NO_WALLS } from "../../src/sandbox/walls/walls.ts";
import { longestPauseShare } from "../support/event-loop.ts";
import { until } from "../support/until.ts";

const started: Sandbox[] = [];
const left: number[] = [];
afterEach(() => {
  for (const sandbox of started.splice(0)) sandbox.kill();
  for (const pid of left.splice(0)) if (isAlive(pid)) process.kill(pid, "SIGKILL");
});

interface Run {
  readonly sandbox: Sandbox;
  readonly exit: Promise<SandboxExit>;
  readonly frames: { head: unknown; payload: string }[];
  output(): string;
}

function run(command: readonly string[], events: Partial<SandboxEvents> = {}): Run {
  const parts: Uint8Array[] = [];
  const frames: Run["frames"] = [];
  const { promise: exit, resolve } = Promise.withResolvers<SandboxExit>();
  const sandbox = Sandbox.start(
    {
      command,
      workingDirectory: tmpdir(),
      env: { PATH: process.env.PATH ?? "/usr/bin:/bin" },
      view: { folders: [], links: [], temporaryBytes: 0 },
      walls: NO_WALLS,
    },
    {
      onFrame: (head, payload) => frames.push({ head, payload: Buffer.from(payload).toString() }),
      onOutput: (bytes) => void parts.push(bytes.slice()),
      onExit: resolve,
      ...events,
    },
  );
  started.push(sandbox);
  return { sandbox, exit, frames, output: () => Buffer.concat(parts).toString() };
}

const shell = (script: string, events?: Partial<SandboxEvents>): Run => run(["sh", "-c", script], events);
const bun = (script: string, events?: Partial<SandboxEvents>): Run => run([process.execPath, "-e", script], events);

function isAlive(pid: number): boolean {
  try {
    const state = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)?.[0];
    return state !== "Z" && state !== "X";
  } catch {
    return false;
  }
}
const stateOf = (pid: number): string => readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)?.[0] ?? "";
const descriptors = (): number => readdirSync("/proc/self/fd").length;
const pidsIn = (text: string): number[] => [...text.matchAll(/\d+/g)].map(Number);

describe("a process", () => {
  test.each<{ name: string; script: string; exit: SandboxExit; output?: string }>([
    { name: "that ends well", script: "echo out; echo err >&2", exit: { code: 0, signal: null }, output: "out\nerr\n" },
    {
      name: "that ends with a code",
      script: "printf 'no newline'; exit 7",
      exit: { code: 7, signal: null },
      output: "no newline",
    },
    {
      name: "that is ended by a signal",
      script: "echo last words; kill -9 $$",
      exit: { code: null, signal: "SIGKILL" },
      output: "last words\n",
    },
    { name: "that aborts", script: "kill -ABRT $$", exit: { code: null, signal: "SIGABRT" }, output: "" },
    {
      name: "that closes its output first",
      script: "exec 1>&- 2>&-; exit 3",
      exit: { code: 3, signal: null },
      output: "",
    },
    {
      name: "that has nothing but its path for an environment",
      script: "env | cut -d= -f1 | grep -v -e PWD -e SHLVL -e ^_$",
      exit: { code: 0, signal: null },
      output: "PATH\n",
    },
  ])("$name", async ({ script, exit, output = "" }) => {
    const one = shell(script);
    expect(await one.exit).toEqual(exit);
    expect(one.output()).toBe(output);
  });

  test("that cannot be started throws, and leaves no descriptor behind", () => {
    run(["true"]);
    const before = descriptors();
    for (let n = 0; n < 20; n++) expect(() => run(["/no/such/program"])).toThrow();
    expect(descriptors()).toBeLessThanOrEqual(before);
  });

  test("reads and writes frames on descriptor 3", async () => {
    const echo =
      "import { createReadStream, writeSync } from 'node:fs'; createReadStream('', { fd: 3 }).on('data', (bytes) => writeSync(3, bytes));";
    const one = bun(echo);
    one.sandbox.send(encodeFrame({ type: "hello" })); // before the socket is connected
    const payload = "p".repeat(50_000);
    one.sandbox.send(encodeFrame({ type: "result", id: "a", marked: false }, Buffer.from(payload)));
    await until("both frames came back", () => one.frames.length === 2);
    expect(one.frames).toEqual([
      { head: { type: "hello" }, payload: "" },
      { head: { type: "result", id: "a", marked: false }, payload },
    ]);
    one.sandbox.kill();
    expect(await one.exit).toEqual({ code: null, signal: "SIGKILL" });
  });

  test.each([
    ["bytes that are no frame", "printf 'here is no frame at all' >&3; sleep 60"],
    ["a frame of 4 GiB", "printf '\\377\\377\\377\\377' >&3; sleep 60"],
    ["a head that is not JSON", "printf '\\010\\0\\0\\0\\004\\0\\0\\0nope' >&3; sleep 60"],
  ])("that writes %s is ended at once", async (_name, script) => {
    expect(await shell(script).exit).toEqual({ code: null, signal: "SIGKILL" });
  });

  test("whose frames its host cannot take is ended, and the host goes on", async () => {
    const script = 'printf \'\\024\\0\\0\\0\\020\\0\\0\\0{"type":"hello"}\' >&3; sleep 60';
    const one = shell(script, {
      onFrame: () => {
        throw new Error("not a frame of the treaty");
      },
    });
    expect(await one.exit).toEqual({ code: null, signal: "SIGKILL" });
  });

  test("that closes its channel and goes on is ended soon", async () => {
    const beganAtMs = performance.now();
    expect(await shell("exec 3>&-; sleep 60").exit).toEqual({ code: null, signal: "SIGKILL" });
    expect(performance.now() - beganAtMs).toBeLessThan(20_000);
  });
});

describe("output", () => {
  test("is not read while nobody takes it: the process waits", async () => {
    let open = (): void => {};
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    let bytes = 0;
    const one = shell("head -c 20000000 /dev/zero; echo done >/dev/stderr", {
      onOutput: (part) => {
        bytes += part.length;
        return gate;
      },
    });
    await until("something was read", () => bytes > 0);
    const sleeping = () =>
      readFileSync(`/proc/${one.sandbox.pid}/wchan`, "utf8") !== "" && stateOf(one.sandbox.pid) === "S";
    await until("the process waits", sleeping);
    const before = bytes;
    await Bun.sleep(50); // long enough for a reader that does not wait to take all of it
    expect(bytes).toBe(before);
    expect(bytes).toBeLessThan(2_000_000);
    open();
    expect((await one.exit).code).toBe(0);
    expect(bytes).toBe(20_000_005);
  });

  test("of a process that died is whole, however slowly it is taken", async () => {
    let bytes = 0;
    const one = shell("head -c 60000 /dev/zero; kill -9 $$", {
      onOutput: async (part) => {
        await Bun.sleep(120); // longer than anybody waits for a pipe that a child holds open
        bytes += part.length;
      },
    });
    expect((await one.exit).signal).toBe("SIGKILL");
    expect(bytes).toBe(60_000);
  });

  test("in any amount never keeps the event loop for long", async () => {
    const share = await longestPauseShare(async () => {
      const one = shell("head -c 6000000 /dev/zero", {
        onOutput: () => {
          for (const end = performance.now() + 1; performance.now() < end; ); // a reader that has work to do
        },
      });
      await one.exit;
    });
    expect(share).toBeLessThan(0.5);
  });

  test("of a child in a session of its own is not waited for, and its pipe is closed", async () => {
    const before = descriptors();
    const one = shell("setsid sleep 60 & echo $!; setsid sh -c 'echo $$; exec sleep 60' & sleep 0.2; exit 4");
    const beganAtMs = performance.now();
    expect((await one.exit).code).toBe(4);
    expect(performance.now() - beganAtMs).toBeLessThan(20_000);
    const daemons = pidsIn(one.output());
    left.push(...daemons);
    await until("its descriptors are closed", () => descriptors() <= before);
    // A known gap: only a process-ID namespace ends what left the group.
    expect(daemons.some(isAlive)).toBe(true);
  });
});

describe("a signal", () => {
  test("to end it reaches its children and theirs", async () => {
    const one = shell("sleep 60 & echo $!; sh -c 'sleep 60 & echo $!; wait' & echo $!; wait");
    await until("the children are there", () => pidsIn(one.output()).length === 3);
    const children = pidsIn(one.output());
    one.sandbox.kill();
    expect((await one.exit).signal).toBe("SIGKILL");
    await until("the children are gone", () => !children.some(isAlive));
  });

  test("children left behind by one that ended by itself go with it", async () => {
    const one = shell("sleep 60 & echo $!; exit 0");
    expect((await one.exit).code).toBe(0);
    const [child = 0] = pidsIn(one.output());
    await until("the child is gone", () => !isAlive(child));
  });

  test("to freeze stops it and its children where they are, and thawing lets them go on", async () => {
    const one = shell("sh -c 'while :; do :; done' & echo $!; while :; do :; done");
    await until("the child is there", () => pidsIn(one.output()).length === 1);
    const pids = [one.sandbox.pid, ...pidsIn(one.output())];
    one.sandbox.freeze();
    await until("all are stopped", () => pids.every((pid) => stateOf(pid) === "T"));
    one.sandbox.thaw();
    await until("all run", () => pids.every((pid) => stateOf(pid) === "R"));
    one.sandbox.freeze();
    await until("all are stopped again", () => pids.every((pid) => stateOf(pid) === "T"));
    one.sandbox.kill();
    expect((await one.exit).signal).toBe("SIGKILL"); // a frozen process can be ended
  });

  test("after its end does nothing", async () => {
    const one = shell("exit 0");
    await one.exit;
    for (const act of ["kill", "freeze", "thaw"] as const) expect(() => one.sandbox[act]()).not.toThrow();
    expect(() => one.sandbox.send(encodeFrame({ type: "hello" }))).not.toThrow();
  });
});

describe("memory", () => {
  const MIB = 1024 * 1024;
  const HOLD = (mib: number) =>
    `const kept = Buffer.alloc(${mib} * 1024 * 1024, 1); console.log(process.pid); setInterval(() => kept.at(0), 1000);`;

  test("is what the process holds of its own, and in the tree what its children hold, too", async () => {
    const child = JSON.stringify(HOLD(100));
    const one = bun(
      `import { spawn } from "node:child_process"; spawn(process.execPath, ["-e", ${child}], { stdio: "inherit" }); ${HOLD(50)}`,
    );
    await until("both hold their memory", () => pidsIn(one.output()).length === 2);
    const own = one.sandbox.memory.ownBytes() / MIB;
    const tree = one.sandbox.memory.treeUse().bytes / MIB;
    expect(own).toBeWithin(50, 140);
    expect(tree - own).toBeWithin(100, 200);
    one.sandbox.kill();
    await one.exit;
    expect([one.sandbox.memory.ownBytes(), one.sandbox.memory.treeUse().bytes]).toEqual([0, 0]);
  });
});

test("a hundred processes one after another leave no descriptor behind", async () => {
  await shell("exit 0").exit;
  const before = descriptors();
  for (let n = 0; n < 10; n++) await Promise.all(Array.from({ length: 10 }, () => shell("echo hello").exit));
  await until("the descriptors are closed", () => descriptors() <= before);
});
