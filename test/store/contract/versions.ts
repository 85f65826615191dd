import { describe, expect, test } from "bun:test";
import { LATEST } from "../../../src/core/states.ts";
import type { Store } from "../../../src/store/port.ts";
import { openedForEach } from "./opened.ts";
import {
  alias,
  CREATING,
  code,
  create,
  createActive,
  doneValue,
  latestOf,
  NOW_MS,
  publish,
  published,
  revision,
  settings,
  settle,
  update,
  updateAndSettle,
} from "./records.ts";

export function versionContract(open: () => Promise<Store>): void {
  describe("versions", () => {
    const store = openedForEach(open);
    const find = (functionName: string, version: string) => store().functions.findVersion({ functionName, version });

    test("publish copies $LATEST as the next number, Pending, and gives $LATEST a new revision", async () => {
      const latest = await createActive(store(), "f", { settings: settings({ description: "of latest" }) });
      const first = { ...latest, version: "1", revisionId: "v1", lastModifiedMs: NOW_MS + 2 };
      const pending = { state: "Pending", stateReason: CREATING, updateStatus: null } as const;
      const answer = await publish(store(), "f", { revisionId: "v1", latestRevisionId: "l2" });
      expect(answer).toEqual({ kind: "done", value: { ...first, ...pending } });
      expect(await find("f", "1")).toEqual({ ...first, ...pending });
      expect(await find("f", LATEST)).toEqual({ ...latest, revisionId: "l2" });
      expect(await settle(store(), "f", "1")).toMatchObject({ state: "Active", updateStatus: "Successful" });
    });

    test("publish of an unchanged $LATEST answers the version that is there, whatever the description", async () => {
      await createActive(store(), "f");
      await published(store(), "f", { description: "one" });
      const before = await find("f", LATEST);
      const again = doneValue(await publish(store(), "f", { description: "two" }));
      expect(again).toMatchObject({ version: "1", settings: { description: "one" } });
      expect(await find("f", LATEST)).toEqual(before);
      expect((await store().functions.find("f"))?.versionNext).toBe(2);
    });

    test("create with a published version leaves nothing to publish", async () => {
      const latest = latestOf("f", { settings: settings({ description: "of latest" }) });
      const first = { ...latest, version: "1", settings: settings({ description: "of one" }) };
      await create(store(), latest, { published: first });
      await settle(store(), "f", LATEST);
      expect(await published(store(), "f")).toBe("1");
    });

    test.each([
      { name: "the code", change: { code: code("other") }, version: "2" },
      { name: "a setting", change: { settings: { memoryMib: 129 } }, version: "2" },
      { name: "the description", change: { settings: { description: "new" } }, version: "2" },
      { name: "the environment", change: { settings: { environment: "id-2 abc" } }, version: "2" },
      { name: "the seal of the environment", change: { settings: { environment: "id-1 def" } }, version: "1" },
      { name: "nothing", change: {}, version: "1" },
    ])("after an update of $name publish answers version $version", async ({ change, version }) => {
      await createActive(store(), "f", { settings: settings({ environment: "id-1 abc" }) });
      await published(store(), "f");
      await updateAndSettle(store(), "f", { change });
      expect(await published(store(), "f")).toBe(version);
    });

    test("publish compares with the last version only: going back to an older state is a change", async () => {
      await createActive(store(), "f", { code: code("a") });
      await published(store(), "f");
      await updateAndSettle(store(), "f", { change: { code: code("b") } });
      await published(store(), "f");
      await updateAndSettle(store(), "f", { change: { code: code("a") } });
      expect(await published(store(), "f")).toBe("3");
    });

    test("a number is never given out again, not even that of a deleted last version", async () => {
      await createActive(store(), "f");
      expect(await published(store(), "f")).toBe("1");
      expect(await store().functions.deleteVersion({ functionName: "f", version: "1" })).toMatchObject({
        kind: "done",
      });
      expect(await published(store(), "f")).toBe("2");
    });

    test("a published version stays as it is when $LATEST moves on", async () => {
      await createActive(store(), "f");
      await published(store(), "f");
      const before = await find("f", "1");
      await updateAndSettle(store(), "f", { change: { code: code("b"), settings: { timeoutSeconds: 60 } } });
      expect(await find("f", "1")).toEqual(before);
    });

    test("publish refuses what is missing, stale, other code, or under way", async () => {
      const latest = await createActive(store(), "f");
      expect(await publish(store(), "ghost")).toEqual({ kind: "missing" });
      expect(await publish(store(), "f", { expectedRevisionId: "old" })).toEqual({ kind: "stale-revision" });
      const other = { kind: "other-code", sha256: latest.code.sha256 } as const;
      expect(await publish(store(), "f", { expectedSha256: code("else").sha256 })).toEqual(other);
      expect(await publish(store(), "f", { codeBytesMax: 199 })).toEqual({ kind: "code-storage-exceeded" });
      await update(store(), "f", {});
      expect(await publish(store(), "f")).toEqual({ kind: "update-in-progress" });
      await settle(store(), "f", LATEST);
      const current = await find("f", LATEST);
      const guards = { expectedRevisionId: current?.revisionId, expectedSha256: latest.code.sha256 };
      expect(await publish(store(), "f", { ...guards, codeBytesMax: 200 })).toMatchObject({ kind: "done" });
      expect(await publish(store(), "f", { codeBytesMax: 1 })).toMatchObject({ kind: "done" }); // unchanged: adds nothing
    });

    test("updateLatest with publish does both in one step and answers the version", async () => {
      await createActive(store(), "f");
      const change = { code: code("b", 60), settings: { description: "of latest" } };
      const input = { change, publish: { revisionId: "v1", description: "of one", reason: CREATING } };
      expect(await update(store(), "f", { ...input, codeBytesMax: 119 })).toEqual({ kind: "code-storage-exceeded" });
      expect(await find("f", LATEST)).toMatchObject({ code: code("f") });
      expect(doneValue(await update(store(), "f", { ...input, codeBytesMax: 120 }))).toMatchObject({
        version: "1",
        revisionId: "v1",
        code: code("b", 60),
        settings: { description: "of one" },
        state: "Pending",
      });
      expect(await find("f", LATEST)).toMatchObject({
        updateStatus: "InProgress",
        settings: { description: "of latest" },
      });
      await settle(store(), "f", LATEST);
      expect(await published(store(), "f")).toBe("1");
    });

    test("updateLatest with publish and no change answers the version that is there", async () => {
      await createActive(store(), "f");
      await published(store(), "f");
      const answer = await update(store(), "f", { publish: { revisionId: revision(), reason: CREATING } });
      expect(doneValue(answer)).toMatchObject({ version: "1" });
      expect(await find("f", "2")).toBeUndefined();
      expect(await find("f", LATEST)).toMatchObject({ updateStatus: "InProgress" });
    });

    test("deleteVersion refuses while an alias names the version, also by weight, and lists the aliases", async () => {
      await createActive(store(), "f");
      await published(store(), "f");
      await updateAndSettle(store(), "f", { change: { code: code("b") } });
      await published(store(), "f");
      await store().aliases.create(alias("f", "main", { version: "1" }));
      await store().aliases.create(alias("f", "canary", { version: "2", weights: { "1": 0.1 } }));
      await store().aliases.create(alias("f", "other", { version: "2" }));
      const first = { functionName: "f", version: "1" };
      expect(await store().functions.deleteVersion(first)).toEqual({ kind: "aliased", aliases: ["canary", "main"] });
      await store().aliases.delete({ functionName: "f", name: "main" });
      await store().aliases.delete({ functionName: "f", name: "canary" });
      expect(await store().functions.deleteVersion(first)).toEqual({ kind: "done", value: null });
      expect(await store().functions.deleteVersion(first)).toEqual({ kind: "missing" });
      expect(await store().functions.deleteVersion({ ...first, version: "nine" })).toEqual({ kind: "missing" });
      expect((await store().functions.usage()).codeBytes).toBe(200);
    });
  });
}
