import { beforeEach, describe, expect, test } from "bun:test";
import { appForEach, arnOf } from "../support/app.ts";
import { type Request, run, type Scenario } from "../support/scenario.ts";

const app = appForEach();
const F = "/2015-03-31/functions/f";
const A = `${F}/aliases`;
const MISMATCH =
  "The Revision Id provided does not match the latest Revision Id. Call the GetFunction/GetAlias API to retrieve the latest Revision Id";

const create = (name: string, version: string, rest: object = {}): Request => [
  "POST",
  A,
  { Name: name, FunctionVersion: version, ...rest },
];
const update = (name: string, change: object): Request => ["PUT", `${A}/${name}`, change];
const weights = (values: object): object => ({ RoutingConfig: { AdditionalVersionWeights: values } });

/** `f` with versions 1, 2 and 3. */
beforeEach(async () => {
  await app().createFunction("f", { Publish: true });
  for (const Timeout of [11, 12]) {
    await app().send("PUT", `${F}/configuration`, { Timeout });
    await app().settled();
    await app().send("POST", `${F}/versions`, {});
    await app().settled();
  }
});

describe("CreateAlias", () => {
  test.each<Scenario>([
    {
      name: "answers 201 with the alias's ARN and an empty description, and no RoutingConfig",
      request: create("live", "1"),
      status: 201,
      body: { AliasArn: arnOf("f", "live"), Name: "live", FunctionVersion: "1", Description: "" },
      without: ["RoutingConfig"],
    },
    {
      name: "keeps description and weights",
      request: create("live", "1", { Description: "d", ...weights({ "2": 0.25 }) }),
      status: 201,
      body: { Description: "d", RoutingConfig: { AdditionalVersionWeights: { "2": 0.25 } } },
    },
    { name: "points to $LATEST when asked to", request: create("dev", "$LATEST"), status: 201 },
    {
      name: "takes an empty map of weights for none",
      request: create("live", "1", weights({})),
      status: 201,
      without: ["RoutingConfig"],
    },
    {
      name: "refuses a name that is taken",
      given: [create("live", "1")],
      request: create("live", "2"),
      status: 409,
      errorType: "ResourceConflictException",
      message: `Alias already exists: ${arnOf("f", "live")}`,
    },
    {
      name: "refuses a function that nobody made",
      request: ["POST", "/2015-03-31/functions/ghost/aliases", { Name: "live", FunctionVersion: "1" }],
      status: 404,
      message: `Function not found: ${arnOf("ghost")}`,
    },
    {
      name: "refuses a version that is not there",
      request: create("live", "10"),
      status: 404,
      errorType: "ResourceNotFoundException",
      message: `Function not found: ${arnOf("f", "10")}`,
    },
    {
      name: "refuses a share for a version that is not there",
      request: create("live", "1", weights({ "10": 0.1 })),
      status: 404,
      message: `Function not found: ${arnOf("f", "10")}`,
    },
    {
      name: "refuses a name of digits alone",
      request: create("2024", "1"),
      status: 400,
      errorType: "ValidationException",
      message:
        "1 validation error detected: Value '2024' at 'name' failed to satisfy constraint: Member must satisfy regular expression pattern: (?!^[0-9]+$)([a-zA-Z0-9-_]+)",
    },
    {
      name: "refuses shares for more than one version",
      request: create("live", "1", weights({ "2": 0.1, "3": 0.1 })),
      status: 400,
      errorType: "InvalidParameterValueException",
      message: "Number of items in AdditionalVersionWeights cannot be greater than 1",
    },
    {
      name: "refuses a share above 1 before it counts the shares",
      request: create("live", "1", weights({ "2": 2 })),
      status: 400,
      errorType: "ValidationException",
      message:
        "1 validation error detected: Value '{2=2.0}' at 'routingConfig.additionalVersionWeights' failed to satisfy constraint: Map value must satisfy constraint: [Member must have value less than or equal to 1.0, Member must have value greater than or equal to 0.0, Member must not be null]",
    },
    {
      name: "refuses a negative share",
      request: create("live", "1", weights({ "2": -0.1 })),
      status: 400,
      errorType: "ValidationException",
    },
    {
      name: "refuses a share for the version that it points to anyway",
      request: create("live", "1", weights({ "1": 0.5 })),
      status: 400,
      errorType: "InvalidParameterValueException",
      message: "Invalid function version 1. Function version 1 is already included in routing configuration.",
    },
    {
      name: "refuses shares beside $LATEST",
      request: create("live", "$LATEST", weights({ "1": 0.5 })),
      status: 400,
      errorType: "InvalidParameterValueException",
      message: "$LATEST is not supported for an alias pointing to more than 1 version",
    },
    {
      name: "refuses a share for $LATEST",
      request: create("live", "1", weights({ $LATEST: 0.5 })),
      status: 400,
      errorType: "ValidationException",
    },
    {
      name: "refuses a request without a version",
      request: ["POST", A, { Name: "live" }],
      status: 400,
      errorType: "ValidationException",
      message:
        "1 validation error detected: Value null at 'functionVersion' failed to satisfy constraint: Member must not be null",
    },
  ])("CreateAlias $name", (scenario) => run(app(), scenario));

  test("CreateAlias does not give the function a new revision", async () => {
    const before = await app().send("GET", `${F}/configuration`);
    await app().send(...create("live", "1"));
    expect((await app().send("GET", `${F}/configuration`)).body).toEqual(before.body);
  });
});

describe("GetAlias, DeleteAlias", () => {
  test.each<Scenario>([
    {
      name: "GetAlias answers what was created",
      given: [create("live", "2", { Description: "d" })],
      request: ["GET", `${A}/live`],
      status: 200,
      body: { Name: "live", FunctionVersion: "2", Description: "d" },
    },
    {
      name: "GetAlias refuses one that nobody made, in words of its own",
      request: ["GET", `${A}/ghost`],
      status: 404,
      errorType: "ResourceNotFoundException",
      message: `Cannot find alias arn: ${arnOf("f", "ghost")}`,
    },
    {
      name: "GetAlias refuses a function that nobody made",
      request: ["GET", "/2015-03-31/functions/ghost/aliases/live"],
      status: 404,
      message: `Function not found: ${arnOf("ghost")}`,
    },
    { name: "DeleteAlias answers 204", given: [create("live", "1")], request: ["DELETE", `${A}/live`], status: 204 },
    { name: "DeleteAlias does not mind one that is not there", request: ["DELETE", `${A}/ghost`], status: 204 },
    {
      name: "DeleteAlias refuses a function that nobody made",
      request: ["DELETE", "/2015-03-31/functions/ghost/aliases/live"],
      status: 404,
      message: `Function not found: ${arnOf("ghost")}`,
    },
    {
      name: "DeleteAlias makes its version free to be deleted",
      given: [create("live", "1"), ["DELETE", `${A}/live`]],
      request: ["DELETE", `${F}?Qualifier=1`],
      status: 204,
    },
  ])("$name", (scenario) => run(app(), scenario));

  test("what was configured about an alias goes with it", async () => {
    await app().send(...create("live", "1"));
    const permission = { StatementId: "s", Action: "lambda:InvokeFunction", Principal: "*" };
    expect((await app().send("POST", `${F}/policy?Qualifier=live`, permission)).status).toBe(201);
    await app().send("DELETE", `${A}/live`);
    await app().send(...create("live", "1"));
    expect((await app().send("GET", `${F}/policy?Qualifier=live`)).status).toBe(404);
  });
});

describe("UpdateAlias", () => {
  beforeEach(async () => {
    await app().send(...create("live", "1", { Description: "d", ...weights({ "2": 0.25 }) }));
  });

  test.each<Scenario>([
    {
      name: "replaces what is given, and keeps the rest",
      request: update("live", { FunctionVersion: "3" }),
      status: 200,
      body: { FunctionVersion: "3", Description: "d", RoutingConfig: { AdditionalVersionWeights: { "2": 0.25 } } },
    },
    {
      name: "takes an empty map for no shares",
      request: update("live", weights({})),
      status: 200,
      body: { FunctionVersion: "1" },
      without: ["RoutingConfig"],
    },
    {
      name: "takes an empty RoutingConfig for no shares",
      request: update("live", { RoutingConfig: {} }),
      status: 200,
      without: ["RoutingConfig"],
    },
    {
      name: "moves to the version that had a share when the shares go",
      request: update("live", { FunctionVersion: "2", ...weights({}) }),
      status: 200,
      body: { FunctionVersion: "2" },
    },
    {
      name: "takes an empty description",
      request: update("live", { Description: "" }),
      status: 200,
      body: { Description: "" },
    },
    {
      name: "refuses an alias that nobody made, in words of its own",
      request: update("ghost", { Description: "x" }),
      status: 404,
      errorType: "ResourceNotFoundException",
      message: `Alias not found: ${arnOf("f", "ghost")}`,
    },
    {
      name: "refuses a function that nobody made",
      request: ["PUT", "/2015-03-31/functions/ghost/aliases/live", {}],
      status: 404,
      message: `Function not found: ${arnOf("ghost")}`,
    },
    {
      name: "refuses a stale revision, before it looks at anything else",
      request: update("live", { RevisionId: "old", FunctionVersion: "10" }),
      status: 412,
      errorType: "PreconditionFailedException",
      message: MISMATCH,
    },
    {
      name: "refuses a version that is not there",
      request: update("live", { FunctionVersion: "10" }),
      status: 404,
      message: `Function not found: ${arnOf("f", "10")}`,
    },
    {
      name: "refuses the version that has a share already",
      request: update("live", { FunctionVersion: "2" }),
      status: 400,
      errorType: "InvalidParameterValueException",
      message: "Invalid function version 2. Function version 2 is already included in routing configuration.",
    },
    {
      name: "refuses $LATEST while another version has a share",
      request: update("live", { FunctionVersion: "$LATEST" }),
      status: 400,
      message: "$LATEST is not supported for an alias pointing to more than 1 version",
    },
    {
      name: "refuses shares for more than one version",
      request: update("live", weights({ "2": 0.1, "3": 0.1 })),
      status: 400,
      message: "Number of items in AdditionalVersionWeights cannot be greater than 1",
    },
  ])("UpdateAlias $name", (scenario) => run(app(), scenario));

  test("UpdateAlias takes the current revision once: the second client with it is refused", async () => {
    const { RevisionId } = (await app().send("GET", `${A}/live`)).body;
    const answers = await Promise.all(
      ["a", "b"].map((Description) => app().send(...update("live", { Description, RevisionId }))),
    );
    expect(answers.map((answer) => answer.status).sort()).toEqual([200, 412]);
    expect((await app().send("GET", `${A}/live`)).body.RevisionId).not.toBe(RevisionId);
  });

  test("calls follow the alias when it moves", async () => {
    await app().send(...update("live", weights({})));
    const call = async () => (await app().send("POST", `${F}/invocations?Qualifier=live`, {})).body.version;
    expect(await call()).toBe("1");
    await app().send(...update("live", { FunctionVersion: "3" }));
    expect(await call()).toBe("3");
  });

  test("calls are shared by weight", async () => {
    await app().send(...update("live", weights({ "2": 0.5 })));
    const counts: Record<string, number> = {};
    for (let n = 0; n < 40; n++) {
      const answer = await app().send("POST", `${F}/invocations?Qualifier=live`, {});
      const executed = answer.headers.get("X-Amz-Executed-Version") ?? "";
      expect(answer.body.version).toBe(executed);
      counts[executed] = (counts[executed] ?? 0) + 1;
    }
    expect(Object.keys(counts).sort()).toEqual(["1", "2"]);
    expect(counts["2"]).toBeGreaterThan(8);
  });
});

describe("ListAliases", () => {
  beforeEach(async () => {
    await app().send(...create("b", "1"));
    await app().send(...create("c", "2", weights({ "1": 0.1 })));
    await app().send(...create("a", "3"));
  });
  const names = (body: { Aliases: { Name: string }[] }): string[] => body.Aliases.map(({ Name }) => Name);

  test("ListAliases pages by name", async () => {
    const first = (await app().send("GET", `${A}?MaxItems=2`)).body;
    expect(names(first)).toEqual(["a", "b"]);
    const second = (await app().send("GET", `${A}?MaxItems=2&Marker=${first.NextMarker}`)).body;
    expect(names(second)).toEqual(["c"]);
    expect(second).not.toHaveProperty("NextMarker");
  });

  test("ListAliases of a version gives those that send it traffic", async () => {
    expect(names((await app().send("GET", `${A}?FunctionVersion=1`)).body)).toEqual(["b", "c"]);
    expect(names((await app().send("GET", `${A}?FunctionVersion=9`)).body)).toEqual([]);
  });

  test.each<Scenario>([
    {
      name: "ListAliases refuses a function that nobody made",
      request: ["GET", "/2015-03-31/functions/ghost/aliases"],
      status: 404,
      message: `Function not found: ${arnOf("ghost")}`,
    },
    {
      name: "ListAliases refuses a page of nothing",
      request: ["GET", `${A}?MaxItems=0`],
      status: 400,
      errorType: "ValidationException",
    },
    {
      name: "ListAliases refuses a marker that it never gave",
      request: ["GET", `${A}?Marker=%21`],
      status: 400,
      errorType: "InvalidParameterValueException",
    },
  ])("$name", (scenario) => run(app(), scenario));
});
