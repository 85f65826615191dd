import { afterEach, beforeEach, expect, setDefaultTimeout, test } from "bun:test";
import { chmodSync, existsSync, mkdtempSync, readdirSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type BundledHandler, bundleHandler } from "../../../src/packages/bundle/bundle-handler.ts";
import { Bundler, BundlerFailure, type BundlerOptions } from "../../../src/packages/bundle/bundler.ts";
import { longestPauseShare } from "../../support/event-loop.ts";
import { BUNDLER_COMMAND } from "../../support/own-commands.ts";
import { until } from "../../support/until.ts";

setDefaultTimeout(30_000); // its process starts in a quarter of a second, or in a few on a busy machine
let work = "";
let bundler: Bundler;
const open = (options: Partial<BundlerOptions> = {}): Bundler => {
  bundler?.close();
  bundler = new Bundler({ command: BUNDLER_COMMAND, ...options });
  return bundler;
};
beforeEach(() => {
  work = mkdtempSync(join(tmpdir(), "lambent-bundler-"));
  writeFileSync(join(work, "index.ts"), "export const handler = (): number => 1;\n");
  open();
});
afterEach(async () => {
  bundler.close();
  await rm(work, { recursive: true, force: true });
});

/** A stand-in for the process: `code` runs in one of its own. */
function standIn(code: string): string[] {
  const path = join(work, "stand-in.mjs");
  writeFileSync(path, code);
  return [process.execPath, path];
}
const source = () => ({ directory: work, handlerFile: "index.ts" });
const handler = () => ({ ...source(), exportName: "handler", outDirectory: join(work, "out") });
const textsOf = ({ findings }: BundledHandler): string[] => findings.map(({ text }) => text);
const failureOf = (bundle: Promise<unknown>): Promise<unknown> =>
  bundle.then(
    () => undefined,
    (reason: unknown) => reason,
  );

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** The process that is there now. */
function pidOf(): number {
  if (bundler.pid === undefined) throw new Error("There is no process");
  return bundler.pid;
}

test("has no process before the first bundle, and none after it was idle", async () => {
  open({ idleMs: 30 });
  expect(bundler.pid).toBeUndefined();
  expect((await bundler.bundle(source())).kind).toBe("bundle");
  const pid = pidOf();
  await until("the process is gone", () => !isRunning(pid));
  expect(bundler.pid).toBeUndefined();
  expect((await bundler.bundle(source())).kind).toBe("bundle");
});

test("stays while it is used more often than the idle time", async () => {
  open({ idleMs: 400 });
  await bundler.bundle(source());
  const pid = pidOf();
  for (let round = 0; round < 6; round++) {
    await Bun.sleep(100);
    await bundler.bundle(source());
  }
  expect(bundler.pid).toBe(pid);
});

test("makes many bundles asked for at once, one after another, with one process", async () => {
  const replies = await Promise.all(Array.from({ length: 8 }, () => bundler.bundle(source())));
  expect(replies.map((reply) => reply.kind)).toEqual(Array(8).fill("bundle"));
});

test("makes first what is hastened, whoever asked before", async () => {
  const order: string[] = [];
  const ask = (name: string) =>
    bundler.bundle({ directory: name === "here" ? work : join(work, name), handlerFile: "index.ts" }).then(
      () => order.push(name),
      () => order.push(name),
    );
  const all = [ask("first"), ask("second"), ask("third"), ask("here")];
  bundler.hasten(work);
  await Promise.all(all);
  expect(order).toEqual(["first", "here", "second", "third"]);
});

test("keeps the event loop free while it starts and bundles, a large one too", async () => {
  writeFileSync(
    join(work, "large.ts"),
    `export const handler = [\n${'  "some text, and some more of it",\n'.repeat(100_000)}];\n`,
  );
  const share = await longestPauseShare(async () => {
    const reply = await bundler.bundle({ ...source(), handlerFile: "large.ts" });
    expect(reply.kind === "bundle" && reply.code.length > 3_000_000).toBe(true);
  });
  expect(share).toBeLessThan(0.5);
});

const ON_REQUEST = "process.on('message', ({ id }) => {";
test.each([
  { name: "never answers", code: `${ON_REQUEST} for (;;); });`, why: "it took more than 300 ms" },
  { name: "reports a failure", code: `${ON_REQUEST} process.send({ id, broken: 'no memory' }); });`, why: "no memory" },
  { name: "throws", code: `${ON_REQUEST} throw new Error('a slip'); });`, why: "its process ended with exit code 1" },
  { name: "exits", code: `${ON_REQUEST} process.exit(0); });`, why: "its process ended with exit code 0" },
  {
    name: "is killed",
    code: `${ON_REQUEST} process.kill(process.pid, 'SIGSEGV'); });`,
    why: "its process ended with SIG",
  },
  { name: "ends at its start", code: "process.exit(3);", why: "its process ended with exit code 3" },
])("fails, and starts again, when its process $name", async ({ code, why }) => {
  open({ timeoutMs: 300, command: standIn(code) });
  for (let round = 0; round < 2; round++) {
    const bundle = bundler.bundle(source());
    const pid = pidOf();
    const error = await failureOf(bundle);
    expect(error).toBeInstanceOf(BundlerFailure);
    expect((error as Error).message).toContain(why);
    expect(bundler.pid).toBeUndefined();
    await until("the process is gone", () => !isRunning(pid));
  }
});

test("a process that is killed while it is idle is replaced by the next bundle", async () => {
  await bundler.bundle(source());
  const pid = pidOf();
  process.kill(pid, "SIGKILL");
  await until("the end was noticed", () => bundler.pid === undefined);
  expect((await bundler.bundle(source())).kind).toBe("bundle");
  expect(pidOf()).not.toBe(pid);
});

test("a command that cannot be started fails each bundle, and nothing else", async () => {
  open({ command: [join(work, "nothing-here")] });
  for (const error of await Promise.all([failureOf(bundler.bundle(source())), failureOf(bundler.bundle(source()))]))
    expect(error).toBeInstanceOf(BundlerFailure);
});

test("close ends the process, and what waits or comes later fails", async () => {
  await bundler.bundle(source());
  const pid = pidOf();
  const waiting = [bundler.bundle(source()), bundler.bundle(source())].map(failureOf);
  bundler.close();
  for (const error of [...(await Promise.all(waiting)), await failureOf(bundler.bundle(source()))])
    expect(String(error)).toContain("the server stops");
  await until("the process is gone", () => !isRunning(pid));
});

test.each([
  { name: "idle", handlerFile: "index.ts", answered: true },
  { name: "busy", handlerFile: "dense.ts", answered: false },
])("a process that is $name ends with its host, also when that is killed", async ({ handlerFile, answered }) => {
  writeFileSync(join(work, "dense.ts"), `export const handler = [${"a=>a,".repeat(400_000)}];`);
  const script = join(work, "host.ts");
  const bundlerFile = join(import.meta.dir, "../../../src/packages/bundle/bundler.ts");
  writeFileSync(
    script,
    `import { Bundler } from ${JSON.stringify(bundlerFile)};
     const bundler = new Bundler({ command: ${JSON.stringify(BUNDLER_COMMAND)} });
     await bundler.bundle({ directory: ${JSON.stringify(work)}, handlerFile: "index.ts" });
     const bundle = bundler.bundle({ directory: ${JSON.stringify(work)}, handlerFile: "${handlerFile}" });
     if (${answered}) await bundle;
     console.log(bundler.pid);
     setInterval(() => {}, 1000);`,
  );
  const host = Bun.spawn([process.execPath, script], { stdout: "pipe" });
  const { value } = await host.stdout.getReader().read();
  const pid = Number(new TextDecoder().decode(value));
  expect(isRunning(pid)).toBe(true);
  host.kill("SIGKILL");
  await host.exited;
  await until("the process is gone", () => !existsSync(`/proc/${pid}/exe`), 2000);
});

test("a handler whose bundler fails is run as it is, and looked at again next time", async () => {
  open({ timeoutMs: 100, command: standIn(`${ON_REQUEST} for (;;); });`) });
  const first = await bundleHandler(bundler, handler());
  expect(first).toMatchObject({ kind: "as-is", isChecked: false });
  expect(textsOf(first)).toEqual(["Cannot check index.ts: it took more than 100 ms"]);
  expect((await bundleHandler(open(), handler())).kind).toBe("bundled");
});

test("what was made is remembered, for these sources and this handler", async () => {
  const first = await bundleHandler(bundler, handler());
  await rm(join(work, "index.ts"));
  expect(await bundleHandler(bundler, handler())).toEqual(first);
  writeFileSync(join(work, "index.ts"), "export const handler = (): number => 2;\n");
  const other = await bundleHandler(bundler, { ...handler(), exportName: "main" });
  expect(textsOf(other)).toEqual([
    'Cannot find the export "main" in index.ts: calls will end with Runtime.HandlerNotFound',
  ]);
});

test("nothing is kept on disk of a handler that is only checked", async () => {
  writeFileSync(join(work, "plain.mjs"), "export const handler = () => 1;\n");
  const result = await bundleHandler(bundler, { ...handler(), handlerFile: "plain.mjs" });
  expect(result).toEqual({ kind: "as-is", isChecked: true, findings: [] });
  expect(readdirSync(work)).not.toContain("out");
});

test("a record that was cut short counts for none", async () => {
  const first = await bundleHandler(bundler, handler());
  chmodSync(join(work, "out/bundle.json"), 0o644);
  writeFileSync(join(work, "out/bundle.json"), `{"revision":2,`);
  expect(await bundleHandler(bundler, handler())).toEqual(first);
});

test("a bundle whose module is gone is made again", async () => {
  const first = await bundleHandler(bundler, handler());
  if (first.kind !== "bundled") throw new Error("not bundled");
  await rm(first.entry);
  expect(await bundleHandler(bundler, handler())).toEqual(first);
  expect(existsSync(first.entry)).toBe(true);
});

test("sources that need too much memory end their bundle soon, and no other", async () => {
  writeFileSync(join(work, "dense.ts"), `export const handler = [${"a=>a,".repeat(2_000_000)}];`);
  const error = await failureOf(bundler.bundle({ directory: work, handlerFile: "dense.ts" }));
  expect(String(error)).toContain("out of memory");
  expect((await bundler.bundle(source())).kind).toBe("bundle");
});
