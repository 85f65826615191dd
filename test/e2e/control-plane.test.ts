/** Everything that is configured about functions, through AWS's own SDK for JavaScript against the built executable. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { createHash } from "node:crypto";
import * as sdk from "@aws-sdk/client-lambda";
import { census, ROLE } from "../support/lambda-http.ts";
import { type RunningServer, startServer } from "../support/server.ts";
import { until } from "../support/until.ts";
import { zipOf } from "../support/zip.ts";

setDefaultTimeout(30_000); // a busy machine may be slow

const ACCOUNT_ARN = "arn:aws:lambda:us-east-1:000000000000";
const STALE = "00000000-0000-4000-8000-000000000000";

let server: RunningServer;
let aws: sdk.Lambda;
let count = 0;

const clientOf = (url: string): sdk.Lambda =>
  new sdk.Lambda({
    endpoint: url,
    region: "us-east-1",
    credentials: { accessKeyId: "test", secretAccessKey: "test" },
    maxAttempts: 1, // a retry would hide a failure
  });

beforeAll(async () => {
  server = await startServer({ flags: ["--network-open", "127.0.0.1"] }); // for a handler that asks a server of these tests
  aws = clientOf(server.url);
});
afterAll(async () => {
  aws.destroy();
  await server.stop();
});

const arnOf = (name: string, qualifier?: string): string =>
  [`${ACCOUNT_ARN}:function:${name}`, ...(qualifier === undefined ? [] : [qualifier])].join(":");

const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("base64");

const returning = (text: string): Promise<Uint8Array> =>
  zipOf({ "index.js": `exports.handler = async () => ${JSON.stringify(text)};` });

/** Waits until nothing is under way for a version, so that the next change is not refused. */
const settled = (name: string, { client = aws, Qualifier }: { client?: sdk.Lambda; Qualifier?: string } = {}) =>
  until(`${name} is ready`, async () => {
    const now = await client.getFunctionConfiguration({ FunctionName: name, Qualifier });
    return now.State === "Active" && now.LastUpdateStatus !== "InProgress" && now;
  });

async function create(zip: Uint8Array, rest: Partial<sdk.CreateFunctionCommandInput> = {}, client = aws) {
  const FunctionName = rest.FunctionName ?? `fn-${++count}`;
  const common = { Runtime: "nodejs22.x", Role: ROLE, Handler: "index.handler", Code: { ZipFile: zip } } as const;
  await client.createFunction({ ...common, ...rest, FunctionName });
  await settled(FunctionName, { client });
  return FunctionName;
}

/** A function whose versions 1 to `versions` return their number in words of their own: `code 1`, `code 2`, … */
async function createVersions(versions: number, rest: Partial<sdk.CreateFunctionCommandInput> = {}, client = aws) {
  const name = await create(await returning("code 1"), { ...rest, Publish: true }, client);
  for (let n = 2; n <= versions; n++) {
    await client.updateFunctionCode({ FunctionName: name, ZipFile: await returning(`code ${n}`), Publish: true });
    await settled(name, { client });
  }
  return name;
}

async function invoke(FunctionName: string, Qualifier?: string, client = aws) {
  const answer = await client.invoke({ FunctionName, Qualifier });
  const value = JSON.parse(answer.Payload?.transformToString() ?? "null") as unknown;
  return { version: answer.ExecutedVersion, functionError: answer.FunctionError, value };
}

/** The error of a request that has to be refused. */
async function refusal(request: Promise<unknown>): Promise<sdk.LambdaServiceException> {
  const error = await request.then(() => undefined).catch((thrown: unknown) => thrown);
  if (!(error instanceof sdk.LambdaServiceException)) throw new Error(`Not an answer of the service: ${error}`);
  return error;
}

/** Of requests that run at the same time. */
const refusals = (...requests: Promise<unknown>[]) => Promise.all(requests.map(refusal));

/** The status of a request that has to succeed, where that is all its answer says. */
const statusOf = async (request: Promise<{ $metadata: { httpStatusCode?: number | undefined } }>) =>
  (await request).$metadata.httpStatusCode;

describe("a version", () => {
  test("is $LATEST as it was when it was published, under the next number", async () => {
    const name = await create(await returning("first"), { Environment: { Variables: { STAGE: "one" } } });
    const one = await aws.publishVersion({ FunctionName: name, Description: "the first" });
    expect(one).toMatchObject({ Version: "1", FunctionArn: arnOf(name, "1"), Description: "the first" });
    await aws.updateFunctionCode({ FunctionName: name, ZipFile: await returning("second") });
    await settled(name);
    await aws.updateFunctionConfiguration({ FunctionName: name, Environment: { Variables: { STAGE: "two" } } });
    await settled(name);
    expect((await aws.publishVersion({ FunctionName: name })).Version).toBe("2");
    expect([await invoke(name, "1"), await invoke(name, "2")]).toEqual([
      { version: "1", functionError: undefined, value: "first" },
      { version: "2", functionError: undefined, value: "second" },
    ]);
    const stages = ["1", "2"].map(async (Qualifier) => {
      const { Configuration } = await aws.getFunction({ FunctionName: name, Qualifier });
      return [Configuration?.Version, Configuration?.Environment?.Variables?.["STAGE"]];
    });
    expect(await Promise.all(stages)).toEqual([
      ["1", "one"],
      ["2", "two"],
    ]);
  });

  test("is not made anew while nothing changed, whatever description is given", async () => {
    const name = await create(await returning("same"));
    const first = await aws.publishVersion({ FunctionName: name, Description: "kept" });
    const again = await aws.publishVersion({ FunctionName: name, Description: "not taken" });
    expect([again.Version, again.Description, again.CodeSha256]).toEqual(["1", "kept", first.CodeSha256]);
    const { Versions } = await aws.listVersionsByFunction({ FunctionName: name });
    expect(Versions?.map((each) => [each.Version, each.FunctionArn])).toEqual([
      ["$LATEST", arnOf(name, "$LATEST")],
      ["1", arnOf(name, "1")],
    ]);
  });

  test("is published only of the code and the revision that the caller names", async () => {
    const zip = await returning("guarded");
    const name = await create(zip);
    const { RevisionId } = await aws.getFunctionConfiguration({ FunctionName: name });
    const otherCode = await refusal(aws.publishVersion({ FunctionName: name, CodeSha256: sha256(Buffer.from("no")) }));
    expect(otherCode).toBeInstanceOf(sdk.InvalidParameterValueException);
    const stale = await refusal(aws.publishVersion({ FunctionName: name, RevisionId: STALE }));
    expect(stale).toBeInstanceOf(sdk.PreconditionFailedException);
    expect((await aws.listVersionsByFunction({ FunctionName: name })).Versions?.length).toBe(1);
    const guards = { CodeSha256: sha256(zip), RevisionId };
    expect((await aws.publishVersion({ FunctionName: name, ...guards })).Version).toBe("1");
  });

  test("can be deleted unless an alias points to it, and its number never comes back", async () => {
    const name = await createVersions(3);
    await aws.createAlias({ FunctionName: name, Name: "live", FunctionVersion: "1" });
    const refused = await refusal(aws.deleteFunction({ FunctionName: name, Qualifier: "1" }));
    expect(refused).toBeInstanceOf(sdk.ResourceConflictException);
    expect(await statusOf(aws.deleteFunction({ FunctionName: name, Qualifier: "3" }))).toBe(204);
    const gone = await refusal(aws.invoke({ FunctionName: name, Qualifier: "3" }));
    expect(gone).toBeInstanceOf(sdk.ResourceNotFoundException);
    expect((await aws.publishVersion({ FunctionName: name })).Version).toBe("4");
    expect((await invoke(name, "live")).value).toBe("code 1");
  });

  test("cannot be given other code", async () => {
    const name = await createVersions(1);
    const update = { FunctionName: `${name}:1`, ZipFile: await returning("never") };
    expect(await refusal(aws.updateFunctionCode(update))).toBeInstanceOf(sdk.InvalidParameterValueException);
    expect((await invoke(name, "1")).value).toBe("code 1");
  });
});

describe("UpdateFunctionCode", () => {
  test("with DryRun answers what would be, and leaves code, revision and versions alone", async () => {
    const name = await create(await returning("kept"));
    const before = await aws.getFunctionConfiguration({ FunctionName: name });
    const zip = await returning("tried");
    const dry = await aws.updateFunctionCode({ FunctionName: name, ZipFile: zip, DryRun: true, Publish: true });
    expect([dry.CodeSha256, dry.CodeSize]).toEqual([sha256(zip), zip.length]);
    const { $metadata: _, ...after } = await aws.getFunctionConfiguration({ FunctionName: name });
    expect(before).toMatchObject(after);
    expect((await aws.listVersionsByFunction({ FunctionName: name })).Versions?.length).toBe(1);
    expect((await invoke(name)).value).toBe("kept");
  });

  test("with Publish answers the new version, whose code is the new one, as $LATEST's is", async () => {
    const name = await createVersions(1);
    const zip = await returning("code 2");
    const updated = await aws.updateFunctionCode({ FunctionName: name, ZipFile: zip, Publish: true });
    expect(updated).toMatchObject({ Version: "2", FunctionArn: arnOf(name, "2"), CodeSha256: sha256(zip) });
    expect([(await invoke(name, "2")).value, (await invoke(name)).value]).toEqual(["code 2", "code 2"]);
    expect((await invoke(name, "1")).value).toBe("code 1");
  });

  test.each([{ DryRun: true }, { Publish: true }, {}])("with %j refuses a stale revision with 412", async (rest) => {
    const name = await create(await returning("kept"));
    const { RevisionId } = await aws.getFunctionConfiguration({ FunctionName: name });
    const update = { FunctionName: name, ZipFile: await returning("guarded"), ...rest };
    const error = await refusal(aws.updateFunctionCode({ ...update, RevisionId: STALE }));
    expect(error).toBeInstanceOf(sdk.PreconditionFailedException);
    expect(error.$metadata.httpStatusCode).toBe(412);
    expect(await statusOf(aws.updateFunctionCode({ ...update, RevisionId }))).toBe(200);
  });
});

describe("an alias", () => {
  test("goes from CreateAlias to DeleteAlias, and says all of itself at each step", async () => {
    const name = await createVersions(2);
    const alias = { FunctionName: name, Name: "live" };
    const weights = { AdditionalVersionWeights: { 2: 0.25 } };
    const created = await aws.createAlias({
      ...{ ...alias, FunctionVersion: "1", Description: "canary" },
      RoutingConfig: weights,
    });
    const facts = { AliasArn: arnOf(name, "live"), Name: "live", FunctionVersion: "1", Description: "canary" };
    expect(created).toMatchObject({ ...facts, RoutingConfig: weights });
    expect(created.$metadata.httpStatusCode).toBe(201);
    expect(await aws.getAlias(alias)).toMatchObject({ ...facts, RoutingConfig: weights });
    expect((await aws.listAliases({ FunctionName: name, FunctionVersion: "2" })).Aliases?.length).toBe(1);

    const moved = await aws.updateAlias({
      ...{ ...alias, FunctionVersion: "2", RevisionId: created.RevisionId },
      RoutingConfig: { AdditionalVersionWeights: {} },
    });
    expect([moved.FunctionVersion, moved.Description, moved.RoutingConfig]).toEqual(["2", "canary", undefined]);
    expect(moved.RevisionId).not.toBe(created.RevisionId ?? "");
    expect(await invoke(name, "live")).toMatchObject({ version: "2", value: "code 2" });
    expect((await aws.listAliases({ FunctionName: name, FunctionVersion: "1" })).Aliases).toEqual([]);

    expect(await statusOf(aws.deleteAlias(alias))).toBe(204);
    expect(await statusOf(aws.deleteAlias(alias))).toBe(204); // one that is gone is no error
    for (const error of await refusals(
      aws.getAlias(alias),
      aws.updateAlias(alias),
      aws.invoke({ ...alias, Qualifier: "live" }),
    ))
      expect(error).toBeInstanceOf(sdk.ResourceNotFoundException);
  });

  test("refuses an update by who has not seen the last one, with 412", async () => {
    const name = await createVersions(2);
    const alias = { FunctionName: name, Name: "live" };
    const { RevisionId } = await aws.createAlias({ ...alias, FunctionVersion: "1" });
    await aws.updateAlias({ ...alias, Description: "seen by nobody", RevisionId });
    const error = await refusal(aws.updateAlias({ ...alias, FunctionVersion: "2", RevisionId }));
    expect(error).toBeInstanceOf(sdk.PreconditionFailedException);
    expect(error.$metadata.httpStatusCode).toBe(412);
    expect(await aws.getAlias(alias)).toMatchObject({ FunctionVersion: "1", Description: "seen by nobody" });
  });

  test.each<{ name: string; input: Omit<sdk.CreateAliasCommandInput, "FunctionName" | "Name">; status: number }>([
    { name: "that points to a version that is not there", input: { FunctionVersion: "9" }, status: 404 },
    {
      name: "that shares with a version that is not there",
      input: { FunctionVersion: "1", RoutingConfig: { AdditionalVersionWeights: { 9: 0.5 } } },
      status: 404,
    },
    {
      name: "that shares with itself",
      input: { FunctionVersion: "1", RoutingConfig: { AdditionalVersionWeights: { 1: 0.5 } } },
      status: 400,
    },
    {
      name: "that shares with two versions",
      input: { FunctionVersion: "1", RoutingConfig: { AdditionalVersionWeights: { 2: 0.5, 3: 0.1 } } },
      status: 400,
    },
    {
      name: "that shares $LATEST's traffic",
      input: { FunctionVersion: "$LATEST", RoutingConfig: { AdditionalVersionWeights: { 2: 0.5 } } },
      status: 400,
    },
    {
      name: "with a share over 1",
      input: { FunctionVersion: "1", RoutingConfig: { AdditionalVersionWeights: { 2: 1.5 } } },
      status: 400,
    },
  ])("$name is refused with $status, and not made", async ({ input, status }) => {
    refusedIn ??= createVersions(3);
    const alias = { FunctionName: await refusedIn, Name: "refused" };
    expect((await refusal(aws.createAlias({ ...alias, ...input }))).$metadata.httpStatusCode).toBe(status);
    expect(await refusal(aws.getAlias(alias))).toBeInstanceOf(sdk.ResourceNotFoundException);
  });
  let refusedIn: Promise<string> | undefined;

  test("with weights sends calls to both versions, the same ones after a restart with the same --seed", async () => {
    const seeded = await startServer({ flags: ["--seed", "fixed"] });
    const client = clientOf(seeded.url);
    const name = await createVersions(2, {}, client);
    const RoutingConfig = { AdditionalVersionWeights: { 2: 0.5 } };
    await client.createAlias({ FunctionName: name, Name: "split", FunctionVersion: "1", RoutingConfig });
    const draw = async (by: sdk.Lambda) => {
      const versions: string[] = [];
      for (let n = 0; n < 24; n++) {
        const { version, value } = await invoke(name, "split", by);
        expect(value).toBe(`code ${version}`);
        versions.push(version ?? "");
      }
      return versions;
    };
    const before = await draw(client);
    client.destroy();
    expect(new Set(before)).toEqual(new Set(["1", "2"]));
    await seeded.restart();
    const again = clientOf(seeded.url);
    expect(await draw(again)).toEqual(before);
    again.destroy();
    await seeded.stop();
  });
});

describe("waiters", () => {
  const waiting = () => ({ client: aws, maxWaitTime: 10, minDelay: 0.05, maxDelay: 0.2 });

  test.each([
    { name: "waitUntilFunctionActiveV2", wait: sdk.waitUntilFunctionActiveV2 },
    { name: "waitUntilFunctionActive", wait: sdk.waitUntilFunctionActive },
    { name: "waitUntilFunctionExists", wait: sdk.waitUntilFunctionExists },
  ])("$name succeeds for a function that was just created", async ({ wait }) => {
    const FunctionName = `fn-${++count}`;
    const Code = { ZipFile: await returning("awaited") };
    await aws.createFunction({ FunctionName, Runtime: "nodejs22.x", Role: ROLE, Handler: "index.handler", Code });
    expect(String((await wait(waiting(), { FunctionName })).state)).toBe("SUCCESS");
  });

  test.each([
    { name: "waitUntilFunctionUpdatedV2", wait: sdk.waitUntilFunctionUpdatedV2 },
    { name: "waitUntilFunctionUpdated", wait: sdk.waitUntilFunctionUpdated },
  ])("$name succeeds once the new code is in place", async ({ wait }) => {
    const FunctionName = await create(await returning("old"));
    await aws.updateFunctionCode({ FunctionName, ZipFile: await returning("new") });
    expect(String((await wait(waiting(), { FunctionName })).state)).toBe("SUCCESS");
    const { LastUpdateStatus } = await aws.getFunctionConfiguration({ FunctionName });
    expect(LastUpdateStatus).toBe("Successful");
  });

  test("waitUntilPublishedVersionActive succeeds for a version that was just published", async () => {
    const FunctionName = await create(await returning("published"));
    const { Version: Qualifier } = await aws.publishVersion({ FunctionName });
    const { state } = await sdk.waitUntilPublishedVersionActive(waiting(), { FunctionName, Qualifier });
    expect(String(state)).toBe("SUCCESS");
  });
});

describe("reserved concurrency", () => {
  const REASON = "ReservedFunctionConcurrentInvocationLimitExceeded";
  const throttled = async (FunctionName: string) => {
    const error = await refusal(aws.invoke({ FunctionName }));
    expect(error).toBeInstanceOf(sdk.TooManyRequestsException);
    expect([error.$metadata.httpStatusCode, (error as sdk.TooManyRequestsException).Reason]).toEqual([429, REASON]);
  };

  test("of 1 throttles a second call with its Reason while the first runs, and not after", async () => {
    const released = Promise.withResolvers<void>();
    const gate = Bun.serve({ port: 0, fetch: () => released.promise.then(() => new Response("open")) });
    const source = `exports.handler = async () => (await fetch("${gate.url}")).text();`;
    const FunctionName = await create(await zipOf({ "index.js": source }), { Timeout: 20 });
    const put = await aws.putFunctionConcurrency({ FunctionName, ReservedConcurrentExecutions: 1 });
    expect(put.ReservedConcurrentExecutions).toBe(1);
    expect((await aws.getFunction({ FunctionName })).Concurrency?.ReservedConcurrentExecutions).toBe(1);
    const first = invoke(FunctionName);
    await until("the first call runs", async () => (await census(server.url)).running === 1);
    await throttled(FunctionName);
    released.resolve();
    expect((await first).value).toBe("open");
    expect((await invoke(FunctionName)).value).toBe("open");
    await gate.stop(true);
  });

  test("of 0 lets no call through until it is deleted", async () => {
    const FunctionName = await create(await returning("let through"));
    await aws.putFunctionConcurrency({ FunctionName, ReservedConcurrentExecutions: 0 });
    expect((await aws.getFunctionConcurrency({ FunctionName })).ReservedConcurrentExecutions).toBe(0);
    await throttled(FunctionName);
    expect(await statusOf(aws.deleteFunctionConcurrency({ FunctionName }))).toBe(204);
    expect((await aws.getFunctionConcurrency({ FunctionName })).ReservedConcurrentExecutions).toBeUndefined();
    expect((await invoke(FunctionName)).value).toBe("let through");
  });

  test("that leaves the other functions fewer than 100 is refused", async () => {
    const FunctionName = await create(await returning("greedy"));
    const limit = (await aws.getAccountSettings({})).AccountLimit?.UnreservedConcurrentExecutions ?? 0;
    const error = await refusal(aws.putFunctionConcurrency({ FunctionName, ReservedConcurrentExecutions: limit - 99 }));
    expect(error).toBeInstanceOf(sdk.InvalidParameterValueException);
    expect((await aws.getFunctionConcurrency({ FunctionName })).ReservedConcurrentExecutions).toBeUndefined();
  });
});

describe("provisioned concurrency", () => {
  const TELLS = `const loadedAtMs = Date.now();
exports.handler = async () => ({ type: process.env.AWS_LAMBDA_INITIALIZATION_TYPE, loadedAtMs });`;
  const ready = (at: { FunctionName: string; Qualifier: string }) =>
    until("the environments are ready", async () => {
      const now = await aws.getProvisionedConcurrencyConfig(at);
      return now.Status === "READY" && now;
    });

  test.each(["1", "live"])("of %j goes from IN_PROGRESS to READY, and its calls find warm environments", async (on) => {
    const FunctionName = await create(await zipOf({ "index.js": TELLS }), { Publish: true });
    await aws.createAlias({ FunctionName, Name: "live", FunctionVersion: "1" });
    const at = { FunctionName, Qualifier: on };
    const before = (await census(server.url)).environments;
    const put = await aws.putProvisionedConcurrencyConfig({ ...at, ProvisionedConcurrentExecutions: 2 });
    expect(put.$metadata.httpStatusCode).toBe(202);
    expect(put).toMatchObject({ Status: "IN_PROGRESS", AvailableProvisionedConcurrentExecutions: 0 });
    expect(await ready(at)).toMatchObject({
      RequestedProvisionedConcurrentExecutions: 2,
      AllocatedProvisionedConcurrentExecutions: 2,
      AvailableProvisionedConcurrentExecutions: 2,
    });
    expect((await census(server.url)).environments).toBe(before + 2);
    const calledAtMs = Date.now();
    const warm = (await invoke(FunctionName, on)).value as { type: string; loadedAtMs: number };
    expect(warm.type).toBe("provisioned-concurrency");
    expect(warm.loadedAtMs).toBeLessThanOrEqual(calledAtMs);
    expect((await invoke(FunctionName)).value).toMatchObject({ type: "on-demand" });

    expect(await statusOf(aws.deleteProvisionedConcurrencyConfig(at))).toBe(204);
    const none = await refusal(aws.getProvisionedConcurrencyConfig(at));
    expect(none).toBeInstanceOf(sdk.ProvisionedConcurrencyConfigNotFoundException);
    await aws.deleteFunction({ FunctionName });
    await until("all are gone", async () => (await census(server.url)).environments <= before);
  });

  /** Not so yet: the dispatcher takes any idle environment of the version for one that was asked for, and the other way round. */
  test("starts environments of its own, though an on-demand one of the version is idle", async () => {
    const FunctionName = await create(await zipOf({ "index.js": TELLS }), { Publish: true });
    const at = { FunctionName, Qualifier: "1" };
    expect((await invoke(FunctionName, "1")).value).toMatchObject({ type: "on-demand" });
    await aws.putProvisionedConcurrencyConfig({ ...at, ProvisionedConcurrentExecutions: 1 });
    await ready(at);
    expect((await invoke(FunctionName, "1")).value).toMatchObject({ type: "provisioned-concurrency" });
  });

  test("once deleted lends its environments to no on-demand call", async () => {
    const FunctionName = await create(await zipOf({ "index.js": TELLS }), { Publish: true });
    const at = { FunctionName, Qualifier: "1" };
    await aws.putProvisionedConcurrencyConfig({ ...at, ProvisionedConcurrentExecutions: 1 });
    await ready(at);
    await aws.deleteProvisionedConcurrencyConfig(at);
    expect((await invoke(FunctionName, "1")).value).toMatchObject({ type: "on-demand" });
  });

  test.each([
    { name: "a function is deleted", end: (FunctionName: string) => aws.deleteFunction({ FunctionName }) },
    {
      name: "its version is deleted",
      end: (FunctionName: string) => aws.deleteFunction({ FunctionName, Qualifier: "1" }),
    },
  ])("ends with its environments when $name", async ({ end }) => {
    const FunctionName = await createVersions(1);
    const before = (await census(server.url)).environments;
    const at = { FunctionName, Qualifier: "1" };
    await aws.putProvisionedConcurrencyConfig({ ...at, ProvisionedConcurrentExecutions: 1 });
    await ready(at);
    await end(FunctionName);
    await until("its environment is gone", async () => (await census(server.url)).environments <= before);
    expect(await refusal(aws.getProvisionedConcurrencyConfig(at))).toBeInstanceOf(sdk.ResourceNotFoundException);
  });

  test.each([
    { name: "$LATEST", Qualifier: "$LATEST", error: sdk.InvalidParameterValueException },
    { name: "an alias of $LATEST", Qualifier: "latest", error: sdk.InvalidParameterValueException },
    { name: "a version that is not there", Qualifier: "9", error: sdk.ResourceNotFoundException },
  ])("is refused for $name", async ({ Qualifier, error }) => {
    const FunctionName = await create(await returning("unpublished"));
    await aws.createAlias({ FunctionName, Name: "latest", FunctionVersion: "$LATEST" });
    const put = { FunctionName, Qualifier, ProvisionedConcurrentExecutions: 1 };
    expect(await refusal(aws.putProvisionedConcurrencyConfig(put))).toBeInstanceOf(error);
  });
});

describe("what is configured about a function", () => {
  let FunctionName: string;
  beforeAll(async () => {
    FunctionName = await createVersions(1);
    await aws.createAlias({ FunctionName, Name: "live", FunctionVersion: "1" });
  });

  test("tags are added, replaced and taken away, and belong to the function, not to its alias", async () => {
    const Resource = arnOf(FunctionName);
    await aws.tagResource({ Resource, Tags: { team: "one", stage: "test" } });
    await aws.tagResource({ Resource, Tags: { stage: "live", cost: "" } });
    expect((await aws.listTags({ Resource })).Tags).toEqual({ team: "one", stage: "live", cost: "" });
    expect(await statusOf(aws.untagResource({ Resource, TagKeys: ["team", "cost", "never there"] }))).toBe(204);
    expect((await aws.getFunction({ FunctionName })).Tags).toEqual({ stage: "live" });
    const ofAlias = aws.tagResource({ Resource: `${Resource}:live`, Tags: { team: "one" } });
    expect(await refusal(ofAlias)).toBeInstanceOf(sdk.InvalidParameterValueException);
  });

  test("an event invoke config is put whole, updated in part, and deleted", async () => {
    const at = { FunctionName, Qualifier: "live" };
    const OnFailure = { Destination: "arn:aws:sqs:us-east-1:000000000000:failed" };
    const missing = await refusal(aws.updateFunctionEventInvokeConfig({ ...at, MaximumRetryAttempts: 1 }));
    expect(missing).toBeInstanceOf(sdk.ResourceNotFoundException);
    await aws.putFunctionEventInvokeConfig({ ...at, MaximumRetryAttempts: 0, DestinationConfig: { OnFailure } });
    const updated = await aws.updateFunctionEventInvokeConfig({ ...at, MaximumEventAgeInSeconds: 60 });
    expect(updated).toMatchObject({
      FunctionArn: arnOf(FunctionName, "live"),
      MaximumRetryAttempts: 0,
      MaximumEventAgeInSeconds: 60,
      DestinationConfig: { OnFailure },
      LastModified: expect.any(Date),
    });
    await aws.putFunctionEventInvokeConfig({ ...at, MaximumRetryAttempts: 2 });
    const replaced = await aws.getFunctionEventInvokeConfig(at);
    expect([replaced.MaximumEventAgeInSeconds, replaced.DestinationConfig?.OnFailure]).toEqual([undefined, {}]);
    expect(await statusOf(aws.deleteFunctionEventInvokeConfig(at))).toBe(204);
    expect(await refusal(aws.getFunctionEventInvokeConfig(at))).toBeInstanceOf(sdk.ResourceNotFoundException);
  });

  test("permissions make up a policy, statement by statement, under a revision", async () => {
    const at = { FunctionName, Qualifier: "live" };
    const bucket = { Principal: "s3.amazonaws.com", SourceArn: "arn:aws:s3:::b", SourceAccount: "111111111111" };
    const s3 = { ...at, StatementId: "from-s3", Action: "lambda:InvokeFunction", ...bucket };
    const added = JSON.parse((await aws.addPermission(s3)).Statement ?? "") as unknown;
    const statement = {
      Sid: "from-s3",
      Effect: "Allow",
      Principal: { Service: "s3.amazonaws.com" },
      Action: "lambda:InvokeFunction",
      Resource: arnOf(FunctionName, "live"),
      Condition: {
        StringEquals: { "AWS:SourceAccount": "111111111111" },
        ArnLike: { "AWS:SourceArn": "arn:aws:s3:::b" },
      },
    };
    expect(added).toEqual(statement);
    expect(await refusal(aws.addPermission(s3))).toBeInstanceOf(sdk.ResourceConflictException);
    const { Policy, RevisionId } = await aws.getPolicy(at);
    expect(JSON.parse(Policy ?? "")).toEqual({ Version: "2012-10-17", Id: "default", Statement: [statement] });
    const account = { ...at, StatementId: "from-account", Action: "lambda:GetAlias", Principal: "222222222222" };
    const stale = await refusal(aws.addPermission({ ...account, RevisionId: STALE }));
    expect(stale).toBeInstanceOf(sdk.PreconditionFailedException);
    await aws.addPermission({ ...account, RevisionId });
    expect(await statusOf(aws.removePermission({ ...at, StatementId: "from-s3" }))).toBe(204);
    const left = JSON.parse((await aws.getPolicy(at)).Policy ?? "") as { Statement: Record<string, unknown>[] };
    expect(left.Statement.map((each) => each["Principal"])).toEqual([{ AWS: "arn:aws:iam::222222222222:root" }]);
    await aws.removePermission({ ...at, StatementId: "from-account" });
    expect(await refusal(aws.getPolicy(at))).toBeInstanceOf(sdk.ResourceNotFoundException);
  });

  test("a resource policy is put, shown by both kinds of operation, and deleted, each under its revision", async () => {
    const ResourceArn = arnOf(FunctionName);
    const statement = { Sid: "all", Effect: "Deny", Principal: "*", Action: "lambda:*", Resource: ResourceArn };
    const Policy = JSON.stringify({ Version: "2012-10-17", Statement: [statement] });
    const put = await aws.putResourcePolicy({ ResourceArn, Policy });
    expect(JSON.parse(put.Policy ?? "")).toEqual(JSON.parse(Policy) as unknown);
    const [whole, byStatement] = [await aws.getResourcePolicy({ ResourceArn }), await aws.getPolicy({ FunctionName })];
    expect([whole.Policy, whole.RevisionId]).toEqual([byStatement.Policy, byStatement.RevisionId]);
    for (const error of await refusals(
      aws.putResourcePolicy({ ResourceArn, Policy, RevisionId: STALE }),
      aws.deleteResourcePolicy({ ResourceArn, RevisionId: STALE }),
    )) {
      expect(error).toBeInstanceOf(sdk.PreconditionFailedException);
    }
    const broken = await refusal(aws.putResourcePolicy({ ResourceArn, Policy: "{" }));
    expect(broken).toBeInstanceOf(sdk.InvalidParameterValueException);
    expect(await statusOf(aws.deleteResourcePolicy({ ResourceArn, RevisionId: put.RevisionId }))).toBe(204);
    expect(await refusal(aws.getResourcePolicy({ ResourceArn }))).toBeInstanceOf(sdk.ResourceNotFoundException);
  });

  test("a function URL is created once for each alias, updated, and deleted", async () => {
    const at = { FunctionName, Qualifier: "live" };
    const Cors = { AllowOrigins: ["https://example.com"], MaxAge: 60, AllowCredentials: true };
    const created = await aws.createFunctionUrlConfig({ ...at, AuthType: "NONE", Cors });
    expect(created).toMatchObject({ FunctionArn: arnOf(FunctionName, "live"), AuthType: "NONE", Cors });
    expect(await refusal(aws.createFunctionUrlConfig({ ...at, AuthType: "NONE" }))).toBeInstanceOf(
      sdk.ResourceConflictException,
    );
    await aws.updateFunctionUrlConfig({ ...at, AuthType: "AWS_IAM", InvokeMode: "RESPONSE_STREAM" });
    const { FunctionUrl } = created;
    const changed = { FunctionUrl, AuthType: "AWS_IAM", InvokeMode: "RESPONSE_STREAM", Cors };
    expect(await aws.getFunctionUrlConfig(at)).toMatchObject(changed);
    expect(await statusOf(aws.deleteFunctionUrlConfig(at))).toBe(204);
    expect(await refusal(aws.getFunctionUrlConfig(at))).toBeInstanceOf(sdk.ResourceNotFoundException);
  });

  test("an event source mapping is recorded once for each source, changed, tagged and deleted", async () => {
    const EventSourceArn = "arn:aws:sqs:us-east-1:000000000000:orders";
    const created = await aws.createEventSourceMapping({ FunctionName, EventSourceArn, BatchSize: 5 });
    const { UUID, EventSourceMappingArn: Resource } = created;
    expect(created).toMatchObject({ BatchSize: 5, State: "Creating", FunctionArn: arnOf(FunctionName) });
    const twice = await refusal(aws.createEventSourceMapping({ FunctionName, EventSourceArn }));
    expect(twice).toBeInstanceOf(sdk.ResourceConflictException);
    await aws.updateEventSourceMapping({ UUID, Enabled: false, BatchSize: 7 });
    expect(await aws.getEventSourceMapping({ UUID })).toMatchObject({
      State: "Disabled",
      BatchSize: 7,
      EventSourceArn,
    });
    await aws.tagResource({ Resource, Tags: { team: "one" } });
    expect((await aws.listTags({ Resource })).Tags).toEqual({ team: "one" });
    expect((await aws.deleteEventSourceMapping({ UUID })).State).toBe("Deleting");
    expect(await refusal(aws.getEventSourceMapping({ UUID }))).toBeInstanceOf(sdk.ResourceNotFoundException);
  });

  test("a code signing config is attached to the function, and cannot go before it is let go", async () => {
    const SigningProfileVersionArns = ["arn:aws:signer:us-east-1:000000000000:/signing-profiles/Mine/abcdefghij"];
    const made = await aws.createCodeSigningConfig({ AllowedPublishers: { SigningProfileVersionArns } });
    const CodeSigningConfigArn = made.CodeSigningConfig?.CodeSigningConfigArn;
    const Description = "changed";
    await aws.updateCodeSigningConfig({ CodeSigningConfigArn, Description });
    const { CodeSigningConfig } = await aws.getCodeSigningConfig({ CodeSigningConfigArn });
    expect(CodeSigningConfig).toMatchObject({ Description, AllowedPublishers: { SigningProfileVersionArns } });
    await aws.putFunctionCodeSigningConfig({ FunctionName, CodeSigningConfigArn });
    const attached = await aws.getFunctionCodeSigningConfig({ FunctionName });
    expect(attached.CodeSigningConfigArn).toBe(CodeSigningConfigArn ?? "");
    const inUse = await refusal(aws.deleteCodeSigningConfig({ CodeSigningConfigArn }));
    expect(inUse).toBeInstanceOf(sdk.ResourceConflictException);
    expect(await statusOf(aws.deleteFunctionCodeSigningConfig({ FunctionName }))).toBe(204);
    expect(await statusOf(aws.deleteCodeSigningConfig({ CodeSigningConfigArn }))).toBe(204);
    const gone = await refusal(aws.putFunctionCodeSigningConfig({ FunctionName, CodeSigningConfigArn }));
    expect(gone).toBeInstanceOf(sdk.CodeSigningConfigNotFoundException);
  });

  test("runtime management is kept for each version", async () => {
    const RuntimeVersionArn = `arn:aws:lambda:us-east-1::runtime:${"a".repeat(64)}`;
    const pinned = { FunctionName, Qualifier: "1", UpdateRuntimeOn: "Manual", RuntimeVersionArn } as const;
    await aws.putRuntimeManagementConfig(pinned);
    expect(await aws.getRuntimeManagementConfig({ FunctionName, Qualifier: "1" })).toMatchObject({
      UpdateRuntimeOn: "Manual",
      RuntimeVersionArn,
      FunctionArn: arnOf(FunctionName, "1"),
    });
    expect((await aws.getRuntimeManagementConfig({ FunctionName })).UpdateRuntimeOn).toBe("Auto");
    const without = await refusal(aws.putRuntimeManagementConfig({ FunctionName, UpdateRuntimeOn: "Manual" }));
    expect(without).toBeInstanceOf(sdk.InvalidParameterValueException);
  });

  test("loops are terminated unless they are allowed", async () => {
    expect((await aws.getFunctionRecursionConfig({ FunctionName })).RecursiveLoop).toBe("Terminate");
    await aws.putFunctionRecursionConfig({ FunctionName, RecursiveLoop: "Allow" });
    expect((await aws.getFunctionRecursionConfig({ FunctionName })).RecursiveLoop).toBe("Allow");
  });

  test("all of it goes with the function, and does not come back with its name", async () => {
    const name = await createVersions(1);
    await aws.createAlias({ FunctionName: name, Name: "live", FunctionVersion: "1" });
    await aws.putFunctionConcurrency({ FunctionName: name, ReservedConcurrentExecutions: 0 });
    await aws.putFunctionEventInvokeConfig({ FunctionName: name, MaximumRetryAttempts: 0 });
    await aws.createFunctionUrlConfig({ FunctionName: name, AuthType: "NONE" });
    await aws.putFunctionRecursionConfig({ FunctionName: name, RecursiveLoop: "Allow" });
    const permission = { StatementId: "any", Action: "lambda:InvokeFunction", Principal: "*" };
    await aws.addPermission({ FunctionName: name, ...permission });
    await aws.deleteFunction({ FunctionName: name });
    await create(await returning("anew"), { FunctionName: name });
    for (const error of await refusals(
      aws.getAlias({ FunctionName: name, Name: "live" }),
      aws.getFunctionConfiguration({ FunctionName: name, Qualifier: "1" }),
      aws.getFunctionEventInvokeConfig({ FunctionName: name }),
      aws.getFunctionUrlConfig({ FunctionName: name }),
      aws.getPolicy({ FunctionName: name }),
    )) {
      expect(error).toBeInstanceOf(sdk.ResourceNotFoundException);
    }
    expect((await aws.getFunctionRecursionConfig({ FunctionName: name })).RecursiveLoop).toBe("Terminate");
    expect((await invoke(name)).value).toBe("anew");
  });
});

test("GetAccountSettings counts functions, the code of all their versions and layers, and what is reserved", async () => {
  const usage = async () => {
    const { AccountLimit, AccountUsage } = await aws.getAccountSettings({});
    const { FunctionCount, TotalCodeSize } = AccountUsage ?? {};
    return [
      Number(FunctionCount),
      Number(TotalCodeSize),
      Number(AccountLimit?.UnreservedConcurrentExecutions),
    ] as const;
  };
  const [functions, bytes, unreserved] = await usage();
  const [first, second] = [await returning("weighed 1"), await returning("weighed two")];
  const FunctionName = await create(first, { Publish: true });
  expect(await usage()).toEqual([functions + 1, bytes + 2 * first.length, unreserved]);
  await aws.updateFunctionCode({ FunctionName, ZipFile: second });
  await aws.putFunctionConcurrency({ FunctionName, ReservedConcurrentExecutions: 7 });
  expect(await usage()).toEqual([functions + 1, bytes + first.length + second.length, unreserved - 7]);
  const layer = await aws.publishLayerVersion({ LayerName: "weighed", Content: { ZipFile: first } });
  expect((await usage())[1]).toBe(bytes + 2 * first.length + second.length);
  await aws.deleteLayerVersion({ LayerName: "weighed", VersionNumber: layer.Version });
  await aws.deleteFunction({ FunctionName });
  expect(await usage()).toEqual([functions, bytes, unreserved]);
});

describe("the SDK's paginators", () => {
  const MADE = 5;
  const PAGE = 2;
  const made = Array.from({ length: MADE }, (_, n) => `p-${n}`);
  let FunctionName: string;
  let CodeSigningConfigArn: string;

  beforeAll(async () => {
    const zip = await returning("paged");
    FunctionName = await createVersions(MADE, { FunctionName: "paged" });
    const SigningProfileVersionArns = ["arn:aws:signer:us-east-1:000000000000:/signing-profiles/Mine/abcdefghij"];
    const signed: string[] = [];
    for (const [n, name] of made.entries()) {
      const at = { FunctionName, Qualifier: name };
      await aws.createAlias({ FunctionName, Name: name, FunctionVersion: String(n + 1) });
      await aws.putFunctionEventInvokeConfig({ ...at, MaximumRetryAttempts: 1 });
      await aws.createFunctionUrlConfig({ ...at, AuthType: "NONE" });
      await aws.putProvisionedConcurrencyConfig({ ...at, ProvisionedConcurrentExecutions: 1 });
      const EventSourceArn = `arn:aws:sqs:us-east-1:000000000000:${name}`;
      await aws.createEventSourceMapping({ FunctionName, EventSourceArn });
      await aws.publishLayerVersion({ LayerName: name, Content: { ZipFile: zip } });
      await aws.publishLayerVersion({ LayerName: "paged", Content: { ZipFile: zip } });
      const config = await aws.createCodeSigningConfig({
        ...{ AllowedPublishers: { SigningProfileVersionArns }, Description: name },
      });
      signed.push(config.CodeSigningConfig?.CodeSigningConfigArn ?? "");
      await create(zip, { FunctionName: name, CodeSigningConfigArn: signed[0] });
    }
    CodeSigningConfigArn = signed[0] ?? "";
  });
  afterAll(async () => {
    for (const Qualifier of made) await aws.deleteProvisionedConcurrencyConfig({ FunctionName, Qualifier });
  });

  type Pages = AsyncIterable<object>;
  type By = { client: sdk.Lambda; pageSize: number };
  const aliasArns = () => made.map((name) => arnOf(FunctionName, name));

  interface Scenario {
    name: keyof typeof sdk;
    pages: (by: By) => Pages;
    /** The list in each page, and what tells its items apart. */
    list: string;
    id: string;
    /** All of what was made above. */
    has: () => readonly unknown[];
  }
  const supported: Scenario[] = [
    {
      name: "paginateListFunctions",
      pages: (by) => sdk.paginateListFunctions(by, {}),
      ...{ list: "Functions", id: "FunctionName", has: () => made },
    },
    {
      name: "paginateListVersionsByFunction",
      pages: (by) => sdk.paginateListVersionsByFunction(by, { FunctionName }),
      ...{ list: "Versions", id: "Version", has: () => ["$LATEST", "1", "2", "3", "4", "5"] },
    },
    {
      name: "paginateListAliases",
      pages: (by) => sdk.paginateListAliases(by, { FunctionName }),
      ...{ list: "Aliases", id: "Name", has: () => made },
    },
    {
      name: "paginateListLayers",
      pages: (by) => sdk.paginateListLayers(by, {}),
      ...{ list: "Layers", id: "LayerName", has: () => made },
    },
    {
      name: "paginateListLayerVersions",
      pages: (by) => sdk.paginateListLayerVersions(by, { LayerName: "paged" }),
      ...{ list: "LayerVersions", id: "Version", has: () => [5, 4, 3, 2, 1] },
    },
    {
      name: "paginateListEventSourceMappings",
      pages: (by) => sdk.paginateListEventSourceMappings(by, { FunctionName }),
      list: "EventSourceMappings",
      id: "EventSourceArn",
      has: () => made.map((name) => `arn:aws:sqs:us-east-1:000000000000:${name}`),
    },
    {
      name: "paginateListFunctionEventInvokeConfigs",
      pages: (by) => sdk.paginateListFunctionEventInvokeConfigs(by, { FunctionName }),
      ...{ list: "FunctionEventInvokeConfigs", id: "FunctionArn", has: aliasArns },
    },
    {
      name: "paginateListFunctionUrlConfigs",
      pages: (by) => sdk.paginateListFunctionUrlConfigs(by, { FunctionName }),
      ...{ list: "FunctionUrlConfigs", id: "FunctionArn", has: aliasArns },
    },
    {
      name: "paginateListProvisionedConcurrencyConfigs",
      pages: (by) => sdk.paginateListProvisionedConcurrencyConfigs(by, { FunctionName }),
      ...{ list: "ProvisionedConcurrencyConfigs", id: "FunctionArn", has: aliasArns },
    },
    {
      name: "paginateListCodeSigningConfigs",
      pages: (by) => sdk.paginateListCodeSigningConfigs(by, {}),
      ...{ list: "CodeSigningConfigs", id: "Description", has: () => made },
    },
    {
      name: "paginateListFunctionsByCodeSigningConfig",
      pages: (by) => sdk.paginateListFunctionsByCodeSigningConfig(by, { CodeSigningConfigArn }),
      ...{ list: "FunctionArns", id: "", has: () => made.map((name) => arnOf(name)) },
    },
  ];

  test.each(supported)("$name gives every item once, over pages of the size asked for", async (scenario) => {
    const seen: unknown[] = [];
    const sizes: number[] = [];
    for await (const page of scenario.pages({ client: aws, pageSize: PAGE })) {
      const items = (page as Record<string, unknown[]>)[scenario.list] ?? [];
      sizes.push(items.length);
      seen.push(...items.map((item) => (scenario.id === "" ? item : (item as Record<string, unknown>)[scenario.id])));
    }
    expect(seen).toEqual([...new Set(seen)]);
    expect(new Set(seen).intersection(new Set(scenario.has()))).toEqual(new Set(scenario.has()));
    expect(Math.max(...sizes)).toBe(PAGE);
    expect(sizes.length).toBe(Math.ceil(seen.length / PAGE));
    expect(sizes.length).toBeGreaterThanOrEqual(MADE / PAGE);
  });

  const DurableExecutionArn = `${ACCOUNT_ARN}:function:paged:1/durable-execution/one/two`;
  const unsupported: { name: keyof typeof sdk; pages: (by: By) => Pages }[] = [
    { name: "paginateListCapacityProviders", pages: (by) => sdk.paginateListCapacityProviders(by, {}) },
    {
      name: "paginateListFunctionVersionsByCapacityProvider",
      pages: (by) => sdk.paginateListFunctionVersionsByCapacityProvider(by, { CapacityProviderName: "none" }),
    },
    {
      name: "paginateListDurableExecutionsByFunction",
      pages: (by) => sdk.paginateListDurableExecutionsByFunction(by, { FunctionName }),
    },
    {
      name: "paginateGetDurableExecutionHistory",
      pages: (by) => sdk.paginateGetDurableExecutionHistory(by, { DurableExecutionArn }),
    },
    {
      name: "paginateGetDurableExecutionState",
      pages: (by) => sdk.paginateGetDurableExecutionState(by, { DurableExecutionArn, CheckpointToken: "dG9rZW4=" }),
    },
  ];

  test.each(unsupported)("$name fails with an error of the model that says it is not supported", async (scenario) => {
    const error = await refusal(Array.fromAsync(scenario.pages({ client: aws, pageSize: PAGE })));
    expect(error).toBeInstanceOf(sdk.InvalidParameterValueException);
    expect(error.message).toBe(`Cannot perform ${scenario.name.replace("paginate", "")}: Lambent does not support it`);
  });

  test("are all of them in these tables", () => {
    const exported = Object.keys(sdk).filter((name) => name.startsWith("paginate"));
    expect(exported.sort()).toEqual([...supported, ...unsupported].map(({ name }) => String(name)).sort());
  });
});

describe("GET /_lambent/capabilities", () => {
  type Capability = "real" | "stored" | "absent";
  const WRITES = /^(Create|Update|Put|Add)/;
  const SOME_ARN = `${ACCOUNT_ARN}:function:nobody`;
  /** Enough for any operation to be sent; what one does not have, the SDK leaves out. */
  const SUPERSET = {
    ...{ FunctionName: "nobody", Qualifier: "1", Name: "none", FunctionVersion: "1", LayerName: "none" },
    ...{ VersionNumber: 1, UUID: STALE, StatementId: "none", Resource: SOME_ARN, ResourceArn: SOME_ARN },
    ...{ CapacityProviderName: "none", CallbackId: "none", CheckpointToken: "none", TagKeys: ["none"], Tags: {} },
    CodeSigningConfigArn: `${ACCOUNT_ARN}:code-signing-config:csc-00000000000000000`,
    DurableExecutionArn: `${SOME_ARN}:1/durable-execution/one/two`,
    Arn: `${ACCOUNT_ARN}:layer:none:1`,
    InvokeArgs: "{}",
  };
  const said = async () =>
    ((await (await fetch(`${server.url}/_lambent/capabilities`)).json()) as { operations: Record<string, Capability> })
      .operations;

  test("names every operation that the SDK has, and no other", async () => {
    const commands = Object.keys(sdk).filter((name) => /^[A-Z].*Command$/.test(name) && name !== "$Command");
    expect(Object.keys(await said()).sort()).toEqual(commands.map((name) => name.slice(0, -"Command".length)).sort());
  });

  test("agrees with what each operation answers: a refusal to support it, a warning, or neither", async () => {
    const warnings = new Map<string, string>();
    const client = clientOf(server.url);
    client.middlewareStack.add(
      (next, context) => async (args) => {
        const result = await next(args);
        const { headers } = result.response as { headers: Record<string, string> };
        const warning = headers["x-lambent-warning"];
        if (warning !== undefined) warnings.set(String(context["commandName"]).slice(0, -"Command".length), warning);
        return result;
      },
      { step: "deserialize", priority: "low" },
    );
    const capabilities = await said();
    const commands = new Map<string, unknown>(Object.entries(sdk));
    const seen: Record<string, Capability | string> = {};
    for (const [name, capability] of Object.entries(capabilities)) {
      const Command = commands.get(`${name}Command`) as typeof sdk.GetAccountSettingsCommand;
      const error = await client.send(new Command({ ...SUPERSET })).then(
        () => undefined,
        (thrown: Error) => thrown,
      );
      const isAnswer = error === undefined || error instanceof sdk.LambdaServiceException;
      const status = (error as sdk.LambdaServiceException | undefined)?.$metadata?.httpStatusCode ?? 200;
      if (!isAnswer || status >= 500) seen[name] = `${error}`;
      else if (error?.message === `Cannot perform ${name}: Lambent does not support it`) seen[name] = "absent";
      else seen[name] = capability === "absent" ? "supported" : capability;
    }
    client.destroy();
    expect(seen).toEqual(capabilities);
    const are = (wanted: Capability) => Object.keys(capabilities).filter((name) => capabilities[name] === wanted);
    expect([...warnings.keys()].filter((name) => capabilities[name] === "real")).toEqual([]);
    expect(are("absent").filter((name) => !/Capacity|Durable/.test(name))).toEqual([]);
    for (const name of are("stored")) expect([name, WRITES.test(name) || !warnings.has(name)]).toEqual([name, true]);
  });

  test.each<{ operation: string; send: (FunctionName: string, client: sdk.Lambda) => Promise<unknown> }>([
    {
      operation: "AddPermission",
      send: (FunctionName, client) =>
        client.addPermission({ FunctionName, StatementId: "s", Action: "lambda:InvokeFunction", Principal: "*" }),
    },
    {
      operation: "CreateFunctionUrlConfig",
      send: (FunctionName, client) => client.createFunctionUrlConfig({ FunctionName, AuthType: "NONE" }),
    },
    {
      operation: "PutRuntimeManagementConfig",
      send: (FunctionName, client) => client.putRuntimeManagementConfig({ FunctionName, UpdateRuntimeOn: "Auto" }),
    },
    {
      operation: "PutFunctionConcurrency",
      send: (FunctionName, client) => client.putFunctionConcurrency({ FunctionName, ReservedConcurrentExecutions: 1 }),
    },
    {
      operation: "PutFunctionEventInvokeConfig",
      send: (FunctionName, client) => client.putFunctionEventInvokeConfig({ FunctionName, MaximumRetryAttempts: 1 }),
    },
    {
      operation: "PutFunctionRecursionConfig",
      send: (FunctionName, client) => client.putFunctionRecursionConfig({ FunctionName, RecursiveLoop: "Allow" }),
    },
  ])("and $operation comes with a warning exactly where it is only stored", async ({ operation, send }) => {
    const FunctionName = await create(await returning("warned"));
    const client = clientOf(server.url);
    let warning: string | undefined;
    client.middlewareStack.add(
      (next) => async (args) => {
        const result = await next(args);
        warning = (result.response as { headers: Record<string, string> }).headers["x-lambent-warning"];
        return result;
      },
      { step: "deserialize", priority: "low" },
    );
    await send(FunctionName, client);
    client.destroy();
    const capability = (await said())[operation];
    expect(warning === undefined ? "real" : "stored").toBe(capability as "real" | "stored");
  });
});
