import { describe, expect, test } from "bun:test";
import { ACCOUNT, appForEach, arnOf, HANDLER_SOURCE, ROLE } from "../support/app.ts";
import { type Request, run, type Scenario } from "../support/scenario.ts";
import { zipOf } from "../support/zip.ts";

const app = appForEach();
const FUNCTIONS = "/2015-03-31/functions";
const F = `${FUNCTIONS}/f`;
const ZIP = Buffer.from(await zipOf({ "index.js": HANDLER_SOURCE })).toString("base64");
const create = (change: object = {}): Request => [
  "POST",
  FUNCTIONS,
  { FunctionName: "f", Runtime: "nodejs22.x", Role: ROLE, Handler: "index.handler", Code: { ZipFile: ZIP }, ...change },
];
const configure = (change: object): Request => ["PUT", `${F}/configuration`, change];
const SIGNING = {
  AllowedPublishers: { SigningProfileVersionArns: [`arn:aws:signer:us-east-1:${ACCOUNT}:/signing-profiles/p/v`] },
};

describe("CreateFunction", () => {
  test.each<Scenario>([
    {
      name: "answers 201, Pending, with the defaults and no LastUpdateStatus",
      request: create(),
      status: 201,
      body: {
        FunctionArn: arnOf("f"),
        State: "Pending",
        StateReason: "The function is being created.",
        StateReasonCode: "Creating",
        Timeout: 3,
        MemorySize: 128,
        EphemeralStorage: { Size: 512 },
        TracingConfig: { Mode: "PassThrough" },
        SnapStart: { ApplyOn: "None", OptimizationStatus: "Off" },
        LoggingConfig: { LogFormat: "Text", LogGroup: "/aws/lambda/f" },
        Architectures: ["x86_64"],
        PackageType: "Zip",
        Version: "$LATEST",
        LastModified: "2026-01-02T03:04:05.678+0000",
      },
      without: ["LastUpdateStatus", "Environment", "VpcConfig", "Layers", "KMSKeyArn"],
    },
    {
      name: "keeps and shows what else there is",
      request: create({
        Description: "d",
        Environment: { Variables: { AB: "1" } },
        KMSKeyArn: "arn:aws:kms:us-east-1:000000000000:key/k",
        TracingConfig: { Mode: "Active" },
        EphemeralStorage: { Size: 1024 },
        Architectures: ["arm64"],
        DeadLetterConfig: { TargetArn: "arn:aws:sqs:us-east-1:000000000000:dead" },
        VpcConfig: { SubnetIds: ["subnet-1"], SecurityGroupIds: ["sg-1"] },
        TenancyConfig: { TenantIsolationMode: "PER_TENANT" },
        DurableConfig: { RetentionPeriodInDays: 7 },
        LoggingConfig: { LogFormat: "JSON", LogGroup: "own" },
      }),
      status: 201,
      body: {
        Environment: { Variables: { AB: "1" } },
        KMSKeyArn: "arn:aws:kms:us-east-1:000000000000:key/k",
        TracingConfig: { Mode: "Active" },
        EphemeralStorage: { Size: 1024 },
        Architectures: ["arm64"],
        DeadLetterConfig: { TargetArn: "arn:aws:sqs:us-east-1:000000000000:dead" },
        VpcConfig: { SubnetIds: ["subnet-1"], SecurityGroupIds: ["sg-1"] },
        TenancyConfig: { TenantIsolationMode: "PER_TENANT" },
        DurableConfig: { RetentionPeriodInDays: 7 },
        LoggingConfig: { LogFormat: "JSON", LogGroup: "own", ApplicationLogLevel: "INFO", SystemLogLevel: "INFO" },
      },
      warning: "DurableConfig is stored",
    },
    {
      name: "with Publish answers version 1, Pending",
      request: create({ Publish: true }),
      status: 201,
      body: { Version: "1", FunctionArn: arnOf("f", "1"), State: "Pending" },
    },
    {
      name: "takes the documents' first runtime",
      request: create({ Runtime: "nodejs" }),
      status: 201,
      body: { Runtime: "nodejs" },
    },
    { name: "takes an ARN for the name", request: create({ FunctionName: arnOf("f") }), status: 201 },
    {
      name: "refuses a name that is taken, in AWS's spelling",
      given: [create()],
      request: create(),
      status: 409,
      errorType: "ResourceConflictException",
      message: "Function already exist: f",
    },
    {
      name: "refuses a runtime that nobody knows, naming those that there are",
      request: create({ Runtime: "cobol" }),
      status: 400,
      errorType: "InvalidParameterValueException",
    },
    {
      name: "refuses a runtime that AWS gave up",
      request: create({ Runtime: "dotnetcore3.1" }),
      status: 400,
      errorType: "InvalidParameterValueException",
      message:
        "The runtime parameter of dotnetcore3.1 is no longer supported for creating or updating AWS Lambda functions. We recommend you use a supported runtime while creating or updating functions.",
    },
    {
      name: "refuses memory above the quota",
      request: create({ MemorySize: 10_241 }),
      status: 400,
      errorType: "InvalidParameterValueException",
      message: "'MemorySize' value failed to satisfy constraint: Member must have value less than or equal to 10240",
    },
    {
      name: "refuses memory above what any function may have",
      request: create({ MemorySize: 32_769 }),
      status: 400,
      errorType: "ValidationException",
    },
    {
      name: "refuses an image",
      request: create({ PackageType: "Image", Code: { ImageUri: "image" } }),
      status: 400,
      errorType: "InvalidParameterValueException",
    },
    {
      name: "refuses a capacity provider",
      request: create({
        CapacityProviderConfig: {
          LambdaManagedInstancesCapacityProviderConfig: {
            CapacityProviderArn: `arn:aws:lambda:us-east-1:${ACCOUNT}:capacity-provider:p`,
          },
        },
      }),
      status: 400,
      errorType: "InvalidParameterValueException",
    },
    {
      name: "refuses a reserved variable",
      request: create({ Environment: { Variables: { AWS_REGION: "x" } } }),
      status: 400,
      errorType: "InvalidParameterValueException",
    },
    {
      name: "refuses more than 4 KB of variables, printing them",
      request: create({ Environment: { Variables: { LONG: "x".repeat(4096) } } }),
      status: 400,
      message: `Lambda was unable to configure your environment variables because the environment variables you have provided exceeded the 4KB limit. String measured: 4107 characters`,
    },
    {
      name: "refuses log levels for text",
      request: create({ LoggingConfig: { LogFormat: "Text", ApplicationLogLevel: "DEBUG" } }),
      status: 400,
      errorType: "InvalidParameterValueException",
    },
    {
      name: "refuses a role that is none",
      request: create({ Role: "r1" }),
      status: 400,
      errorType: "ValidationException",
    },
    {
      name: "refuses a name of 65 letters in words of its own",
      request: create({ FunctionName: "n".repeat(65) }),
      status: 400,
      errorType: "InvalidParameterValueException",
      message: `1 validation error detected: Value '${"n".repeat(65)}' at 'functionName' failed to satisfy constraint: Member must have length less than or equal to 64`,
    },
    {
      name: "refuses another region",
      request: create({ FunctionName: `arn:aws:lambda:eu-west-1:${ACCOUNT}:function:f` }),
      status: 404,
      errorType: "ResourceNotFoundException",
      message: "Functions from 'eu-west-1' are not reachable in this region ('us-east-1')",
    },
    {
      name: "refuses another account",
      request: create({ FunctionName: "arn:aws:lambda:us-east-1:111122223333:function:f" }),
      status: 403,
      errorType: "AccessDeniedException",
    },
    {
      name: "refuses a name with a qualifier",
      request: create({ FunctionName: "f:1" }),
      status: 400,
      errorType: "InvalidParameterValueException",
    },
    {
      name: "refuses a code signing configuration that is not there",
      request: create({
        CodeSigningConfigArn: `arn:aws:lambda:us-east-1:${ACCOUNT}:code-signing-config:csc-${"0".repeat(17)}`,
      }),
      status: 404,
      errorType: "CodeSigningConfigNotFoundException",
    },
    {
      name: "refuses 51 tags",
      request: create({ Tags: Object.fromEntries(Array.from({ length: 51 }, (_, n) => [`k${n}`, "v"])) }),
      status: 400,
      errorType: "InvalidParameterValueException",
      message: "Number of tags exceeds resource tag limit.",
    },
    {
      name: "refuses to do without a handler",
      request: create({ Handler: undefined }),
      status: 400,
      errorType: "InvalidParameterValueException",
    },
    { name: "refuses to do without code", request: create({ Code: {} }), status: 400 },
    {
      name: "names all that is wrong in modelled order",
      request: create({ Role: "r1", Timeout: 0 }),
      status: 400,
      errorType: "ValidationException",
    },
  ])("CreateFunction $name", (scenario) => run(app(), scenario));

  test("is Active and Successful once it is settled, under a new revision", async () => {
    const created = await app().send(...create());
    await app().settled();
    const { body } = await app().send("GET", `${F}/configuration`);
    expect(body).toMatchObject({ State: "Active", LastUpdateStatus: "Successful" });
    for (const member of ["StateReason", "StateReasonCode", "LastUpdateStatusReason"])
      expect(body).not.toHaveProperty(member);
    expect(body.RevisionId).not.toBe(created.body.RevisionId);
  });

  test("obeys a code signing configuration from its first moment", async () => {
    const { CodeSigningConfigArn: arn } = (await app().send("POST", "/2020-04-22/code-signing-configs", SIGNING)).body
      .CodeSigningConfig;
    expect((await app().send(...create({ CodeSigningConfigArn: arn }))).status).toBe(201);
    const { body } = await app().send("GET", "/2020-06-30/functions/f/code-signing-config");
    expect(body).toEqual({ CodeSigningConfigArn: arn, FunctionName: "f" });
  });

  test("of eight clients with one name one makes the function", async () => {
    const answers = await Promise.all(Array.from({ length: 8 }, () => app().send(...create())));
    expect(answers.map((answer) => answer.status).sort()).toEqual([201, ...Array(7).fill(409)]);
  });
});

describe("UpdateFunctionConfiguration", () => {
  test.each<Scenario>([
    {
      name: "replaces what is given, keeps the rest, and is in progress",
      given: [create({ Timeout: 7, Description: "d" })],
      request: configure({ MemorySize: 256 }),
      status: 200,
      body: {
        MemorySize: 256,
        Timeout: 7,
        Description: "d",
        State: "Active",
        LastUpdateStatus: "InProgress",
        LastUpdateStatusReason: "The function is being created.",
        LastUpdateStatusReasonCode: "Creating",
      },
    },
    {
      name: "keeps the log group when the format changes",
      given: [create({ LoggingConfig: { LogFormat: "Text", LogGroup: "own" } })],
      request: configure({ LoggingConfig: { LogFormat: "JSON" } }),
      status: 200,
      body: {
        LoggingConfig: { LogFormat: "JSON", LogGroup: "own", ApplicationLogLevel: "INFO", SystemLogLevel: "INFO" },
      },
    },
    {
      name: "drops the levels with JSON",
      given: [create({ LoggingConfig: { LogFormat: "JSON", ApplicationLogLevel: "DEBUG" } })],
      request: configure({ LoggingConfig: { LogFormat: "Text" } }),
      status: 200,
      body: { LoggingConfig: { LogFormat: "Text", LogGroup: "/aws/lambda/f" } },
    },
    {
      name: "takes the key away when it is empty",
      given: [create({ KMSKeyArn: "arn:aws:kms:us-east-1:000000000000:key/k" })],
      request: configure({ KMSKeyArn: "" }),
      status: 200,
      without: ["KMSKeyArn"],
    },
    {
      name: "refuses a stale revision",
      given: [create()],
      request: configure({ Timeout: 9, RevisionId: "old" }),
      status: 412,
      errorType: "PreconditionFailedException",
    },
    {
      name: "refuses a function that nobody made",
      request: configure({ Timeout: 9 }),
      status: 404,
      message: `Function not found: ${arnOf("f")}`,
    },
    {
      name: "refuses a published version",
      given: [create({ Publish: true })],
      request: ["PUT", `${F}:1/configuration`, { Timeout: 9 }],
      status: 400,
      errorType: "InvalidParameterValueException",
    },
    {
      name: "refuses memory above the quota",
      given: [create()],
      request: configure({ MemorySize: 20_000 }),
      status: 400,
      errorType: "InvalidParameterValueException",
    },
    {
      name: "refuses the configuration of an image",
      given: [create()],
      request: configure({ ImageConfig: { WorkingDirectory: "/" } }),
      status: 400,
      errorType: "InvalidParameterValueException",
    },
    {
      name: "refuses 901 seconds",
      given: [create()],
      request: configure({ Timeout: 901 }),
      status: 400,
      errorType: "ValidationException",
    },
  ])("UpdateFunctionConfiguration $name", (scenario) => run(app(), scenario));

  test("a second update is refused while the first is under way, naming the function", async () => {
    await app().createFunction("f");
    const answers = await Promise.all([
      app().send(...configure({ Timeout: 8 })),
      app().send(...configure({ Timeout: 9 })),
    ]);
    const refused = answers.filter((answer) => answer.status === 409);
    expect(answers.map((answer) => answer.status)).toContain(200);
    for (const { body } of refused) {
      expect(body.message).toBe(
        `The operation cannot be performed at this time. An update is in progress for resource: ${arnOf("f")}`,
      );
    }
  });

  test("two clients that change different parts of the logging both find theirs", async () => {
    await app().createFunction("f");
    const change = async (LoggingConfig: object): Promise<void> => {
      for (;;) {
        const { status } = await app().send(...configure({ LoggingConfig }));
        if (status === 200) return;
        expect(status).toBe(409);
        await app().settled();
      }
    };
    await Promise.all([change({ LogFormat: "JSON" }), change({ LogGroup: "own" })]);
    expect((await app().send("GET", `${F}/configuration`)).body.LoggingConfig).toMatchObject({
      LogFormat: "JSON",
      LogGroup: "own",
    });
  });
});

describe("tags", () => {
  const tags = (arn: string): string => `/2017-03-31/tags/${encodeURIComponent(arn)}`;
  const many = (count: number): object => Object.fromEntries(Array.from({ length: count }, (_, n) => [`k${n}`, "v"]));
  const ALIASED = "Tags on function aliases and versions are not supported. Please specify a function ARN.";

  test.each<Scenario>([
    {
      name: "TagResource answers 204",
      given: [create()],
      request: ["POST", tags(arnOf("f")), { Tags: { a: "1" } }],
      status: 204,
    },
    {
      name: "ListTags answers what was set, at creation and later",
      given: [create({ Tags: { a: "1", b: "2" } }), ["POST", tags(arnOf("f")), { Tags: { b: "new", c: "3" } }]],
      request: ["GET", tags(arnOf("f"))],
      status: 200,
      body: { Tags: { a: "1", b: "new", c: "3" } },
    },
    {
      name: "UntagResource takes keys away, also ones that are not there",
      given: [create({ Tags: { a: "1", b: "2" } })],
      request: ["DELETE", `${tags(arnOf("f"))}?tagKeys=a&tagKeys=ghost`],
      status: 204,
    },
    {
      name: "TagResource refuses a 51st tag",
      given: [create({ Tags: many(50) as Record<string, string> })],
      request: ["POST", tags(arnOf("f")), { Tags: { more: "1" } }],
      status: 400,
      errorType: "InvalidParameterValueException",
      message: "Number of tags exceeds resource tag limit.",
    },
    {
      name: "TagResource refuses a version",
      given: [create({ Publish: true })],
      request: ["POST", tags(arnOf("f", "1")), { Tags: { a: "1" } }],
      status: 400,
      errorType: "InvalidParameterValueException",
      message: ALIASED,
    },
    {
      name: "ListTags refuses an alias",
      given: [create()],
      request: ["GET", tags(arnOf("f", "live"))],
      status: 400,
      message: ALIASED,
    },
    {
      name: "TagResource refuses a function that nobody made",
      request: ["POST", tags(arnOf("ghost")), { Tags: { a: "1" } }],
      status: 404,
      errorType: "ResourceNotFoundException",
      message: `Function not found: ${arnOf("ghost")}`,
    },
    { name: "ListTags refuses a function that nobody made", request: ["GET", tags(arnOf("ghost"))], status: 404 },
    {
      name: "UntagResource refuses a function that nobody made",
      request: ["DELETE", `${tags(arnOf("ghost"))}?tagKeys=a`],
      status: 404,
    },
    {
      name: "UntagResource refuses to be told no keys",
      given: [create()],
      request: ["DELETE", tags(arnOf("f"))],
      status: 400,
      errorType: "ValidationException",
      message:
        "1 validation error detected: Value null at 'tagKeys' failed to satisfy constraint: Member must not be null",
    },
    {
      name: "TagResource refuses another account's function",
      request: ["POST", tags("arn:aws:lambda:us-east-1:111122223333:function:f"), { Tags: { a: "1" } }],
      status: 403,
      errorType: "AccessDeniedException",
    },
    {
      name: "TagResource refuses what is no resource of Lambda's",
      request: ["POST", tags("arn:aws:s3:::bucket"), { Tags: { a: "1" } }],
      status: 400,
      errorType: "ValidationException",
    },
  ])("$name", (scenario) => run(app(), scenario));

  test("a change of tags gives $LATEST a new revision", async () => {
    await app().createFunction("f");
    const revision = async () => (await app().send("GET", `${F}/configuration`)).body.RevisionId;
    const before = await revision();
    await app().send("POST", tags(arnOf("f")), { Tags: { a: "1" } });
    const after = await revision();
    expect(after).not.toBe(before);
    await app().send("DELETE", `${tags(arnOf("f"))}?tagKeys=a`);
    expect(await revision()).not.toBe(after);
  });

  test("of many clients at once none loses its tag", async () => {
    await app().createFunction("f");
    await Promise.all(
      Array.from({ length: 20 }, (_, n) => app().send("POST", tags(arnOf("f")), { Tags: { [`k${n}`]: "v" } })),
    );
    expect(Object.keys((await app().send("GET", tags(arnOf("f")))).body.Tags)).toHaveLength(20);
  });
});
