/** Versions, aliases and everything configured about functions, through the AWS command line client against the built executable. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { awsCli, awsCliAvailable } from "../support/aws-cli.ts";
import { create, createFrom } from "../support/lambda-http.ts";
import { type RunningServer, startServer, temporaryDirectory } from "../support/server.ts";
import { until } from "../support/until.ts";
import { zipOf } from "../support/zip.ts";

setDefaultTimeout(60_000); // one start of the client takes half a second of Python, so tests run side by side

const ARN = "arn:aws:lambda:us-east-1:000000000000:function:";
const PRECONDITION_FAILED =
  "The Revision Id provided does not match the latest Revision Id. Call the GetFunction/GetAlias API to retrieve the latest Revision Id";

let server: RunningServer;
let folder: Awaited<ReturnType<typeof temporaryDirectory>>;

beforeAll(async () => {
  server = await startServer({ flags: ["--seed", "fixed", "--routing", "exact"] });
  folder = await temporaryDirectory();
  await createFrom(server.url, "configured", "exports.handler = async () => 1;");
});
afterAll(async () => {
  await server.stop();
  await folder.remove();
});

/** Runs the client, which has to succeed, and answers what it printed; undefined for nothing. */
async function aws(...args: string[]): Promise<Record<string, unknown> | undefined> {
  const run = await awsCli(server.url, "lambda", ...args);
  expect({ args, code: run.code, stderr: run.stderr }).toEqual({ args, code: 0, stderr: "" });
  return run.stdout === "" ? undefined : (run.json() as Record<string, unknown>);
}

/** Runs the client, which has to fail, and answers the error's code and text. */
async function refused(...args: string[]): Promise<[code: string | undefined, text: string | undefined]> {
  const run = await awsCli(server.url, "lambda", ...args);
  expect({ args, code: run.code, stdout: run.stdout }).toEqual({ args, code: 254, stdout: "" });
  const [, code, text] = /\((\w+)\) when calling the \w+ operation(?: \(.*?\))?: (.*)/.exec(run.stderr) ?? [];
  return [code, text];
}

const returning = (text: string): Promise<Uint8Array> =>
  zipOf({ "index.js": `exports.handler = async () => ${JSON.stringify(text)};` });

async function file(name: string, content: Uint8Array): Promise<string> {
  await Bun.write(join(folder.path, name), content);
  return `fileb://${join(folder.path, name)}`;
}

/** The version that a call ran, and its result. */
async function invoke(...args: string[]): Promise<[version: unknown, result: unknown]> {
  const path = join(folder.path, `answer-${crypto.randomUUID()}.json`);
  const printed = await aws("invoke", ...args, path);
  return [printed?.["ExecutedVersion"], await Bun.file(path).json()];
}

describe.skipIf(!awsCliAvailable)("aws lambda", () => {
  test.concurrent("takes code through dry run, update, versions and a weighted alias", async () => {
    const on = ["--function-name", "released"];
    await create(server.url, "released", await returning("code 1"));
    await aws("wait", "function-active-v2", ...on);
    expect(await aws("publish-version", ...on, "--description", "the first")).toMatchObject({
      Version: "1",
      Description: "the first",
    });

    const second = await returning("code 2");
    const update = ["update-function-code", ...on, "--zip-file", await file("second.zip", second)];
    const CodeSha256 = createHash("sha256").update(second).digest("base64");
    expect(await refused(...update, "--revision-id", "stale")).toEqual([
      "PreconditionFailedException",
      PRECONDITION_FAILED,
    ]);
    expect(await aws(...update, "--dry-run")).toMatchObject({ CodeSha256 });
    const [, untouched] = await invoke(...on);
    expect(untouched).toBe("code 1");
    expect(await aws(...update, "--publish")).toMatchObject({ Version: "2", CodeSha256 });
    await aws("wait", "function-updated-v2", ...on);
    await aws("wait", "published-version-active", ...on, "--qualifier", "2");
    const [again, otherCode, listed] = await Promise.all([
      aws("publish-version", ...on),
      refused("publish-version", ...on, "--code-sha256", "c29tZXRoaW5nIGVsc2U="),
      aws("list-versions-by-function", ...on, "--page-size", "1", "--query", "{Versions: Versions[].Version}"),
    ]);
    expect([again?.["Version"], otherCode[0], listed]).toEqual([
      "2",
      "InvalidParameterValueException",
      { Versions: ["$LATEST", "1", "2"] },
    ]);

    const alias = [...on, "--name", "live"];
    const created = await aws(
      ...["create-alias", ...alias, "--function-version", "1"],
      ...["--routing-config", "AdditionalVersionWeights={2=0.5}"],
    );
    expect(created).toMatchObject({
      AliasArn: `${ARN}released:live`,
      FunctionVersion: "1",
      RoutingConfig: { AdditionalVersionWeights: { 2: 0.5 } },
    });
    const calls = [await invoke(...on, "--qualifier", "live"), await invoke(...on, "--qualifier", "live")];
    expect(calls.sort()).toEqual([
      ["1", "code 1"],
      ["2", "code 2"],
    ]);
    const [shown, stale] = await Promise.all([
      aws("get-alias", ...alias),
      refused("update-alias", ...alias, "--revision-id", "stale"),
    ]);
    expect([shown, stale]).toEqual([created, ["PreconditionFailedException", PRECONDITION_FAILED]]);
    const moved = await aws(
      ...["update-alias", ...alias, "--function-version", "2", "--routing-config", "AdditionalVersionWeights={}"],
      ...["--revision-id", String(created?.["RevisionId"])],
    );
    expect([moved?.["FunctionVersion"], moved?.["RoutingConfig"]]).toEqual(["2", undefined]);
    const [aliases, inUse] = await Promise.all([
      aws("list-aliases", ...on, "--function-version", "2", "--query", "{Aliases: Aliases[].Name}"),
      refused("delete-function", ...on, "--qualifier", "2"),
    ]);
    expect([aliases, inUse[0]]).toEqual([{ Aliases: ["live"] }, "ResourceConflictException"]);
    await aws("delete-alias", ...alias);
    expect((await refused("get-alias", ...alias))[0]).toBe("ResourceNotFoundException");
  });

  test.concurrent("reserves and provisions concurrency", async () => {
    const on = ["--function-name", "limited"];
    const source = "exports.handler = async () => process.env.AWS_LAMBDA_INITIALIZATION_TYPE;";
    await createFrom(server.url, "limited", source, { Publish: true });
    const provisioned = [...on, "--qualifier", "1"];
    const put = ["put-provisioned-concurrency-config", ...provisioned, "--provisioned-concurrent-executions", "1"];
    expect(await aws(...put)).toMatchObject({ Status: "IN_PROGRESS" });
    await until("it is READY", async () => {
      const now = await aws("get-provisioned-concurrency-config", ...provisioned);
      return now?.["Status"] === "READY" && now["AvailableProvisionedConcurrentExecutions"] === 1;
    });
    expect(await invoke(...provisioned)).toEqual(["1", "provisioned-concurrency"]);
    const reserve = (n: number) => ["put-function-concurrency", ...on, "--reserved-concurrent-executions", String(n)];
    expect((await refused(...reserve(0)))[0]).toBe("InvalidParameterValueException"); // less than is provisioned
    await aws("delete-provisioned-concurrency-config", ...provisioned);
    expect(await aws(...reserve(0))).toEqual({ ReservedConcurrentExecutions: 0 });
    const [throttled, settings] = await Promise.all([
      refused("invoke", ...on, join(folder.path, "never.json")),
      aws("get-account-settings"),
    ]);
    expect(throttled).toEqual(["TooManyRequestsException", "Rate Exceeded."]);
    expect(settings).toMatchObject({ AccountLimit: { UnreservedConcurrentExecutions: 1000 } });
    await aws("delete-function-concurrency", ...on);
    expect(await invoke(...on)).toEqual(["$LATEST", "on-demand"]);
  });

  describe("keeps and shows what it is told:", () => {
    const on = ["--function-name", "configured"];
    const PUBLISHER = "arn:aws:signer:us-east-1:000000000000:/signing-profiles/Mine/abcdefghij";
    interface Scenario {
      name: string;
      write: string[];
      read: string[];
      shows: Record<string, unknown>;
    }
    test.concurrent.each<Scenario>([
      {
        name: "tags",
        write: ["tag-resource", "--resource", `${ARN}configured`, "--tags", "team=one,stage=test"],
        read: ["list-tags", "--resource", `${ARN}configured`],
        shows: { Tags: { team: "one", stage: "test" } },
      },
      {
        name: "an event invoke config",
        write: ["put-function-event-invoke-config", ...on, "--maximum-retry-attempts", "1"],
        read: ["list-function-event-invoke-configs", ...on],
        shows: {
          FunctionEventInvokeConfigs: [{ FunctionArn: `${ARN}configured:$LATEST`, MaximumRetryAttempts: 1 }],
        },
      },
      {
        name: "a permission",
        write: [
          ...["add-permission", ...on, "--statement-id", "one", "--action", "lambda:InvokeFunction"],
          ...["--principal", "events.amazonaws.com"],
        ],
        read: ["get-policy", ...on],
        shows: { Policy: expect.stringContaining('"Principal":{"Service":"events.amazonaws.com"}') },
      },
      {
        name: "a function URL",
        write: ["create-function-url-config", ...on, "--auth-type", "NONE", "--cors", "AllowOrigins=*,MaxAge=5"],
        read: ["get-function-url-config", ...on],
        shows: { AuthType: "NONE", Cors: { AllowOrigins: ["*"], MaxAge: 5 } },
      },
      {
        name: "an event source mapping",
        write: [
          ...["create-event-source-mapping", ...on, "--batch-size", "3", "--no-enabled"],
          ...["--event-source-arn", "arn:aws:sqs:us-east-1:000000000000:orders"],
        ],
        read: ["list-event-source-mappings", ...on],
        shows: { EventSourceMappings: [{ BatchSize: 3, State: "Disabled" }] },
      },
      {
        name: "a code signing config",
        write: ["create-code-signing-config", "--allowed-publishers", `SigningProfileVersionArns=${PUBLISHER}`],
        read: ["list-code-signing-configs"],
        shows: { CodeSigningConfigs: [{ AllowedPublishers: { SigningProfileVersionArns: [PUBLISHER] } }] },
      },
      {
        name: "runtime management",
        write: ["put-runtime-management-config", ...on, "--update-runtime-on", "FunctionUpdate"],
        read: ["get-runtime-management-config", ...on],
        shows: { UpdateRuntimeOn: "FunctionUpdate" },
      },
    ])("$name", async ({ write, read, shows }) => {
      await aws(...write);
      expect(await aws(...read)).toMatchObject(shows);
    });
  });
});
