/** The life of a function through AWS's own SDK for JavaScript, as a program of a user has it. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { createHash } from "node:crypto";
import {
  CreateFunctionCommand,
  DeleteFunctionCommand,
  GetFunctionCommand,
  GetFunctionConfigurationCommand,
  InvalidParameterValueException,
  InvalidRequestContentException,
  InvokeCommand,
  type InvokeCommandInput,
  LambdaClient,
  LambdaServiceException,
  ListFunctionsCommand,
  PreconditionFailedException,
  paginateListFunctions,
  ResourceConflictException,
  ResourceNotFoundException,
  UpdateFunctionCodeCommand,
  UpdateFunctionConfigurationCommand,
  waitUntilFunctionActiveV2,
  waitUntilFunctionUpdatedV2,
} from "@aws-sdk/client-lambda";
import { fixtureZip } from "../support/function-fixtures.ts";
import { ROLE } from "../support/lambda-http.ts";
import { type RunningServer, startServer } from "../support/server.ts";
import { zipOf } from "../support/zip.ts";

setDefaultTimeout(30_000); // a busy machine may be slow; what has to be quick says so itself

let server: RunningServer;
let client: LambdaClient;
let count = 0;

beforeAll(async () => {
  server = await startServer();
  client = new LambdaClient({
    endpoint: server.url,
    region: "us-east-1",
    credentials: { accessKeyId: "test", secretAccessKey: "test" },
    maxAttempts: 1, // a retry would hide a failure
  });
});
afterAll(async () => {
  client.destroy();
  await server.stop();
});

const answering = (text: string): Promise<Uint8Array> =>
  zipOf({ "index.js": `exports.handler = async (event) => ({ text: ${JSON.stringify(text)}, event });` });

async function create(zip: Uint8Array, rest: Partial<ConstructorParameters<typeof CreateFunctionCommand>[0]> = {}) {
  const input = { FunctionName: `fn-${++count}`, Runtime: "nodejs22.x", Role: ROLE, Handler: "index.handler" } as const;
  await client.send(new CreateFunctionCommand({ ...input, Code: { ZipFile: zip }, ...rest }));
  return rest.FunctionName ?? input.FunctionName;
}

async function invoke(FunctionName: string, event?: unknown, rest: Partial<InvokeCommandInput> = {}) {
  const Payload = event === undefined ? {} : { Payload: JSON.stringify(event) };
  const output = await client.send(new InvokeCommand({ FunctionName, ...Payload, ...rest }));
  return {
    ...output,
    value: output.Payload?.length ? (JSON.parse(output.Payload.transformToString()) as unknown) : undefined,
  };
}

/** The error of a request that has to be refused. */
async function refusal(request: Promise<unknown>): Promise<LambdaServiceException> {
  const error = await request.then(() => undefined).catch((thrown: unknown) => thrown);
  if (!(error instanceof LambdaServiceException)) throw new Error(`Not an answer of the service: ${error}`);
  return error;
}

const arnOf = (name: string): string => `arn:aws:lambda:us-east-1:000000000000:function:${name}`;

describe("a function", () => {
  test("goes from Pending to Active, and says all of itself", async () => {
    const zip = await answering("first");
    const name = `fn-${++count}`;
    const created = await client.send(
      new CreateFunctionCommand({
        FunctionName: name,
        Runtime: "nodejs22.x",
        Role: ROLE,
        Handler: "index.handler",
        Code: { ZipFile: zip },
        Description: "says something",
        Timeout: 5,
        MemorySize: 256,
        Environment: { Variables: { STAGE: "test" } },
        Tags: { team: "one" },
        Architectures: ["arm64"],
        EphemeralStorage: { Size: 1024 },
      }),
    );
    const facts = {
      FunctionName: name,
      FunctionArn: arnOf(name),
      Runtime: "nodejs22.x",
      Role: ROLE,
      Handler: "index.handler",
      CodeSize: zip.length,
      CodeSha256: createHash("sha256").update(zip).digest("base64"),
      Description: "says something",
      Timeout: 5,
      MemorySize: 256,
      Version: "$LATEST",
      Environment: { Variables: { STAGE: "test" } },
      TracingConfig: { Mode: "PassThrough" },
      PackageType: "Zip",
      Architectures: ["arm64"],
      EphemeralStorage: { Size: 1024 },
      SnapStart: { ApplyOn: "None", OptimizationStatus: "Off" },
      LoggingConfig: { LogFormat: "Text", LogGroup: `/aws/lambda/${name}` },
    };
    expect(created.$metadata.httpStatusCode).toBe(201);
    expect(created).toMatchObject({
      ...facts,
      State: "Pending",
      StateReasonCode: "Creating",
      StateReason: "The function is being created.",
      LastModified: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+0000$/),
    });
    expect(created.LastUpdateStatus).toBeUndefined();

    const waited = await waitUntilFunctionActiveV2({ client, maxWaitTime: 10, minDelay: 1 }, { FunctionName: name });
    expect(String(waited.state)).toBe("SUCCESS");
    const { Configuration, Code, Tags } = await client.send(new GetFunctionCommand({ FunctionName: name }));
    expect(Configuration).toMatchObject({ ...facts, State: "Active", LastUpdateStatus: "Successful" });
    expect(Configuration?.StateReason).toBeUndefined();
    expect(Configuration?.RevisionId).not.toBe(created.RevisionId ?? "");
    expect(Tags).toEqual({ team: "one" });
    expect(Code?.RepositoryType).toBe("S3");
    const { $metadata, ...alone } = await client.send(new GetFunctionConfigurationCommand({ FunctionName: name }));
    expect($metadata.httpStatusCode).toBe(200);
    expect(alone).toEqual(Configuration ?? {});

    const downloaded = await fetch(Code?.Location ?? "");
    expect(Buffer.from(await downloaded.arrayBuffer()).equals(Buffer.from(zip))).toBe(true);
  });

  test("answers with its new code from the moment that an update is acknowledged, never with the old", async () => {
    const name = await create(await answering("version 0"));
    await waitUntilFunctionActiveV2({ client, maxWaitTime: 10, minDelay: 1 }, { FunctionName: name });
    expect((await invoke(name, { a: 1 })).value).toEqual({ text: "version 0", event: { a: 1 } });
    for (let n = 1; n <= 10; n++) {
      const updated = await client.send(
        new UpdateFunctionCodeCommand({ FunctionName: name, ZipFile: await answering(`version ${n}`) }),
      );
      expect(updated).toMatchObject({
        State: "Active",
        LastUpdateStatus: "InProgress",
        LastUpdateStatusReasonCode: "Creating",
      });
      const answers = await Promise.all([1, 2, 3].map((call) => invoke(name, { call })));
      expect(answers.map((answer) => (answer.value as { text: string }).text)).toEqual(Array(3).fill(`version ${n}`));
      // The calls waited for the update, so the next one meets none in progress.
    }
    const waited = await waitUntilFunctionUpdatedV2({ client, maxWaitTime: 10, minDelay: 1 }, { FunctionName: name });
    expect(String(waited.state)).toBe("SUCCESS");
  });

  test("takes new settings, keeps those that were not named, and runs with them", async () => {
    const source = "exports.other = async (_, context) => [process.env.STAGE, context.memoryLimitInMB];";
    const name = await create(await zipOf({ "index.js": source }), { Description: "stays", Timeout: 9 });
    await waitUntilFunctionActiveV2({ client, maxWaitTime: 10, minDelay: 1 }, { FunctionName: name });
    const change = { Handler: "index.other", MemorySize: 192, Environment: { Variables: { STAGE: "two" } } };
    const updated = await client.send(new UpdateFunctionConfigurationCommand({ FunctionName: name, ...change }));
    expect(updated).toMatchObject({ ...change, Description: "stays", Timeout: 9, LastUpdateStatus: "InProgress" });
    expect((await invoke(name)).value).toEqual(["two", "192"]);
    await waitUntilFunctionUpdatedV2({ client, maxWaitTime: 10, minDelay: 1 }, { FunctionName: name });
    const emptied = { FunctionName: name, Environment: {}, Description: "" };
    await client.send(new UpdateFunctionConfigurationCommand(emptied));
    expect((await invoke(name)).value).toEqual([null, "192"]);
    const now = await client.send(new GetFunctionConfigurationCommand({ FunctionName: name }));
    expect([now.Description, now.Environment, now.Handler]).toEqual(["", undefined, "index.other"]);
  });

  test("finishes a running call on the code that it began with", async () => {
    const slow = (text: string) =>
      zipOf({
        "index.js": `exports.handler = async (ms) => { await new Promise((r) => setTimeout(r, ms)); return "${text}"; };`,
      });
    const name = await create(await slow("old"), { Timeout: 10 });
    await invoke(name, 0);
    const running = invoke(name, 600);
    await client.send(new UpdateFunctionCodeCommand({ FunctionName: name, ZipFile: await slow("new") }));
    expect((await invoke(name, 0)).value).toBe("new");
    expect((await running).value).toBe("old");
  });

  test("is gone once it was deleted, and its name is free", async () => {
    const name = await create(await answering("short-lived"));
    const deleted = await client.send(new DeleteFunctionCommand({ FunctionName: name }));
    expect(deleted.$metadata.httpStatusCode).toBe(204);
    const refusals = await Promise.all([
      refusal(client.send(new GetFunctionCommand({ FunctionName: name }))),
      refusal(client.send(new InvokeCommand({ FunctionName: name }))),
      refusal(client.send(new DeleteFunctionCommand({ FunctionName: name }))),
    ]);
    for (const error of refusals) expect(error).toBeInstanceOf(ResourceNotFoundException);
    await create(await answering("again"), { FunctionName: name });
    expect((await invoke(name)).value).toEqual({ text: "again", event: {} });
  });

  test("can be named by its ARN and its partial ARN", async () => {
    const name = await create(await answering("by any name"));
    for (const form of [arnOf(name), `000000000000:function:${name}`, `function:${name}`, `${name}:$LATEST`]) {
      expect((await invoke(form, {})).value).toEqual({ text: "by any name", event: {} });
      expect((await client.send(new GetFunctionCommand({ FunctionName: form }))).Configuration?.FunctionName).toBe(
        name,
      );
    }
  });

  test("with Publish comes as version 1, beside $LATEST", async () => {
    const name = await create(await answering("published"), { Publish: true });
    const one = await client.send(new GetFunctionConfigurationCommand({ FunctionName: name, Qualifier: "1" }));
    expect([one.Version, one.FunctionArn]).toEqual(["1", `${arnOf(name)}:1`]);
    const answer = await invoke(name, {}, { Qualifier: "1" });
    expect([answer.ExecutedVersion, answer.value]).toEqual(["1", { text: "published", event: {} }]);
  });

  test("keeps its code in a dry run of an update, which answers what would be", async () => {
    const name = await create(await answering("kept"));
    await invoke(name);
    const other = await answering("not taken");
    const dry = await client.send(new UpdateFunctionCodeCommand({ FunctionName: name, ZipFile: other, DryRun: true }));
    expect(dry.CodeSha256).toBe(createHash("sha256").update(other).digest("base64"));
    expect((await invoke(name)).value).toMatchObject({ text: "kept" });
  });
});

describe("ListFunctions", () => {
  test("pages through all functions, each once, by name, without their states", async () => {
    const zip = await answering("listed");
    const names = new Set<string>();
    for (let n = 0; n < 7; n++) names.add(await create(zip));
    const seen: string[] = [];
    let pages = 0;
    for await (const page of paginateListFunctions({ client, pageSize: 3 }, {})) {
      pages++;
      expect(page.Functions?.length).toBeLessThan(4);
      for (const each of page.Functions ?? []) {
        seen.push(each.FunctionName ?? "");
        expect([each.State, each.LastUpdateStatus]).toEqual([undefined, undefined]);
      }
    }
    expect(seen).toEqual([...new Set(seen)]);
    expect(seen.filter((name) => names.has(name))).toEqual([...names].sort());
    expect(pages).toBe(Math.ceil(seen.length / 3));
  });

  test("caps a page at fifty, and says where to go on", async () => {
    const zip = await answering("one of many");
    for (let n = 0; n < 51; n++) await create(zip);
    const first = await client.send(new ListFunctionsCommand({ MaxItems: 10_000 }));
    expect([first.Functions?.length, typeof first.NextMarker]).toEqual([50, "string"]);
  });

  test("lists every version with its qualified ARN when asked", async () => {
    const name = await create(await answering("both"), { Publish: true });
    const arns: (string | undefined)[] = [];
    for await (const page of paginateListFunctions({ client }, { FunctionVersion: "ALL" })) {
      arns.push(...(page.Functions ?? []).filter((each) => each.FunctionName === name).map((each) => each.FunctionArn));
    }
    expect(arns.sort()).toEqual([`${arnOf(name)}:$LATEST`, `${arnOf(name)}:1`]);
  });

  test("refuses a marker that it did not give out", async () => {
    const error = await refusal(client.send(new ListFunctionsCommand({ Marker: "made up" })));
    expect(error).toBeInstanceOf(InvalidParameterValueException);
  });
});

describe("Invoke", () => {
  test("answers status, version, result and request id", async () => {
    const name = await create(await answering("all of it"));
    const answer = await invoke(name, [1, "ü", null]);
    expect(answer).toMatchObject({ StatusCode: 200, ExecutedVersion: "$LATEST", value: { event: [1, "ü", null] } });
    expect([answer.FunctionError, answer.LogResult]).toEqual([undefined, undefined]);
    expect(answer.$metadata.requestId).toMatch(/^[0-9a-f-]{36}$/);
  });

  test("without a payload gives the handler an empty object", async () => {
    expect((await invoke(await create(await answering("nothing")))).value).toEqual({ text: "nothing", event: {} });
  });

  test("with DryRun answers 204 without running anything", async () => {
    const name = await create(await zipOf({ "index.js": "process.exit(1)" }));
    const answer = await client.send(new InvokeCommand({ FunctionName: name, InvocationType: "DryRun" }));
    expect([answer.StatusCode, answer.FunctionError, answer.ExecutedVersion]).toEqual([204, undefined, undefined]);
    expect(answer.Payload?.length ?? 0).toBe(0);
  });

  test("with DryRun refuses a function that is not there", async () => {
    const request = client.send(new InvokeCommand({ FunctionName: "ghost", InvocationType: "DryRun" }));
    expect(await refusal(request)).toBeInstanceOf(ResourceNotFoundException);
  });

  test("says by FunctionError that the function failed, and how", async () => {
    const name = await create(
      await zipOf({ "index.js": 'exports.handler = async () => { throw new RangeError("no"); };' }),
    );
    const answer = await invoke(name, {}, { LogType: "Tail" });
    expect([answer.StatusCode, answer.FunctionError, answer.ExecutedVersion]).toEqual([200, "Handled", "$LATEST"]);
    expect(answer.value).toMatchObject({ errorType: "RangeError", errorMessage: "no" });
    const log = Buffer.from(answer.LogResult ?? "", "base64").toString();
    expect(log).toContain("\tERROR\tInvoke Error \t");
  });

  test("hands the client context on", async () => {
    const name = await create(
      await zipOf({ "index.js": "exports.handler = async (_, context) => context.clientContext;" }),
    );
    const clientContext = { client: { installation_id: "i" }, custom: { a: "b" }, env: { locale: "de" } };
    const ClientContext = Buffer.from(JSON.stringify(clientContext)).toString("base64");
    expect((await invoke(name, {}, { ClientContext })).value).toEqual(clientContext);
  });

  test.each([
    { name: "is no JSON", context: Buffer.from("{").toString("base64"), error: InvalidRequestContentException },
    { name: "is no object", context: Buffer.from("[1]").toString("base64"), error: InvalidRequestContentException },
    {
      name: "is larger than 3,583 bytes",
      context: Buffer.from(JSON.stringify({ a: "x".repeat(3600) })).toString("base64"),
      error: InvalidParameterValueException,
    },
  ])("refuses a client context that $name", async ({ context, error }) => {
    const name = await create(await answering("not reached"));
    expect(await refusal(invoke(name, {}, { ClientContext: context }))).toBeInstanceOf(error);
  });

  test("refuses a payload that is no JSON, in AWS's words", async () => {
    const name = await create(await answering("not reached"));
    const error = await refusal(client.send(new InvokeCommand({ FunctionName: name, Payload: "{broken" })));
    expect(error).toBeInstanceOf(InvalidRequestContentException);
    expect(error.message).toStartWith("Could not parse request body into json: Could not parse payload into json: ");
  });
});

describe("payloads", () => {
  const SYNC_BYTES_MAX = 6 * 1024 * 1024;
  let name: string;
  beforeAll(async () => {
    name = await create(await fixtureZip("large"), { Handler: "index.echo", Timeout: 20, MemorySize: 1024 });
  });
  /** A JSON string of exactly so many bytes. */
  const text = (bytes: number): string => `"${"x".repeat(bytes - 2)}"`;

  test.each([
    { name: "just under 6 MiB", bytes: SYNC_BYTES_MAX - 1 },
    { name: "of exactly 6 MiB", bytes: SYNC_BYTES_MAX },
  ])("$name come through, up and down, whole", async ({ bytes }) => {
    const sent = text(bytes);
    const { Payload, FunctionError } = await client.send(new InvokeCommand({ FunctionName: name, Payload: sent }));
    expect([FunctionError, Payload?.length]).toEqual([undefined, bytes]);
    expect(Payload?.transformToString() === sent).toBe(true);
  });

  test("one byte over 6 MiB are refused with 413, and the next call is answered", async () => {
    const request = client.send(new InvokeCommand({ FunctionName: name, Payload: text(SYNC_BYTES_MAX + 1) }));
    const error = await refusal(request);
    expect([error.$metadata.httpStatusCode, error.message]).toEqual([
      413,
      "Request must be smaller than 6291456 bytes for the InvokeFunction operation",
    ]);
    expect((await invoke(name, "small")).value).toBe("small");
  });
});

describe("a refusal has the SDK's class and AWS's words:", () => {
  test.each([
    {
      name: "GetFunction",
      send: () => client.send(new GetFunctionCommand({ FunctionName: "ghost" })),
      message: arnOf("ghost"),
    },
    {
      name: "GetFunction with a qualifier",
      send: () => client.send(new GetFunctionCommand({ FunctionName: "ghost", Qualifier: "7" })),
      message: arnOf("ghost"),
    },
    {
      name: "DeleteFunction",
      send: () => client.send(new DeleteFunctionCommand({ FunctionName: "ghost" })),
      message: arnOf("ghost"),
    },
    {
      name: "Invoke",
      send: () => client.send(new InvokeCommand({ FunctionName: "ghost" })),
      message: `${arnOf("ghost")}:$LATEST`,
    },
    {
      name: "Invoke of an alias",
      send: () => client.send(new InvokeCommand({ FunctionName: "ghost", Qualifier: "live" })),
      message: `${arnOf("ghost")}:live`,
    },
    {
      name: "UpdateFunctionCode",
      send: async () =>
        client.send(new UpdateFunctionCodeCommand({ FunctionName: "ghost", ZipFile: await answering("nobody") })),
      message: arnOf("ghost"),
    },
    {
      name: "UpdateFunctionConfiguration",
      send: () => client.send(new UpdateFunctionConfigurationCommand({ FunctionName: "ghost", Timeout: 4 })),
      message: arnOf("ghost"),
    },
  ])("ResourceNotFoundException from $name of a function that is not there", async ({ send, message }) => {
    const error = await refusal(send());
    expect(error).toBeInstanceOf(ResourceNotFoundException);
    expect(error.$metadata.httpStatusCode).toBe(404);
    expect((error as ResourceNotFoundException).Message ?? error.message).toStartWith(`Function not found: ${message}`);
  });

  test("ResourceConflictException for a name that is taken", async () => {
    const name = await create(await answering("first"));
    const error = await refusal(create(await answering("second"), { FunctionName: name }));
    expect(error).toBeInstanceOf(ResourceConflictException);
    expect([error.$metadata.httpStatusCode, error.message]).toEqual([409, `Function already exist: ${name}`]);
    expect((await invoke(name)).value).toMatchObject({ text: "first" });
  });

  test("ResourceConflictException for all but one of those who create the same name at once", async () => {
    const name = `fn-${++count}`;
    const zips = await Promise.all([1, 2, 3, 4, 5].map((n) => answering(`of ${n}`)));
    const results = await Promise.allSettled(zips.map((zip) => create(zip, { FunctionName: name })));
    const reasons = results.flatMap((result) => (result.status === "rejected" ? [result.reason as unknown] : []));
    expect(reasons.length).toBe(4);
    for (const reason of reasons) expect(reason).toBeInstanceOf(ResourceConflictException);
  });

  test("PreconditionFailedException for a revision that is not the latest, which changes nothing", async () => {
    const name = await create(await answering("kept"));
    const stale = (await client.send(new GetFunctionConfigurationCommand({ FunctionName: name }))).RevisionId;
    await invoke(name);
    await client.send(new UpdateFunctionConfigurationCommand({ FunctionName: name, Timeout: 8 }));
    await invoke(name); // waits until the update is done
    const code = { FunctionName: name, ZipFile: await answering("lost"), RevisionId: stale };
    const refusals = await Promise.all([
      refusal(client.send(new UpdateFunctionCodeCommand(code))),
      refusal(
        client.send(new UpdateFunctionConfigurationCommand({ FunctionName: name, Timeout: 1, RevisionId: stale })),
      ),
    ]);
    for (const error of refusals) {
      expect(error).toBeInstanceOf(PreconditionFailedException);
      expect([error.$metadata.httpStatusCode, error.message]).toEqual([
        412,
        "The Revision Id provided does not match the latest Revision Id. Call the GetFunction/GetAlias API to retrieve the latest Revision Id",
      ]);
    }
    const now = await client.send(new GetFunctionConfigurationCommand({ FunctionName: name }));
    expect(now.Timeout).toBe(8);
    expect((await invoke(name)).value).toMatchObject({ text: "kept" });
    const current = { FunctionName: name, Timeout: 7, RevisionId: now.RevisionId };
    expect((await client.send(new UpdateFunctionConfigurationCommand(current))).Timeout).toBe(7);
  });

  test.each([
    { name: "a name of 65 characters", rest: { FunctionName: "n".repeat(65) } },
    { name: "a runtime that does not exist", rest: { Runtime: "nodejs99.x" as "nodejs22.x" } },
    { name: "no handler", rest: { Handler: undefined } },
    { name: "code that is no zip", rest: { Code: { ZipFile: Buffer.from("no zip") } } },
    { name: "no code at all", rest: { Code: {} } },
    { name: "a reserved variable", rest: { Environment: { Variables: { AWS_REGION: "here" } } } },
    { name: "5 KB of variables", rest: { Environment: { Variables: { LONG: "x".repeat(5000) } } } },
    { name: "51 tags", rest: { Tags: Object.fromEntries(Array.from({ length: 51 }, (_, n) => [`tag${n}`, ""])) } },
  ])("InvalidParameterValueException for $name", async ({ rest }) => {
    const error = await refusal(create(await answering("never"), rest));
    expect(error).toBeInstanceOf(InvalidParameterValueException);
    expect(error.$metadata.httpStatusCode).toBe(400);
  });
});
