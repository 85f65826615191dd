/** A server that asks for keys, as an operator, the AWS CLI and AWS's SDKs meet it. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { statSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  GetFunctionCommand,
  InvokeCommand,
  InvokeWithResponseStreamCommand,
  LambdaClient,
  ListFunctionsCommand,
} from "@aws-sdk/client-lambda";
import { CreateBucketCommand, GetObjectCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { awsCliAs, awsCliAvailable } from "../support/aws-cli.ts";
import { type RunningServer, runLambent, startServer, temporaryDirectory } from "../support/server.ts";
import { zipOf } from "../support/zip.ts";

setDefaultTimeout(60_000);

interface Key {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

let server: RunningServer;
let folder: Awaited<ReturnType<typeof temporaryDirectory>>;
let admin: Key;
let invoker: Key;

beforeAll(async () => {
  folder = await temporaryDirectory();
  server = await startServer({ flags: ["--auth", "keys"] });
  admin = await makeKey("--name", "admin", "--role", "admin");
  invoker = await makeKey("--name", "ivy", "--role", "invoker");
  await writeFile(join(folder.path, "f.zip"), await zipOf({ "index.js": SOURCE }));
  const made = await cli(
    admin,
    "lambda",
    "create-function",
    "--function-name",
    "hello",
    "--runtime",
    "nodejs22.x",
    "--handler",
    "index.handler",
    "--role",
    "arn:aws:iam::000000000000:role/any",
    "--zip-file",
    `fileb://${folder.path}/f.zip`,
  );
  expect(made.stderr).toBe("");
});
afterAll(async () => {
  await server.stop();
  await folder.remove();
});

const SOURCE = `
exports.handler = async (event) => ({ hello: event.name });
exports.streamed = awslambda.streamifyResponse(async (event, stream) => { stream.write("one "); stream.end("two"); });
`;

/** As the host of the server, whose key file lies in its data folder. */
const lambent = (...args: string[]) => runLambent([...args, "--url", server.url, "--data-dir", server.dataDirectory]);

async function makeKey(...args: string[]): Promise<Key> {
  const { code, stdout, stderr } = await lambent("keys", "create", ...args, "--json");
  if (code !== 0) throw new Error(stderr);
  return JSON.parse(stdout);
}

const environmentOf = ({ accessKeyId, secretAccessKey }: Key) => ({
  AWS_ACCESS_KEY_ID: accessKeyId,
  AWS_SECRET_ACCESS_KEY: secretAccessKey,
});
const cli = (key: Key, ...args: string[]) => awsCliAs(environmentOf(key), server.url, ...args);
const sdk = ({ accessKeyId, secretAccessKey }: Key) =>
  new LambdaClient({
    endpoint: server.url,
    region: "us-east-1",
    credentials: { accessKeyId, secretAccessKey },
    maxAttempts: 1,
  });
const s3 = ({ accessKeyId, secretAccessKey }: Key) =>
  new S3Client({
    endpoint: server.url,
    region: "us-east-1",
    credentials: { accessKeyId, secretAccessKey },
    forcePathStyle: true,
    maxAttempts: 1,
  });

describe.if(awsCliAvailable)("the AWS CLI", () => {
  test("signs, and is served: by name, by ARN, with names that have to be encoded", async () => {
    for (const name of ["hello", "arn:aws:lambda:us-east-1:000000000000:function:hello", "hello:$LATEST"]) {
      const run = await cli(
        invoker,
        "lambda",
        "invoke",
        "--function-name",
        name,
        "--cli-binary-format",
        "raw-in-base64-out",
        "--payload",
        '{"name":"Ann"}',
        join(folder.path, "out.json"),
      );
      expect([run.stderr, await readFile(join(folder.path, "out.json"), "utf8")]).toEqual(["", '{"hello":"Ann"}']);
    }
    const tagged = await cli(
      admin,
      "lambda",
      "tag-resource",
      "--resource",
      "arn:aws:lambda:us-east-1:000000000000:function:hello",
      "--tags",
      '{"a b":"c d","é":"ü"}',
    );
    expect(tagged.stderr).toBe("");
    const untagged = await cli(
      admin,
      "lambda",
      "untag-resource",
      "--resource",
      "arn:aws:lambda:us-east-1:000000000000:function:hello",
      "--tag-keys",
      "a b",
      "é",
    );
    expect(untagged.stderr).toBe("");
  });

  test.each<[string, (key: Key) => Key, string]>([
    ["a wrong secret", (key) => ({ ...key, secretAccessKey: "guessed" }), "(InvalidSignatureException)"],
    [
      "a key that nobody has",
      (key) => ({ ...key, accessKeyId: "AKIANOBODYNOBODYNOBO" }),
      "(UnrecognizedClientException)",
    ],
  ])("with %s is refused as on AWS", async (_, change, says) => {
    const { code, stderr } = await cli(change(admin), "lambda", "list-functions");
    expect(code).not.toBe(0);
    expect(stderr).toContain(says);
  });

  test("without the permission is refused as on AWS, and with DryRun learns whether it has it", async () => {
    const refused = await cli(invoker, "lambda", "delete-function", "--function-name", "hello");
    expect(refused.stderr).toContain("(AccessDeniedException) when calling the DeleteFunction operation");
    expect(refused.stderr).toContain(
      "User: arn:aws:iam::000000000000:user/ivy is not authorized to perform: lambda:DeleteFunction on resource: arn:aws:lambda:us-east-1:000000000000:function:hello because no identity-based policy allows the lambda:DeleteFunction action",
    );
    const dry = [
      "lambda",
      "invoke",
      "--function-name",
      "hello",
      "--invocation-type",
      "DryRun",
      join(folder.path, "out.json"),
    ];
    expect((await cli(invoker, ...dry)).json()).toMatchObject({ StatusCode: 204 });
    const reader = await makeKey("--name", "ron", "--role", "reader");
    expect((await cli(reader, ...dry)).stderr).toContain("(AccessDeniedException)");
  });

  test("works with the buckets, presigned addresses included", async () => {
    expect((await cli(admin, "s3", "mb", "s3://photos")).stderr).toBe("");
    expect((await cli(admin, "s3", "cp", join(folder.path, "f.zip"), "s3://photos/a b/ü.zip")).code).toBe(0);
    const { stdout } = await cli(admin, "s3", "presign", "s3://photos/a b/ü.zip");
    const got = await fetch(stdout.trim());
    expect([got.status, (await got.bytes()).length]).toEqual([200, statSync(join(folder.path, "f.zip")).size]);
    expect((await fetch(stdout.trim().replace("%C3%BC", "%C3%A4"))).status).toBe(403);
    expect((await cli(invoker, "s3", "ls", "s3://photos")).stderr).toContain("(AccessDenied)");
  });
});

describe("AWS's SDK", () => {
  test("signs, and is served", async () => {
    const client = sdk(admin);
    const { Payload } = await client.send(
      new InvokeCommand({ FunctionName: "hello", Payload: JSON.stringify({ name: "Žofie 🐎" }) }),
    );
    expect(JSON.parse(Payload?.transformToString() ?? "")).toEqual({ hello: "Žofie 🐎" });
    expect(
      (await client.send(new ListFunctionsCommand({ MaxItems: 1, FunctionVersion: "ALL" }))).Functions,
    ).toHaveLength(1);
    const { Code } = await client.send(new GetFunctionCommand({ FunctionName: "hello" }));
    expect((await fetch(Code?.Location ?? "")).status).toBe(200);
    client.destroy();
  });

  test("without the permission gets AWS's error", async () => {
    const client = sdk(invoker);
    const error = await client.send(new ListFunctionsCommand({})).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ name: "AccessDeniedException", $metadata: { httpStatusCode: 403 } });
    client.destroy();
  });

  test("signs streams of both directions", async () => {
    const client = sdk(admin);
    const { EventStream } = await client.send(
      new InvokeWithResponseStreamCommand({ FunctionName: "hello", Payload: "{}" }),
    );
    let text = "";
    for await (const event of EventStream ?? []) text += Buffer.from(event.PayloadChunk?.Payload ?? []).toString();
    expect(text).toBe("{}");
    const objects = s3(admin);
    await objects.send(new CreateBucketCommand({ Bucket: "sdk-bucket" }));
    const Body = Buffer.alloc(300_000, "x");
    await objects.send(
      new PutObjectCommand({ Bucket: "sdk-bucket", Key: "a/b c+d", Body, ChecksumAlgorithm: "SHA256" }),
    );
    const got = await objects.send(new GetObjectCommand({ Bucket: "sdk-bucket", Key: "a/b c+d" }));
    expect(await got.Body?.transformToString()).toBe(Body.toString());
    objects.destroy();
    client.destroy();
  });
});

describe("lambent keys", () => {
  test("prints what a shell takes, and the secret never again", async () => {
    const { stdout, stderr } = await lambent(
      "keys",
      "create",
      "--name",
      "shell",
      "--role",
      "reader",
      "--expires",
      "12h",
    );
    const [, id, secret] =
      /^export AWS_ACCESS_KEY_ID=(AKIA\w{16}) AWS_SECRET_ACCESS_KEY=(\S{40})\n$/.exec(stdout) ?? [];
    expect(stderr).toContain("not shown again");
    const listed = await lambent("keys", "ls");
    expect(listed.stdout).toContain(id ?? "?");
    expect(listed.stdout).not.toContain(secret ?? "?");
    expect(await cliList({ accessKeyId: id ?? "", secretAccessKey: secret ?? "" })).toBe(0);
  });
  const cliList = async (key: Key) => ((await fetchSigned(key)) === 200 ? 0 : 1);
  const fetchSigned = async (key: Key) => {
    const client = sdk(key);
    const answer = await client.send(new ListFunctionsCommand({})).then(
      () => 200,
      (error) => error.$metadata.httpStatusCode as number,
    );
    client.destroy();
    return answer;
  };

  test("rotates and removes", async () => {
    const old = await makeKey("--name", "ci", "--role", "reader");
    const fresh = JSON.parse((await lambent("keys", "rotate", "ci", "--json")).stdout) as Key;
    expect([await fetchSigned(old), await fetchSigned(fresh)]).toEqual([200, 200]);
    expect((await lambent("keys", "rm", old.accessKeyId)).stdout).toBe(`${old.accessKeyId} removed\n`);
    expect([await fetchSigned(old), await fetchSigned(fresh)]).toEqual([403, 200]);
    await lambent("keys", "rotate", "ci", "--grace", "0s");
    expect(await fetchSigned(fresh)).toBe(403);
  });

  test("takes a policy from a file", async () => {
    const file = join(folder.path, "policy.json");
    await writeFile(
      file,
      JSON.stringify({
        Version: "2012-10-17",
        Statement: { Effect: "Allow", Action: "lambda:ListFunctions", Resource: "*" },
      }),
    );
    expect(await fetchSigned(await makeKey("--name", "lister", "--policy", file))).toBe(200);
    await writeFile(file, '{"Statement": [{"Effect": "Maybe"}]}');
    const refused = await lambent("keys", "create", "--name", "bad", "--policy", file);
    expect([refused.code, refused.stderr]).toEqual([
      1,
      "lambent: Cannot use the policy: Statement[0]: Effect has to be Allow or Deny\n",
    ]);
  });

  test("needs the key file, or a key that may", async () => {
    const away = await temporaryDirectory();
    const nobody = await runLambent(["keys", "ls", "--url", server.url, "--data-dir", away.path]);
    expect([nobody.code, nobody.stderr]).toEqual([1, expect.stringContaining("name its --data-dir or --key-file")]);
    const mayNot = await runLambent(["keys", "ls", "--url", server.url], environmentOf(invoker));
    expect(mayNot.stderr).toContain("is not authorized to perform: lambent:ListKeys");
    const may = await runLambent(["keys", "ls", "--url", server.url, "--json"], environmentOf(admin));
    expect(may.stdout).toContain('"name":"admin"');
    await away.remove();
  });

  test("works for the other commands as well, and the audit log tells who did what", async () => {
    expect((await lambent("events", "ls")).stdout).toBe("The dead-letter box is empty\n");
    const { stdout } = await lambent("audit", "--count", "1000");
    expect(stdout).toMatch(/root +127\.0\.0\.1 +ok +lambent:CreateKey/);
    expect(stdout).toMatch(
      /user\/admin +127\.0\.0\.1 +ok +lambda:CreateFunction +arn:aws:lambda:us-east-1:000000000000:function:hello/,
    );
    expect(stdout).toMatch(/user\/ivy +127\.0\.0\.1 +AccessDeniedException +lambda:ListFunctions/);
    expect(stdout).not.toMatch(/ ok +lambda:Invoke/);
  });
});

test("keys outlive the server, also when it is killed", async () => {
  await server.kill9();
  await server.restart();
  const client = sdk(admin);
  expect((await client.send(new ListFunctionsCommand({}))).Functions?.length).toBe(1);
  client.destroy();
});
