import { beforeEach, describe, expect, test } from "bun:test";
import { appForEach, arnOf, startApp } from "../support/app.ts";
import { type Request, run, type Scenario } from "../support/scenario.ts";

const app = appForEach();
const F = "/2015-03-31/functions/f";
const P = `${F}/policy`;
const resource = (arn: string): string => `/2026-07-09/resource-policy/${encodeURIComponent(arn)}`;
const add = (id: string, change: object = {}, query = ""): Request => [
  "POST",
  `${P}${query}`,
  { StatementId: id, Action: "lambda:InvokeFunction", Principal: "s3.amazonaws.com", ...change },
];
const POLICY_MISMATCH =
  "The Revision Id provided does not match the latest Revision Id. Call the GetPolicy API to retrieve the latest Revision Id";
const DOCUMENT = {
  Version: "2012-10-17",
  Statement: [{ Sid: "all", Effect: "Allow", Principal: "*", Action: "lambda:*", Resource: arnOf("f") }],
};

beforeEach(async () => {
  await app().createFunction("f", { Publish: true });
  await app().send("POST", `${F}/aliases`, { Name: "live", FunctionVersion: "1" });
});

const policyText = async (query = ""): Promise<string> => (await app().send("GET", `${P}${query}`)).body.Policy;

describe("AddPermission", () => {
  test("builds the statement as AWS does, key by key", async () => {
    const { status, body } = await app().send(
      ...add("s1", { SourceArn: "arn:aws:s3:::bucket", SourceAccount: "111122223333" }),
    );
    expect(status).toBe(201);
    const statement = `{"Sid":"s1","Effect":"Allow","Principal":{"Service":"s3.amazonaws.com"},"Action":"lambda:InvokeFunction","Resource":"${arnOf("f")}","Condition":{"ArnLike":{"AWS:SourceArn":"arn:aws:s3:::bucket"},"StringEquals":{"AWS:SourceAccount":"111122223333"}}}`;
    expect(body).toEqual({ Statement: statement });
    expect(await policyText()).toBe(`{"Version":"2012-10-17","Id":"default","Statement":[${statement}]}`);
  });

  test.each([
    { principal: "*", shown: "*" },
    { principal: "111122223333", shown: { AWS: "arn:aws:iam::111122223333:root" } },
    { principal: "arn:aws:iam::111122223333:user/x", shown: { AWS: "arn:aws:iam::111122223333:user/x" } },
    { principal: "events.amazonaws.com", shown: { Service: "events.amazonaws.com" } },
  ])("shows the principal $principal as the policy has it", async ({ principal, shown }) => {
    const { body } = await app().send(...add("s", { Principal: principal }));
    expect(JSON.parse(body.Statement).Principal).toEqual(shown);
  });

  test("puts what a function URL needs into the condition", async () => {
    const { body } = await app().send(
      ...add(
        "s",
        { Action: "lambda:InvokeFunctionUrl", Principal: "*", FunctionUrlAuthType: "NONE" },
        "?Qualifier=live",
      ),
    );
    expect(JSON.parse(body.Statement)).toMatchObject({
      Resource: arnOf("f", "live"),
      Condition: { StringEquals: { "lambda:FunctionUrlAuthType": "NONE" } },
    });
  });

  test("keeps the policies of function, version and alias apart", async () => {
    for (const [id, query] of [
      ["a", ""],
      ["b", "?Qualifier=1"],
      ["c", "?Qualifier=live"],
    ] as const)
      await app().send(...add(id, {}, query));
    for (const [id, query] of [
      ["a", ""],
      ["b", "?Qualifier=1"],
      ["c", "?Qualifier=live"],
    ] as const)
      expect(JSON.parse(await policyText(query)).Statement).toMatchObject([{ Sid: id }]);
  });

  test.each<Scenario>([
    {
      name: "refuses an id that is taken",
      given: [add("s3")],
      request: add("s3"),
      status: 409,
      errorType: "ResourceConflictException",
      message:
        "The statement id (s3) provided already exists. Please provide a new statement id, or remove the existing statement.",
    },
    {
      name: "refuses $LATEST",
      request: add("s", {}, "?Qualifier=$LATEST"),
      status: 400,
      errorType: "InvalidParameterValueException",
      message: "We currently do not support adding policies for $LATEST.",
    },
    {
      name: "refuses a principal that is none",
      request: add("s", { Principal: "somebody" }),
      status: 400,
      errorType: "InvalidParameterValueException",
      message: "The provided principal was invalid. Please check the principal and try again.",
    },
    {
      name: "refuses a URL's auth type for another action",
      request: add("s", { FunctionUrlAuthType: "NONE" }),
      status: 400,
      errorType: "InvalidParameterValueException",
    },
    {
      name: "refuses a stale revision",
      given: [add("a")],
      request: add("b", { RevisionId: "old" }),
      status: 412,
      errorType: "PreconditionFailedException",
      message: POLICY_MISMATCH,
    },
    {
      name: "refuses a function that nobody made",
      request: ["POST", "/2015-03-31/functions/ghost/policy", { StatementId: "s", Action: "lambda:*", Principal: "*" }],
      status: 404,
      message: `Function not found: ${arnOf("ghost")}`,
    },
    {
      name: "refuses a version that is not there",
      request: add("s", {}, "?Qualifier=9"),
      status: 404,
      message: `Function not found: ${arnOf("f", "9")}`,
    },
    {
      name: "refuses an action that is none",
      request: add("s", { Action: "s3:GetObject" }),
      status: 400,
      errorType: "ValidationException",
    },
  ])("AddPermission $name", (scenario) => run(app(), scenario));

  test("refuses a policy above 20 KB, saying how large it would be", async () => {
    const statement = (n: number) => add(`s${n}`, { SourceArn: `arn:aws:s3:::${"b".repeat(1900)}` });
    let answer = await app().send(...statement(0));
    for (let n = 1; n < 12 && answer.status === 201; n++) answer = await app().send(...statement(n));
    expect(answer.status).toBe(400);
    expect(answer.headers.get("x-amzn-ErrorType")).toBe("PolicyLengthExceededException");
    expect(answer.body.message).toMatch(/^The final policy size \(\d+\) is bigger than the limit \(20480\)\.$/);
  });

  test("of two clients with the same revision one is refused", async () => {
    await app().send(...add("a"));
    const { RevisionId } = (await app().send("GET", P)).body;
    const answers = await Promise.all(["b", "c"].map((id) => app().send(...add(id, { RevisionId }))));
    expect(answers.map((answer) => answer.status).sort()).toEqual([201, 412]);
  });

  test("of many clients at once none loses its statement", async () => {
    await Promise.all(Array.from({ length: 20 }, (_, n) => app().send(...add(`s${n}`))));
    expect(JSON.parse(await policyText()).Statement).toHaveLength(20);
  });
});

describe("RemovePermission, GetPolicy", () => {
  test.each<Scenario>([
    { name: "RemovePermission answers 204", given: [add("a")], request: ["DELETE", `${P}/a`], status: 204 },
    {
      name: "GetPolicy refuses after the last statement went",
      given: [add("a"), ["DELETE", `${P}/a`]],
      request: ["GET", P],
      status: 404,
      errorType: "ResourceNotFoundException",
      message: "The resource you requested does not exist.",
    },
    {
      name: "RemovePermission refuses a statement that is not there",
      given: [add("a")],
      request: ["DELETE", `${P}/x`],
      status: 404,
      errorType: "ResourceNotFoundException",
      message: "Statement x is not found in resource policy.",
    },
    {
      name: "RemovePermission refuses where there is no policy",
      request: ["DELETE", `${P}/x`],
      status: 404,
      message: "No policy is associated with the given resource.",
    },
    {
      name: "RemovePermission refuses a stale revision",
      given: [add("a")],
      request: ["DELETE", `${P}/a?RevisionId=old`],
      status: 412,
      message: POLICY_MISMATCH,
    },
    {
      name: "RemovePermission refuses a statement of another qualifier",
      given: [add("a"), add("b", {}, "?Qualifier=live")],
      request: ["DELETE", `${P}/a?Qualifier=live`],
      status: 404,
    },
    {
      name: "GetPolicy refuses a function that nobody made",
      request: ["GET", "/2015-03-31/functions/ghost/policy"],
      status: 404,
      message: `Function not found: ${arnOf("ghost")}`,
    },
    {
      name: "GetPolicy refuses where there is none",
      request: ["GET", P],
      status: 404,
      message: "The resource you requested does not exist.",
    },
  ])("$name", (scenario) => run(app(), scenario));
});

describe("resource policies as documents", () => {
  const put = (policy: unknown, rest: object = {}): Request => [
    "PUT",
    resource(arnOf("f")),
    { Policy: typeof policy === "string" ? policy : JSON.stringify(policy), ...rest },
  ];

  test("PutResourcePolicy replaces what AddPermission built, and GetPolicy shows it", async () => {
    await app().send(...add("a"));
    const { status, body } = await app().send(...put(DOCUMENT));
    expect(status).toBe(200);
    expect(JSON.parse(body.Policy)).toEqual(DOCUMENT);
    expect(JSON.parse(await policyText())).toEqual(DOCUMENT);
    expect((await app().send("GET", resource(arnOf("f")))).body).toEqual(body);
  });

  test.each<Scenario>([
    {
      name: "PutResourcePolicy takes a single statement for a list of one",
      request: put({ Statement: DOCUMENT.Statement[0] }),
      status: 200,
    },
    { name: "PutResourcePolicy refuses what is not JSON", request: put("{"), status: 400 },
    { name: "PutResourcePolicy refuses JSON that is no object", request: put("[]"), status: 400 },
    { name: "PutResourcePolicy refuses a policy without statements", request: put({ Statement: [] }), status: 400 },
    {
      name: "PutResourcePolicy refuses a statement that neither allows nor denies",
      request: put({ Statement: [{ Effect: "Maybe", Action: "*" }] }),
      status: 400,
      errorType: "InvalidParameterValueException",
    },
    {
      name: "PutResourcePolicy refuses a stale revision",
      request: put(DOCUMENT, { RevisionId: "old" }),
      status: 412,
      message: POLICY_MISMATCH,
    },
    {
      name: "PutResourcePolicy refuses an ARN that is no function's",
      request: ["PUT", resource("arn:aws:s3:::bucket"), { Policy: JSON.stringify(DOCUMENT) }],
      status: 400,
      errorType: "InvalidParameterValueException",
    },
    {
      name: "GetResourcePolicy refuses where there is none",
      request: ["GET", resource(arnOf("f"))],
      status: 404,
      message: "The resource you requested does not exist.",
    },
    {
      name: "DeleteResourcePolicy refuses where there is none",
      request: ["DELETE", resource(arnOf("f"))],
      status: 404,
    },
    {
      name: "DeleteResourcePolicy refuses a stale revision",
      given: [put(DOCUMENT)],
      request: ["DELETE", `${resource(arnOf("f"))}?RevisionId=old`],
      status: 412,
    },
    {
      name: "DeleteResourcePolicy answers 204",
      given: [put(DOCUMENT)],
      request: ["DELETE", resource(arnOf("f"))],
      status: 204,
    },
  ])("$name", (scenario) => run(app(), scenario));
});

describe("a policy that nothing asks", () => {
  const path = "/2015-03-31/functions/f/policy";
  const statement = { StatementId: "s", Action: "lambda:InvokeFunction", Principal: "*" };

  test("says so when it is written", async () => {
    const added = await app().send("POST", path, statement);
    expect(added.headers.get("x-lambent-warning")).toContain("--auth off");
    const whole = await app().send("PUT", `/2026-07-09/resource-policy/${encodeURIComponent(arnOf("f"))}`, {
      Policy: JSON.stringify({
        Version: "2012-10-17",
        Statement: [{ Effect: "Allow", Principal: "*", Action: "lambda:InvokeFunction", Resource: arnOf("f") }],
      }),
    });
    expect(whole.headers.get("x-lambent-warning")).toContain("--auth off");
  });

  test("says nothing where callers need keys", async () => {
    const guarded = await startApp({ guarded: true });
    await guarded.createFunction("f");
    const added = await guarded.send("POST", path, statement);
    expect([added.status, added.headers.get("x-lambent-warning")]).toEqual([201, null]);
    await guarded.close();
  });
});
