import { afterAll, beforeAll, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { allTextsOf, type DoorFixture, openDoor, textOf } from "./door-fixture.ts";

const PART_BYTES = 5 * 1024 * 1024;
let door: DoorFixture;
beforeAll(async () => {
  door = await openDoor();
  await door.ask("PUT", "/big");
});
afterAll(() => door.close());

const begin = async (key: string, headers = {}): Promise<string> =>
  textOf(await (await door.ask("POST", `/big/${key}?uploads`, { headers })).text(), "UploadId") ?? "";
const part = async (key: string, id: string, number: number, body: Uint8Array<ArrayBuffer>): Promise<string> =>
  (await door.ask("PUT", `/big/${key}?partNumber=${number}&uploadId=${id}`, { body })).headers.get("etag") ?? "";
const complete = (key: string, id: string, parts: [number, string][], headers = {}): Promise<Response> => {
  const named = parts.map(([number, etag]) => `<Part><PartNumber>${number}</PartNumber><ETag>${etag}</ETag></Part>`);
  const body = `<CompleteMultipartUpload>${named.join("")}</CompleteMultipartUpload>`;
  return door.ask("POST", `/big/${key}?uploadId=${id}`, { body, headers });
};
const bytesOf = (fill: number, bytes = PART_BYTES) => new Uint8Array(bytes).fill(fill);
const md5 = (...all: Uint8Array[]): Buffer => {
  const hash = createHash("md5");
  for (const each of all) hash.update(each);
  return hash.digest();
};
const files = async (): Promise<number> => (await readdir(join(door.directory, "buckets"))).length;

test("parts become one object in the order of their numbers; a part sent twice counts as sent last", async () => {
  const [a, b, c] = [bytesOf(1), bytesOf(2), bytesOf(3, 10)];
  const id = await begin("joined", { "content-type": "image/png", "x-amz-meta-a": "1" });
  const third = await part("joined", id, 30, c);
  const first = await part("joined", id, 1, a);
  await part("joined", id, 2, bytesOf(9));
  const second = await part("joined", id, 2, b);
  await part("joined", id, 4, bytesOf(9)); // never named
  const listed = await (await door.ask("GET", `/big/joined?uploadId=${id}&max-parts=3`)).text();
  expect(allTextsOf(listed, "PartNumber")).toEqual(["1", "2", "4"]);
  expect(textOf(listed, "IsTruncated")).toBe("true");
  expect(textOf(await (await door.ask("GET", "/big?uploads")).text(), "UploadId")).toBe(id);

  const done = await complete("joined", id, [
    [1, first],
    [2, second],
    [30, third],
  ]);
  const etag = `${createHash("md5").update(md5(a)).update(md5(b)).update(md5(c)).digest("hex")}-3`;
  expect(textOf(await done.text(), "ETag")).toBe(`&quot;${etag}&quot;`);
  const read = await door.ask("GET", "/big/joined");
  expect([read.headers.get("etag"), read.headers.get("content-type"), read.headers.get("x-amz-meta-a")]).toEqual([
    `"${etag}"`,
    "image/png",
    "1",
  ]);
  expect(md5(await read.bytes())).toEqual(md5(a, b, c));
  const middle = await door.ask("GET", "/big/joined", {
    headers: { range: `bytes=${PART_BYTES - 2}-${PART_BYTES + 1}` },
  });
  expect([...(await middle.bytes())]).toEqual([1, 1, 2, 2]);
  expect(await files()).toBe(3); // the parts that are not in it are gone
  expect((await complete("joined", id, [[1, first]])).status).toBe(404);

  await door.ask("DELETE", "/big/joined");
  expect(await files()).toBe(0);
});

test("what cannot be completed is refused, and the upload stays", async () => {
  const id = await begin("refused");
  const small = await part("refused", id, 1, bytesOf(1, 10));
  const last = await part("refused", id, 2, bytesOf(2, 10));
  const refusal = async (parts: [number, string][], headers = {}) =>
    textOf(await (await complete("refused", id, parts, headers)).text(), "Code");
  expect(
    await refusal([
      [1, small],
      [3, last],
    ]),
  ).toBe("InvalidPart");
  expect(await refusal([[1, last]])).toBe("InvalidPart");
  expect(
    await refusal([
      [2, last],
      [1, small],
    ]),
  ).toBe("InvalidPartOrder");
  expect(
    await refusal([
      [1, small],
      [1, small],
    ]),
  ).toBe("InvalidPartOrder");
  expect(
    await refusal([
      [1, small],
      [2, last],
    ]),
  ).toBe("EntityTooSmall");
  expect(await refusal([])).toBe("MalformedXML");
  await door.ask("PUT", "/big/refused", { body: "there" });
  expect(await refusal([[1, small]], { "if-none-match": "*" })).toBe("PreconditionFailed");
  expect(await (await door.ask("GET", "/big/refused")).text()).toBe("there");
  expect((await complete("refused", id, [[1, small]])).status).toBe(200);
  await door.ask("DELETE", "/big/refused");
});

test("an aborted upload leaves nothing; nor does one in a bucket that is removed", async () => {
  const id = await begin("aborted");
  await part("aborted", id, 1, bytesOf(1, 10));
  expect((await door.ask("DELETE", `/big/aborted?uploadId=${id}`)).status).toBe(204);
  expect((await door.ask("PUT", `/big/aborted?partNumber=1&uploadId=${id}`, { body: "x" })).status).toBe(404);
  await door.ask("PUT", "/short");
  const other = textOf(await (await door.ask("POST", "/short/x?uploads")).text(), "UploadId");
  await door.ask("PUT", `/short/x?partNumber=1&uploadId=${other}`, { body: "x" });
  expect((await door.ask("DELETE", "/short")).status).toBe(204);
  expect(await files()).toBe(0);
});

test("parts can be copied out of objects, which may go afterwards", async () => {
  await door.ask("PUT", "/big/source", { body: "0123456789" });
  const id = await begin("of-copies");
  const copy = async (number: number, headers: Record<string, string>) =>
    door.ask("PUT", `/big/of-copies?partNumber=${number}&uploadId=${id}`, { headers });
  const source = { "x-amz-copy-source": "/big/source" };
  const answer = await copy(1, { ...source, "x-amz-copy-source-range": "bytes=2-4" });
  const etag = textOf(await answer.text(), "ETag")?.replaceAll("&quot;", "") ?? "";
  expect(etag).toBe(md5(Buffer.from("234")).toString("hex"));
  expect((await copy(2, { "x-amz-copy-source": "/big/none" })).status).toBe(404);
  await door.ask("DELETE", "/big/source");
  await complete("of-copies", id, [[1, etag]]);
  expect(await (await door.ask("GET", "/big/of-copies")).text()).toBe("234");
  await door.ask("DELETE", "/big/of-copies");
  expect(await files()).toBe(0);
});

test("an upload goes on after a restart", async () => {
  const id = await begin("later");
  const etag = await part("later", id, 1, bytesOf(7, 10));
  await door.reopen();
  expect(await door.buckets.sweep()).toBe(0);
  expect((await complete("later", id, [[1, etag]])).status).toBe(200);
  expect(await (await door.ask("GET", "/big/later")).bytes()).toEqual(bytesOf(7, 10));
});
