import { describe, expect, test } from "bun:test";
import { layeredTrees } from "../../../src/core/layered-code.ts";
import { LATEST } from "../../../src/core/states.ts";
import type { Store } from "../../../src/store/port.ts";
import { openedForEach } from "./opened.ts";
import {
  alias,
  allPages,
  CREATING,
  code,
  create,
  createActive,
  doneValue,
  latestOf,
  layer,
  NOW_MS,
  published,
  revision,
  settings,
  settle,
  update,
  updateAndSettle,
} from "./records.ts";

export function functionContract(open: () => Promise<Store>): void {
  describe("functions", () => {
    const store = openedForEach(open);
    const find = (functionName: string, version: string) => store().functions.findVersion({ functionName, version });

    test("create answers $LATEST, and find and findVersion give back all of it", async () => {
      const latest = latestOf("f", {
        settings: settings({ environment: "id ü\u0000", layers: [layer("l")] }),
      });
      expect(await create(store(), latest)).toEqual({ kind: "done", value: latest });
      expect(await find("f", LATEST)).toEqual(latest);
      const record = { name: "f", createdAtMs: NOW_MS, tags: {}, versionNext: 1, reservedConcurrency: null };
      expect(await store().functions.find("f")).toEqual(record);
    });

    test("create with a published version answers that one and counts on after it", async () => {
      const latest = latestOf("f");
      const first = { ...latest, version: "1", revisionId: revision() };
      expect(await create(store(), latest, { published: first })).toEqual({ kind: "done", value: first });
      expect(await find("f", "1")).toEqual(first);
      expect((await store().functions.find("f"))?.versionNext).toBe(2);
      expect((await store().functions.usage()).codeBytes).toBe(200);
    });

    test("create refuses a name that is taken and changes nothing", async () => {
      const latest = await createActive(store(), "f");
      expect(await create(store(), latestOf("f", { code: code("other") }))).toEqual({ kind: "exists" });
      expect(await find("f", LATEST)).toEqual(latest);
    });

    test.each(["0", "1", "-1", "01", "1.0", "9007199254740993", "", "LATEST", "1 "])(
      "findVersion finds nothing under %p when only $LATEST is there",
      async (version) => {
        await createActive(store(), "f");
        expect(await find("f", version)).toBeUndefined();
      },
    );

    test("create refuses code beyond the account's bytes, to the byte, and counts the published version too", async () => {
      const latest = latestOf("f", { code: code("f", 60) });
      const first = { ...latest, version: "1" };
      expect(await create(store(), latest, { published: first, codeBytesMax: 119 })).toEqual({
        kind: "code-storage-exceeded",
      });
      expect(await store().functions.find("f")).toBeUndefined();
      expect((await create(store(), latest, { published: first, codeBytesMax: 120 })).kind).toBe("done");
    });

    test("updateLatest replaces what is given, keeps the rest, and is InProgress under the new revision", async () => {
      const before = await createActive(store(), "f", { settings: settings({ description: "kept", memoryMib: 256 }) });
      const answer = await update(store(), "f", {
        revisionId: "new",
        expectedRevisionId: before.revisionId,
        change: { settings: { memoryMib: 512 }, code: code("second", 7) },
      });
      const after = {
        ...before,
        revisionId: "new",
        settings: { ...before.settings, memoryMib: 512 },
        code: code("second", 7),
        updateStatus: "InProgress" as const,
        updateStatusReason: CREATING,
        lastModifiedMs: NOW_MS + 1,
      };
      expect(answer).toEqual({ kind: "done", value: after });
      expect(await find("f", LATEST)).toEqual(after);
    });

    test("updateLatest refuses what is missing, stale, or under way", async () => {
      await create(store(), latestOf("pending"));
      await createActive(store(), "f");
      expect(await update(store(), "ghost", {})).toEqual({ kind: "missing" });
      expect(await update(store(), "f", { expectedRevisionId: "old" })).toEqual({ kind: "stale-revision" });
      expect(await update(store(), "pending", {})).toEqual({ kind: "update-in-progress" });
      expect((await update(store(), "f", {})).kind).toBe("done");
      expect(await update(store(), "f", {})).toEqual({ kind: "update-in-progress" });
    });

    test("updateLatest refuses added code beyond the account's bytes, but never a change that adds none", async () => {
      await createActive(store(), "f", { code: code("f", 100) });
      const more = { change: { code: code("more", 101) } };
      expect(await update(store(), "f", { ...more, codeBytesMax: 100 })).toEqual({ kind: "code-storage-exceeded" });
      await updateAndSettle(store(), "f", { change: { settings: { timeoutSeconds: 9 } }, codeBytesMax: 1 });
      await updateAndSettle(store(), "f", { change: { code: code("less", 99) }, codeBytesMax: 1 });
      expect((await update(store(), "f", { ...more, codeBytesMax: 101 })).kind).toBe("done");
    });

    test("settle makes a Pending version Active, once, under a new revision", async () => {
      const latest = latestOf("f");
      await create(store(), latest);
      const key = { functionName: "f", version: LATEST };
      const settled = { ...latest, revisionId: "r2", state: "Active", stateReason: null, updateStatus: "Successful" };
      const input = { ...key, expectedRevisionId: latest.revisionId, revisionId: "r2" };
      expect(await store().functions.settle({ ...input, expectedRevisionId: "other" })).toBeUndefined();
      expect(await store().functions.settle(input)).toEqual(settled as typeof latest);
      expect(await find("f", LATEST)).toEqual(settled as typeof latest);
      expect(await store().functions.settle({ ...input, expectedRevisionId: "r2" })).toBeUndefined();
      expect(await store().functions.settle({ ...input, functionName: "ghost" })).toBeUndefined();
    });

    test("settle with a failure fails a Pending version, and of an Active one only the update", async () => {
      const failure = { reason: "no such handler", code: "InvalidZip" };
      await create(store(), latestOf("new"));
      expect(await settle(store(), "new", LATEST, failure)).toMatchObject({
        state: "Failed",
        stateReason: failure,
        updateStatus: "Failed",
        updateStatusReason: failure,
      });
      await createActive(store(), "f");
      await update(store(), "f", {});
      expect(await settle(store(), "f", LATEST, failure)).toMatchObject({
        state: "Active",
        stateReason: null,
        updateStatus: "Failed",
        updateStatusReason: failure,
      });
      await updateAndSettle(store(), "f", {});
      expect(await find("f", LATEST)).toMatchObject({ updateStatus: "Successful", updateStatusReason: null });
    });

    test("listUnsettled gives what is Pending or InProgress, and only that", async () => {
      await createActive(store(), "active");
      await create(store(), latestOf("pending"));
      await createActive(store(), "updated");
      await published(store(), "updated");
      await update(store(), "updated", {});
      const names = async () => (await store().functions.listUnsettled()).map((v) => `${v.functionName}:${v.version}`);
      expect(await names()).toEqual(["pending:$LATEST", "updated:$LATEST", "updated:1"]);
      await settle(store(), "updated", "1");
      await settle(store(), "pending", LATEST);
      expect(await names()).toEqual(["updated:$LATEST"]);
    });

    const changeTags = (input: Partial<Parameters<Store["functions"]["changeTags"]>[0]>) =>
      store().functions.changeTags({
        functionName: "f",
        set: {},
        remove: [],
        countMax: 3,
        revisionId: revision(),
        ...input,
      });

    test("changeTags removes, then sets, and gives a settled $LATEST the new revision", async () => {
      await createActive(store(), "f");
      await changeTags({ set: { a: "1", b: "2", c: "3" } });
      const change = { set: { b: "new", d: "4" }, remove: ["a", "b", "ghost"], revisionId: "r2" };
      expect(await changeTags(change)).toEqual({ kind: "done", value: null });
      expect((await store().functions.find("f"))?.tags).toEqual({ b: "new", c: "3", d: "4" });
      expect((await find("f", LATEST))?.revisionId).toBe("r2");
    });

    test("changeTags refuses a missing function, and more tags than there may be, and changes nothing", async () => {
      const { revisionId } = await createActive(store(), "f");
      expect(await changeTags({ functionName: "ghost" })).toEqual({ kind: "missing" });
      expect(await changeTags({ set: { a: "", b: "", c: "", d: "" } })).toEqual({ kind: "too-many-tags" });
      expect((await store().functions.find("f"))?.tags).toEqual({});
      expect((await find("f", LATEST))?.revisionId).toBe(revisionId);
    });

    test("changeTags on a Pending function does not keep it from being settled", async () => {
      const latest = latestOf("f");
      await create(store(), latest);
      await changeTags({ set: { team: "a" }, revisionId: "r2" });
      const input = { functionName: "f", version: LATEST, expectedRevisionId: latest.revisionId, revisionId: "r3" };
      expect((await store().functions.settle(input))?.state).toBe("Active");
    });

    test("putReservedConcurrency sets and clears, and usage adds up", async () => {
      await createActive(store(), "a", { code: code("a", 10) });
      await createActive(store(), "b", { code: code("b", 5) });
      const put = (functionName: string, reserved: number | null) =>
        store().functions.putReservedConcurrency({ functionName, reserved, totalMax: 10 });
      expect(await put("a", 7)).toEqual({ kind: "done", value: null });
      expect(await put("b", 0)).toEqual({ kind: "done", value: null });
      expect(await put("ghost", 1)).toEqual({ kind: "missing" });
      expect(await put("b", 4)).toEqual({ kind: "over-reserved" });
      expect((await store().functions.find("b"))?.reservedConcurrency).toBe(0);
      expect(await store().functions.usage()).toEqual({ codeBytes: 15, functionCount: 2, reservedConcurrency: 7 });
      expect((await put("a", 10)).kind).toBe("done");
      await put("a", null);
      expect((await store().functions.usage()).reservedConcurrency).toBe(0);
    });

    test("listReserved pages through the functions that reserve, also nothing", async () => {
      for (const name of ["a", "b", "c", "d"]) await createActive(store(), name);
      for (const [functionName, reserved] of [
        ["d", 2],
        ["a", 0],
        ["c", 1],
      ] as const)
        await store().functions.putReservedConcurrency({ functionName, reserved, totalMax: 9 });
      const pages = await allPages((after) => store().functions.listReserved({ after, count: 2 }));
      expect(pages.map((page) => page.map((item) => [item.name, item.reservedConcurrency]))).toEqual([
        [
          ["a", 0],
          ["c", 1],
        ],
        [["d", 2]],
      ]);
    });

    test("a reservation may shrink even while all together are over the limit", async () => {
      await createActive(store(), "a");
      const put = (reserved: number, totalMax: number) =>
        store().functions.putReservedConcurrency({ functionName: "a", reserved, totalMax });
      await put(9, 10);
      expect(await put(10, 5)).toEqual({ kind: "over-reserved" });
      expect((await put(8, 5)).kind).toBe("done");
    });

    test("create puts documents along, and does nothing while a need is unmet", async () => {
      const link = { kind: "link", owner: "f", key: "", body: 1, label: "x", nowMs: NOW_MS };
      const need = { need: "document" as const, key: { kind: "config", owner: "", key: "x" } };
      const make = () =>
        store().functions.create({
          record: { name: "f", createdAtMs: NOW_MS, tags: {}, versionNext: 1, reservedConcurrency: null },
          latest: latestOf("f"),
          codeBytesMax: 1000,
          documents: [link],
          needs: [need],
        });
      expect(await make()).toEqual({ kind: "unmet", need });
      expect(await store().functions.find("f")).toBeUndefined();
      await store().documents.put({ ...need.key, body: 1, nowMs: NOW_MS });
      expect((await make()).kind).toBe("done");
      expect(await store().documents.find(link)).toMatchObject({ body: 1, label: "x" });
    });

    test("updateLatest with dryRun answers what would be, refuses what it would refuse, and changes nothing", async () => {
      const before = await createActive(store(), "f");
      await published(store(), "f");
      const latest = await find("f", LATEST);
      const publish = { revisionId: "r9", reason: CREATING };
      const dryRun = (input: object) => update(store(), "f", { dryRun: true, ...input });
      const change = { code: code("next", 7), settings: { memoryMib: 512 } };
      expect(doneValue(await dryRun({ change }))).toEqual({
        ...before,
        revisionId: latest?.revisionId ?? "",
        code: change.code,
        settings: { ...before.settings, memoryMib: 512 },
      });
      expect(doneValue(await dryRun({ change, publish }))).toMatchObject({ version: "2", code: change.code });
      expect(doneValue(await dryRun({ publish }))).toMatchObject({ version: "1", code: before.code });
      expect(await dryRun({ expectedRevisionId: "old" })).toEqual({ kind: "stale-revision" });
      expect(await dryRun({ change: { code: code("big", 999) }, codeBytesMax: 500 })).toEqual({
        kind: "code-storage-exceeded",
      });
      expect(await find("f", LATEST)).toEqual(latest);
      expect(await published(store(), "f")).toBe("1");
    });

    test("delete takes versions, aliases, documents and their bytes along, and a new function starts at 1 again", async () => {
      await createActive(store(), "f");
      await createActive(store(), "g");
      await published(store(), "f");
      await store().aliases.create(alias("f", "live", { version: "1" }));
      await store().documents.put({ kind: "url", owner: "f", key: "", body: 1, nowMs: NOW_MS });
      await store().documents.put({ kind: "url", owner: "g", key: "", body: 1, nowMs: NOW_MS });
      expect(await store().functions.delete("f")).toEqual({ kind: "done", value: null });
      expect(await store().functions.delete("f")).toEqual({ kind: "missing" });
      expect(await find("f", "1")).toBeUndefined();
      expect(await store().aliases.find({ functionName: "f", name: "live" })).toBeUndefined();
      const documents = await store().documents.list({ kind: "url", count: 9 });
      expect(documents.items.map((item) => item.owner)).toEqual(["g"]);
      expect(await store().functions.usage()).toMatchObject({ codeBytes: 100, functionCount: 1 });
      await createActive(store(), "f");
      expect(await published(store(), "f")).toBe("1");
    });

    test("digestsInUse names each package once, of versions and documents alike", async () => {
      await createActive(store(), "a", { code: code("shared") });
      await createActive(store(), "b", { code: code("shared") });
      await published(store(), "b");
      await updateAndSettle(store(), "b", { change: { code: code("newer") } });
      await store().documents.put({ kind: "layer", owner: "", key: "l", body: {}, code: code("layer"), nowMs: NOW_MS });
      const inUse = [code("layer"), code("newer"), code("shared")].map((use) => use.sha256).sort();
      expect([...(await store().functions.digestsInUse())].sort()).toEqual(inUse);
    });

    test("digestsInUse names the layers of versions too, and the trees made of them, until the last of those goes", async () => {
      const layers = [layer("lower"), layer("upper")];
      const latest = latestOf("f", { settings: settings({ layers }) });
      await create(store(), latest, { published: { ...latest, version: "1", revisionId: revision() } });
      const layerSha256s = layers.map((use) => use.sha256);
      const trees = layeredTrees({ codeSha256: latest.code.sha256, layerSha256s, runtime: "nodejs22.x" });
      const inUse = async () => [...(await store().functions.digestsInUse())].sort();
      const all = [latest.code.sha256, ...layerSha256s, trees.opt, trees.root].sort();
      expect(new Set(all).size).toBe(5);
      expect(await inUse()).toEqual(all);
      await store().functions.deleteVersion({ functionName: "f", version: "1" });
      expect(await inUse()).toEqual(all);
      await store().functions.delete("f");
      expect(await inUse()).toEqual([]);
    });

    test("list pages through functions by name", async () => {
      for (const name of ["b", "a-2", "C", "a", "a_2"]) await createActive(store(), name);
      const pages = await allPages((after) => store().functions.list({ versions: "latest", count: 2, after }));
      expect(pages.map((page) => page.map((v) => v.functionName))).toEqual([["C", "a"], ["a-2", "a_2"], ["b"]]);
    });

    test("list with all versions goes by name, then $LATEST, then ascending numbers", async () => {
      await createActive(store(), "a");
      await createActive(store(), "b");
      for (let memoryMib = 129; memoryMib <= 139; memoryMib++) {
        await updateAndSettle(store(), "a", { change: { settings: { memoryMib } } });
        await published(store(), "a");
      }
      const expected = ["a:$LATEST", ...Array.from({ length: 11 }, (_, i) => `a:${i + 1}`), "b:$LATEST"];
      const list = (count: number) => allPages((after) => store().functions.list({ versions: "all", count, after }));
      for (const count of [1, 3, 13]) {
        const names = (await list(count)).flat().map((v) => `${v.functionName}:${v.version}`);
        expect(names).toEqual(expected);
      }
      const versions = await allPages((after) =>
        store().functions.listVersions({ functionName: "a", count: 5, after }),
      );
      expect(versions.map((page) => page.length)).toEqual([5, 5, 2]);
      expect(versions.flat().map((v) => `a:${v.version}`)).toEqual(expected.slice(0, 12));
    });

    test("list answers an empty page, not a failure, for keys that it never gave", async () => {
      await createActive(store(), "f");
      for (const after of ["zzz", "zzz:", "zzz:x", "f:99999999999999999999", "🙂"]) {
        expect(await store().functions.list({ versions: "latest", count: 9, after })).toEqual({ items: [] });
      }
      expect(await store().functions.listVersions({ functionName: "ghost", count: 9 })).toEqual({ items: [] });
    });

    test("of two creates at once one is done and the other refused", async () => {
      const answers = await Promise.all([create(store(), latestOf("f")), create(store(), latestOf("f"))]);
      expect(answers.map((answer) => answer.kind).sort()).toEqual(["done", "exists"]);
      expect(doneValue(answers.find((answer) => answer.kind === "done") ?? { kind: "none" })).toBeDefined();
    });
  });
}
