import { beforeEach, describe, expect, test } from "bun:test";
import { appForEach, arnOf, HANDLER_SOURCE } from "../support/app.ts";
import { type Request, run, type Scenario } from "../support/scenario.ts";
import { zipOf } from "../support/zip.ts";

const app = appForEach();
const F = "/2015-03-31/functions/f";
const publish = (body: object = {}): Request => ["POST", `${F}/versions`, body];
const configure = (body: object): Request => ["PUT", `${F}/configuration`, body];
const alias = (name: string, version: string, weights?: object): Request => [
  "POST",
  `${F}/aliases`,
  {
    Name: name,
    FunctionVersion: version,
    ...(weights && { RoutingConfig: { AdditionalVersionWeights: weights } }),
  },
];

beforeEach(async () => {
  await app().createFunction("f", { Description: "first" });
});

const revisionOf = async (qualifier = "$LATEST"): Promise<string> =>
  (await app().send("GET", `${F}/configuration?Qualifier=${qualifier}`)).body.RevisionId;

describe("PublishVersion", () => {
  test.each<Scenario>([
    {
      name: "PublishVersion answers 201 with version 1, its own ARN and state Pending",
      request: publish(),
      status: 201,
      body: { Version: "1", FunctionArn: arnOf("f", "1"), State: "Pending", Description: "first" },
    },
    {
      name: "PublishVersion gives the version the description of the request",
      request: publish({ Description: "one" }),
      status: 201,
      body: { Version: "1", Description: "one" },
    },
    {
      name: "PublishVersion answers the version that is there, under its own description, when nothing changed",
      given: [publish({ Description: "one" })],
      request: publish({ Description: "two" }),
      status: 201,
      body: { Version: "1", Description: "one", State: "Active" },
    },
    {
      name: "PublishVersion gives the next number after a change",
      given: [publish(), configure({ Timeout: 9 })],
      request: publish(),
      status: 201,
      body: { Version: "2", Timeout: 9 },
    },
    {
      name: "PublishVersion never gives out a number again",
      given: [publish(), ["DELETE", `${F}?Qualifier=1`]],
      request: publish(),
      status: 201,
      body: { Version: "2" },
    },
    {
      name: "PublishVersion refuses a function that nobody made",
      request: ["POST", "/2015-03-31/functions/ghost/versions", {}],
      status: 404,
      errorType: "ResourceNotFoundException",
      message: `Function not found: ${arnOf("ghost")}`,
    },
    {
      name: "PublishVersion refuses a revision that is not the latest",
      request: publish({ RevisionId: "old" }),
      status: 412,
      errorType: "PreconditionFailedException",
      message:
        "The Revision Id provided does not match the latest Revision Id. Call the GetFunction/GetAlias API to retrieve the latest Revision Id",
    },
    {
      name: "PublishVersion to $LATEST.PUBLISHED is refused: there are no capacity providers",
      request: publish({ PublishTo: "LATEST_PUBLISHED" }),
      status: 400,
      errorType: "InvalidParameterValueException",
    },
  ])("$name", (scenario) => run(app(), scenario));

  test("PublishVersion refuses other code than CodeSha256 says, naming both", async () => {
    const { body } = await app().send("GET", `${F}/configuration`);
    await run(app(), {
      name: "",
      request: publish({ CodeSha256: "x" }),
      status: 400,
      errorType: "InvalidParameterValueException",
      message: `CodeSHA256 (x) is different from current CodeSHA256 in $LATEST (${body.CodeSha256}). Please try again with the CodeSHA256 in $LATEST.`,
    });
    expect((await app().send(...publish({ CodeSha256: body.CodeSha256 }))).status).toBe(201);
  });

  test("PublishVersion gives $LATEST a new revision, and an unchanged one does not", async () => {
    const before = await revisionOf();
    await app().send(...publish({ RevisionId: before }));
    await app().settled();
    const after = await revisionOf();
    expect(after).not.toBe(before);
    const first = await app().send("GET", `${F}/configuration?Qualifier=1`);
    const again = await app().send(...publish());
    expect(again.body.RevisionId).toBe(first.body.RevisionId);
    expect(await revisionOf()).toBe(after);
  });

  test("PublishVersion is refused while $LATEST is being updated", async () => {
    await app().send(...configure({ Timeout: 8 }));
    const latest = await app().services.store.functions.findVersion({ functionName: "f", version: "$LATEST" });
    if (latest?.updateStatus === "InProgress")
      expect((await app().send(...publish())).body.message).toContain("An update is in progress for resource: ");
    await app().settled();
    expect((await app().send(...publish())).status).toBe(201);
  });

  test("a published version keeps running its own code when $LATEST moves on", async () => {
    await app().send(...publish());
    const zip = await zipOf({ "index.js": "exports.handler = async () => 'second';" });
    await app().send("PUT", `${F}/code`, { ZipFile: Buffer.from(zip).toString("base64") });
    const call = async (qualifier: string) =>
      (await app().send("POST", `${F}/invocations?Qualifier=${qualifier}`, {})).body;
    expect(await call("1")).toEqual({ version: "1", event: {} });
    expect(await call("$LATEST")).toBe("second");
  });
});

describe("versions", () => {
  test.each<Scenario>([
    {
      name: "GetFunctionConfiguration of a version has its number in the ARN",
      given: [publish()],
      request: ["GET", `${F}/configuration?Qualifier=1`],
      status: 200,
      body: { Version: "1", FunctionArn: arnOf("f", "1"), State: "Active", LastUpdateStatus: "Successful" },
    },
    {
      name: "GetFunction by alias has the alias in the ARN and the version's number",
      given: [publish(), alias("live", "1")],
      request: ["GET", `${F}?Qualifier=live`],
      status: 200,
      body: { Configuration: { Version: "1", FunctionArn: arnOf("f", "live") } },
    },
    {
      name: "GetFunction takes the qualifier from the name",
      given: [publish()],
      request: ["GET", `${F}:1`],
      status: 200,
      body: { Configuration: { Version: "1" } },
    },
    {
      name: "GetFunction refuses two qualifiers that differ",
      given: [publish()],
      request: ["GET", `${F}:1?Qualifier=2`],
      status: 400,
      errorType: "InvalidParameterValueException",
      message: "The derived qualifier from the function name does not match the specified qualifier.",
    },
    {
      name: "GetFunction of a version that is not there names it",
      request: ["GET", `${F}?Qualifier=7`],
      status: 404,
      errorType: "ResourceNotFoundException",
      message: `Function not found: ${arnOf("f", "7")}`,
    },
    {
      name: "GetFunction of an alias that is not there names it",
      request: ["GET", `${F}?Qualifier=ghost`],
      status: 404,
      message: `Function not found: ${arnOf("f", "ghost")}`,
    },
    {
      name: "GetFunction of a function that is not there has no qualifier",
      request: ["GET", "/2015-03-31/functions/ghost"],
      status: 404,
      message: `Function not found: ${arnOf("ghost")}`,
    },
    {
      name: "ListVersionsByFunction refuses a function that nobody made",
      request: ["GET", "/2015-03-31/functions/ghost/versions"],
      status: 404,
      message: `Function not found: ${arnOf("ghost")}`,
    },
    {
      name: "ListVersionsByFunction refuses a marker that it never gave",
      request: ["GET", `${F}/versions?Marker=%21%21`],
      status: 400,
      errorType: "InvalidParameterValueException",
    },
    {
      name: "DeleteFunction with a version answers 204",
      given: [publish()],
      request: ["DELETE", `${F}?Qualifier=1`],
      status: 204,
    },
    {
      name: "DeleteFunction with a version that is not there is no error",
      request: ["DELETE", `${F}?Qualifier=9`],
      status: 204,
    },
    {
      name: "DeleteFunction refuses $LATEST by itself",
      request: ["DELETE", `${F}?Qualifier=$LATEST`],
      status: 400,
      errorType: "InvalidParameterValueException",
      message: "$LATEST version cannot be deleted without deleting the function.",
    },
    {
      name: "DeleteFunction refuses a version that an alias names",
      given: [publish(), alias("live", "1")],
      request: ["DELETE", `${F}?Qualifier=1`],
      status: 409,
      errorType: "ResourceConflictException",
      message: "Unable to delete version because the following aliases reference it: [live]",
    },
    {
      name: "DeleteFunction refuses a version that an alias gives a share",
      given: [publish(), configure({ Timeout: 9 }), publish(), alias("live", "1", { "2": 0.1 })],
      request: ["DELETE", `${F}?Qualifier=2`],
      status: 409,
      errorType: "ResourceConflictException",
    },
    {
      name: "DeleteFunction refuses an alias",
      given: [alias("live", "$LATEST")],
      request: ["DELETE", `${F}?Qualifier=live`],
      status: 400,
      errorType: "InvalidParameterValueException",
    },
    {
      name: "DeleteFunction of a version of a function that nobody made answers 404",
      request: ["DELETE", "/2015-03-31/functions/ghost?Qualifier=1"],
      status: 404,
      message: `Function not found: ${arnOf("ghost")}`,
    },
  ])("$name", (scenario) => run(app(), scenario));

  test("ListVersionsByFunction pages from $LATEST upwards, with qualified ARNs and no states", async () => {
    await app().send(...publish());
    await app().send(...configure({ Timeout: 9 }));
    await app().settled();
    await app().send(...publish());
    const first = (await app().send("GET", `${F}/versions?MaxItems=2`)).body;
    expect(first.Versions.map((version: { FunctionArn: string }) => version.FunctionArn)).toEqual([
      arnOf("f", "$LATEST"),
      arnOf("f", "1"),
    ]);
    for (const member of ["State", "LastUpdateStatus", "RuntimeVersionConfig"])
      expect(first.Versions[0]).not.toHaveProperty(member);
    const second = (await app().send("GET", `${F}/versions?Marker=${first.NextMarker}`)).body;
    expect(second.Versions.map((version: { Version: string }) => version.Version)).toEqual(["2"]);
    expect(second).not.toHaveProperty("NextMarker");
  });
});

describe("UpdateFunctionCode", () => {
  const code = async (source: string, more: object = {}): Promise<object> => ({
    ZipFile: Buffer.from(await zipOf({ "index.js": source })).toString("base64"),
    ...more,
  });

  test("with DryRun it answers the digest and the configuration that would be, and changes nothing", async () => {
    const before = (await app().send("GET", `${F}/configuration`)).body;
    const dry = await app().send("PUT", `${F}/code`, await code("exports.handler = () => 1;", { DryRun: true }));
    expect(dry.status).toBe(200);
    expect(dry.body.CodeSha256).not.toBe(before.CodeSha256);
    expect(dry.body).toMatchObject({ Version: "$LATEST", RevisionId: before.RevisionId });
    expect((await app().send("GET", `${F}/configuration`)).body).toEqual(before);
  });

  test("with DryRun and Publish it answers the version that would be, and publishes none", async () => {
    const body = await code("exports.handler = () => 1;", { DryRun: true, Publish: true });
    expect((await app().send("PUT", `${F}/code`, body)).body).toMatchObject({
      Version: "1",
      FunctionArn: arnOf("f", "1"),
    });
    expect((await app().send("GET", `${F}/versions`)).body.Versions).toHaveLength(1);
  });

  test("with Publish it publishes the new code in one step", async () => {
    const body = await code("exports.handler = () => 1;", { Publish: true });
    expect((await app().send("PUT", `${F}/code`, body)).body).toMatchObject({ Version: "1", State: "Pending" });
    await app().settled();
    const one = (await app().send("GET", `${F}/configuration?Qualifier=1`)).body;
    const latest = (await app().send("GET", `${F}/configuration`)).body;
    expect(one).toMatchObject({ State: "Active", CodeSha256: latest.CodeSha256 });
    expect(latest.LastUpdateStatus).toBe("Successful");
  });

  test.each([
    { name: "a stale revision", more: { RevisionId: "old" }, status: 412 },
    { name: "a stale revision in a dry run", more: { RevisionId: "old", DryRun: true }, status: 412 },
    { name: "something that is no zip", more: { ZipFile: "AAAA" }, status: 400 },
    { name: "something that is no zip, in a dry run", more: { ZipFile: "AAAA", DryRun: true }, status: 400 },
    { name: "code in two places", more: { S3Bucket: "bucket", S3Key: "key" }, status: 400 },
    { name: "an image", more: { ImageUri: "image", ZipFile: undefined }, status: 400 },
  ])("refuses $name, and changes nothing", async ({ more, status }) => {
    const before = (await app().send("GET", `${F}/configuration`)).body;
    const answer = await app().send("PUT", `${F}/code`, await code("exports.handler = () => 1;", more));
    expect(answer.status).toBe(status);
    expect((await app().send("GET", `${F}/configuration`)).body).toEqual(before);
  });

  test("the code of a published version is locked", async () => {
    await app().send(...publish());
    const answer = await app().send("PUT", `${F}:1/code`, await code(HANDLER_SOURCE));
    expect(answer.status).toBe(400);
  });

  test("a warm environment outlives publishing and tagging, for the code is the same", async () => {
    const call = () => app().send("POST", `${F}/invocations`, {});
    await call();
    const { environments } = app().services.dispatcher.census();
    await app().send(...publish());
    await app().send("POST", `/2017-03-31/tags/${encodeURIComponent(arnOf("f"))}`, { Tags: { a: "b" } });
    await app().settled();
    await call();
    expect(app().services.dispatcher.census().environments).toBe(environments);
  });
});
