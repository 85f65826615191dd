import { describe, expect, test } from "bun:test";
import { chmod, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { Store } from "../../../src/store/port.ts";
import { openedForEach } from "./opened.ts";
import { code } from "./records.ts";

const nothing = async (): Promise<ReadonlySet<string>> => new Set();
const using =
  (...seeds: string[]) =>
  async (): Promise<ReadonlySet<string>> =>
    new Set(seeds.map((seed) => code(seed).sha256));

export function packageContract(open: () => Promise<Store>): void {
  describe("packages", () => {
    const store = openedForEach(open);
    const put = (seed: string, text = seed) =>
      store().packages.put({ sha256: code(seed).sha256, bytes: new TextEncoder().encode(text) });
    const isThere = async (seed: string) => (await store().packages.find(code(seed).sha256)) !== undefined;

    /** A tree as an unpacker leaves it: read-only down to its folders. */
    async function unpack(seed: string, suffix = ""): Promise<string> {
      const path = store().packages.unpackedPath(code(seed).sha256) + suffix;
      await mkdir(join(path, "lib"), { recursive: true });
      await writeFile(join(path, "lib", "index.mjs"), "export {}");
      await chmod(join(path, "lib"), 0o555);
      await chmod(path, 0o555);
      return path;
    }

    test("put writes the bytes, once per digest", async () => {
      await put("a", "first");
      await put("a", "never written");
      expect(await readFile((await store().packages.find(code("a").sha256)) ?? "", "utf8")).toBe("first");
      expect(await isThere("b")).toBe(false);
    });

    test("puts of one package at the same time all succeed", async () => {
      await Promise.all(Array.from({ length: 8 }, () => put("a")));
      expect(await isThere("a")).toBe(true);
    });

    test("sweep removes what nobody uses, with its unpacked tree, and answers the digests", async () => {
      for (const seed of ["used", "unused"]) (await put(seed))();
      const [used, unused] = [await unpack("used"), await unpack("unused")];
      expect(await store().packages.sweep(using("used"))).toEqual([code("unused").sha256]);
      expect([await isThere("used"), await isThere("unused")]).toEqual([true, false]);
      expect(await readdir(used)).toEqual(["lib"]);
      expect(await readdir(dirname(unused))).not.toContain(unused.split("/").at(-1));
      expect(await store().packages.sweep(using("used"))).toEqual([]);
    });

    test("sweep takes the bundles of a package with it, all of them and no other's, and what is half made", async () => {
      for (const seed of ["used", "unused"]) (await put(seed))();
      const bundleOf = async (seed: string, handler: string, suffix = "") => {
        const path = store().packages.bundlePath({ sha256: code(seed).sha256, handler }) + suffix;
        await mkdir(path);
        await writeFile(join(path, "index.mjs"), "export {}", { mode: 0o444 });
        return path;
      };
      const kept = [await bundleOf("used", "index.handler"), await bundleOf("used", "index.other")];
      const leftover = await bundleOf("used", "index.handler", ".tmp-x7");
      await bundleOf("unused", "index.handler");
      await bundleOf("unused", "index.other");
      const release = store().packages.hold(code("held").sha256);
      const held = await bundleOf("held", "../..:日本");
      expect(await store().packages.sweep(using("used"))).toEqual([code("unused").sha256]);
      expect((await readdir(dirname(leftover))).sort()).toEqual([...kept, held].map((path) => basename(path)).sort());
      release();
    });

    test("sweep leaves a package whose put is not released, and takes it after the last release", async () => {
      const [first, second] = [await put("a"), await put("a")];
      expect(await store().packages.sweep(nothing)).toEqual([]);
      first();
      first();
      expect(await store().packages.sweep(nothing)).toEqual([]);
      second();
      expect(await store().packages.sweep(nothing)).toEqual([code("a").sha256]);
      expect(await isThere("a")).toBe(false);
    });

    test("sweep leaves a tree that is held by who runs from it", async () => {
      const path = await unpack("a");
      const release = store().packages.hold(code("a").sha256);
      expect(await store().packages.sweep(nothing)).toEqual([]);
      expect(await readdir(path)).toEqual(["lib"]);
      release();
      expect(await store().packages.sweep(nothing)).toEqual([code("a").sha256]);
    });

    test("sweep leaves a package that was put again, committed and released after the sweep had asked for the rows", async () => {
      (await put("a"))();
      const removed = await store().packages.sweep(async () => {
        const askedBefore = await nothing();
        (await put("a"))();
        return askedBefore;
      });
      expect(removed).toEqual([]);
      expect(await isThere("a")).toBe(true);
    });

    test("sweep clears away what a crash left half done, even of a package in use, but not what is under way", async () => {
      (await put("a"))();
      const leftover = await unpack("a", ".partial");
      const release = store().packages.hold(code("b").sha256);
      const underWay = await unpack("b", ".partial");
      expect(await store().packages.sweep(using("a"))).toEqual([]);
      const names = await readdir(dirname(leftover));
      expect(names).toEqual([underWay.split("/").at(-1) ?? ""]);
      expect(await isThere("a")).toBe(true);
      release();
    });

    test("puts and sweeps at the same time never lose a package that is held", async () => {
      for (let round = 0; round < 20; round++) {
        const sweeps = Promise.all([store().packages.sweep(nothing), store().packages.sweep(nothing)]);
        const release = await put("a", `round ${round}`);
        await sweeps;
        expect(await isThere("a")).toBe(true);
        release();
      }
    });
  });
}
