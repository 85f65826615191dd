/** Copies of the system's files follow what they are copies of. */
import { afterEach, beforeEach, expect, test } from "bun:test";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { Mirror } from "../../src/sandbox/walls/mirror.ts";

let folder: string;
let from: (name: string) => string;
let to: (name: string) => string;
let mirror: Mirror;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "lambent-mirror-"));
  from = (name) => join(folder, "from", name);
  to = (name) => join(folder, "to", name);
  mkdirSync(from("."));
  mkdirSync(to("."));
  writeFileSync(from("resolv.conf"), "nameserver 192.0.2.1", { mode: 0o666 });
  writeFileSync(from("behind"), "one");
  symlinkSync("behind", from("link"));
  const sources = ["resolv.conf", "link", "missing"].map(from);
  mirror = new Mirror(sources, (path) => to(`deep/${relative(from("."), path)}`));
  mirror.refresh();
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const text = (name: string): string => readFileSync(to(`deep/${name}`), "utf8");

test("files, and what links lead to, are copied, for everybody to read", () => {
  expect([text("resolv.conf"), text("link")]).toEqual(["nameserver 192.0.2.1", "one"]);
  expect(statSync(to("deep/resolv.conf")).mode & 0o777).toBe(0o644);
  expect(readdirSync(to("deep")).sort()).toEqual(["link", "resolv.conf"]);
});

test("one that is replaced, changes in its place, leads elsewhere or comes, is copied again", () => {
  writeFileSync(from("new"), "nameserver 192.0.2.2");
  renameSync(from("new"), from("resolv.conf"));
  writeFileSync(from("behind"), "another");
  writeFileSync(from("missing"), "there");
  mirror.refresh();
  expect([text("resolv.conf"), text("link"), text("missing")]).toEqual(["nameserver 192.0.2.2", "another", "there"]);
  writeFileSync(from("elsewhere"), "elsewhere");
  symlinkSync("elsewhere", from("new"));
  renameSync(from("new"), from("link"));
  mirror.refresh();
  expect(text("link")).toBe("elsewhere");
});

test("what has not changed is left as it is", () => {
  const before = statSync(to("deep/resolv.conf")).ino;
  mirror.refresh();
  expect(statSync(to("deep/resolv.conf")).ino).toBe(before);
});

test("what is gone, or not for everybody any more, has no copy", () => {
  rmSync(from("behind"));
  chmodSync(from("resolv.conf"), 0o600);
  mirror.refresh();
  expect(readdirSync(to("deep"))).toEqual([]);
});
