import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PACKAGE_ZIPPED_BYTES_MAX } from "../../src/core/limits.ts";
import { AwsError } from "../../src/errors/aws-error.ts";
import { type RemoteS3, s3Source } from "../../src/packages/s3-source.ts";
import { type DoorFixture, openDoor } from "./door-fixture.ts";

const KEYS = { accessKeyId: "S3RVER", secretAccessKey: "S3RVER", sessionToken: undefined }; // what s3rver knows
let door: DoorFixture;
/** Another's S3 server: s3rver, which verifies signatures. */
let other: { url: string; close(): Promise<void> };

beforeAll(async () => {
  door = await openDoor();
  await door.ask("PUT", "/embedded");
  await door.ask("PUT", "/embedded/code.zip", { body: "embedded bytes" });
  other = await startS3rver();
  await putThere("shared", "a b+c/ü&(1).zip", "remote bytes");
});
afterAll(async () => {
  await door.close();
  await other.close();
});

async function startS3rver() {
  const directory = await mkdtemp(join(tmpdir(), "lambent-s3rver-"));
  const name: string = "@20minutes/s3rver"; // it has no types
  const { default: S3rver } = await import(name);
  const buckets = [{ name: "shared" }, { name: "embedded" }];
  const server = new S3rver({ port: 0, address: "127.0.0.1", silent: true, directory, configureBuckets: buckets });
  const { port } = (await server.run()) as { port: number };
  return {
    url: `http://127.0.0.1:${port}`,
    async close() {
      await server.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** With Bun's own client: a signature that is not of our making. */
async function putThere(bucket: string, key: string, body: string | Uint8Array): Promise<void> {
  const { accessKeyId, secretAccessKey } = KEYS;
  const client = new Bun.S3Client({ endpoint: other.url, bucket, accessKeyId, secretAccessKey, region: "us-east-1" });
  await client.write(key, body);
}

const remoteAt = (url: string, rest: Partial<RemoteS3> = {}): RemoteS3 => ({
  url,
  region: "us-east-1",
  credentials: KEYS,
  ...rest,
});

async function read(remote: RemoteS3 | null, bucket: string, key: string, versionId?: string): Promise<string> {
  const bytes = await s3Source({ embedded: door.buckets, remote }).read({ bucket, key, versionId });
  return Buffer.from(bytes).toString();
}

async function refusalOf(promise: Promise<unknown>): Promise<{ code: string; message: string }> {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(AwsError);
  const { code, message } = error as AwsError;
  return { code, message };
}

describe("the embedded buckets", () => {
  test("answer first, and alone where no server is configured", async () => {
    await putThere("embedded", "code.zip", "the other one's");
    expect(await read(remoteAt(other.url), "embedded", "code.zip")).toBe("embedded bytes");
    expect(await read(null, "embedded", "code.zip")).toBe("embedded bytes");
  });

  test.each([
    { bucket: "embedded", key: "none", code: "NoSuchKey", says: "The specified key does not exist." },
    { bucket: "nothing", key: "x", code: "NoSuchBucket", says: "The specified bucket does not exist" },
    {
      bucket: "embedded",
      key: "code.zip",
      versionId: "x",
      code: "NoSuchVersion",
      says: "The specified version does not exist.",
    },
  ])("refuse in AWS's words: $code", async ({ bucket, key, versionId, code, says }) => {
    expect(await refusalOf(read(null, bucket, key, versionId))).toEqual({
      code: "InvalidParameterValueException",
      message: `Error occurred while GetObject. S3 Error Code: ${code}. S3 Error Message: ${says}`,
    });
  });

  test("refuse more than 50 MiB", async () => {
    await door.ask("PUT", "/embedded/large", { body: new Uint8Array(PACKAGE_ZIPPED_BYTES_MAX + 1) });
    expect((await refusalOf(read(null, "embedded", "large"))).code).toBe("RequestEntityTooLargeException");
  });
});

describe("s3rver", () => {
  test("is asked for what no embedded bucket has, with a signature that it accepts", async () => {
    expect(await read(remoteAt(other.url), "shared", "a b+c/ü&(1).zip")).toBe("remote bytes");
  });

  test("says what is missing, in AWS's words", async () => {
    expect((await refusalOf(read(remoteAt(other.url), "shared", "none"))).message).toBe(
      "Error occurred while GetObject. S3 Error Code: NoSuchKey. S3 Error Message: The specified key does not exist.",
    );
    expect((await refusalOf(read(remoteAt(other.url), "nothing", "x"))).message).toContain(
      "S3 Error Code: NoSuchBucket.",
    );
  });

  test("refuses a wrong key, and so do we", async () => {
    const wrong = remoteAt(other.url, { credentials: { ...KEYS, secretAccessKey: "wrong" } });
    const { code, message } = await refusalOf(read(wrong, "shared", "a b+c/ü&(1).zip"));
    expect(code).toBe("InvalidParameterValueException");
    expect(message).toContain("S3 Error Code: SignatureDoesNotMatch.");
  });

  test("holds a large package, which comes whole", async () => {
    const bytes = crypto.getRandomValues(new Uint8Array(65_536));
    const large = new Uint8Array(Buffer.concat(Array.from({ length: 160 }, () => bytes)));
    await putThere("shared", "large", large);
    const found = await s3Source({ embedded: door.buckets, remote: remoteAt(other.url) }).read({
      bucket: "shared",
      key: "large",
    });
    expect(Buffer.compare(found, large)).toBe(0);
  });
});

describe("a server that", () => {
  interface Hostile {
    readonly name: string;
    readonly answer: (request: Request) => Response | Promise<Response>;
    readonly code?: string;
    readonly says: string;
  }
  const endless = () =>
    new ReadableStream<Uint8Array>({
      pull(controller) {
        controller.enqueue(new Uint8Array(1024 * 1024));
      },
    });

  test.each<Hostile>([
    {
      name: "denies access",
      answer: () =>
        new Response("<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>", { status: 403 }),
      code: "AccessDeniedException",
      says: "permission to GetObject for far/away.zip. S3 Error Code: AccessDenied. S3 Error Message: Access Denied",
    },
    {
      name: "denies access in one word",
      answer: () => new Response("no", { status: 403 }),
      code: "AccessDeniedException",
      says: "AccessDenied",
    },
    {
      name: "has the bucket in another region",
      answer: () =>
        new Response(null, {
          status: 301,
          headers: { "x-amz-bucket-region": "eu-west-1", location: "http://127.0.0.1:1/" },
        }),
      says: "S3 Error Code: PermanentRedirect. S3 Error Message: The bucket is in this region: eu-west-1. Please use this region to retry the request",
    },
    {
      name: "is no S3 server",
      answer: () => new Response("<html>hello", { status: 404 }),
      says: "S3 Error Code: HTTP 404.",
    },
    { name: "fails always", answer: () => new Response("oops", { status: 500 }), says: "S3 Error Code: HTTP 500." },
    {
      name: "never stops",
      answer: () => new Response(endless()),
      code: "RequestEntityTooLargeException",
      says: "Zipped size must be smaller than",
    },
    {
      name: "announces too much",
      answer: () => new Response(new Uint8Array(PACKAGE_ZIPPED_BYTES_MAX + 1)),
      code: "RequestEntityTooLargeException",
      says: "Zipped size must be smaller than",
    },
    {
      name: "has an error without end",
      answer: () => new Response(endless(), { status: 404 }),
      says: "the error is too long",
    },
    {
      name: "does not answer",
      answer: () => new Promise<Response>(() => undefined),
      says: "it did not answer in time",
    },
    {
      name: "stops in the middle",
      answer: () => new Response(new ReadableStream({ start: (controller) => controller.enqueue(new Uint8Array(10)) })),
      says: "it did not answer in time",
    },
    {
      name: "escapes what it says",
      answer: () => new Response("<Error><Code>Odd</Code><Message>a &amp;lt; b</Message></Error>", { status: 400 }),
      says: "S3 Error Message: a &lt; b",
    },
  ])("$name is refused with a 4xx", async ({ answer, code, says }) => {
    const server = Bun.serve({ port: 0, hostname: "127.0.0.1", idleTimeout: 0, fetch: answer });
    try {
      const remote = remoteAt(`http://127.0.0.1:${server.port}`, { timeoutsMs: { head: 300, whole: 1500 } });
      const refusal = await refusalOf(read(remote, "far", "away.zip"));
      expect(refusal.code).toBe(code ?? "InvalidParameterValueException");
      expect(refusal.message).toContain(says);
    } finally {
      await server.stop(true);
    }
  });

  test("is not there is named, with what to check", async () => {
    const { code, message } = await refusalOf(read(remoteAt("http://127.0.0.1:1"), "far", "away.zip"));
    expect(code).toBe("InvalidParameterValueException");
    expect(message).toMatch(
      /^Cannot fetch the code from http:\/\/127\.0\.0\.1:1: the connection failed .*AWS_ENDPOINT_URL_S3/,
    );
  });

  test("fails once is asked again; what it is asked is signed, path style, with the version and the session's token", async () => {
    const asked: { url: URL; headers: Headers }[] = [];
    const server = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      fetch(request) {
        asked.push({ url: new URL(request.url), headers: new Headers(request.headers) });
        return asked.length === 1 ? new Response("later", { status: 503 }) : new Response("bytes");
      },
    });
    const remote = remoteAt(`http://127.0.0.1:${server.port}/under`, {
      region: "eu-west-1",
      credentials: { accessKeyId: "AK", secretAccessKey: "SK", sessionToken: "token" },
    });
    expect(await read(remote, "far", "a/b.zip", "v 1")).toBe("bytes");
    expect(await read({ ...remote, credentials: null }, "far", "a")).toBe("bytes");
    await server.stop(true);
    expect(asked.map(({ url }) => url.pathname)).toEqual(["/under/far/a/b.zip", "/under/far/a/b.zip", "/under/far/a"]);
    expect(asked[1]?.url.searchParams.get("versionId")).toBe("v 1");
    expect(asked[1]?.headers.get("authorization")).toMatch(
      /^AWS4-HMAC-SHA256 Credential=AK\/\d{8}\/eu-west-1\/s3\/aws4_request/,
    );
    expect(asked[1]?.headers.get("x-amz-security-token")).toBe("token");
    expect(asked[2]?.headers.has("authorization")).toBe(false);
  });

  test.each(["../other/secret", "a/./b", ".."])(
    "would be asked for another object by the key %s is not asked",
    async (key) => {
      expect((await refusalOf(read(remoteAt(other.url), "far", key))).message).toContain("which no URL can carry");
    },
  );
});
