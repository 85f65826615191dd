import { afterEach, beforeEach, expect, test } from "bun:test";
import { chmodSync, mkdtempSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bundleHandler } from "../../../src/packages/bundle/bundle-handler.ts";
import { Bundler, BundlerFailure } from "../../../src/packages/bundle/bundler.ts";

let work = "";
let bundler = new Bundler();
beforeEach(() => {
  work = mkdtempSync(join(tmpdir(), "lambent-bundler-"));
  writeFileSync(join(work, "index.ts"), "export const handler = (): number => 1;\n");
});
afterEach(async () => {
  bundler.close();
  await rm(work, { recursive: true, force: true });
});

/** A stand-in for the thread's code, as a URL. */
const worker = (code: string): string => URL.createObjectURL(new Blob([code]));
const source = () => ({ directory: work, handlerFile: "index.ts" });

test("has no thread before the first bundle, and none after it was idle", async () => {
  bundler = new Bundler({ idleMs: 30 });
  expect(bundler.isRunning).toBe(false);
  expect((await bundler.bundle(source())).kind).toBe("bundle");
  expect(bundler.isRunning).toBe(true);
  await Bun.sleep(120);
  expect(bundler.isRunning).toBe(false);
  expect((await bundler.bundle(source())).kind).toBe("bundle");
});

test("makes many bundles asked for at once, one after another", async () => {
  bundler = new Bundler();
  const replies = await Promise.all(Array.from({ length: 8 }, () => bundler.bundle(source())));
  expect(replies.map((reply) => reply.kind)).toEqual(Array(8).fill("bundle"));
});

test("keeps the event loop free while it starts and bundles", async () => {
  let longestMs = 0;
  let beforeMs = performance.now();
  const timer = setInterval(() => {
    longestMs = Math.max(longestMs, performance.now() - beforeMs);
    beforeMs = performance.now();
  }, 1);
  bundler = new Bundler();
  await bundler.bundle(source());
  clearInterval(timer);
  expect(longestMs).toBeLessThan(100);
});

test.each([
  { name: "never answers", code: "self.onmessage = () => { for (;;); };", why: "it took more than 300 ms" },
  {
    name: "reports a failure",
    code: "self.onmessage = ({ data }) => postMessage({ id: data.id, broken: 'no memory' });",
    why: "no memory",
  },
  { name: "throws", code: "self.onmessage = () => { throw new Error('a slip'); };", why: "a slip" },
  { name: "ends", code: "self.onmessage = () => process.exit(0);", why: "its thread ended" },
])("fails, and starts again, when its thread $name", async ({ code, why }) => {
  bundler = new Bundler({ timeoutMs: 300, workerUrl: worker(code) });
  for (let round = 0; round < 2; round++) {
    const error = await bundler.bundle(source()).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(BundlerFailure);
    expect((error as Error).message).toContain(why);
    expect(bundler.isRunning).toBe(false);
  }
});

test("a handler whose bundler fails is run as it is, and looked at again next time", async () => {
  const handler = { ...source(), exportName: "handler", outDirectory: join(work, "out") };
  bundler = new Bundler({ timeoutMs: 100, workerUrl: worker("self.onmessage = () => { for (;;); };") });
  expect(await bundleHandler(bundler, handler)).toEqual({
    kind: "as-is",
    warnings: ["Cannot check index.ts: it took more than 100 ms"],
  });
  bundler = new Bundler();
  expect((await bundleHandler(bundler, handler)).kind).toBe("bundled");
});

test("what was found out is remembered, for these sources and this handler", async () => {
  const handler = { ...source(), exportName: "handler", outDirectory: join(work, "out") };
  bundler = new Bundler();
  const first = await bundleHandler(bundler, handler);
  await rm(join(work, "index.ts"));
  expect(await bundleHandler(bundler, handler)).toEqual(first);
  writeFileSync(join(work, "index.ts"), "export const handler = (): number => 2;\n");
  const other = await bundleHandler(bundler, { ...handler, exportName: "main" });
  expect(other.warnings).toEqual([
    'Cannot find the export "main" in index.ts: calls will end with Runtime.HandlerNotFound',
  ]);
});

test("a record that was cut short counts for none", async () => {
  const handler = { ...source(), exportName: "handler", outDirectory: join(work, "out") };
  bundler = new Bundler();
  const first = await bundleHandler(bundler, handler);
  chmodSync(join(work, "out/bundle.json"), 0o644);
  writeFileSync(join(work, "out/bundle.json"), `{"revision":1,`);
  expect(await bundleHandler(bundler, handler)).toEqual(first);
});

test("sources that need too much memory end their bundle soon, and no other", async () => {
  bundler = new Bundler();
  writeFileSync(join(work, "dense.ts"), `export const handler = [${"a=>a,".repeat(2_000_000)}];`);
  const error = await bundler.bundle({ directory: work, handlerFile: "dense.ts" }).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(String(error)).toContain("out of memory");
  expect((await bundler.bundle(source())).kind).toBe("bundle");
});
