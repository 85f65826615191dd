import { describe, expect, test } from "bun:test";
import { LATEST } from "../../../src/core/states.ts";
import type { DocumentEdit, Need } from "../../../src/store/document-port.ts";
import type { Store } from "../../../src/store/port.ts";
import { openedForEach } from "./opened.ts";
import { alias, allPages, code, createActive, published } from "./records.ts";

export function documentContract(open: () => Promise<Store>): void {
  describe("documents", () => {
    const store = openedForEach(open);
    const key = { kind: "policy", owner: "f", key: "1" };

    test("put counts revisions and keeps the time of the first", async () => {
      const first = {
        ...key,
        body: { a: [1, "ü"] },
        code: null,
        label: null,
        revision: 1,
        createdAtMs: 10,
        modifiedAtMs: 10,
      };
      expect(await store().documents.put({ ...key, body: { a: [1, "ü"] }, nowMs: 10 })).toEqual(first);
      expect(await store().documents.find(key)).toEqual(first);
      const second = { ...first, body: "text", revision: 2, modifiedAtMs: 20 };
      expect(await store().documents.put({ ...key, body: "text", nowMs: 20 })).toEqual(second);
      expect(await store().documents.find(key)).toEqual(second);
    });

    test.each([
      { name: "another kind", other: { kind: "url" } },
      { name: "another owner", other: { owner: "" } },
      { name: "another key", other: { key: "2" } },
    ])("find tells $name apart", async ({ other }) => {
      await store().documents.put({ ...key, body: 1, nowMs: 10 });
      expect(await store().documents.find({ ...key, ...other })).toBeUndefined();
    });

    test("replace puts only over the revision that it expects", async () => {
      const replace = (expectedRevision: number | null, body: number) =>
        store().documents.replace({ ...key, expectedRevision, body, nowMs: 30 });
      expect(await replace(1, 0)).toBeUndefined();
      expect(await replace(null, 1)).toMatchObject({ revision: 1, body: 1 });
      expect(await replace(null, 2)).toBeUndefined();
      expect(await replace(2, 2)).toBeUndefined();
      expect(await replace(1, 3)).toMatchObject({ revision: 2, body: 3 });
      expect(await store().documents.find(key)).toMatchObject({ revision: 2, body: 3 });
    });

    test("delete tells whether there was one, and a put after it counts from 1 again", async () => {
      await store().documents.put({ ...key, body: 1, nowMs: 10 });
      expect(await store().documents.delete(key)).toBe(true);
      expect(await store().documents.delete(key)).toBe(false);
      expect(await store().documents.put({ ...key, body: 1, nowMs: 40 })).toMatchObject({
        revision: 1,
        createdAtMs: 40,
      });
    });

    test("list pages by owner, then key, within the kind", async () => {
      for (const [owner, name] of [
        ["g", "a"],
        ["", "x/y"],
        ["f", "b"],
        ["f", "a"],
        ["", "x"],
      ] as const)
        await store().documents.put({ kind: "policy", owner, key: name, body: 1, nowMs: 10 });
      await store().documents.put({ kind: "url", owner: "f", key: "a", body: 1, nowMs: 10 });
      const list = async (owner: string | undefined, count: number) => {
        const pages = await allPages((after) => store().documents.list({ kind: "policy", owner, count, after }));
        return pages.map((page) => page.map((item) => `${item.owner}|${item.key}`));
      };
      expect(await list(undefined, 2)).toEqual([["|x", "|x/y"], ["f|a", "f|b"], ["g|a"]]);
      expect(await list("f", 1)).toEqual([["f|a"], ["f|b"]]);
      expect(await list("ghost", 1)).toEqual([[]]);
    });

    test("edit sees what is there, and puts, keeps or deletes", async () => {
      const edit = (change: (before: unknown) => DocumentEdit) =>
        store().documents.edit({ ...key, nowMs: 10 }, (before) => change(before?.body));
      expect(await edit(() => "keep")).toEqual({ kind: "done", value: undefined });
      expect(await edit((before) => ({ put: { body: [before ?? "none"], label: "l" } }))).toMatchObject({
        kind: "done",
        value: { body: ["none"], label: "l", revision: 1 },
      });
      expect(await edit((before) => ({ put: { body: [before] } }))).toMatchObject({
        value: { body: [["none"]], label: null, revision: 2 },
      });
      expect(await edit(() => "keep")).toMatchObject({ value: { revision: 2 } });
      expect(await edit(() => "delete")).toEqual({ kind: "done", value: undefined });
      expect(await store().documents.find(key)).toBeUndefined();
    });

    test("what an edit throws is thrown, and nothing happened", async () => {
      await store().documents.put({ ...key, body: 1, nowMs: 10 });
      const refused = store().documents.edit({ ...key, nowMs: 20 }, () => {
        throw new Error("refused");
      });
      expect(refused).rejects.toThrow("refused");
      expect(await store().documents.find(key)).toMatchObject({ body: 1, revision: 1 });
    });

    test("edits at the same time each see the one before", async () => {
      const count = () =>
        store().documents.edit({ ...key, nowMs: 10 }, (before) => ({ put: { body: Number(before?.body ?? 0) + 1 } }));
      await Promise.all(Array.from({ length: 20 }, count));
      expect(await store().documents.find(key)).toMatchObject({ body: 20, revision: 20 });
    });

    test("an edit waits for nothing that is missing: it names the need, and does nothing", async () => {
      const edit = (need: Need) =>
        store().documents.edit({ ...key, nowMs: 10, needs: [need] }, () => ({ put: { body: 1 } }));
      const refused: Need[] = [
        { need: "function", functionName: "ghost" },
        { need: "function", functionName: "f", qualifier: "2" },
        { need: "function", functionName: "f", qualifier: "next" },
        { need: "document", key: { kind: "other", owner: "", key: "" } },
      ];
      await createActive(store(), "f");
      for (const need of refused) expect(await edit(need)).toEqual({ kind: "unmet", need });
      expect(await store().documents.find(key)).toBeUndefined();
      await published(store(), "f");
      await store().aliases.create(alias("f", "live", { version: "1" }));
      for (const qualifier of [undefined, LATEST, "1", "live"])
        expect((await edit({ need: "function", functionName: "f", qualifier })).kind).toBe("done");
    });

    test("an edit that needs room for code is refused a byte too late, what functions and other documents use counted", async () => {
      await createActive(store(), "f", { code: code("f", 60) });
      const edit = (name: string, codeBytesMax: number) =>
        store().documents.edit(
          { ...key, key: name, nowMs: 10, needs: [{ need: "code-room", bytes: 20, codeBytesMax }] },
          () => ({
            put: { body: 1, code: code(name, 20) },
          }),
        );
      expect((await edit("a", 79)).kind).toBe("unmet");
      expect((await edit("a", 80)).kind).toBe("done");
      expect((await edit("b", 80)).kind).toBe("unmet");
      expect((await edit("b", 100)).kind).toBe("done");
      expect((await store().functions.usage()).codeBytes).toBe(100);
    });

    test("a label that another document of the kind bears is not free, and its holder is named", async () => {
      const need: Need = { need: "label-free", kind: "policy", label: "l" };
      const edit = (name: string) =>
        store().documents.edit({ ...key, key: name, nowMs: 10, needs: [need] }, () => ({
          put: { body: name, label: "l" },
        }));
      await store().documents.put({ kind: "url", owner: "f", key: "x", body: 1, label: "l", nowMs: 10 });
      expect((await edit("a")).kind).toBe("done");
      expect(await edit("b")).toMatchObject({ kind: "unmet", need, holder: { key: "a" } });
      expect((await edit("a")).kind).toBe("done");
    });

    test("list by label gives those of the kind that bear it", async () => {
      for (const [name, label] of [
        ["a", "x"],
        ["b", "y"],
        ["c", "x"],
      ] as const)
        await store().documents.put({ ...key, key: name, body: 1, label, nowMs: 10 });
      const { items } = await store().documents.list({ kind: "policy", label: "x", count: 9 });
      expect(items.map((item) => item.key)).toEqual(["a", "c"]);
    });

    test("documents of a version and of an alias go with it, those of the function stay", async () => {
      await createActive(store(), "f");
      await published(store(), "f");
      await store().aliases.create(alias("f", "live"));
      const put = (owner: string, name: string) =>
        store().documents.put({ kind: "policy", owner, key: name, body: 1, nowMs: 10 });
      for (const name of ["", "1", "live"]) await put("f", name);
      for (const name of ["1", "live"]) await put("g", name);
      await store().aliases.delete({ functionName: "f", name: "live" });
      await store().functions.deleteVersion({ functionName: "f", version: "1" });
      const { items } = await store().documents.list({ kind: "policy", count: 9 });
      expect(items.map((item) => `${item.owner}:${item.key}`)).toEqual(["f:", "g:1", "g:live"]);
    });

    test("code of a document counts in usage until it is put without, or deleted", async () => {
      const bytes = async () => (await store().functions.usage()).codeBytes;
      const put = (use: ReturnType<typeof code> | undefined) =>
        store().documents.put({ ...key, body: 1, code: use, nowMs: 10 });
      expect(await put(code("a", 10))).toMatchObject({ code: code("a", 10) });
      expect(await bytes()).toBe(10);
      await put(code("b", 30));
      expect(await bytes()).toBe(30);
      expect(await put(undefined)).toMatchObject({ code: null });
      expect(await bytes()).toBe(0);
      await put(code("c", 7));
      await store().documents.delete(key);
      expect(await bytes()).toBe(0);
    });
  });
}
