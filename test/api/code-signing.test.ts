import { beforeEach, describe, expect, test } from "bun:test";
import { ACCOUNT, appForEach, arnOf } from "../support/app.ts";
import { run, type Scenario } from "../support/scenario.ts";

const app = appForEach();
const C = "/2020-04-22/code-signing-configs";
const LINK = "/2020-06-30/functions/f/code-signing-config";
const PUBLISHER = `arn:aws:signer:us-east-1:${ACCOUNT}:/signing-profiles/p/v`;
const GHOST = `arn:aws:lambda:us-east-1:${ACCOUNT}:code-signing-config:csc-${"0".repeat(17)}`;
const MISSING = `The Lambda code signing configuration ${GHOST} can not be found.`;
const path = (arn: string): string => `${C}/${encodeURIComponent(arn)}`;

beforeEach(async () => {
  await app().createFunction("f");
});

const made = async (change: object = {}): Promise<string> => {
  const body = { AllowedPublishers: { SigningProfileVersionArns: [PUBLISHER] }, ...change };
  return (await app().send("POST", C, body)).body.CodeSigningConfig.CodeSigningConfigArn;
};

describe("code signing configurations", () => {
  test("Create answers 201 with an id, an ARN, and Warn where nothing was said", async () => {
    const { status, body, headers } = await app().send("POST", C, {
      AllowedPublishers: { SigningProfileVersionArns: [PUBLISHER] },
    });
    const { CodeSigningConfigId: id, CodeSigningConfigArn: arn, ...rest } = body.CodeSigningConfig;
    expect(status).toBe(201);
    expect(id).toMatch(/^csc-[a-z0-9]{17}$/);
    expect(arn).toEndWith(`:code-signing-config:${id}`);
    expect(rest).toEqual({
      Description: "",
      AllowedPublishers: { SigningProfileVersionArns: [PUBLISHER] },
      CodeSigningPolicies: { UntrustedArtifactOnDeployment: "Warn" },
      LastModified: "2026-01-02T03:04:05.678+0000",
    });
    expect(headers.get("x-lambent-warning")).toContain("not verified");
  });

  test("Update replaces what is given, Get shows it, List pages", async () => {
    const arn = await made({ Description: "d" });
    const change = { CodeSigningPolicies: { UntrustedArtifactOnDeployment: "Enforce" } };
    const updated = await app().send("PUT", path(arn), change);
    expect(updated.body.CodeSigningConfig).toMatchObject({ Description: "d", ...change });
    expect((await app().send("GET", path(arn))).body).toEqual(updated.body);
    await made();
    const first = (await app().send("GET", `${C}?MaxItems=1`)).body;
    const second = (await app().send("GET", `${C}?MaxItems=1&Marker=${first.NextMarker}`)).body;
    expect([first, second].map((page) => page.CodeSigningConfigs.length)).toEqual([1, 1]);
    expect(second).not.toHaveProperty("NextMarker");
  });

  test("a function obeys one, which can then not be deleted until the link is gone", async () => {
    const arn = await made();
    const link = { CodeSigningConfigArn: arn };
    expect((await app().send("PUT", LINK, link)).body).toEqual({ ...link, FunctionName: "f" });
    expect((await app().send("GET", LINK)).body).toEqual({ ...link, FunctionName: "f" });
    expect((await app().send("GET", `${path(arn)}/functions`)).body).toEqual({ FunctionArns: [arnOf("f")] });
    const refused = await app().send("DELETE", path(arn));
    expect(refused).toMatchObject({ status: 409 });
    expect(refused.headers.get("x-amzn-ErrorType")).toBe("ResourceConflictException");
    expect((await app().send("DELETE", LINK)).status).toBe(204);
    expect((await app().send("DELETE", path(arn))).status).toBe(204);
  });

  test("a deleted function leaves its configuration free", async () => {
    const arn = await made();
    await app().send("PUT", LINK, { CodeSigningConfigArn: arn });
    await app().send("DELETE", "/2015-03-31/functions/f");
    expect((await app().send("DELETE", path(arn))).status).toBe(204);
  });

  test("it has tags of its own, which an update keeps", async () => {
    const arn = await made({ Tags: { a: "1" } });
    const tags = `/2017-03-31/tags/${encodeURIComponent(arn)}`;
    expect((await app().send("POST", tags, { Tags: { b: "2" } })).status).toBe(204);
    await app().send("PUT", path(arn), { Description: "new" });
    await app().send("DELETE", `${tags}?tagKeys=a`);
    expect((await app().send("GET", tags)).body).toEqual({ Tags: { b: "2" } });
  });

  test.each<Scenario>([
    {
      name: "GetFunctionCodeSigningConfig of a function without one is empty",
      request: ["GET", LINK],
      status: 200,
      body: { CodeSigningConfigArn: "" },
    },
    {
      name: "Create refuses to trust nobody",
      request: ["POST", C, { AllowedPublishers: { SigningProfileVersionArns: [] } }],
      status: 400,
      errorType: "ValidationException",
    },
    { name: "Get refuses one that is not there", request: ["GET", path(GHOST)], status: 404, message: MISSING },
    { name: "Update refuses one that is not there", request: ["PUT", path(GHOST), {}], status: 404, message: MISSING },
    { name: "Delete refuses one that is not there", request: ["DELETE", path(GHOST)], status: 404, message: MISSING },
    {
      name: "ListFunctionsByCodeSigningConfig refuses one that is not there",
      request: ["GET", `${path(GHOST)}/functions`],
      status: 404,
      message: MISSING,
    },
    {
      name: "PutFunctionCodeSigningConfig refuses one that is not there, with another error",
      request: ["PUT", LINK, { CodeSigningConfigArn: GHOST }],
      status: 404,
      errorType: "CodeSigningConfigNotFoundException",
      message: `The code signing configuration cannot be found. Check that the provided configuration is not deleted: ${GHOST}.`,
    },
    {
      name: "GetFunctionCodeSigningConfig refuses a function that nobody made",
      request: ["GET", "/2020-06-30/functions/ghost/code-signing-config"],
      status: 404,
      message: `Function not found: ${arnOf("ghost")}`,
    },
    {
      name: "DeleteFunctionCodeSigningConfig refuses a function that nobody made",
      request: ["DELETE", "/2020-06-30/functions/ghost/code-signing-config"],
      status: 404,
      message: `Function not found: ${arnOf("ghost")}`,
    },
    {
      name: "tags refuse a configuration that is not there",
      request: ["GET", `/2017-03-31/tags/${encodeURIComponent(GHOST)}`],
      status: 404,
      message: MISSING,
    },
  ])("$name", (scenario) => run(app(), scenario));
});
