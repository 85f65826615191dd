import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { makeS3Door } from "../../src/s3/door.ts";
import { S3Error } from "../../src/s3/s3-error.ts";
import { type DoorFixture, openDoor, textOf } from "./door-fixture.ts";

let door: DoorFixture;
const MD5_OF_HELLO = "5d41402abc4b2a76b9719d911017c592";

beforeAll(async () => {
  door = await openDoor();
  await door.ask("PUT", "/photos");
  await door.ask("PUT", "/photos/hello.txt", {
    body: "hello",
    headers: { "content-type": "text/plain", "cache-control": "no-store", "x-amz-meta-colour": "red" },
  });
});
afterAll(() => door.close());

interface Scenario {
  readonly name: string;
  readonly request: [method: string, path: string, init?: { body?: string; headers?: Record<string, string> }];
  readonly status: number;
  readonly code?: string;
  readonly says?: string;
}

const encodeAwsChunked = (text: string, trailer = ""): string =>
  `${text.length.toString(16)}\r\n${text}\r\n0\r\n${trailer}\r\n`;
const CHUNKED = { "x-amz-content-sha256": "STREAMING-UNSIGNED-PAYLOAD-TRAILER", "content-encoding": "aws-chunked" };

describe("refusals", () => {
  test.each<Scenario>([
    { name: "a bucket that nobody made", request: ["GET", "/nothing"], status: 404, code: "NoSuchBucket" },
    { name: "HEAD of a bucket that nobody made", request: ["HEAD", "/nothing"], status: 404 },
    { name: "an object in no bucket", request: ["PUT", "/nothing/x"], status: 404, code: "NoSuchBucket" },
    { name: "an object that nobody put", request: ["GET", "/photos/none"], status: 404, code: "NoSuchKey" },
    { name: "HEAD of an object that nobody put", request: ["HEAD", "/photos/none"], status: 404 },
    {
      name: "a version that is not there",
      request: ["GET", "/photos/hello.txt?versionId=x"],
      status: 404,
      code: "NoSuchVersion",
    },
    { name: "a bucket made twice", request: ["PUT", "/photos"], status: 409, code: "BucketAlreadyOwnedByYou" },
    { name: "a bucket that is not empty", request: ["DELETE", "/photos"], status: 409, code: "BucketNotEmpty" },
    { name: "a bucket with capitals", request: ["PUT", "/Photos"], status: 400, code: "InvalidBucketName" },
    { name: "a bucket of two characters", request: ["PUT", "/ab"], status: 400, code: "InvalidBucketName" },
    { name: "a bucket like an address", request: ["PUT", "/10.0.0.1"], status: 400, code: "InvalidBucketName" },
    { name: "a bucket called metrics", request: ["PUT", "/metrics"], status: 400, code: "InvalidBucketName" },
    {
      name: "a bucket like a date, and says why",
      request: [
        "PUT",
        "/2015-03-31",
        { headers: { authorization: "AWS4-HMAC-SHA256 Credential=k/20260101/us-east-1/s3/aws4_request" } },
      ],
      status: 400,
      code: "InvalidBucketName",
      says: "paths that begin with a date are the Lambda API's here",
    },
    { name: "a path that is no UTF-8", request: ["GET", "/photos/%ff"], status: 400, code: "InvalidURI" },
    { name: "a key with NUL", request: ["PUT", "/photos/a%00b"], status: 400, code: "InvalidURI" },
    {
      name: "a key over 1024 bytes",
      request: ["PUT", `/photos/${"é".repeat(513)}`],
      status: 400,
      code: "KeyTooLongError",
    },
    { name: "a policy", request: ["GET", "/photos?policy"], status: 501, code: "NotImplemented", says: "?policy" },
    { name: "an access control list", request: ["PUT", "/photos/hello.txt?acl"], status: 501, code: "NotImplemented" },
    { name: "a method that S3 has not", request: ["PATCH", "/photos"], status: 501, code: "NotImplemented" },
    { name: "POST of a form", request: ["POST", "/photos"], status: 501, code: "NotImplemented" },
    {
      name: "a key of the client's to encrypt with",
      request: ["PUT", "/photos/x", { headers: { "x-amz-server-side-encryption-customer-key": "k" } }],
      status: 501,
      code: "NotImplemented",
    },
    {
      name: "a body that is not what its MD5 says",
      request: ["PUT", "/photos/x", { body: "abc", headers: { "content-md5": "XUFAKrxLKna5cZ2REBfFkg==" } }],
      status: 400,
      code: "BadDigest",
    },
    {
      name: "an MD5 that is none",
      request: ["PUT", "/photos/x", { body: "a", headers: { "content-md5": "x" } }],
      status: 400,
      code: "InvalidDigest",
    },
    {
      name: "a body that is not what its SHA-256 says",
      request: ["PUT", "/photos/x", { body: "abc", headers: { "x-amz-content-sha256": "0".repeat(64) } }],
      status: 400,
      code: "XAmzContentSHA256Mismatch",
    },
    {
      name: "a body that is not what its checksum says",
      request: ["PUT", "/photos/x", { body: "abc", headers: { "x-amz-checksum-crc32": "AAAAAA==" } }],
      status: 400,
      code: "BadDigest",
    },
    {
      name: "a body that is not what its trailer says",
      request: [
        "PUT",
        "/photos/x",
        {
          body: encodeAwsChunked("abc", "x-amz-checksum-crc32:AAAAAA==\r\n"),
          headers: { ...CHUNKED, "x-amz-trailer": "x-amz-checksum-crc32" },
        },
      ],
      status: 400,
      code: "BadDigest",
    },
    {
      name: "a trailer that was announced and does not come",
      request: [
        "PUT",
        "/photos/x",
        { body: encodeAwsChunked("abc"), headers: { ...CHUNKED, "x-amz-trailer": "x-amz-checksum-crc32c" } },
      ],
      status: 400,
      code: "BadDigest",
    },
    {
      name: "fewer bytes than were announced",
      request: [
        "PUT",
        "/photos/x",
        { body: encodeAwsChunked("abc"), headers: { ...CHUNKED, "x-amz-decoded-content-length": "4" } },
      ],
      status: 400,
      code: "IncompleteBody",
    },
    {
      name: "more than 5 GiB, before a byte is read",
      request: ["PUT", "/photos/x", { headers: { ...CHUNKED, "x-amz-decoded-content-length": "5368709121" } }],
      status: 400,
      code: "EntityTooLarge",
    },
    {
      name: "metadata over 2 KiB",
      request: ["PUT", "/photos/x", { headers: { "x-amz-meta-a": "x".repeat(2048) } }],
      status: 400,
      code: "MetadataTooLarge",
    },
    {
      name: "eleven tags",
      request: ["PUT", "/photos/x", { headers: { "x-amz-tagging": "abcdefghijk".split("").join("=1&") } }],
      status: 400,
      code: "InvalidTag",
    },
    {
      name: "a range behind the end",
      request: ["GET", "/photos/hello.txt", { headers: { range: "bytes=5-" } }],
      status: 416,
      code: "InvalidRange",
    },
    {
      name: "If-Match of another",
      request: ["GET", "/photos/hello.txt", { headers: { "if-match": '"x"' } }],
      status: 412,
      code: "PreconditionFailed",
    },
    {
      name: "If-None-Match of what it is",
      request: ["GET", "/photos/hello.txt", { headers: { "if-none-match": `"${MD5_OF_HELLO}"` } }],
      status: 304,
    },
    {
      name: "If-None-Match * where one is",
      request: ["PUT", "/photos/hello.txt", { body: "new", headers: { "if-none-match": "*" } }],
      status: 412,
      code: "PreconditionFailed",
    },
    {
      name: "If-Match where none is",
      request: ["PUT", "/photos/none", { body: "new", headers: { "if-match": '"x"' } }],
      status: 404,
      code: "NoSuchKey",
    },
    {
      name: "If-Match of another, writing",
      request: ["PUT", "/photos/hello.txt", { body: "new", headers: { "if-match": '"x"' } }],
      status: 412,
      code: "PreconditionFailed",
    },
    {
      name: "a part of no upload",
      request: ["PUT", "/photos/x?partNumber=1&uploadId=u", { body: "a" }],
      status: 404,
      code: "NoSuchUpload",
    },
    {
      name: "completing no upload",
      request: [
        "POST",
        "/photos/x?uploadId=u",
        {
          body: "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>a</ETag></Part></CompleteMultipartUpload>",
        },
      ],
      status: 404,
      code: "NoSuchUpload",
    },
    { name: "aborting no upload", request: ["DELETE", "/photos/x?uploadId=u"], status: 404, code: "NoSuchUpload" },
    {
      name: "part number 0",
      request: ["PUT", "/photos/x?partNumber=0&uploadId=u"],
      status: 400,
      code: "InvalidArgument",
    },
    {
      name: "part number 10001",
      request: ["PUT", "/photos/x?partNumber=10001&uploadId=u"],
      status: 400,
      code: "InvalidArgument",
    },
    {
      name: "DeleteObjects without XML",
      request: ["POST", "/photos?delete", { body: "{}" }],
      status: 400,
      code: "MalformedXML",
    },
    {
      name: "DeleteObjects of nothing",
      request: ["POST", "/photos?delete", { body: "<Delete></Delete>" }],
      status: 400,
      code: "MalformedXML",
    },
    {
      name: "versioning that is neither on nor off",
      request: [
        "PUT",
        "/photos?versioning",
        { body: "<VersioningConfiguration><Status>Off</Status></VersioningConfiguration>" },
      ],
      status: 400,
      code: "MalformedXML",
    },
    {
      name: "a copy of nothing",
      request: ["PUT", "/photos/x", { headers: { "x-amz-copy-source": "/photos/none" } }],
      status: 404,
      code: "NoSuchKey",
    },
    {
      name: "a copy source without a key",
      request: ["PUT", "/photos/x", { headers: { "x-amz-copy-source": "photos" } }],
      status: 400,
      code: "InvalidArgument",
    },
    {
      name: "a copy onto itself",
      request: ["PUT", "/photos/hello.txt", { headers: { "x-amz-copy-source": "photos/hello.txt" } }],
      status: 400,
      code: "InvalidRequest",
    },
  ])("$name", async ({ request: [method, path, init], status, code, says }) => {
    const response = await door.ask(method, path, init);
    const body = await response.text();
    expect({ status: response.status, code: textOf(body, "Code") }).toEqual({ status, code });
    if (says !== undefined) expect(textOf(body, "Message")?.replaceAll("&apos;", "'")).toContain(says);
    expect(response.headers.get("x-amz-request-id")).toMatch(/^[0-9A-F]{16}$/);
    if (code !== undefined) expect(textOf(body, "RequestId")).toBe(response.headers.get("x-amz-request-id") ?? "");
    // Nothing that was refused left anything.
    expect((await door.ask("GET", "/photos/x")).status).toBe(404);
    expect(await (await door.ask("GET", "/photos/hello.txt")).text()).toBe("hello");
  });
});

test("an object comes back with what was said about it", async () => {
  const response = await door.ask("GET", "/photos/hello.txt");
  expect(await response.text()).toBe("hello");
  expect(Object.fromEntries(response.headers)).toMatchObject({
    etag: `"${MD5_OF_HELLO}"`,
    "content-type": "text/plain",
    "cache-control": "no-store",
    "x-amz-meta-colour": "red",
    "content-length": "5",
    "accept-ranges": "bytes",
    "last-modified": "Fri, 02 Jan 2026 03:04:05 GMT",
  });
  expect(response.headers.has("x-amz-version-id")).toBe(false);
});

test.each([
  { range: "bytes=1-3", status: 206, body: "ell", says: "bytes 1-3/5" },
  { range: "bytes=3-", status: 206, body: "lo", says: "bytes 3-4/5" },
  { range: "bytes=-2", status: 206, body: "lo", says: "bytes 3-4/5" },
  { range: "bytes=-99", status: 206, body: "hello", says: "bytes 0-4/5" },
  { range: "bytes=0-99", status: 206, body: "hello", says: "bytes 0-4/5" },
  { range: "bytes=3-1", status: 200, body: "hello", says: null },
  { range: "bytes=0-1,3-4", status: 200, body: "hello", says: null },
  { range: "lines=1-2", status: 200, body: "hello", says: null },
])("Range $range answers $body", async ({ range, status, body, says }) => {
  const response = await door.ask("GET", "/photos/hello.txt", { headers: { range } });
  expect([response.status, await response.text(), response.headers.get("content-range")]).toEqual([status, body, says]);
});

test("an aws-chunked body is stored as what it carries, and its checksum is told on demand", async () => {
  const crc = Buffer.from("352441c2", "hex").toString("base64"); // of "abc"
  const headers = { ...CHUNKED, "content-encoding": "aws-chunked,gzip", "x-amz-trailer": "x-amz-checksum-crc32" };
  const body = encodeAwsChunked("abc", `x-amz-checksum-crc32:${crc}\r\n`);
  const stored = await door.ask("PUT", "/photos/chunked", { body, headers });
  expect([stored.status, stored.headers.get("x-amz-checksum-crc32")]).toEqual([200, crc]);
  const found = await door.ask("GET", "/photos/chunked", { headers: { "x-amz-checksum-mode": "ENABLED" } });
  expect(await found.text()).toBe("abc");
  expect([found.headers.get("x-amz-checksum-crc32"), found.headers.get("content-encoding")]).toEqual([crc, "gzip"]);
  const some = { "x-amz-checksum-mode": "ENABLED", range: "bytes=0-1" }; // it is not the checksum of these
  expect((await door.ask("GET", "/photos/chunked", { headers: some })).headers.has("x-amz-checksum-crc32")).toBe(false);
});

test.each(["a//b", "a b+c%&=?#", "ünï/😀", "../up", "a/./b", "-", "<x>&\"'", "trailing/", "\u0001\r\n"])(
  "the key %j is one object, and no path on the disk",
  async (key) => {
    const path = `/photos/${encodeURIComponent(key).replaceAll(".", "%2E")}`;
    // `URL` resolves dots even when they are encoded; behind an encoded slash they are no segments.
    expect((await door.ask("PUT", path, { body: key })).status).toBe(200);
    expect(await (await door.ask("GET", path)).text()).toBe(key);
    const listed = await (
      await door.ask("GET", `/photos?list-type=2&encoding-type=url&prefix=${encodeURIComponent(key)}`)
    ).text();
    expect(decodeURIComponent(textOf(listed, "Key") ?? "")).toBe(key);
    expect((await door.ask("DELETE", path)).status).toBe(204);
    expect((await door.ask("GET", path)).status).toBe(404);
  },
);

test("a copy keeps type and metadata, or takes new ones, and outlives its source", async () => {
  const source = { "x-amz-copy-source": "/photos/hello.txt" };
  expect((await door.ask("PUT", "/photos/same", { headers: source })).status).toBe(200);
  const replaced = {
    ...source,
    "x-amz-metadata-directive": "REPLACE",
    "content-type": "text/css",
    "x-amz-meta-b": "2",
  };
  expect(textOf(await (await door.ask("PUT", "/photos/other", { headers: replaced })).text(), "ETag")).toBe(
    `&quot;${MD5_OF_HELLO}&quot;`,
  );
  await door.ask("PUT", "/photos/gone", { body: "bytes" });
  await door.ask("PUT", "/photos/stays", { headers: { "x-amz-copy-source": "photos/gone" } });
  await door.ask("DELETE", "/photos/gone");
  expect(await (await door.ask("GET", "/photos/stays")).text()).toBe("bytes");
  const headersOf = async (key: string) => {
    const { headers } = await door.ask("HEAD", `/photos/${key}`);
    return [headers.get("content-type"), headers.get("x-amz-meta-colour"), headers.get("x-amz-meta-b")];
  };
  expect(await headersOf("same")).toEqual(["text/plain", "red", null]);
  expect(await headersOf("other")).toEqual(["text/css", null, "2"]);
});

test("tags are kept, replaced and removed", async () => {
  await door.ask("PUT", "/photos/tagged", { headers: { "x-amz-tagging": "team=a%20b&x=" } });
  const read = async () =>
    (await (await door.ask("GET", "/photos/tagged?tagging")).text()).replace(/.*<TagSet>|<\/TagSet>.*/gs, "");
  expect(await read()).toBe("<Tag><Key>team</Key><Value>a b</Value></Tag><Tag><Key>x</Key><Value></Value></Tag>");
  const body = "<Tagging><TagSet><Tag><Key>k</Key><Value>&lt;v&gt;</Value></Tag></TagSet></Tagging>";
  await door.ask("PUT", "/photos/tagged?tagging", { body });
  expect(await read()).toBe("<Tag><Key>k</Key><Value>&lt;v&gt;</Value></Tag>");
  await door.ask("DELETE", "/photos/tagged?tagging");
  expect(await read()).toBe("");
});

test("headers that change nothing are named in a warning; defaults are not", async () => {
  const put = async (headers: Record<string, string>) =>
    (await door.ask("PUT", "/photos/warned", { headers })).headers.get("x-lambent-warning");
  expect(await put({ "x-amz-acl": "public-read", "x-amz-storage-class": "STANDARD" })).toContain("x-amz-acl");
  expect(await put({ "x-amz-acl": "private", "x-amz-storage-class": "STANDARD" })).toBeNull();
});

test("a bucket in the host's name is found", async () => {
  const parts = { buckets: door.buckets, region: "us-east-1", ids: door.buckets.ids, log: console as never };
  for (const host of ["photos.localhost:4566", "photos.s3.localhost:4566"]) {
    const response = await makeS3Door(parts)(new Request(`http://${host}/hello.txt`));
    expect(await response?.text()).toBe("hello");
  }
});

test.each([
  ["/2015-03-31/functions", {}],
  ["/2099-12-31/anything", {}],
  ["/_lambent/nothing", {}],
  [
    "/photos",
    { authorization: "AWS4-HMAC-SHA256 Credential=k/20260101/us-east-1/lambda/aws4_request, SignedHeaders=host" },
  ],
])("%s %j is not S3's", (path, headers) => {
  const parts = { buckets: door.buckets, region: "us-east-1", ids: door.buckets.ids, log: console as never };
  expect(makeS3Door(parts)(new Request(`http://127.0.0.1:4566${path}`, { headers }))).toBeUndefined();
});

test("whoever is not admitted is told so, and nothing happens", async () => {
  const asked: string[] = [];
  const closed = await openDoor({
    admit: () => ({
      key: {} as never,
      chain: undefined,
      async require({ action, resource }) {
        asked.push(`${action} ${resource}`);
        throw new S3Error("AccessDenied");
      },
    }),
  });
  const response = await closed.ask("PUT", "/photos");
  expect([response.status, textOf(await response.text(), "Code"), asked]).toEqual([
    403,
    "AccessDenied",
    ["s3:CreateBucket arn:aws:s3:::photos"],
  ]);
  expect(closed.buckets.list()).toEqual([]);
  await closed.close();
});

test("a fault of ours is a 500 that says nothing of its inside", async () => {
  const broken = await openDoor({
    admit: () => {
      throw new TypeError("secret");
    },
  });
  const response = await broken.ask("GET", "/photos");
  const body = await response.text();
  expect([response.status, textOf(body, "Code")]).toEqual([500, "InternalError"]);
  expect(body).not.toContain("secret");
  await broken.close();
});

test("the location of a bucket is its region, and nothing for us-east-1", async () => {
  expect(await (await door.ask("GET", "/photos?location")).text()).toContain("></LocationConstraint>");
  const europe = await openDoor({ region: "eu-west-1" });
  await europe.ask("PUT", "/photos");
  expect(await (await europe.ask("GET", "/photos?location")).text()).toContain(">eu-west-1</LocationConstraint>");
  await europe.close();
});
