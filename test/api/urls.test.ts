import { beforeEach, describe, expect, test } from "bun:test";
import { functionUrlOf, urlPlaceOf } from "../../src/services/urls/function-url.ts";
import { findUrl } from "../../src/services/urls/url-configs.ts";
import { appForEach, arnOf } from "../support/app.ts";
import { type Request, run, type Scenario } from "../support/scenario.ts";

const app = appForEach();
const U = "/2021-10-31/functions/f/url";
const create = (body: object = {}, path = U): Request => ["POST", path, { AuthType: "NONE", ...body }];
const NO_CONFIG = "The resource you requested does not exist.";
const NO_FUNCTION = "Function does not exist";

beforeEach(async () => {
  await app().createFunction("f", { Publish: true });
  await app().send("POST", "/2015-03-31/functions/f/aliases", { Name: "live", FunctionVersion: "1" });
});

describe("function URLs", () => {
  test.each<Scenario>([
    {
      name: "Create answers the URL and leaves InvokeMode out unless it was sent",
      request: create({ Cors: { AllowOrigins: ["*"], MaxAge: 60 } }),
      status: 201,
      body: {
        FunctionArn: arnOf("f"),
        AuthType: "NONE",
        Cors: { AllowOrigins: ["*"], MaxAge: 60 },
        CreationTime: "2026-01-02T03:04:05.678+0000",
      },
      without: ["InvokeMode", "LastModifiedTime"],
    },
    {
      name: "Create answers the InvokeMode that was sent",
      request: create({ InvokeMode: "RESPONSE_STREAM" }),
      status: 201,
      body: { InvokeMode: "RESPONSE_STREAM" },
    },
    {
      name: "Get says BUFFERED where nothing was said",
      given: [create()],
      request: ["GET", U],
      status: 200,
      body: { InvokeMode: "BUFFERED", LastModifiedTime: "2026-01-02T03:04:05.678+0000" },
      without: ["Cors"],
    },
    {
      name: "Update replaces what is given and keeps the rest",
      given: [create({ Cors: { MaxAge: 1 } })],
      request: ["PUT", U, { AuthType: "AWS_IAM" }],
      status: 200,
      body: { AuthType: "AWS_IAM", Cors: { MaxAge: 1 }, InvokeMode: "BUFFERED" },
    },
    {
      name: "List answers those of the function and of its aliases",
      given: [create(), create({}, `${U}?Qualifier=live`)],
      request: ["GET", "/2021-10-31/functions/f/urls"],
      status: 200,
      body: { FunctionUrlConfigs: [{ FunctionArn: arnOf("f") }, { FunctionArn: arnOf("f", "live") }] },
    },
    { name: "Delete answers 204", given: [create()], request: ["DELETE", U], status: 204 },
    {
      name: "Create refuses a second one",
      given: [create()],
      request: create(),
      status: 409,
      errorType: "ResourceConflictException",
      message: `Failed to create function url config for [functionArn = ${arnOf("f")}]. Error message:  FunctionUrlConfig exists for this Lambda function`,
    },
    {
      name: "Create refuses a function that nobody made",
      request: create({}, "/2021-10-31/functions/ghost/url"),
      status: 404,
      errorType: "ResourceNotFoundException",
      message: NO_FUNCTION,
    },
    {
      name: "Create refuses an alias that is not there",
      request: create({}, `${U}?Qualifier=ghost`),
      status: 404,
      message: NO_FUNCTION,
    },
    {
      name: "Create refuses a version's number",
      request: create({}, `${U}?Qualifier=1`),
      status: 400,
      errorType: "ValidationException",
    },
    {
      name: "Create refuses $LATEST",
      request: create({}, `${U}?Qualifier=$LATEST`),
      status: 400,
      errorType: "ValidationException",
    },
    {
      name: "Create refuses an age above a day",
      request: create({ Cors: { MaxAge: 86_401 } }),
      status: 400,
      errorType: "ValidationException",
    },
    { name: "Get refuses where there is none", request: ["GET", U], status: 404, message: NO_CONFIG },
    {
      name: "Get refuses a function that nobody made",
      request: ["GET", "/2021-10-31/functions/ghost/url"],
      status: 404,
      message: NO_FUNCTION,
    },
    { name: "Update refuses where there is none", request: ["PUT", U, {}], status: 404, message: NO_CONFIG },
    { name: "Delete refuses where there is none", request: ["DELETE", U], status: 404, message: NO_CONFIG },
    {
      name: "Delete refuses a function that nobody made",
      request: ["DELETE", "/2021-10-31/functions/ghost/url"],
      status: 404,
      message: NO_FUNCTION,
    },
    {
      name: "List refuses a function that nobody made",
      request: ["GET", "/2021-10-31/functions/ghost/urls"],
      status: 404,
      message: NO_FUNCTION,
    },
  ])("$name", (scenario) => run(app(), scenario));

  test("the URL stays the same through updates, leads back to its function, and is another one after a deletion", async () => {
    const { FunctionUrl: url } = (await app().send(...create())).body;
    expect((await app().send("PUT", U, { AuthType: "AWS_IAM" })).body.FunctionUrl).toBe(url);
    const id = urlPlaceOf(url)?.id ?? "";
    expect(await findUrl(app().services, id)).toMatchObject({ owner: "f", key: "", body: { authType: "AWS_IAM" } });
    await app().send("DELETE", U);
    expect(await findUrl(app().services, id)).toBeUndefined();
    expect((await app().send(...create())).body.FunctionUrl).not.toBe(url);
  });

  const id = "a".repeat(32);
  test.each([
    { base: "http://127.0.0.1:4566", url: `http://${id}.lambda-url.us-east-1.localhost:4566/` },
    { base: "http://[::1]:4566", url: `http://${id}.lambda-url.us-east-1.localhost:4566/` },
    { base: "https://lambda.example", url: `https://${id}.lambda-url.us-east-1.lambda.example/` },
    { base: "http://10.0.0.5:80", url: `http://10.0.0.5:80/_lambent/urls/${id}/` },
  ])("a client of $base is given a URL that leads there", ({ base, url }) => {
    expect(functionUrlOf(base, { id, region: "us-east-1" })).toBe(url);
  });
});
