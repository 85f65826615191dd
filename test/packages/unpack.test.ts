import { afterEach, beforeEach, expect, test } from "bun:test";
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  writeFileSync,
} from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readArchive } from "../../src/packages/archive.ts";
import { removeUnpacked, unpackArchive } from "../../src/packages/unpack.ts";
import { removeLeftovers } from "../../src/packages/whole-directory.ts";
import { zipOf } from "../support/zip.ts";

const HANDLER = "export const handler = async () => 1;\n";
let parent = "";
let tree = "";

beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), "lambent-unpack-"));
  tree = join(parent, "tree");
});
afterEach(async () => {
  await removeUnpacked(tree);
  await rm(parent, { recursive: true, force: true });
});

const archiveOf = async (files: Parameters<typeof zipOf>[0]) => readArchive(await zipOf(files));
const modeOf = (name: string): string => (lstatSync(join(tree, name)).mode & 0o7777).toString(8);

test("writes files, folders and links, read-only", async () => {
  const umask = process.umask(0o077);
  await unpackArchive(
    await archiveOf({
      "index.mjs": HANDLER,
      bootstrap: { content: "#!/bin/sh\n", mode: 0o4755 },
      "node_modules/x/cli.js": HANDLER.repeat(50_000),
      "node_modules/.bin/x": { symlink: "../x/cli.js" },
      "empty/": "",
    }),
    tree,
  );
  process.umask(umask);
  expect(readFileSync(join(tree, "index.mjs"), "utf8")).toBe(HANDLER);
  expect(readFileSync(join(tree, "node_modules/.bin/x"), "utf8") === HANDLER.repeat(50_000)).toBe(true);
  expect(readlinkSync(join(tree, "node_modules/.bin/x"))).toBe("../x/cli.js");
  expect(["index.mjs", "bootstrap", "node_modules", "empty", "."].map(modeOf)).toEqual([
    "444",
    "555",
    "555",
    "555",
    "555",
  ]);
  expect(readdirSync(parent)).toEqual(["tree"]);
});

test("makes the folders above the tree", async () => {
  const deep = join(parent, "a/b/tree");
  await unpackArchive(await archiveOf({ "index.mjs": HANDLER }), deep);
  expect(readdirSync(deep)).toEqual(["index.mjs"]);
  await removeUnpacked(deep);
});

test("leaves a whole tree alone", async () => {
  const archive = await archiveOf({ "index.mjs": HANDLER, x: { symlink: "index.mjs" }, "a/b": { mode: 0o755 } });
  await unpackArchive(archive, tree);
  const inode = lstatSync(tree).ino;
  await unpackArchive(archive, tree);
  expect(lstatSync(tree).ino).toBe(inode);
});

test("unpacks once when many ask at once", async () => {
  const archive = await archiveOf(
    Object.fromEntries(Array.from({ length: 300 }, (_, at) => [`d${at % 9}/f${at}`, HANDLER])),
  );
  await Promise.all(Array.from({ length: 8 }, () => unpackArchive(archive, tree)));
  expect(readdirSync(parent)).toEqual(["tree"]);
  expect(readdirSync(tree, { recursive: true }).length).toBe(309);
});

test.each([
  { name: "a file is missing", files: { "index.mjs": HANDLER } },
  { name: "a file is empty", files: { "index.mjs": HANDLER, "b.mjs": "" } },
  { name: "a file is a folder", files: { "index.mjs": HANDLER, "b.mjs/": "" } },
  { name: "a file is a link", files: { "index.mjs": HANDLER, "b.mjs": { symlink: "index.mjs" } } },
  { name: "a file lost its execute bit", files: { "index.mjs": HANDLER, "b.mjs": HANDLER, run: HANDLER } },
])("writes a tree anew in which $name", async ({ files }) => {
  await unpackArchive(await archiveOf(files as Parameters<typeof zipOf>[0]), tree);
  const archive = await archiveOf({ "index.mjs": HANDLER, "b.mjs": HANDLER, run: { content: HANDLER, mode: 0o755 } });
  await unpackArchive(archive, tree);
  expect(readFileSync(join(tree, "b.mjs"), "utf8")).toBe(HANDLER);
  expect(modeOf("run")).toBe("555");
  expect(readdirSync(parent)).toEqual(["tree"]);
});

test("leaves nothing behind when a file cannot be written", async () => {
  const archive = await archiveOf({ "index.mjs": HANDLER, "b.mjs": HANDLER });
  const nodes = archive.nodes.map((node) => (node.kind === "file" ? { ...node, crc32: node.crc32 ^ 1 } : node));
  await expect(unpackArchive({ ...archive, nodes }, tree)).rejects.toThrow('the entry "index.mjs" is damaged');
  await unpackArchive(archive, tree); // and the next one starts from nothing
  expect(readdirSync(parent)).toEqual(["tree"]);
});

test("refuses to write where something is already, rather than follow it", async () => {
  const archive = await archiveOf({ "a/x": HANDLER });
  const [folder, file] = archive.nodes;
  if (folder === undefined || file === undefined) throw new Error("two nodes");
  const outside = join(parent, "outside");
  mkdirSync(outside);
  const hostile = { ...archive, nodes: [{ kind: "link" as const, path: "a", target: outside }, folder, file] };
  await expect(unpackArchive(hostile, tree)).rejects.toThrow(/EEXIST/);
  await removeUnpacked(tree);
  expect(readdirSync(outside)).toEqual([]);
});

test("removes a read-only tree, and nothing that its links point to", async () => {
  const outside = join(parent, "outside");
  mkdirSync(outside);
  writeFileSync(join(outside, "keep"), HANDLER);
  await unpackArchive(await archiveOf({ "a/b/c": HANDLER, "a/l": { symlink: "b" } }), tree);
  chmodSync(join(tree, "a"), 0o755);
  await Bun.$`ln -s ${outside} ${join(tree, "a/out")}`;
  await removeUnpacked(tree);
  expect(readdirSync(parent)).toEqual(["outside"]);
  expect(readdirSync(outside)).toEqual(["keep"]);
});

test("removing what is not there does nothing", async () => {
  await removeUnpacked(tree);
  await removeLeftovers(join(parent, "ghost"));
  expect(readdirSync(parent)).toEqual([]);
});

test("removes what a crash left half-written, and only that", async () => {
  await unpackArchive(await archiveOf({ "a/b": HANDLER }), tree);
  mkdirSync(join(parent, "tree.tmp-abc/a"), { recursive: true });
  chmodSync(join(parent, "tree.tmp-abc/a"), 0o555);
  await removeLeftovers(parent);
  expect(readdirSync(parent)).toEqual(["tree"]);
});
