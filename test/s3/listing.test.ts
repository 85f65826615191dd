import { afterAll, beforeAll, expect, test } from "bun:test";
import fc from "fast-check";
import { allTextsOf, type DoorFixture, openDoor, textOf } from "./door-fixture.ts";

let door: DoorFixture;
let count = 0;
beforeAll(async () => {
  door = await openDoor();
});
afterAll(() => door.close());

/** A new bucket with empty objects under these keys; the rows go in directly, a file each would take its time. */
async function bucketWith(keys: readonly string[]): Promise<string> {
  const bucket = `listing-${count++}`;
  door.buckets.create(bucket);
  const attributes = { headers: {}, metadata: {}, tags: {}, checksum: null };
  for (const key of keys) await door.buckets.store({ bucket, key }, { pieces: () => [], etag: "", attributes });
  return bucket;
}

/** Every page, one after the other. */
async function pages(
  bucket: string,
  parameters: string,
): Promise<{ keys: string[]; prefixes: string[]; sizes: number[] }> {
  const result = { keys: [] as string[], prefixes: [] as string[], sizes: [] as number[] };
  for (let token: string | undefined = ""; token !== undefined; ) {
    const next: string = token ? `&continuation-token=${encodeURIComponent(token)}` : "";
    const xml = await (await door.ask("GET", `/${bucket}?list-type=2&encoding-type=url&${parameters}${next}`)).text();
    const prefixes = [...xml.matchAll(/<CommonPrefixes><Prefix>([^<]*)</g)].map((match) => match[1] ?? "");
    result.keys.push(...allTextsOf(xml, "Key").map(decodeURIComponent));
    result.prefixes.push(...prefixes.map(decodeURIComponent));
    result.sizes.push(Number(textOf(xml, "KeyCount")));
    token = textOf(xml, "NextContinuationToken");
  }
  return result;
}

/** What a listing has to answer, the simple way. */
function expected(keys: readonly string[], prefix: string, delimiter: string): { keys: string[]; prefixes: string[] } {
  const sorted = [...new Set(keys)].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  const plain: string[] = [];
  const prefixes = new Set<string>();
  for (const key of sorted.filter((each) => each.startsWith(prefix))) {
    const at = delimiter === "" ? -1 : key.indexOf(delimiter, prefix.length);
    if (at < 0) plain.push(key);
    else prefixes.add(key.slice(0, at + delimiter.length));
  }
  return { keys: plain, prefixes: [...prefixes] };
}

test("pages of any size hold each key and each common prefix once, in S3's order", async () => {
  const key = fc.string({
    unit: fc.constantFrom("a", "b", "/", "é", "😀", "\uffee", " ", "+", "%"),
    minLength: 1,
    maxLength: 6,
  });
  await fc.assert(
    fc.asyncProperty(
      fc.array(key, { maxLength: 25 }),
      fc.constantFrom("", "a", "a/", "/", "b"),
      fc.constantFrom("", "/", "a"),
      fc.integer({ min: 1, max: 7 }),
      async (keys, prefix, delimiter, countMax) => {
        const bucket = await bucketWith(keys);
        const parameters = new URLSearchParams({ prefix, delimiter, "max-keys": String(countMax) });
        const { sizes, ...found } = await pages(bucket, String(parameters));
        expect(found).toEqual(expected(keys, prefix, delimiter));
        expect(Math.max(0, ...sizes)).toBeLessThanOrEqual(countMax);
      },
    ),
    { numRuns: 60 },
  );
});

test("more keys than a page holds come in several, and a common prefix of thousands is one entry", async () => {
  const many = Array.from({ length: 2345 }, (_, index) => `many/${String(index).padStart(5, "0")}`);
  const bucket = await bucketWith(["before", ...many, "zz"]);
  const all = await pages(bucket, "");
  expect(all.keys).toEqual(["before", ...many, "zz"]);
  expect(all.sizes).toEqual([1000, 1000, 347]);
  expect(await pages(bucket, "delimiter=/")).toEqual({ keys: ["before", "zz"], prefixes: ["many/"], sizes: [3] });
});

test("ListObjects of the first kind goes on behind its marker, a common prefix too", async () => {
  const bucket = await bucketWith(["a/1", "a/2", "b", "c/1"]);
  const first = await (await door.ask("GET", `/${bucket}?delimiter=/&max-keys=1`)).text();
  expect([textOf(first, "IsTruncated"), textOf(first, "NextMarker")]).toEqual(["true", "a/"]);
  const second = await (await door.ask("GET", `/${bucket}?delimiter=/&marker=a/`)).text();
  expect(allTextsOf(second, "Key")).toEqual(["b"]);
  expect(second).toContain("<CommonPrefixes><Prefix>c/</Prefix></CommonPrefixes>");
  expect(second).not.toContain("<Prefix>a/</Prefix>");
});

test("start-after leaves out what comes before it", async () => {
  const bucket = await bucketWith(["a", "b", "c"]);
  expect((await pages(bucket, "start-after=a")).keys).toEqual(["b", "c"]);
});

test("max-keys=0 is an empty page that is not truncated; other numbers that are none are refused", async () => {
  const bucket = await bucketWith(["a"]);
  expect((await pages(bucket, "max-keys=0")).sizes).toEqual([0]);
  for (const wrong of ["-1", "x", "1.5"])
    expect((await door.ask("GET", `/${bucket}?list-type=2&max-keys=${wrong}`)).status).toBe(400);
});

test("ListObjectVersions lists a key's versions from the newest, page by page, delete markers among them", async () => {
  const bucket = await bucketWith([]);
  door.buckets.setVersioning(bucket, "Enabled");
  const put = async (key: string) => (await door.ask("PUT", `/${bucket}/${key}`)).headers.get("x-amz-version-id");
  const first = await put("k");
  const second = await put("k");
  const marker = (await door.ask("DELETE", `/${bucket}/k`)).headers.get("x-amz-version-id");
  const other = await put("l");
  const seen: (string | null)[] = [];
  for (let parameters: string | undefined = ""; parameters !== undefined; ) {
    const xml: string = await (await door.ask("GET", `/${bucket}?versions&max-keys=1${parameters}`)).text();
    seen.push(...allTextsOf(xml, "VersionId"));
    const key = textOf(xml, "NextKeyMarker");
    parameters = key && `&key-marker=${key}&version-id-marker=${textOf(xml, "NextVersionIdMarker")}`;
  }
  expect(seen).toEqual([marker, second, first, other]);
  const whole = await (await door.ask("GET", `/${bucket}?versions`)).text();
  expect(whole).toMatch(new RegExp(`<DeleteMarker><Key>k</Key><VersionId>${marker}</VersionId><IsLatest>true<`));
});
