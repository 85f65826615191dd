import { describe, expect, test } from "bun:test";
import { LATEST } from "../../../src/core/states.ts";
import type { Store } from "../../../src/store/port.ts";
import { openedForEach } from "./opened.ts";
import { alias, allPages, code, createActive, published, updateAndSettle } from "./records.ts";

export function aliasContract(open: () => Promise<Store>): void {
  describe("aliases", () => {
    const store = openedForEach(open);

    async function functionWithTwoVersions(): Promise<void> {
      await createActive(store(), "f");
      await published(store(), "f");
      await updateAndSettle(store(), "f", { change: { code: code("b") } });
      await published(store(), "f");
    }

    test("create answers the alias, and find gives back all of it", async () => {
      await functionWithTwoVersions();
      const live = alias("f", "live", { version: "2", description: "d", weights: { "1": 0.25 } });
      expect(await store().aliases.create(live)).toEqual({ kind: "done", value: live });
      expect(await store().aliases.find({ functionName: "f", name: "live" })).toEqual(live);
      expect(await store().aliases.find({ functionName: "g", name: "live" })).toBeUndefined();
    });

    test("create refuses a missing function, a name that is taken, and versions that are not there", async () => {
      await functionWithTwoVersions();
      await store().aliases.create(alias("f", "live"));
      const create = (change: object) => store().aliases.create({ ...alias("f", "next"), ...change });
      expect(await create({ functionName: "ghost" })).toEqual({ kind: "missing" });
      expect(await create({ name: "live" })).toEqual({ kind: "exists" });
      expect(await create({ version: "3" })).toEqual({ kind: "no-version", version: "3" });
      expect(await create({ version: "1", weights: { "2": 0.1, "4": 0.1 } })).toEqual({
        kind: "no-version",
        version: "4",
      });
    });

    test("update replaces what is given, keeps the rest, and has the new revision", async () => {
      await functionWithTwoVersions();
      const live = alias("f", "live", { version: "1", description: "kept", weights: { "2": 0.5 } });
      await store().aliases.create(live);
      const key = { functionName: "f", name: "live" };
      const input = {
        ...key,
        expectedRevisionId: live.revisionId,
        revisionId: "r2",
        change: { version: "2", weights: {} },
      };
      const after = { ...live, version: "2", weights: {}, revisionId: "r2" };
      expect(await store().aliases.update(input)).toEqual({ kind: "done", value: after });
      expect(await store().aliases.find(key)).toEqual(after);
    });

    test("update refuses what is missing or stale and versions that are not there, and changes nothing", async () => {
      await functionWithTwoVersions();
      const live = alias("f", "live", { version: "1" });
      await store().aliases.create(live);
      const update = (change: object) =>
        store().aliases.update({ functionName: "f", name: "live", revisionId: "r2", change: {}, ...change });
      expect(await update({ name: "ghost" })).toEqual({ kind: "missing" });
      expect(await update({ functionName: "ghost" })).toEqual({ kind: "missing" });
      expect(await update({ expectedRevisionId: "old" })).toEqual({ kind: "stale-revision" });
      expect(await update({ change: { version: "9" } })).toEqual({ kind: "no-version", version: "9" });
      expect(await update({ change: { weights: { "9": 0.1 } } })).toEqual({ kind: "no-version", version: "9" });
      expect(await store().aliases.find({ functionName: "f", name: "live" })).toEqual(live);
    });

    test("list pages by name, and by version gives those that name it, also by weight", async () => {
      await functionWithTwoVersions();
      await store().aliases.create(alias("f", "c", { version: "1" }));
      await store().aliases.create(alias("f", "a", { version: "2", weights: { "1": 0.1 } }));
      await store().aliases.create(alias("f", "b", { version: LATEST }));
      const list = (version?: string) =>
        allPages((after) => store().aliases.list({ functionName: "f", version, count: 2, after }));
      const names = async (version?: string) => (await list(version)).map((page) => page.map((item) => item.name));
      expect(await names()).toEqual([["a", "b"], ["c"]]);
      expect(await names("1")).toEqual([["a", "c"]]);
      expect(await names(LATEST)).toEqual([["b"]]);
      expect(await names("12")).toEqual([[]]);
      expect(await names("nine")).toEqual([[]]);
    });

    test("delete removes one, and does not mind when there is none", async () => {
      await functionWithTwoVersions();
      await store().aliases.create(alias("f", "a"));
      await store().aliases.create(alias("f", "b"));
      await store().aliases.delete({ functionName: "f", name: "a" });
      await store().aliases.delete({ functionName: "f", name: "a" });
      expect((await store().aliases.list({ functionName: "f", count: 9 })).items.map((item) => item.name)).toEqual([
        "b",
      ]);
    });
  });
}
