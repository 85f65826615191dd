import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { readFile, readlink, stat } from "node:fs/promises";
import { join } from "node:path";
import { type Archive, readArchive } from "../../src/packages/archive.ts";
import { CODE_PATH, codeOverModules, mergeArchives } from "../../src/packages/merge.ts";
import { unpackArchive } from "../../src/packages/unpack.ts";
import { temporaryDirectory } from "../support/server.ts";
import { type ZipFile, zipOf } from "../support/zip.ts";

type Files = Record<string, string | ZipFile>;

let folder: Awaited<ReturnType<typeof temporaryDirectory>>;
beforeAll(async () => {
  folder = await temporaryDirectory();
});
afterAll(() => folder.remove());

const archiveOf = async (files: Files): Promise<Archive> => readArchive(await zipOf(files));

/** Paths of files and links, with what a link leads to. */
const shown = ({ nodes }: Archive): string[] =>
  nodes
    .filter((node) => node.kind !== "directory")
    .map((node) => (node.kind === "link" ? `${node.path} -> ${node.target}` : node.path))
    .sort();

interface Merge {
  readonly name: string;
  readonly layers: readonly Files[];
  readonly result: readonly string[];
}

describe("merged archives", () => {
  test.each<Merge>([
    {
      name: "have the files of both",
      layers: [
        { "a/1": "", b: "" },
        { "a/2": "", c: "" },
      ],
      result: ["a/1", "a/2", "b", "c"],
    },
    {
      name: "have a later file in the place of a folder and all in it",
      layers: [{ "a/b/c": "", "a/d": "" }, { a: "" }],
      result: ["a"],
    },
    { name: "have a later folder in the place of a file", layers: [{ a: "" }, { "a/b": "" }], result: ["a/b"] },
    {
      name: "have a later folder in the place of a link, and nothing where that led",
      layers: [{ "real/1": "", a: { symlink: "real" } }, { "a/2": "" }],
      result: ["a/2", "real/1"],
    },
    {
      name: "have a later link in the place of a folder",
      layers: [{ "a/1": "", b: "" }, { a: { symlink: "b" } }],
      result: ["a -> b", "b"],
    },
    {
      name: "have what the last of three says",
      layers: [{ a: "1" }, { "a/b": "2" }, { a: "3" }],
      result: ["a"],
    },
  ])("$name", async ({ layers, result }) => {
    expect(shown(await mergeArchives(await Promise.all(layers.map(archiveOf))))).toEqual([...result]);
  });

  test("say each folder before what is in it, and how much is in the files that are left", async () => {
    const merged = await mergeArchives([
      await archiveOf({ "a/b/c": "12345", d: "1" }),
      await archiveOf({ "a/b/c": "12" }),
    ]);
    expect(merged.nodes.map((node) => node.path)).toEqual(["a", "a/b", "a/b/c", "d"]);
    expect(merged.unzippedBytes).toBe(3);
  });

  test("are on disk as the last one says", async () => {
    const merged = await mergeArchives([
      await archiveOf({ "a/text": "lower" }),
      await archiveOf({ "a/text": "upper" }),
    ]);
    const directory = join(folder.path, "opt");
    await unpackArchive(merged, directory);
    expect(await readFile(join(directory, "a/text"), "utf8")).toBe("upper");
  });

  test("are refused when links of two lead outside together", async () => {
    const lower = await archiveOf({ "d/e/f": "", l: { symlink: "d/e/../../x" } });
    const upper = await archiveOf({ x: "", d: { symlink: "z" }, "z/e": { symlink: ".." } });
    expect(mergeArchives([lower, upper])).rejects.toThrow("outside the package");
  });
});

describe("code over modules", () => {
  test("is the code's own files under another name, with the folders of modules above it", async () => {
    const code = await archiveOf({ "index.js": "code", run: { content: "#!", mode: 0o755 } });
    const [unpacked, directory] = [join(folder.path, "code"), join(folder.path, "root")];
    await unpackArchive(code, unpacked);
    const modules = [join(folder.path, "opt/near"), join(folder.path, "opt/far")];
    const layered = codeOverModules(code, { directory, unpacked, modules });
    await unpackArchive(layered, directory);
    for (const name of ["index.js", "run"]) {
      const [own, twin] = await Promise.all([stat(join(unpacked, name)), stat(join(directory, CODE_PATH, name))]);
      expect([twin.ino, twin.mode]).toEqual([own.ino, own.mode]);
    }
    expect(await readlink(join(directory, "function/node_modules"))).toBe("../../opt/near");
    expect(await readlink(join(directory, "node_modules"))).toBe("../opt/far");
  });

  test("is a copy where there is nothing to give a second name to", async () => {
    const code = await archiveOf({ "index.js": "code" });
    const [unpacked, directory] = [join(folder.path, "gone"), join(folder.path, "copied")];
    await unpackArchive(codeOverModules(code, { directory, unpacked, modules: [] }), directory);
    expect(await readFile(join(directory, CODE_PATH, "index.js"), "utf8")).toBe("code");
    expect(existsSync(join(directory, "node_modules"))).toBe(false);
  });
});
