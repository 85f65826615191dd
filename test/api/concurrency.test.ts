import { beforeEach, describe, expect, test } from "bun:test";
import { restoreConcurrency } from "../../src/services/concurrency/restore.ts";
import { appForEach, arnOf, startApp, type TestApp } from "../support/app.ts";
import { type Request, run, type Scenario } from "../support/scenario.ts";
import { until } from "../support/until.ts";

const app = appForEach({ concurrencyMax: 200 });
const F = "/2015-03-31/functions/f";
const RESERVED = "/2017-10-31/functions/f/concurrency";
const PROVISIONED = "/2019-09-30/functions/f/provisioned-concurrency";
const reserve = (count: number, name = "f"): Request => [
  "PUT",
  `/2017-10-31/functions/${name}/concurrency`,
  { ReservedConcurrentExecutions: count },
];
const provision = (qualifier: string, count: number): Request => [
  "PUT",
  `${PROVISIONED}?Qualifier=${qualifier}`,
  { ProvisionedConcurrentExecutions: count },
];
const alias = (name: string, version: string): Request => [
  "POST",
  `${F}/aliases`,
  { Name: name, FunctionVersion: version },
];
const publishNext: Request[] = [
  ["PUT", `${F}/configuration`, { Description: "the next" }],
  ["POST", `${F}/versions`, {}],
];
const FUNCTIONS_ONLY =
  "This operation is permitted on Lambda functions only. Aliases and versions do not support this operation. Please specify either a function name or an unqualified function ARN.";

beforeEach(async () => {
  await app().createFunction("f", { Publish: true });
});

describe("reserved concurrency", () => {
  test.each<Scenario>([
    {
      name: "PutFunctionConcurrency answers what is reserved",
      request: reserve(5),
      status: 200,
      body: { ReservedConcurrentExecutions: 5 },
    },
    {
      name: "GetFunctionConcurrency answers what was put",
      given: [reserve(0)],
      request: ["GET", "/2019-09-30/functions/f/concurrency"],
      status: 200,
      body: { ReservedConcurrentExecutions: 0 },
    },
    {
      name: "GetFunction shows it",
      given: [reserve(7)],
      request: ["GET", F],
      status: 200,
      body: { Concurrency: { ReservedConcurrentExecutions: 7 } },
    },
    {
      name: "GetFunctionConcurrency answers an empty object when there is none",
      given: [reserve(5), ["DELETE", RESERVED]],
      request: ["GET", "/2019-09-30/functions/f/concurrency"],
      status: 200,
      without: ["ReservedConcurrentExecutions"],
    },
    { name: "DeleteFunctionConcurrency does not mind none", request: ["DELETE", RESERVED], status: 204 },
    { name: "PutFunctionConcurrency leaves a hundred unreserved", request: reserve(100), status: 200 },
    {
      name: "PutFunctionConcurrency refuses to leave fewer than a hundred unreserved",
      request: reserve(101),
      status: 400,
      errorType: "InvalidParameterValueException",
      message:
        "Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its minimum value of [100].",
    },
    {
      name: "PutFunctionConcurrency refuses a version",
      request: reserve(5, "f:1"),
      status: 400,
      errorType: "InvalidParameterValueException",
      message: FUNCTIONS_ONLY,
    },
    {
      name: "DeleteFunctionConcurrency refuses a version",
      request: ["DELETE", "/2017-10-31/functions/f:1/concurrency"],
      status: 400,
      message: FUNCTIONS_ONLY,
    },
    {
      name: "PutFunctionConcurrency refuses a function that nobody made",
      request: reserve(5, "ghost"),
      status: 404,
      errorType: "ResourceNotFoundException",
      message: `Function not found: ${arnOf("ghost")}`,
    },
    {
      name: "GetFunctionConcurrency refuses a function that nobody made",
      request: ["GET", "/2019-09-30/functions/ghost/concurrency"],
      status: 404,
      message: `Function not found: ${arnOf("ghost")}`,
    },
    {
      name: "DeleteFunctionConcurrency refuses a function that nobody made",
      request: ["DELETE", "/2017-10-31/functions/ghost/concurrency"],
      status: 404,
      message: `Function not found: ${arnOf("ghost")}`,
    },
    {
      name: "PutFunctionConcurrency refuses a negative number",
      request: reserve(-1),
      status: 400,
      errorType: "ValidationException",
    },
    {
      name: "PutFunctionConcurrency refuses less than what is provisioned",
      given: [provision("1", 2)],
      request: reserve(1),
      status: 400,
      errorType: "InvalidParameterValueException",
      message: "ReservedConcurrentExecutions 1 should not be lower than function's total provisioned concurrency [2].",
    },
  ])("$name", (scenario) => run(app(), scenario));

  test("what is reserved and what is provisioned at the same time fit together", async () => {
    for (let round = 0; round < 10; round++) {
      const answers = await Promise.all([app().send(...reserve(1)), app().send(...provision("1", 2))]);
      expect(answers.map(({ status }) => status < 300).sort()).toEqual([false, true]);
      await app().send("DELETE", `${PROVISIONED}?Qualifier=1`);
      await app().send("DELETE", RESERVED);
    }
  });

  test("two functions together may not reserve more than the account can spare", async () => {
    await app().createFunction("g");
    const answers = await Promise.all([app().send(...reserve(60)), app().send(...reserve(60, "g"))]);
    expect(answers.map((answer) => answer.status).sort()).toEqual([200, 400]);
  });

  const call = () => app().send("POST", `${F}/invocations`, {});

  test("a function with nothing reserved for it is throttled, with the reason", async () => {
    await app().send(...reserve(0));
    const { status, headers, body } = await call();
    expect(status).toBe(429);
    expect(headers.get("Retry-After")).toBeTruthy();
    expect(body).toEqual({
      Reason: "ReservedFunctionConcurrentInvocationLimitExceeded",
      Type: "User",
      message: "Rate Exceeded.",
    });
  });

  test("a function runs again when its reservation, or the function itself, is gone", async () => {
    await app().send(...reserve(0));
    await app().send("DELETE", RESERVED);
    expect((await call()).status).toBe(200);
    await app().send(...reserve(0));
    await app().send("DELETE", F);
    await app().createFunction("f");
    expect((await call()).status).toBe(200);
  });

  test("reservations hold again after a start", async () => {
    await app().send(...reserve(0));
    const next = await startApp({ store: app().services.store });
    try {
      await restoreConcurrency(next.services);
      expect((await next.send("POST", `${F}/invocations`, {})).status).toBe(429);
    } finally {
      await next.close();
    }
  });
});

describe("provisioned concurrency", () => {
  test.each<Scenario>([
    {
      name: "PutProvisionedConcurrencyConfig answers 202, in progress, before anything is started",
      request: provision("1", 2),
      status: 202,
      body: {
        RequestedProvisionedConcurrentExecutions: 2,
        AllocatedProvisionedConcurrentExecutions: 0,
        AvailableProvisionedConcurrentExecutions: 0,
        Status: "IN_PROGRESS",
        LastModified: "2026-01-02T03:04:05.678+0000",
      },
    },
    {
      name: "PutProvisionedConcurrencyConfig refuses $LATEST",
      request: provision("$LATEST", 1),
      status: 400,
      errorType: "InvalidParameterValueException",
      message: "Provisioned Concurrency Configs cannot be applied to unpublished function versions.",
    },
    {
      name: "PutProvisionedConcurrencyConfig refuses an alias that points to $LATEST",
      given: [alias("dev", "$LATEST")],
      request: provision("dev", 1),
      status: 400,
      message: "Provisioned Concurrency Configs cannot be applied to unpublished function versions.",
    },
    {
      name: "PutProvisionedConcurrencyConfig refuses a version that is not there",
      request: provision("9", 1),
      status: 404,
      errorType: "ResourceNotFoundException",
      message: `Function not found: ${arnOf("f", "9")}`,
    },
    {
      name: "PutProvisionedConcurrencyConfig refuses an alias that is not there",
      request: provision("ghost", 1),
      status: 404,
      message: `Cannot find alias arn: ${arnOf("f", "ghost")}`,
    },
    {
      name: "PutProvisionedConcurrencyConfig refuses none at all",
      request: provision("1", 0),
      status: 400,
      errorType: "ValidationException",
    },
    {
      name: "PutProvisionedConcurrencyConfig refuses a request without a qualifier",
      request: ["PUT", PROVISIONED, { ProvisionedConcurrentExecutions: 1 }],
      status: 400,
      errorType: "ValidationException",
    },
    {
      name: "PutProvisionedConcurrencyConfig refuses more than the function reserved",
      given: [reserve(2)],
      request: provision("1", 3),
      status: 400,
      errorType: "InvalidParameterValueException",
    },
    {
      name: "PutProvisionedConcurrencyConfig refuses to leave fewer than a hundred unreserved",
      request: provision("1", 101),
      status: 400,
      message:
        "Specified ConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its minimum value of [100].",
    },
    {
      name: "PutProvisionedConcurrencyConfig refuses an alias of a version that has its own",
      given: [alias("live", "1"), provision("1", 1)],
      request: provision("live", 1),
      status: 409,
      errorType: "ResourceConflictException",
    },
    {
      name: "PutProvisionedConcurrencyConfig refuses a version that has it by an alias",
      given: [alias("live", "1"), provision("live", 1)],
      request: provision("1", 1),
      status: 409,
      errorType: "ResourceConflictException",
    },
    {
      name: "UpdateAlias does not move a provisioned alias to a version that has its own",
      given: [...publishNext, alias("live", "1"), provision("live", 1), provision("2", 1)],
      request: ["PUT", `${F}/aliases/live`, { FunctionVersion: "2" }],
      status: 409,
      errorType: "ResourceConflictException",
    },
    {
      name: "UpdateAlias moves an alias without provisioned concurrency to a version that has its own",
      given: [...publishNext, alias("live", "1"), provision("2", 1)],
      request: ["PUT", `${F}/aliases/live`, { FunctionVersion: "2" }],
      status: 200,
    },
    {
      name: "GetProvisionedConcurrencyConfig refuses a version that has none",
      request: ["GET", `${PROVISIONED}?Qualifier=1`],
      status: 404,
      errorType: "ProvisionedConcurrencyConfigNotFoundException",
      message: "No Provisioned Concurrency Config found for this function",
    },
    {
      name: "DeleteProvisionedConcurrencyConfig does not mind none",
      request: ["DELETE", `${PROVISIONED}?Qualifier=1`],
      status: 204,
    },
    {
      name: "DeleteProvisionedConcurrencyConfig refuses a version that is not there",
      request: ["DELETE", `${PROVISIONED}?Qualifier=9`],
      status: 404,
    },
    {
      name: "ListProvisionedConcurrencyConfigs names version and alias by ARN",
      given: [provision("1", 1)],
      request: ["GET", `${PROVISIONED}?List=ALL`],
      status: 200,
      body: {
        ProvisionedConcurrencyConfigs: [{ FunctionArn: arnOf("f", "1"), RequestedProvisionedConcurrentExecutions: 1 }],
      },
    },
    {
      name: "ListProvisionedConcurrencyConfigs refuses a function that nobody made",
      request: ["GET", "/2019-09-30/functions/ghost/provisioned-concurrency?List=ALL"],
      status: 404,
      message: `Function not found: ${arnOf("ghost")}`,
    },
  ])("$name", (scenario) => run(app(), scenario));

  const status = async (qualifier: string, of: TestApp = app()) =>
    (await of.send("GET", `${PROVISIONED}?Qualifier=${qualifier}`)).body;
  const ready = (qualifier: string, of: TestApp = app()) =>
    until("it is ready", async () => (await status(qualifier, of)).Status === "READY");
  const environments = () => app().services.dispatcher.census().environments;

  test("so many environments are started, kept, and there for the first call", async () => {
    const census = () => app().services.dispatcher.census();
    await until("nothing is left that an earlier test began to start", () => census().environments === 0);
    await app().send(...provision("1", 3));
    await ready("1");
    expect(await status("1")).toMatchObject({
      AllocatedProvisionedConcurrentExecutions: 3,
      AvailableProvisionedConcurrentExecutions: 3,
    });
    expect(census()).toMatchObject({ environments: 3, byState: { idle: 3 } });
    await app().send("POST", `${F}/invocations?Qualifier=1`, {});
    expect(census()).toMatchObject({ environments: 3, byState: { idle: 3 } });
  });

  test("fewer are kept when fewer are asked for, and none after the configuration is gone", async () => {
    await app().send(...provision("1", 2));
    await ready("1");
    await app().send("DELETE", `${PROVISIONED}?Qualifier=1`);
    expect((await app().send("GET", `${PROVISIONED}?Qualifier=1`)).status).toBe(404);
  });

  test("they move with the alias", async () => {
    await app().send(...alias("live", "1"));
    await app().send(...provision("live", 1));
    await ready("live");
    await app().send("PUT", `${F}/configuration`, { Timeout: 9 });
    await app().settled();
    await app().send("POST", `${F}/versions`, {});
    await app().settled();
    await app().send("PUT", `${F}/aliases/live`, { FunctionVersion: "2" });
    await ready("live");
    const { store, resolver, dispatcher } = app().services;
    expect(store).toBeDefined();
    const { spec } = (await resolver.resolve({ name: "f", qualifier: "2" })).choose();
    expect(dispatcher.provisionOf(spec)).toMatchObject({ available: 1 });
  });

  test("a handler that does not load fails, and says so", async () => {
    await app().createFunction("broken", { Publish: true, Handler: "missing.handler" });
    const path = "/2019-09-30/functions/broken/provisioned-concurrency?Qualifier=1";
    await app().send("PUT", path, { ProvisionedConcurrentExecutions: 1 });
    const failed = await until("it has failed", async () => {
      const { body } = await app().send("GET", path);
      return body.Status === "FAILED" && body;
    });
    expect(failed).toMatchObject({ StatusReason: "FUNCTION_ERROR_INIT_FAILURE" });
  });

  test("they are kept again after a start", async () => {
    await app().send(...provision("1", 1));
    await ready("1");
    const next = await startApp({ store: app().services.store });
    try {
      await restoreConcurrency(next.services);
      await ready("1", next);
      expect(next.services.dispatcher.census().environments).toBe(1);
    } finally {
      await next.close();
    }
  });

  test("a deleted function keeps no environments", async () => {
    await app().send(...provision("1", 2));
    await ready("1");
    await app().send("DELETE", F);
    await until("they are gone", () => environments() === 0);
  });
});
