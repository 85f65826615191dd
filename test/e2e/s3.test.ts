/** The embedded buckets and code from S3, through AWS's own clients, against the built executable. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import {
  CreateFunctionCommand,
  GetFunctionCommand,
  InvokeCommand,
  LambdaClient,
  UpdateFunctionCodeCommand,
  waitUntilFunctionActiveV2,
  waitUntilFunctionUpdatedV2,
} from "@aws-sdk/client-lambda";
import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListObjectVersionsCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  paginateListObjectsV2,
  S3Client,
  UploadPartCommand,
  waitUntilBucketExists,
} from "@aws-sdk/client-s3";
import { awsCli, awsCliAvailable } from "../support/aws-cli.ts";
import { ROLE } from "../support/lambda-http.ts";
import { type RunningServer, startServer, temporaryDirectory } from "../support/server.ts";
import { zipOf } from "../support/zip.ts";

const CLI_MS_MAX = 120_000;
const MIB = 1024 * 1024;

let server: RunningServer;
let folder: Awaited<ReturnType<typeof temporaryDirectory>>;
let s3: S3Client;
let lambda: LambdaClient;

const clientOptions = (endpoint: string) => ({
  endpoint,
  region: "us-east-1",
  credentials: { accessKeyId: "test", secretAccessKey: "test" },
  maxAttempts: 1,
});

beforeAll(async () => {
  server = await startServer();
  folder = await temporaryDirectory();
  s3 = new S3Client({ ...clientOptions(server.url), forcePathStyle: true });
  lambda = new LambdaClient(clientOptions(server.url));
});
afterAll(async () => {
  s3.destroy();
  lambda.destroy();
  await server.stop();
  await folder.remove();
});

const answering = (text: string): Promise<Uint8Array> =>
  zipOf({ "index.js": `exports.handler = async () => ${JSON.stringify(text)};` });

const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("base64");

const randomBytes = (bytes: number): Uint8Array<ArrayBuffer> => {
  const result = new Uint8Array(bytes);
  for (let at = 0; at < bytes; at += 65_536) crypto.getRandomValues(result.subarray(at, Math.min(at + 65_536, bytes)));
  return result;
};

async function invokeText(client: LambdaClient, name: string): Promise<unknown> {
  const { Payload } = await client.send(new InvokeCommand({ FunctionName: name }));
  return JSON.parse(Payload?.transformToString() ?? "null");
}

const functionInput = (
  name: string,
  code: { S3Bucket: string; S3Key: string; S3ObjectVersion?: string | undefined },
) => ({
  FunctionName: name,
  Runtime: "nodejs22.x" as const,
  Handler: "index.handler",
  Role: ROLE,
  Code: code,
});

describe.skipIf(!awsCliAvailable)("aws s3", () => {
  const aws = (...args: string[]) => awsCli(server.url, ...args);
  const succeed = async (...args: string[]) => {
    const run = await aws(...args);
    expect({ args, code: run.code, stderr: run.stderr }).toEqual({ args, code: 0, stderr: "" });
    return run;
  };

  test(
    "takes a tree of files from mb to rb, large ones and odd names among them",
    async () => {
      const files: Record<string, Uint8Array> = {
        "one.txt": Buffer.from("one"),
        "deep/er/two é +%&=.txt": Buffer.from("two"),
        "deep/large.bin": randomBytes(21 * MIB), // in three parts
        empty: new Uint8Array(),
      };
      const [source, back] = [join(folder.path, "source"), join(folder.path, "back")];
      for (const [name, bytes] of Object.entries(files)) {
        await mkdir(join(source, name, ".."), { recursive: true });
        await Bun.write(join(source, name), bytes);
      }
      await succeed("s3", "mb", "s3://tree");
      expect((await succeed("s3", "ls")).stdout).toContain("tree");
      await succeed("s3", "cp", "--recursive", "--no-progress", source, "s3://tree/all");
      const listed = await succeed("s3", "ls", "s3://tree/all/");
      expect(listed.stdout).toContain("PRE deep/");
      expect(listed.stdout).toContain("3 one.txt");
      await succeed("s3", "sync", "--no-progress", "s3://tree/all", back);
      for (const [name, bytes] of Object.entries(files))
        expect(Buffer.compare(await readFile(join(back, name)), bytes)).toBe(0);
      expect((await succeed("s3", "sync", source, "s3://tree/all", "--delete")).stdout).toBe("");

      await succeed("s3", "cp", "--no-progress", "s3://tree/all/deep/large.bin", "s3://tree/copy.bin"); // by parts
      await succeed("s3", "mv", "--no-progress", "s3://tree/all/one.txt", "s3://tree/moved.txt");
      await succeed("s3", "cp", "--no-progress", "s3://tree/copy.bin", join(folder.path, "copy.bin"));
      expect(
        Buffer.compare(await readFile(join(folder.path, "copy.bin")), files["deep/large.bin"] ?? new Uint8Array()),
      ).toBe(0);
      await succeed("s3", "rm", "s3://tree/moved.txt");
      expect((await aws("s3", "rb", "s3://tree")).stderr).toContain("BucketNotEmpty");
      await succeed("s3", "rb", "--force", "s3://tree");
      expect(await readdir(join(server.dataDirectory, "buckets"))).toEqual([]);
    },
    CLI_MS_MAX,
  );

  test(
    "and s3api agree on versions, and create-function takes the one it is told",
    async () => {
      const put = async (text: string): Promise<string> => {
        await Bun.write(join(folder.path, "code.zip"), await answering(text));
        const body = join(folder.path, "code.zip");
        const run = await succeed("s3api", "put-object", "--bucket", "code", "--key", "f.zip", "--body", body);
        return (run.json() as { VersionId: string }).VersionId;
      };
      await succeed("s3api", "create-bucket", "--bucket", "code");
      const versioning = ["--versioning-configuration", "Status=Enabled"];
      await succeed("s3api", "put-bucket-versioning", "--bucket", "code", ...versioning);
      expect((await succeed("s3api", "get-bucket-versioning", "--bucket", "code")).json()).toEqual({
        Status: "Enabled",
      });
      expect((await succeed("s3api", "get-bucket-location", "--bucket", "code")).json()).toEqual({
        LocationConstraint: null,
      });
      await succeed("s3api", "head-bucket", "--bucket", "code");
      const [one] = [await put("one"), await put("two")];
      const listed = (await succeed("s3api", "list-object-versions", "--bucket", "code")).json() as {
        Versions: unknown[];
      };
      expect(listed.Versions).toHaveLength(2);

      const create = (name: string, code: string) =>
        succeed(
          "lambda",
          "create-function",
          "--function-name",
          name,
          "--runtime",
          "nodejs22.x",
          "--handler",
          "index.handler",
          "--role",
          ROLE,
          "--code",
          code,
        );
      await create("cli-latest", "S3Bucket=code,S3Key=f.zip");
      await create("cli-first", `S3Bucket=code,S3Key=f.zip,S3ObjectVersion=${one}`);
      for (const name of ["cli-latest", "cli-first"])
        await succeed("lambda", "wait", "function-active-v2", "--function-name", name);
      expect(await invokeText(lambda, "cli-latest")).toBe("two");
      expect(await invokeText(lambda, "cli-first")).toBe("one");
    },
    CLI_MS_MAX,
  );
});

describe("@aws-sdk/client-s3", () => {
  test("puts and gets buffers and streams, with the checksums that it adds by itself", async () => {
    await s3.send(new CreateBucketCommand({ Bucket: "sdk" }));
    await waitUntilBucketExists({ client: s3, maxWaitTime: 10 }, { Bucket: "sdk" });
    const bytes = randomBytes(3 * MIB);
    const Metadata = { colour: "red" };
    await s3.send(new PutObjectCommand({ Bucket: "sdk", Key: "a/buffer", Body: bytes, Metadata, ContentType: "x/y" }));
    const body = { Body: Readable.from([bytes.subarray(0, MIB), bytes.subarray(MIB)]), ContentLength: bytes.length };
    await s3.send(new PutObjectCommand({ Bucket: "sdk", Key: "a/stream", ...body })); // aws-chunked, with a trailer
    for (const ChecksumAlgorithm of ["CRC32", "CRC32C", "SHA1", "SHA256"] as const)
      await s3.send(
        new PutObjectCommand({ Bucket: "sdk", Key: `a/${ChecksumAlgorithm}`, Body: "text", ChecksumAlgorithm }),
      );
    for (const Key of ["a/buffer", "a/stream"]) {
      const got = await s3.send(new GetObjectCommand({ Bucket: "sdk", Key })); // compares the checksum
      expect(Buffer.compare((await got.Body?.transformToByteArray()) ?? new Uint8Array(), bytes)).toBe(0);
      expect([got.ContentLength, got.ETag]).toEqual([
        bytes.length,
        `"${createHash("md5").update(bytes).digest("hex")}"`,
      ]);
    }
    const head = await s3.send(new HeadObjectCommand({ Bucket: "sdk", Key: "a/buffer" }));
    expect([head.ContentType, head.Metadata, head.ContentLength]).toEqual(["x/y", Metadata, bytes.length]);
    const part = await s3.send(new GetObjectCommand({ Bucket: "sdk", Key: "a/buffer", Range: "bytes=10-19" }));
    expect(await part.Body?.transformToByteArray()).toEqual(new Uint8Array(bytes.subarray(10, 20)));

    const keys: (string | undefined)[] = [];
    for await (const page of paginateListObjectsV2({ client: s3, pageSize: 2 }, { Bucket: "sdk", Prefix: "a/" }))
      keys.push(...(page.Contents ?? []).map((object) => object.Key));
    expect(keys).toEqual(["a/CRC32", "a/CRC32C", "a/SHA1", "a/SHA256", "a/buffer", "a/stream"]);
    const Objects = keys.slice(1).map((Key) => ({ Key: Key ?? "" }));
    const deleted = await s3.send(new DeleteObjectsCommand({ Bucket: "sdk", Delete: { Objects } }));
    expect(deleted.Deleted).toHaveLength(5);
  });

  test("uploads in parts, copies, and reads versions", async () => {
    const name = { Bucket: "sdk-more", Key: "parts" };
    await s3.send(new CreateBucketCommand({ Bucket: "sdk-more" }));
    const { UploadId } = await s3.send(new CreateMultipartUploadCommand(name));
    const all = randomBytes(12 * MIB);
    const Parts = await Promise.all(
      [all.subarray(0, 6 * MIB), all.subarray(6 * MIB)].map(async (Body, index) => {
        const PartNumber = index + 1;
        const { ETag } = await s3.send(new UploadPartCommand({ ...name, UploadId, PartNumber, Body }));
        return { PartNumber, ETag };
      }),
    );
    const done = await s3.send(new CompleteMultipartUploadCommand({ ...name, UploadId, MultipartUpload: { Parts } }));
    expect(done.ETag).toMatch(/^"[0-9a-f]{32}-2"$/);
    const got = await s3.send(new GetObjectCommand(name));
    expect(Buffer.compare((await got.Body?.transformToByteArray()) ?? new Uint8Array(), all)).toBe(0);

    const VersioningConfiguration = { Status: "Enabled" as const };
    await s3.send(new PutBucketVersioningCommand({ Bucket: "sdk-more", VersioningConfiguration }));
    const copy = await s3.send(
      new CopyObjectCommand({ Bucket: "sdk-more", Key: "copy", CopySource: "sdk-more/parts" }),
    );
    await s3.send(new PutObjectCommand({ Bucket: "sdk-more", Key: "copy", Body: "newer" }));
    await s3.send(new DeleteObjectCommand({ Bucket: "sdk-more", Key: "copy" }));
    const listed = await s3.send(new ListObjectVersionsCommand({ Bucket: "sdk-more", Prefix: "copy" }));
    expect([listed.Versions?.length, listed.DeleteMarkers?.length]).toEqual([2, 1]);
    const old = await s3.send(new GetObjectCommand({ Bucket: "sdk-more", Key: "copy", VersionId: copy.VersionId }));
    expect(Buffer.compare((await old.Body?.transformToByteArray()) ?? new Uint8Array(), all)).toBe(0);
  });

  test("meets S3's errors under S3's names", async () => {
    const refusal = (sent: Promise<unknown>) =>
      sent.then(
        () => undefined,
        (error: Error) => error.name,
      );
    expect(await refusal(s3.send(new GetObjectCommand({ Bucket: "nothing", Key: "x" })))).toBe("NoSuchBucket");
    expect(await refusal(s3.send(new GetObjectCommand({ Bucket: "sdk", Key: "nothing" })))).toBe("NoSuchKey");
    expect(await refusal(s3.send(new HeadBucketCommand({ Bucket: "nothing" })))).toBe("NotFound");
    expect(await refusal(s3.send(new CreateBucketCommand({ Bucket: "sdk" })))).toBe("BucketAlreadyOwnedByYou");
    const conditional = new PutObjectCommand({ Bucket: "sdk", Key: "a/CRC32", Body: "x", IfNoneMatch: "*" });
    expect(await refusal(s3.send(conditional))).toBe("PreconditionFailed");
  });
});

describe("over HTTP", () => {
  test("objects of any size come whole, with their length where Bun can tell it", async () => {
    const put = (path: string, body: RequestInit["body"]) => fetch(`${server.url}${path}`, { method: "PUT", body });
    await put("/plain", "");
    const large = randomBytes(20 * MIB);
    await put("/plain/large", large);
    for (const [range, from, to] of [
      ["", 0, large.length],
      ["bytes=7-15000000", 7, 15_000_001],
    ] as const) {
      const headers: Record<string, string> = range ? { range } : {};
      const response = await fetch(`${server.url}/plain/large`, { headers });
      const expected = { status: range ? 206 : 200, length: String(to - from) };
      expect({ status: response.status, length: response.headers.get("content-length") }).toEqual(expected);
      if (range) expect(response.headers.get("content-range")).toBe(`bytes ${from}-${to - 1}/${large.length}`);
      expect(Buffer.compare(await response.bytes(), large.subarray(from, to))).toBe(0);
    }
    const head = await fetch(`${server.url}/plain/large`, { method: "HEAD" });
    expect([head.status, head.headers.get("content-length")]).toEqual([200, String(large.length)]);
    const none = await fetch(`${server.url}/plain/none`, { method: "HEAD" });
    expect([none.status, await none.text()]).toEqual([404, ""]);
  });

  test("an upload of 1 GiB and its download do not sit in memory", async () => {
    const chunk = randomBytes(MIB);
    let left = 1024;
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        if (left-- > 0) controller.enqueue(chunk);
        else controller.close();
      },
    });
    await fetch(`${server.url}/plain`, { method: "PUT" });
    const put = await fetch(`${server.url}/plain/huge`, { method: "PUT", body });
    expect(put.status).toBe(200);
    const response = await fetch(`${server.url}/plain/huge`);
    let bytes = 0;
    for await (const each of response.body ?? []) bytes += each.length;
    expect(bytes).toBe(1024 * MIB);
    const status = await readFile(`/proc/${server.pid}/status`, "utf8").catch(() => "");
    const peakKib = Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1] ?? 0); // 0 where there is no /proc
    expect(peakKib).toBeLessThan(400 * 1024);
    expect((await fetch(`${server.url}/plain/huge`, { method: "DELETE" })).status).toBe(204);
  }, 120_000);
});

describe("code from S3", () => {
  test("comes from an embedded bucket, for create, update, DryRun and Publish", async () => {
    await s3.send(new CreateBucketCommand({ Bucket: "zips" }));
    const put = async (Key: string, zip: Uint8Array) =>
      s3.send(new PutObjectCommand({ Bucket: "zips", Key, Body: zip }));
    const [one, two] = [await answering("one"), await answering("two")];
    await put("one.zip", one);
    await put("two.zip", two);
    const created = await lambda.send(
      new CreateFunctionCommand(functionInput("from-s3", { S3Bucket: "zips", S3Key: "one.zip" })),
    );
    expect([created.CodeSha256, created.CodeSize]).toEqual([sha256(one), one.length]);
    await waitUntilFunctionActiveV2({ client: lambda, maxWaitTime: 10 }, { FunctionName: "from-s3" });
    await s3.send(new DeleteObjectCommand({ Bucket: "zips", Key: "one.zip" })); // is not needed any more
    expect(await invokeText(lambda, "from-s3")).toBe("one");

    const change = { FunctionName: "from-s3", S3Bucket: "zips", S3Key: "two.zip" };
    const dry = await lambda.send(new UpdateFunctionCodeCommand({ ...change, DryRun: true }));
    expect(dry.CodeSha256).toBe(sha256(two));
    expect((await lambda.send(new GetFunctionCommand({ FunctionName: "from-s3" }))).Configuration?.CodeSha256).toBe(
      sha256(one),
    );
    const updated = await lambda.send(new UpdateFunctionCodeCommand({ ...change, Publish: true }));
    expect([updated.CodeSha256, updated.Version]).toEqual([sha256(two), "1"]);
    await waitUntilFunctionUpdatedV2({ client: lambda, maxWaitTime: 10 }, { FunctionName: "from-s3" });
    expect(await invokeText(lambda, "from-s3")).toBe("two");
  });

  interface Refusal {
    readonly name: string;
    readonly code: Record<string, unknown>;
    readonly message: string;
  }
  test.each<Refusal>([
    {
      name: "an object that is not there",
      code: { S3Bucket: "zips", S3Key: "none" },
      message:
        "Error occurred while GetObject. S3 Error Code: NoSuchKey. S3 Error Message: The specified key does not exist.",
    },
    {
      name: "a bucket that is not there",
      code: { S3Bucket: "no-such-bucket", S3Key: "none" },
      message:
        "Error occurred while GetObject. S3 Error Code: NoSuchBucket. S3 Error Message: The specified bucket does not exist",
    },
    {
      name: "a bucket without a key",
      code: { S3Bucket: "zips" },
      message: "Cannot read the code from S3: both S3Bucket and S3Key are needed",
    },
    {
      name: "a version of nothing",
      code: { S3ObjectVersion: "1" },
      message: "Cannot read the code from S3: both S3Bucket and S3Key are needed",
    },
    {
      name: "both ways at once",
      code: { S3Bucket: "zips", S3Key: "two.zip", ZipFile: new Uint8Array([1]) },
      message: "Please do not provide other FunctionCode parameters when providing a ZipFile.",
    },
    { name: "no source", code: {}, message: "Please provide a source for function code." },
  ])("is refused for $name", async ({ code, message }) => {
    const input = { ...functionInput("refused", { S3Bucket: "", S3Key: "" }), Code: code };
    const error = await lambda.send(new CreateFunctionCommand(input)).catch((thrown: Error) => thrown);
    expect(error).toMatchObject({
      name: "InvalidParameterValueException",
      message,
      $metadata: { httpStatusCode: 400 },
    });
  });

  test("comes from another's server where one is configured, and says what to check when it is not there", async () => {
    const directory = await mkdtemp(join(tmpdir(), "lambent-s3rver-"));
    const packageName: string = "@20minutes/s3rver"; // it has no types
    const { default: S3rver } = await import(packageName);
    const rver = new S3rver({
      port: 0,
      address: "127.0.0.1",
      silent: true,
      directory,
      configureBuckets: [{ name: "far" }],
    });
    const endpoint = `http://127.0.0.1:${((await rver.run()) as { port: number }).port}`;
    const credentials = { accessKeyId: "S3RVER", secretAccessKey: "S3RVER" };
    const far = new S3Client({ ...clientOptions(endpoint), credentials, forcePathStyle: true });
    const env = {
      AWS_ENDPOINT_URL_S3: endpoint,
      AWS_ACCESS_KEY_ID: "S3RVER",
      AWS_SECRET_ACCESS_KEY: "S3RVER",
      AWS_REGION: "us-east-1",
    };
    const there = await startServer({ env });
    const client = new LambdaClient(clientOptions(there.url));
    try {
      await far.send(new PutObjectCommand({ Bucket: "far", Key: "a/code.zip", Body: await answering("from afar") }));
      await client.send(new CreateFunctionCommand(functionInput("remote", { S3Bucket: "far", S3Key: "a/code.zip" })));
      await waitUntilFunctionActiveV2({ client, maxWaitTime: 10 }, { FunctionName: "remote" });
      expect(await invokeText(client, "remote")).toBe("from afar");
      await rver.close();
      const create = new CreateFunctionCommand(functionInput("unreachable", { S3Bucket: "far", S3Key: "a/code.zip" }));
      const error = await client.send(create).catch((thrown: Error) => thrown);
      expect(error).toMatchObject({ name: "InvalidParameterValueException" });
      expect((error as Error).message).toContain(`Cannot fetch the code from ${endpoint}: the connection failed`);
    } finally {
      far.destroy();
      client.destroy();
      await there.stop();
      await rm(directory, { recursive: true, force: true });
    }
  });

  test("comes from another Lambent's buckets, in the version asked for", async () => {
    const VersioningConfiguration = { Status: "Enabled" as const };
    await s3.send(new CreateBucketCommand({ Bucket: "lent" }));
    await s3.send(new PutBucketVersioningCommand({ Bucket: "lent", VersioningConfiguration }));
    const put = async (text: string) =>
      s3.send(new PutObjectCommand({ Bucket: "lent", Key: "k.zip", Body: await answering(text) }));
    const { VersionId } = await put("first");
    await put("second");
    const there = await startServer({ env: { AWS_ENDPOINT_URL: server.url } });
    const client = new LambdaClient(clientOptions(there.url));
    try {
      const code = { S3Bucket: "lent", S3Key: "k.zip", S3ObjectVersion: VersionId };
      await client.send(new CreateFunctionCommand(functionInput("lent", code)));
      await waitUntilFunctionActiveV2({ client, maxWaitTime: 10 }, { FunctionName: "lent" });
      expect(await invokeText(client, "lent")).toBe("first");
      const missing = new UpdateFunctionCodeCommand({ FunctionName: "lent", ...code, S3ObjectVersion: "none" });
      expect(await client.send(missing).catch((thrown: Error) => thrown.message)).toBe(
        "Error occurred while GetObject. S3 Error Code: NoSuchVersion. S3 Error Message: The specified version does not exist.",
      );
    } finally {
      client.destroy();
      await there.stop();
    }
  });
});

test("kill -9 in the middle of uploads loses no object that was acknowledged, and leaves no other bytes", async () => {
  const doomed = await startServer();
  const acknowledged = new Map<string, string>();
  try {
    await fetch(`${doomed.url}/safe`, { method: "PUT" });
    for (let round = 0; round < 5; round++) {
      let alive = true;
      const writers = Array.from({ length: 6 }, async (_, writer) => {
        for (let index = 0; alive; index++) {
          const key = `${writer}/${index % 7}`; // replaced again and again
          const body = `${round} ${writer} ${index} `.repeat(5000);
          const answer = await fetch(`${doomed.url}/safe/${key}`, { method: "PUT", body }).catch(() => undefined);
          if (answer?.status === 200) acknowledged.set(key, body);
          else acknowledged.delete(key); // whether what was under way when it died is there, nobody was told
          if (answer === undefined) return;
        }
      });
      await Bun.sleep(60 + 40 * round);
      await doomed.kill9();
      alive = false;
      await Promise.all(writers);
      await doomed.restart();
      expect(acknowledged.size).toBeGreaterThan(0);
      for (const [key, body] of acknowledged) {
        const found = await fetch(`${doomed.url}/safe/${key}`);
        expect({ key, status: found.status, same: (await found.text()) === body }).toEqual({
          key,
          status: 200,
          same: true,
        });
      }
    }
    const xml = await (await fetch(`${doomed.url}/safe?list-type=2`)).text();
    await Bun.sleep(200); // the sweep at the start
    expect(await readdir(join(doomed.dataDirectory, "buckets"))).toHaveLength(
      Number(/<KeyCount>(\d+)</.exec(xml)?.[1]),
    );
  } finally {
    await doomed.stop();
  }
}, 60_000);
