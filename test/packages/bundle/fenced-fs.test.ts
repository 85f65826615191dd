import { afterAll, afterEach, beforeEach, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Bundler } from "../../../src/packages/bundle/bundler.ts";
import { FencedFs } from "../../../src/packages/bundle/fenced-fs.ts";
import { BUNDLER_COMMAND } from "../../support/own-commands.ts";

const SECRET = "of the host";
const bundler = new Bundler({ command: BUNDLER_COMMAND });
const fence = new FencedFs();
let work = "";
let directory = "";

beforeEach(() => {
  work = mkdtempSync(join(tmpdir(), "lambent-fence-"));
  directory = join(work, "package");
  mkdirSync(join(directory, "lib"), { recursive: true });
  writeFileSync(join(work, "secret.json"), JSON.stringify({ secret: SECRET }));
  writeFileSync(join(directory, "index.js"), "export const handler = 1;");
  symlinkSync(join(work, "secret.json"), join(directory, "link.json"));
  symlinkSync("../..", join(directory, "lib/up"));
  fence.enter(directory);
});
afterEach(() => rm(work, { recursive: true, force: true }));
afterAll(() => bundler.close());

type Method = "open" | "close" | "fstat" | "stat" | "lstat" | "readdir" | "readlink" | "read" | "write" | "unlink";
/** The result of a method, or the code of its failure. */
function ask(method: Method, ...args: readonly unknown[]): unknown {
  let answer: unknown = "no answer";
  const done = (error: NodeJS.ErrnoException | null, result?: unknown) => {
    answer = error?.code ?? result;
  };
  (fence as unknown as Record<Method, (...args: unknown[]) => void>)[method](...args, done);
  return answer;
}

test("shows the package at /var/task, and nothing beside it above", () => {
  expect(ask("readdir", "/")).toEqual(["var"]);
  expect(ask("readdir", "/var/")).toEqual(["task"]);
  expect((ask("readdir", "/var/task") as string[]).sort()).toEqual(["index.js", "lib", "link.json"]);
  const fd = ask("open", "/var/task/index.js", 0, 0);
  const bytes = new Uint8Array(6);
  expect(ask("read", fd, bytes, 0, 6, null)).toBe(6);
  expect(Buffer.from(bytes).toString()).toBe("export");
  expect(ask("close", fd)).toBeUndefined();
});

test.each<{ name: string; call: () => unknown; code: string }>([
  { name: "a file of the host", call: () => ask("stat", "/etc/passwd"), code: "ENOENT" },
  {
    name: "the host's path of a file in the package",
    call: () => ask("stat", join(directory, "index.js")),
    code: "ENOENT",
  },
  { name: "a path that climbs out", call: () => ask("open", "/var/task/../../etc/passwd", 0, 0), code: "ENOENT" },
  { name: "a neighbour whose name begins alike", call: () => ask("readdir", "/var/task2"), code: "ENOENT" },
  { name: "a link out of the package", call: () => ask("open", "/var/task/link.json", 0, 0), code: "ENOENT" },
  {
    name: "what is behind a linked folder",
    call: () => ask("open", "/var/task/lib/up/secret.json", 0, 0),
    code: "ENOENT",
  },
  { name: "a link behind a linked folder", call: () => ask("lstat", "/var/task/lib/up/secret.json"), code: "ENOENT" },
  { name: "opening for writing", call: () => ask("open", "/var/task/index.js", 1, 0), code: "EROFS" },
  { name: "making a file", call: () => ask("open", "/var/task/new.js", 0o100 | 1, 0o644), code: "EROFS" },
  { name: "removing a file", call: () => ask("unlink", "/var/task/index.js"), code: "EROFS" },
  { name: "a descriptor it did not open", call: () => ask("read", 1, new Uint8Array(1), 0, 1, null), code: "EBADF" },
  { name: "closing a descriptor it did not open", call: () => ask("close", 2), code: "EBADF" },
  { name: "writing to a descriptor", call: () => ask("write", 5, new Uint8Array(1), 0, 1, null), code: "EROFS" },
  {
    name: "more bytes than a bundle may read",
    call: () => {
      writeFileSync(join(directory, "large.js"), Buffer.alloc(33 * 1024 * 1024));
      return ask(
        "read",
        ask("open", "/var/task/large.js", 0, 0),
        new Uint8Array(33 * 1024 * 1024),
        0,
        33 * 1024 * 1024,
        0,
      );
    },
    code: "EFBIG",
  },
])("refuses $name", ({ call, code }) => {
  expect(call()).toBe(code);
});

test.each([
  { name: "a path above the package", specifier: "../secret.json" },
  { name: "a path far above", specifier: "../../../../../../etc/passwd.json" },
  { name: "an absolute path", specifier: "@/secret.json" },
  { name: "a link out of the package", specifier: "./link.json" },
  { name: "a linked folder", specifier: "./lib/up/secret.json" },
])("a bundle never holds $name", async ({ specifier }) => {
  const source = `import s from "${specifier.replace("@", work)}"; export const handler = () => s;`;
  writeFileSync(join(directory, "index.ts"), source);
  const reply = await bundler.bundle({ directory, handlerFile: "index.ts" });
  if (reply.kind !== "bundle") throw new Error(JSON.stringify(reply.errors));
  expect(reply.missing.length).toBe(1);
  expect(Buffer.from(reply.code).toString()).not.toContain(SECRET);
});

test("sources that are too large to bundle are refused, not swallowed", async () => {
  writeFileSync(join(directory, "index.ts"), `export const handler = "${"x".repeat(33 * 1024 * 1024)}";`);
  expect(await bundler.bundle({ directory, handlerFile: "index.ts" })).toMatchObject({ kind: "refused" });
});
