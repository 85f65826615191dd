import { describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { appForEach, arnOf, HANDLER_SOURCE, REGION, ROLE, startApp } from "../support/app.ts";
import { type Request, run, type Scenario } from "../support/scenario.ts";
import { rawZip, zipOf } from "../support/zip.ts";

const app = appForEach();
const LAYERS = "/2018-10-31/layers";
const V = `${LAYERS}/l/versions`;
const FUNCTIONS = "/2015-03-31/functions";
const layer = (name: string): string => `arn:aws:lambda:${REGION}:000000000000:layer:${name}`;
const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64");

const ZIP = await zipOf({ "nodejs/node_modules/a/index.js": "module.exports = 1;" });
const CODE = await zipOf({ "index.js": HANDLER_SOURCE });
const content = { Content: { ZipFile: base64(ZIP) } };
const publish = (name = "l", change: object = {}): Request => [
  "POST",
  `${LAYERS}/${name}/versions`,
  { ...content, ...change },
];
const create = (Layers: readonly string[], change: object = {}): Request => [
  "POST",
  FUNCTIONS,
  {
    ...{ FunctionName: "f", Runtime: "nodejs22.x", Role: ROLE, Handler: "index.handler" },
    ...{ Code: { ZipFile: base64(CODE) }, Layers },
    ...change,
  },
];
const configure = (Layers: readonly string[]): Request => ["PUT", `${FUNCTIONS}/f/configuration`, { Layers }];
const permit = (id: string, change: object = {}, query = ""): Request => [
  "POST",
  `${V}/1/policy${query}`,
  { StatementId: id, Action: "lambda:GetLayerVersion", Principal: "*", ...change },
];

const MISSING = "The resource you requested does not exist.";
const BELOW_ONE = "Layer Version Cannot be less than 1";
const doesNotExist = (name: string, version: number): string =>
  `Layer version ${layer(name)}:${version} does not exist.`;
const POLICY_MISMATCH =
  "The Revision Id provided does not match the latest Revision Id. Call the GetLayerPolicy API to retrieve the latest Revision Id";

describe("PublishLayerVersion", () => {
  test("answers all that was given, the digest and size of the package, and a link to it", async () => {
    const given = {
      Description: "d",
      CompatibleRuntimes: ["nodejs22.x", "nodejs20.x"],
      CompatibleArchitectures: ["arm64"],
      LicenseInfo: "MIT",
    };
    const { status, body } = await app().send(...publish("l", given));
    expect(status).toBe(201);
    expect(body).toEqual({
      Content: {
        Location: expect.stringMatching(/^http:\/\/.*\/_lambent\/packages\/[0-9a-f]{64}\.zip\?/),
        CodeSha256: createHash("sha256").update(ZIP).digest("base64"),
        CodeSize: ZIP.length,
      },
      LayerArn: layer("l"),
      LayerVersionArn: `${layer("l")}:1`,
      Version: 1,
      CreatedDate: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+0000$/),
      ...given,
    });
    const link = new URL(body.Content.Location);
    const downloaded = await app().app.request(link.pathname + link.search);
    expect(Buffer.from(await downloaded.arrayBuffer()).equals(Buffer.from(ZIP))).toBe(true);
    expect((await app().send("GET", `${V}/1`)).body).toEqual({ ...body, Content: expect.anything() });
  });

  test("leaves out what was not given, but for an empty description", async () => {
    const { body } = await app().send(...publish());
    expect(Object.keys(body).sort()).toEqual(
      ["Content", "CreatedDate", "Description", "LayerArn", "LayerVersionArn", "Version"].sort(),
    );
    expect(body.Description).toBe("");
  });

  test("never gives a number twice, not even of the version that was deleted last", async () => {
    for (const version of [1, 2]) expect((await app().send(...publish())).body.Version).toBe(version);
    await app().send("DELETE", `${V}/2`);
    await app().send("DELETE", `${V}/1`);
    expect((await app().send(...publish())).body.Version).toBe(3);
    expect((await app().send(...publish("other"))).body.Version).toBe(1);
  });

  test("gives sixteen clients at once sixteen numbers", async () => {
    const answers = await Promise.all(Array.from({ length: 16 }, () => app().send(...publish())));
    const numbers = answers.map((answer) => answer.body.Version as number).sort((a, b) => a - b);
    expect(numbers).toEqual(Array.from({ length: 16 }, (_, index) => index + 1));
  });

  test("counts each version's package in the account's storage, until it is deleted", async () => {
    const used = async () => (await app().services.store.functions.usage()).codeBytes;
    await app().send(...publish());
    await app().send(...publish());
    expect(await used()).toBe(2 * ZIP.length);
    await app().send("DELETE", `${V}/1`);
    expect(await used()).toBe(ZIP.length);
  });

  test("is refused when the account's storage is full, and takes no number then", async () => {
    const small = await startApp({ codeBytesMax: ZIP.length });
    try {
      await small.send(...publish());
      const { status, headers, body } = await small.send(...publish());
      expect([status, headers.get("x-amzn-ErrorType"), body.message]).toEqual([
        400,
        "CodeStorageExceededException",
        "Code storage limit exceeded.",
      ]);
      await small.send("DELETE", `${V}/1`);
      expect((await small.send(...publish())).body.Version).toBe(2);
    } finally {
      await small.close();
    }
  });

  test.each<Scenario>([
    {
      name: "takes the layer's own ARN as its name",
      request: publish(layer("l")),
      status: 201,
      body: { LayerVersionArn: `${layer("l")}:1` },
    },
    {
      name: "is refused without content",
      request: ["POST", V, {}],
      status: 400,
      errorType: "ValidationException",
      message:
        "1 validation error detected: Value null at 'content' failed to satisfy constraint: Member must not be null",
    },
    {
      name: "is refused with content that names no source",
      request: publish("l", { Content: {} }),
      status: 400,
      errorType: "InvalidParameterValueException",
    },
    {
      name: "is refused with both a zip and a bucket",
      request: publish("l", { Content: { ZipFile: base64(ZIP), S3Bucket: "bucket", S3Key: "key" } }),
      status: 400,
      errorType: "InvalidParameterValueException",
    },
    {
      name: "is refused for a bucket that is not there",
      request: publish("l", { Content: { S3Bucket: "bucket", S3Key: "key" } }),
      status: 400,
      errorType: "InvalidParameterValueException",
      message:
        "Error occurred while GetObject. S3 Error Code: NoSuchBucket. S3 Error Message: The specified bucket does not exist",
    },
    {
      name: "is refused for what is no zip",
      request: publish("l", { Content: { ZipFile: base64(Buffer.from("no zip")) } }),
      status: 400,
      errorType: "InvalidParameterValueException",
      message: "Could not unzip uploaded file. Please check your file, then try to upload again.",
    },
    {
      name: "is refused for an entry that climbs out",
      request: publish("l", { Content: { ZipFile: base64(rawZip([{ name: "../x", content: "x" }])) } }),
      status: 400,
      errorType: "InvalidParameterValueException",
    },
    {
      name: "is refused for a runtime that nobody knows",
      request: publish("l", { CompatibleRuntimes: ["nodejs22.x", "cobol"] }),
      status: 400,
      errorType: "ValidationException",
    },
    {
      name: "is refused for a name with a slash or a dot",
      request: publish("a.b"),
      status: 400,
      errorType: "ValidationException",
    },
    {
      name: "is refused for the ARN of another region's layer",
      request: publish("arn:aws:lambda:eu-west-1:000000000000:layer:l"),
      status: 404,
      errorType: "ResourceNotFoundException",
    },
    {
      name: "is refused for the ARN of another account's layer",
      request: publish(`arn:aws:lambda:${REGION}:111122223333:layer:l`),
      status: 403,
      errorType: "AccessDeniedException",
    },
  ])("$name", (scenario) => run(app(), scenario).then(() => {}));
});

describe("GetLayerVersion, GetLayerVersionByArn and DeleteLayerVersion", () => {
  test.each<Scenario>([
    { name: "get answers by name", given: [publish()], request: ["GET", `${V}/1`], status: 200, body: { Version: 1 } },
    {
      name: "get answers by ARN",
      given: [publish()],
      request: ["GET", `${LAYERS}/${layer("l")}/versions/1`],
      status: 200,
      body: { LayerArn: layer("l") },
    },
    {
      name: "get by ARN answers",
      given: [publish(), publish()],
      request: ["GET", `${LAYERS}?find=LayerVersion&Arn=${encodeURIComponent(`${layer("l")}:2`)}`],
      status: 200,
      body: { Version: 2 },
    },
    {
      name: "get is refused for a layer that nobody published",
      request: ["GET", `${V}/1`],
      status: 404,
      errorType: "ResourceNotFoundException",
      message: MISSING,
    },
    {
      name: "get is refused for a number that was not given out yet",
      given: [publish()],
      request: ["GET", `${V}/2`],
      status: 404,
      message: MISSING,
    },
    {
      name: "get is refused for a number past all numbers",
      given: [publish()],
      request: ["GET", `${V}/9000000000000000`],
      status: 404,
      message: MISSING,
    },
    { name: "get is refused for the number 0", request: ["GET", `${V}/0`], status: 400, message: BELOW_ONE },
    { name: "get is refused for a number that is none", request: ["GET", `${V}/one`], status: 400 },
    {
      name: "get by ARN is refused for a version that is not there",
      given: [publish()],
      request: ["GET", `${LAYERS}?find=LayerVersion&Arn=${encodeURIComponent(`${layer("l")}:7`)}`],
      status: 404,
      message: MISSING,
    },
    {
      name: "get by ARN is refused for a layer's ARN without a version",
      given: [publish()],
      request: ["GET", `${LAYERS}?find=LayerVersion&Arn=${encodeURIComponent(layer("l"))}`],
      status: 400,
      errorType: "ValidationException",
    },
    {
      name: "get by ARN is refused for one of AWS's own layers",
      request: ["GET", `${LAYERS}?find=LayerVersion&Arn=${encodeURIComponent("arn:aws:lambda:::awslayer:sharp")}`],
      status: 404,
      message: MISSING,
    },
    {
      name: "get is refused for a version that was deleted",
      given: [publish(), ["DELETE", `${V}/1`]],
      request: ["GET", `${V}/1`],
      status: 404,
      message: MISSING,
    },
    { name: "delete answers 204", given: [publish()], request: ["DELETE", `${V}/1`], status: 204 },
    { name: "delete answers 204 when there is no such version", request: ["DELETE", `${V}/1`], status: 204 },
    { name: "delete is refused for the number 0", request: ["DELETE", `${V}/0`], status: 400, message: BELOW_ONE },
  ])("$name", (scenario) => run(app(), scenario).then(() => {}));
});

describe("ListLayers and ListLayerVersions", () => {
  const names = async (query = "") =>
    (await app().send("GET", `${LAYERS}${query}`)).body.Layers.map((item: { LayerName: string }) => item.LayerName);
  const versions = async (query = "") =>
    (await app().send("GET", `${V}${query}`)).body.LayerVersions.map((item: { Version: number }) => item.Version);

  test("list layers by name, each with its newest version, and no content", async () => {
    for (const name of ["b", "a", "b"]) await app().send(...publish(name));
    const { body } = await app().send("GET", LAYERS);
    expect(body).toEqual({
      Layers: ["a", "b"].map((name, index) => ({
        LayerName: name,
        LayerArn: layer(name),
        LatestMatchingVersion: {
          LayerVersionArn: `${layer(name)}:${index + 1}`,
          Version: index + 1,
          Description: "",
          CreatedDate: expect.any(String),
        },
      })),
    });
  });

  test("list versions newest first, past nine too", async () => {
    for (let version = 1; version <= 11; version++) await app().send(...publish());
    await app().send(...publish("l-2"));
    expect(await versions()).toEqual([11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1]);
  });

  test("show what suits the runtime and the architecture alone", async () => {
    await app().send(...publish("l", { CompatibleRuntimes: ["nodejs22.x"], CompatibleArchitectures: ["arm64"] }));
    await app().send(...publish("l", { CompatibleRuntimes: ["nodejs20.x"] }));
    await app().send(...publish("l"));
    expect(await versions("?CompatibleRuntime=nodejs22.x")).toEqual([1]);
    expect(await versions("?CompatibleArchitecture=arm64&CompatibleRuntime=nodejs22.x")).toEqual([1]);
    expect(await versions("?CompatibleArchitecture=arm64&CompatibleRuntime=nodejs20.x")).toEqual([]);
    const { body } = await app().send("GET", `${LAYERS}?CompatibleRuntime=nodejs20.x`);
    expect(body.Layers[0].LatestMatchingVersion.Version).toBe(2);
    expect(await names("?CompatibleRuntime=python3.12")).toEqual([]);
  });

  test("page without losing or repeating any, and end without a marker", async () => {
    for (const name of ["a", "b", "c", "l", "l", "l"]) await app().send(...publish(name));
    await app().send(...publish("b", { CompatibleRuntimes: ["nodejs22.x"] }));
    const pages = async (path: string, member: string) => {
      const found: unknown[][] = [];
      for (let query = "MaxItems=2"; ; ) {
        const { body } = await app().send("GET", `${path}${path.includes("?") ? "&" : "?"}${query}`);
        found.push(body[member].map((item: Record<string, unknown>) => item["LayerName"] ?? item["Version"]));
        if (body.NextMarker === undefined) return found;
        query = `MaxItems=2&Marker=${encodeURIComponent(body.NextMarker)}`;
      }
    };
    expect(await pages(LAYERS, "Layers")).toEqual([
      ["a", "b"],
      ["c", "l"],
    ]);
    expect(await pages(V, "LayerVersions")).toEqual([[3, 2], [1]]);
    expect(await pages(`${LAYERS}?CompatibleRuntime=nodejs22.x`, "Layers")).toEqual([["b"]]);
  });

  test("leave out a layer whose versions are all deleted", async () => {
    await app().send(...publish());
    await app().send("DELETE", `${V}/1`);
    expect(await names()).toEqual([]);
    expect(await versions()).toEqual([]);
  });

  test.each<Scenario>([
    {
      name: "a layer that nobody published has no versions",
      request: ["GET", V],
      status: 200,
      body: { LayerVersions: [] },
    },
    {
      name: "are refused for a runtime that nobody knows",
      request: ["GET", `${LAYERS}?CompatibleRuntime=cobol`],
      status: 400,
    },
    {
      name: "are refused for an architecture that nobody knows",
      request: ["GET", `${V}?CompatibleArchitecture=mips`],
      status: 400,
    },
    { name: "are refused for pages of more than 50", request: ["GET", `${LAYERS}?MaxItems=51`], status: 400 },
    { name: "are refused for pages of none", request: ["GET", `${V}?MaxItems=0`], status: 400 },
    {
      name: "are refused for a marker that no list gave out",
      request: ["GET", `${LAYERS}?Marker=%21`],
      status: 400,
      errorType: "InvalidParameterValueException",
    },
  ])("$name", (scenario) => run(app(), scenario).then(() => {}));
});

describe("the policy of a layer version", () => {
  test("is built statement by statement, and found again", async () => {
    await app().send(...publish());
    const first = await app().send(...permit("s1", { Principal: "111122223333" }));
    expect(first.status).toBe(201);
    const statement = `{"Sid":"s1","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"lambda:GetLayerVersion","Resource":"${layer("l")}:1"}`;
    expect(first.body).toEqual({ Statement: statement, RevisionId: expect.any(String) });
    const second = await app().send(
      ...permit("s2", { OrganizationId: "o-abcdefghij" }, `?RevisionId=${first.body.RevisionId}`),
    );
    expect(JSON.parse(second.body.Statement).Condition).toEqual({
      StringEquals: { "aws:PrincipalOrgID": "o-abcdefghij" },
    });
    const { body } = await app().send("GET", `${V}/1/policy`);
    expect(body).toEqual({
      Policy: `{"Version":"2012-10-17","Id":"default","Statement":[${statement},${second.body.Statement}]}`,
      RevisionId: second.body.RevisionId,
    });
    expect((await app().send("DELETE", `${V}/1/policy/s1?RevisionId=${body.RevisionId}`)).status).toBe(204);
    expect((await app().send("DELETE", `${V}/1/policy/s2`)).status).toBe(204);
    expect((await app().send("GET", `${V}/1/policy`)).status).toBe(404);
  });

  test.each<Scenario>([
    {
      name: "says that it is not enforced",
      given: [publish()],
      request: permit("s"),
      status: 201,
      warning: "Policies of layer versions are stored",
    },
    {
      name: "is refused for a version that is not there",
      request: permit("s"),
      status: 404,
      errorType: "ResourceNotFoundException",
      message: doesNotExist("l", 1),
    },
    { name: "is refused for the number 0", request: ["GET", `${V}/0/policy`], status: 400, message: BELOW_ONE },
    {
      name: "is refused for a statement id that is taken",
      given: [publish(), permit("s")],
      request: permit("s"),
      status: 409,
      errorType: "ResourceConflictException",
      message:
        "The statement id (s) provided already exists. Please provide a new statement id, or remove the existing statement.",
    },
    {
      name: "is refused for another revision than its own",
      given: [publish(), permit("s")],
      request: permit("t", {}, "?RevisionId=stale"),
      status: 412,
      errorType: "PreconditionFailedException",
      message: POLICY_MISMATCH,
    },
    {
      name: "is refused for any revision when there is none yet",
      given: [publish()],
      request: permit("t", {}, "?RevisionId=stale"),
      status: 412,
      message: POLICY_MISMATCH,
    },
    {
      name: "is refused for another action",
      given: [publish()],
      request: permit("s", { Action: "lambda:InvokeFunction" }),
      status: 400,
      errorType: "ValidationException",
    },
    {
      name: "is refused for a principal that is no account",
      given: [publish()],
      request: permit("s", { Principal: "s3.amazonaws.com" }),
      status: 400,
      errorType: "ValidationException",
    },
    {
      name: "is refused for an organization with a single account",
      given: [publish()],
      request: permit("s", { Principal: "111122223333", OrganizationId: "o-abcdefghij" }),
      status: 400,
      errorType: "InvalidParameterValueException",
    },
    {
      name: "get is refused for a version that is not there",
      request: ["GET", `${V}/1/policy`],
      status: 404,
      message: doesNotExist("l", 1),
    },
    {
      name: "get is refused when there is none",
      given: [publish()],
      request: ["GET", `${V}/1/policy`],
      status: 404,
      message: "No policy is associated with the given resource.",
    },
    {
      name: "remove is refused for a version that is not there",
      request: ["DELETE", `${V}/1/policy/s`],
      status: 404,
      message: doesNotExist("l", 1),
    },
    {
      name: "remove is refused for a statement that is not there",
      given: [publish(), permit("s")],
      request: ["DELETE", `${V}/1/policy/t`],
      status: 404,
      message: "Statement t is not found in resource policy.",
    },
    {
      name: "remove is refused for another revision than its own",
      given: [publish(), permit("s")],
      request: ["DELETE", `${V}/1/policy/s?RevisionId=stale`],
      status: 412,
      message: POLICY_MISMATCH,
    },
    {
      name: "goes with the version",
      given: [publish(), permit("s"), ["DELETE", `${V}/1`]],
      request: ["GET", `${V}/1/policy`],
      status: 404,
      message: doesNotExist("l", 1),
    },
  ])("$name", (scenario) => run(app(), scenario).then(() => {}));
});

describe("a function's layers", () => {
  const six = ["a", "b", "c", "d", "e", "g"];
  const twoOfOne = `Two different versions of the same layer are not allowed to be referenced in the same function. ${layer("l")}:1 and ${layer("l")}:2 are versions of the same layer.`;

  test.each<Scenario>([
    {
      name: "are shown with their size, in their order",
      given: [publish("b"), publish("a")],
      request: create([`${layer("b")}:1`, `${layer("a")}:1`]),
      status: 201,
      body: {
        Layers: [
          { Arn: `${layer("b")}:1`, CodeSize: ZIP.length },
          { Arn: `${layer("a")}:1`, CodeSize: ZIP.length },
        ],
      },
    },
    {
      name: "are replaced by an update that names others",
      given: [publish(), publish(), create([`${layer("l")}:1`])],
      request: configure([`${layer("l")}:2`]),
      status: 200,
      body: { Layers: [{ Arn: `${layer("l")}:2` }] },
    },
    {
      name: "are removed by an update that names none",
      given: [publish(), create([`${layer("l")}:1`])],
      request: configure([]),
      status: 200,
      without: ["Layers"],
    },
    {
      name: "stay when an update does not name them, though they are deleted",
      given: [publish(), create([`${layer("l")}:1`]), ["DELETE", `${V}/1`]],
      request: ["PUT", `${FUNCTIONS}/f/configuration`, { Timeout: 9 }],
      status: 200,
      body: { Timeout: 9, Layers: [{ Arn: `${layer("l")}:1` }] },
    },
    {
      name: "are not named again once they are deleted",
      given: [publish(), create([`${layer("l")}:1`]), ["DELETE", `${V}/1`]],
      request: configure([`${layer("l")}:1`]),
      status: 400,
      errorType: "InvalidParameterValueException",
      message: doesNotExist("l", 1),
    },
    {
      name: "are refused when one was never published",
      given: [publish()],
      request: create([`${layer("l")}:1`, `${layer("ghost")}:1`]),
      status: 400,
      errorType: "InvalidParameterValueException",
      message: doesNotExist("ghost", 1),
    },
    {
      name: "are refused when one is AWS's own",
      request: create(["arn:aws:lambda:::awslayer:sharp"]),
      status: 400,
      message: "Layer version arn:aws:lambda:::awslayer:sharp does not exist.",
    },
    {
      name: "are refused when there are six",
      given: six.map((name) => publish(name)),
      request: create(six.map((name) => `${layer(name)}:1`)),
      status: 400,
      errorType: "InvalidParameterValueException",
      message: "Cannot reference more than 5 layers.",
    },
    {
      name: "are refused when two are versions of one",
      given: [publish(), publish()],
      request: create([`${layer("l")}:1`, `${layer("l")}:2`]),
      status: 400,
      errorType: "InvalidParameterValueException",
      message: twoOfOne,
    },
    {
      name: "are refused without a version",
      given: [publish()],
      request: create([layer("l")]),
      status: 400,
      errorType: "ValidationException",
    },
    {
      name: "are refused when one is in another region",
      request: create(["arn:aws:lambda:eu-west-1:000000000000:layer:l:1"]),
      status: 400,
      message: `Layers are not in the same region as the function. Layers are expected to be in region ${REGION}.`,
    },
    {
      name: "are refused when one is another account's",
      request: create([`arn:aws:lambda:${REGION}:111122223333:layer:l:1`]),
      status: 403,
      errorType: "AccessDeniedException",
    },
    {
      name: "of an update are refused for a function that is not there, before they are looked at",
      request: configure([`${layer("ghost")}:1`]),
      status: 404,
      errorType: "ResourceNotFoundException",
      message: `Function not found: ${arnOf("f")}`,
    },
  ])("$name", (scenario) => run(app(), scenario).then(() => {}));

  test("have no warning: they are there when it runs", async () => {
    await app().send(...publish());
    const { headers } = await app().send(...create([`${layer("l")}:1`]));
    expect(headers.get("x-lambent-warning")).toBeNull();
  });

  describe("of 100 MiB each, and code of 100 MiB,", () => {
    const MIB = 1024 * 1024;
    const blank = (name: string, mib: number, more: Record<string, string> = {}) =>
      zipOf({ [name]: new Uint8Array(mib * MIB), ...more });
    const refusal = (bytes: number): string =>
      `Function code combined with layers exceeds the maximum allowed size of ${250 * MIB} bytes. The actual size is ${bytes} bytes.`;

    test("are refused together, whichever comes last", async () => {
      const big = base64(await blank("big", 100));
      const code = { ZipFile: base64(await blank("big", 100, { "index.js": HANDLER_SOURCE })) };
      const small = { ZipFile: base64(CODE) };
      for (const name of ["a", "b"]) await app().send(...publish(name, { Content: { ZipFile: big } }));
      const both = [`${layer("a")}:1`, `${layer("b")}:1`];
      const message = refusal(300 * MIB + HANDLER_SOURCE.length);
      const refused = { status: 400, errorType: "InvalidParameterValueException", message };
      await run(app(), { name: "", request: create(both, { Code: code }), ...refused });
      await run(app(), { name: "", given: [create([], { Code: code })], request: configure(both), ...refused });
      const again: Request[] = [["DELETE", `${FUNCTIONS}/f`], create(both, { Code: small })];
      await run(app(), { name: "", given: again, request: ["PUT", `${FUNCTIONS}/f/code`, code], ...refused });
    }, 60_000);
  });

  test("keep the packages of a deleted version from the sweep, as long as a version uses them", async () => {
    const { store } = app().services;
    const sha256 = createHash("sha256").update(ZIP).digest("base64");
    const sweep = () => store.packages.sweep(() => store.functions.digestsInUse());
    await app().send(...publish());
    await app().send(...create([`${layer("l")}:1`], { Publish: true }));
    await app().settled();
    await app().send("DELETE", `${V}/1`);
    await app().send(...configure([]));
    await app().settled();
    await sweep();
    expect(await store.packages.find(sha256)).toBeDefined();
    await app().send("DELETE", `${FUNCTIONS}/f?Qualifier=1`);
    await sweep();
    expect(await store.packages.find(sha256)).toBeUndefined();
  });
});
