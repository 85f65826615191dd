/** The life of a function through the AWS command line client, as a person at a terminal has it. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { awsCli, awsCliAvailable } from "../support/aws-cli.ts";
import { create, invoke, ROLE } from "../support/lambda-http.ts";
import { type RunningServer, startServer, temporaryDirectory } from "../support/server.ts";
import { until } from "../support/until.ts";
import { zipOf } from "../support/zip.ts";

/** One start of the client takes half a second of Python. */
const MS_MAX = 60_000;
const ARN = "arn:aws:lambda:us-east-1:000000000000:function:";

let server: RunningServer;
let folder: Awaited<ReturnType<typeof temporaryDirectory>>;

beforeAll(async () => {
  server = await startServer();
  folder = await temporaryDirectory();
});
afterAll(async () => {
  await server.stop();
  await folder.remove();
});

const aws = (...args: string[]) => awsCli(server.url, "lambda", ...args);

const answering = (text: string): Promise<Uint8Array> =>
  zipOf({
    "index.js": `exports.handler = async (event) => { console.log("saw", event); return { text: "${text}", event }; };`,
  });

/** Writes a file for the client to read, and answers its `fileb://` name. */
async function file(name: string, content: string | Uint8Array): Promise<string> {
  await Bun.write(join(folder.path, name), content);
  return `fileb://${join(folder.path, name)}`;
}

/** The sentence in which the client reports an error of the service, without its beginning and without its remark on retries. */
const complaint = (stderr: string): string =>
  stderr
    .trim()
    .replace(/^An error occurred /, "")
    .replace(" (reached max retries: 0)", "");

let calls = 0;

/** `aws lambda invoke`: what it prints, and the result that it leaves in a file. */
async function cliInvoke(name: string, ...args: string[]) {
  const path = join(folder.path, `answer-${++calls}.json`);
  const run = await aws("invoke", "--function-name", name, ...args, path);
  expect({ code: run.code, stderr: run.stderr }).toEqual({ code: 0, stderr: "" });
  return { printed: run.json() as Record<string, unknown>, text: await Bun.file(path).text() };
}

describe.skipIf(!awsCliAvailable)("aws lambda", () => {
  test(
    "takes a function from create-function to delete-function",
    async () => {
      const name = "whole-life";
      const first = await answering("first");
      const created = await aws(
        ...["create-function", "--function-name", name, "--runtime", "nodejs22.x", "--role", ROLE],
        ...["--handler", "index.handler", "--zip-file", await file("first.zip", first)],
        ...["--timeout", "5", "--environment", "Variables={STAGE=test}", "--tags", "team=one"],
      );
      expect(created.stderr).toBe("");
      expect(created.json()).toMatchObject({
        FunctionName: name,
        FunctionArn: ARN + name,
        State: "Pending",
        CodeSha256: createHash("sha256").update(first).digest("base64"),
        Environment: { Variables: { STAGE: "test" } },
      });
      const waited = await aws("wait", "function-active-v2", "--function-name", name);
      expect([waited.code, waited.stdout, waited.stderr]).toEqual([0, "", ""]);

      const bare = await cliInvoke(name);
      expect(bare.printed).toEqual({ StatusCode: 200, ExecutedVersion: "$LATEST" });
      expect(JSON.parse(bare.text)).toEqual({ text: "first", event: {} });

      const payload = await file("event.json", '{"key": "värde"}');
      const tailed = await cliInvoke(name, "--payload", payload, "--log-type", "Tail");
      expect(JSON.parse(tailed.text)).toEqual({ text: "first", event: { key: "värde" } });
      const log = Buffer.from(String(tailed.printed["LogResult"]), "base64").toString();
      expect(log).toMatch(
        /^START RequestId: \S+ Version: \$LATEST\n.*\tINFO\tsaw \{ key: .*\}\nEND RequestId: \S+\nREPORT /,
      );

      const got = (await aws("get-function", "--function-name", name)).json() as Record<
        string,
        Record<string, unknown>
      >;
      expect(got["Configuration"]).toMatchObject({ State: "Active", LastUpdateStatus: "Successful", Timeout: 5 });
      expect(got["Tags"]).toEqual({ team: "one" });
      const downloaded = await fetch(String(got["Code"]?.["Location"]));
      expect(downloaded.status).toBe(200);
      expect(Buffer.from(await downloaded.arrayBuffer()).equals(Buffer.from(first))).toBe(true);

      const second = await file("second.zip", await answering("second"));
      const updated = await aws("update-function-code", "--function-name", name, "--zip-file", second);
      expect(updated.json()).toMatchObject({ State: "Active", LastUpdateStatus: "InProgress" });
      const again = await cliInvoke(name, "--payload", payload);
      expect(JSON.parse(again.text)).toEqual({ text: "second", event: { key: "värde" } });

      const configured = await aws(
        ...[
          "update-function-configuration",
          "--function-name",
          name,
          "--memory-size",
          "256",
          "--description",
          "changed",
        ],
      );
      expect(configured.json()).toMatchObject({ MemorySize: 256, Description: "changed", Timeout: 5 });
      const settled = await aws("wait", "function-updated-v2", "--function-name", name);
      expect([settled.code, settled.stderr]).toEqual([0, ""]);
      const configuration = await aws("get-function-configuration", "--function-name", name);
      expect(configuration.json()).toMatchObject({
        MemorySize: 256,
        Description: "changed",
        LastUpdateStatus: "Successful",
        Environment: { Variables: { STAGE: "test" } },
      });

      const deleted = await aws("delete-function", "--function-name", name);
      expect([deleted.code, deleted.stderr]).toEqual([0, ""]);
      const gone = await aws("get-function", "--function-name", name);
      expect([gone.code, complaint(gone.stderr)]).toEqual([
        254,
        `(ResourceNotFoundException) when calling the GetFunction operation: Function not found: ${ARN}${name}`,
      ]);
    },
    MS_MAX,
  );

  test(
    "list-functions pages with --max-items, --starting-token and --page-size",
    async () => {
      const zip = await answering("listed");
      const names = ["list-a", "list-b", "list-c", "list-d", "list-e"];
      for (const name of names) expect((await create(server.url, name, zip)).status).toBe(201);
      const query = [
        "--query",
        "{Names: Functions[?starts_with(FunctionName, 'list-')].FunctionName, NextToken: NextToken}",
      ];
      const [all, small, first] = (
        await Promise.all([
          aws("list-functions", ...query),
          aws("list-functions", "--page-size", "2", ...query),
          aws("list-functions", "--max-items", "3"),
        ])
      ).map((run) => run.json());
      expect(all).toEqual({ Names: names, NextToken: null });
      expect(small).toEqual({ Names: names, NextToken: null });

      const seen: string[] = [];
      let page = first as { Functions: { FunctionName: string }[]; NextToken?: string };
      for (;;) {
        seen.push(...page.Functions.map((each) => each.FunctionName));
        if (page.NextToken === undefined) break;
        expect(page.Functions.length).toBe(3);
        const next = await aws("list-functions", "--max-items", "3", "--starting-token", page.NextToken);
        page = next.json() as typeof page;
      }
      expect(seen.filter((name) => name.startsWith("list-"))).toEqual(names);
      expect(seen).toEqual([...new Set(seen)]);
    },
    MS_MAX,
  );

  test(
    "invoke shows a function's failure, and still exits with 0",
    async () => {
      const zip = await zipOf({ "index.js": 'exports.handler = async () => { throw new TypeError("broken"); };' });
      await create(server.url, "failing", zip);
      const { printed, text } = await cliInvoke("failing");
      expect(printed).toEqual({ StatusCode: 200, FunctionError: "Handled", ExecutedVersion: "$LATEST" });
      expect(JSON.parse(text)).toMatchObject({ errorType: "TypeError", errorMessage: "broken" });
    },
    MS_MAX,
  );

  test(
    "prints a refusal as AWS's own, and exits with 254",
    async () => {
      const name = "taken";
      await create(server.url, name, await answering("first"));
      const zip = await file("any.zip", await answering("any"));
      const common = ["--runtime", "nodejs22.x", "--role", ROLE, "--handler", "index.handler"];
      // The client itself refuses what is no zip at all.
      const escapingZip = await file("escaping.zip", await zipOf({ "index.js": "", "../escaped.js": "" }));
      const answer = join(folder.path, "never.json");
      const runs = await Promise.all([
        aws("create-function", "--function-name", name, ...common, "--zip-file", zip),
        aws("create-function", "--function-name", "escaping", ...common, "--zip-file", escapingZip),
        aws("create-function", "--function-name", "bad name", ...common, "--zip-file", zip),
        aws("invoke", "--function-name", "ghost", answer),
        aws("invoke", "--function-name", name, "--payload", await file("broken.json", "{broken"), answer),
        aws("update-function-code", "--function-name", name, "--zip-file", zip, "--revision-id", "stale"),
        aws(
          ...["create-function", "--function-name", "image", "--role", ROLE],
          ...["--package-type", "Image", "--code", "ImageUri=000000000000.dkr.ecr.us-east-1.amazonaws.com/any:1"],
        ),
      ]);
      expect(runs.map((run) => run.code)).toEqual(Array(runs.length).fill(254));
      const [conflict, escaping, badName, ghost, broken, stale, unsupported] = runs.map((run) => complaint(run.stderr));
      expect(conflict).toBe(
        "(ResourceConflictException) when calling the CreateFunction operation: Function already exist: taken",
      );
      expect(escaping).toStartWith(
        "(InvalidParameterValueException) when calling the CreateFunction operation: Could not unzip uploaded file",
      );
      expect(badName).toStartWith(
        "(ValidationException) when calling the CreateFunction operation: 1 validation error detected: Value 'bad name' at 'functionName' failed to satisfy constraint: Member must satisfy regular expression pattern: ",
      );
      expect(ghost).toBe(
        `(ResourceNotFoundException) when calling the Invoke operation: Function not found: ${ARN}ghost:$LATEST`,
      );
      expect(broken).toStartWith(
        "(InvalidRequestContentException) when calling the Invoke operation: Could not parse request body into json: Could not parse payload into json: ",
      );
      expect(stale).toBe(
        "(PreconditionFailedException) when calling the UpdateFunctionCode operation: The Revision Id provided does not match the latest Revision Id. Call the GetFunction/GetAlias API to retrieve the latest Revision Id",
      );
      expect(unsupported).toStartWith(
        "(InvalidParameterValueException) when calling the CreateFunction operation: Cannot perform CreateFunction with PackageType 'Image'",
      );
      expect(JSON.parse((await invoke(server.url, name)).text)).toEqual({ text: "first", event: {} });
    },
    MS_MAX,
  );
});

describe("the download link of a package", () => {
  async function link(): Promise<{ url: URL; zip: Uint8Array }> {
    const zip = await answering("to be downloaded");
    await create(server.url, "downloaded", zip);
    const response = await fetch(`${server.url}/2015-03-31/functions/downloaded`);
    const { Code } = (await response.json()) as { Code: { Location: string } };
    return { url: new URL(Code.Location), zip };
  }

  test("gives the package's bytes without any key", async () => {
    const { url, zip } = await link();
    const response = await fetch(url);
    expect([response.status, response.headers.get("content-type")]).toEqual([200, "application/zip"]);
    expect(Buffer.from(await response.arrayBuffer()).equals(Buffer.from(zip))).toBe(true);
  });

  test("leads back to the address under which the server was asked", async () => {
    const { url } = await link();
    expect(url.origin).toBe(server.url);
  });

  test("is good for ten minutes", async () => {
    const { url } = await link();
    const validMs = Number(url.searchParams.get("expires")) - Date.now();
    expect(validMs).toBeWithin(9 * 60_000, 10 * 60_000 + 1);
  });

  const other = createHash("sha256").update("other").digest("hex");
  test.each<{ name: string; change: (url: URL) => void }>([
    { name: "whose token is another", change: (url) => url.searchParams.set("token", "A".repeat(43)) },
    { name: "whose token was cut", change: (url) => url.searchParams.set("token", "A") },
    { name: "without a token", change: (url) => url.searchParams.delete("token") },
    {
      name: "whose expiry was moved on",
      change: (url) => url.searchParams.set("expires", String(Date.now() + 3_600_000)),
    },
    { name: "that has expired", change: (url) => url.searchParams.set("expires", String(Date.now() - 1)) },
    { name: "without an expiry", change: (url) => url.searchParams.delete("expires") },
    { name: "to another package", change: (url) => (url.pathname = `/_lambent/packages/${other}.zip`) },
    { name: "that climbs out of the packages", change: (url) => (url.pathname = "/_lambent/packages/..%2flambent.db") },
  ])("is refused $name", async ({ change }) => {
    const { url } = await link();
    change(url);
    const response = await fetch(url);
    expect([response.status, response.headers.get("x-amzn-errortype")]).toEqual([403, "AccessDeniedException"]);
    expect(await response.text()).not.toContain("PK");
  });

  test("is dead after a restart, and a new one is to be had", async () => {
    const { url } = await link();
    const before = new URL(url);
    await server.restart();
    before.port = new URL(server.url).port;
    expect((await fetch(before)).status).toBe(403);
    const renewed = await until("the function is back", link);
    expect((await fetch(renewed.url)).status).toBe(200);
  });
});
