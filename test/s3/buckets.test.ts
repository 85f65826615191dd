import { afterEach, beforeEach, expect, test } from "bun:test";
import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { allTextsOf, type DoorFixture, openDoor, textOf } from "./door-fixture.ts";

let door: DoorFixture;
beforeEach(async () => {
  door = await openDoor();
  await door.ask("PUT", "/box");
});
afterEach(() => door.close());

const blobs = async (): Promise<string[]> => readdir(join(door.directory, "buckets"));
const put = async (key: string, body: string): Promise<string | null> =>
  (await door.ask("PUT", `/box/${key}`, { body })).headers.get("x-amz-version-id");
const read = async (path: string): Promise<string> => {
  const response = await door.ask("GET", `/box/${path}`);
  return response.ok ? response.text() : (textOf(await response.text(), "Code") ?? "");
};
const setVersioning = (status: string) =>
  door.ask("PUT", "/box?versioning", {
    body: `<VersioningConfiguration><Status>${status}</Status></VersioningConfiguration>`,
  });

test("objects outlive a restart; replaced and deleted ones leave no bytes", async () => {
  await put("a", "one");
  await put("a", "two");
  await put("empty", "");
  await put("b", "gone");
  await door.ask("DELETE", "/box/b");
  await door.reopen();
  expect([await read("a"), await read("empty"), await read("b")]).toEqual(["two", "", "NoSuchKey"]);
  expect(await blobs()).toHaveLength(1);
});

test("with versioning on, every version stays until it is deleted by its id", async () => {
  const before = await put("k", "zero");
  await setVersioning("Enabled");
  const [one, two] = [await put("k", "one"), await put("k", "two")];
  expect(before).toBeNull();
  expect(await Promise.all(["k", `k?versionId=${one}`, `k?versionId=${two}`, "k?versionId=null"].map(read))).toEqual([
    "two",
    "one",
    "two",
    "zero",
  ]);
  const marker = await door.ask("DELETE", "/box/k");
  const markerId = marker.headers.get("x-amz-version-id");
  expect([marker.status, marker.headers.get("x-amz-delete-marker")]).toEqual([204, "true"]);
  const gone = await door.ask("GET", "/box/k");
  expect([gone.status, gone.headers.get("x-amz-delete-marker")]).toEqual([404, "true"]);
  expect(await read(`k?versionId=${markerId}`)).toBe("MethodNotAllowed");
  expect(await (await door.ask("GET", "/box?list-type=2")).text()).toContain("<KeyCount>0</KeyCount>");
  expect((await door.ask("DELETE", "/box")).status).toBe(409);

  await door.ask("DELETE", `/box/k?versionId=${markerId}`);
  expect(await read("k")).toBe("two");
  await door.ask("DELETE", `/box/k?versionId=${two}`);
  expect(await read("k")).toBe("one");
  const all = `<Delete><Object><Key>k</Key><VersionId>${one}</VersionId></Object><Object><Key>k</Key><VersionId>null</VersionId></Object></Delete>`;
  const deleted = await (await door.ask("POST", "/box?delete", { body: all })).text();
  expect(allTextsOf(deleted, "VersionId")).toEqual([one ?? "", "null"]);
  expect(await blobs()).toEqual([]);
  expect((await door.ask("DELETE", "/box")).status).toBe(204);
});

test("with versioning suspended, the version null is replaced and the others stay", async () => {
  await setVersioning("Enabled");
  const kept = await put("k", "kept");
  await setVersioning("Suspended");
  expect([await put("k", "one"), await put("k", "two")]).toEqual(["null", "null"]);
  expect((await door.ask("DELETE", "/box/k")).headers.get("x-amz-version-id")).toBe("null");
  expect([await read("k"), await read(`k?versionId=${kept}`)]).toEqual(["NoSuchKey", "kept"]);
  expect(textOf(await (await door.ask("GET", "/box?versioning")).text(), "Status")).toBe("Suspended");
  expect(await blobs()).toHaveLength(1);
});

test("of many that put the same key with If-None-Match at once exactly one succeeds", async () => {
  const answers = await Promise.all(
    Array.from({ length: 20 }, (_, index) =>
      door.ask("PUT", "/box/once", { body: `by ${index}`, headers: { "if-none-match": "*" } }),
    ),
  );
  expect(answers.filter((answer) => answer.status === 200)).toHaveLength(1);
  expect(answers.filter((answer) => answer.status === 412)).toHaveLength(19);
  expect(await blobs()).toHaveLength(1);
});

test("who reads while the object is replaced and deleted reads one of them to its end", async () => {
  const text = (fill: string): string => fill.repeat(9 * 1024 * 1024); // more than is kept in memory
  await put("k", text("a"));
  const [object] = [door.buckets.find({ bucket: "box", key: "k" })];
  const reader = door.buckets.blobs.read(door.buckets.piecesOf(object)).getReader();
  await reader.read();
  await put("k", text("b"));
  await door.ask("DELETE", "/box/k");
  expect(await blobs()).toHaveLength(1);
  let bytes = 0;
  for (let step = await reader.read(); !step.done; step = await reader.read()) {
    expect(step.value.every((byte) => byte === 97)).toBe(true);
    bytes += step.value.length;
  }
  expect(bytes).toBeGreaterThan(8 * 1024 * 1024);
  await Bun.sleep(20);
  expect(await blobs()).toEqual([]);
});

test("a reader that goes away lets go", async () => {
  await put("k", "bytes");
  const stream = door.buckets.blobs.read(door.buckets.piecesOf(door.buckets.find({ bucket: "box", key: "k" })));
  await door.ask("DELETE", "/box/k");
  expect(await blobs()).toHaveLength(1);
  await stream.cancel();
  await Bun.sleep(20);
  expect(await blobs()).toEqual([]);
});

test("a client that goes away in the middle of its upload changes nothing and leaves nothing", async () => {
  await put("k", "before");
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      controller.enqueue(Buffer.from("half of it"));
      await Bun.sleep(5);
      controller.error(new DOMException("gone", "AbortError"));
    },
  });
  const response = await door.ask("PUT", "/box/k", { body });
  expect([response.status, textOf(await response.text(), "Code")]).toEqual([400, "IncompleteBody"]);
  expect(await read("k")).toBe("before");
  expect(await blobs()).toHaveLength(1);
});

test("the sweep removes what a crash left, and nothing else", async () => {
  await put("k", "kept");
  const folder = join(door.directory, "buckets");
  const orphan = "0".repeat(32);
  for (const name of [orphan, `${orphan}.part`, "notes.txt"]) await writeFile(join(folder, name), "x");
  await door.reopen();
  const uploading = put("l", "new"); // while it sweeps
  expect(await door.buckets.sweep()).toBe(2);
  await uploading;
  expect([await read("k"), await read("l")]).toEqual(["kept", "new"]);
  expect((await blobs()).includes("notes.txt")).toBe(true);
});

test("a whole object is read for Lambda, within its limit", async () => {
  await put("k", "12345");
  const name = { bucket: "box", key: "k" };
  expect(await door.buckets.readWhole(name, 5)).toEqual({ kind: "found", bytes: new Uint8Array(Buffer.from("12345")) });
  expect(await door.buckets.readWhole(name, 4)).toEqual({ kind: "too-large", bytes: 5 });
  expect(await door.buckets.readWhole({ bucket: "nothing", key: "k" }, 5)).toEqual({ kind: "no-bucket" });
  expect(await door.buckets.readWhole({ bucket: "box", key: "x" }, 5)).toMatchObject({
    kind: "refused",
    code: "NoSuchKey",
  });
  expect(await door.buckets.readWhole({ ...name, versionId: "x" }, 5)).toMatchObject({ code: "NoSuchVersion" });
});
