/** The API with keys: who comes in, what they may, and what is written down of it. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Hono } from "hono";
import { makeApp } from "../../src/api/app.ts";
import { Gate } from "../../src/api/gate.ts";
import { BodyBudget } from "../../src/core/body-budget.ts";
import { AuditLog } from "../../src/security/audit-log.ts";
import { hostCredentials } from "../../src/security/keys/credentials.ts";
import { Keyring } from "../../src/security/keys/keyring.ts";
import { RateLimiter } from "../../src/security/rate.ts";
import { ACCOUNT, arnOf, REGION, startApp, type TestApp } from "../support/app.ts";
import { type Credentials, sign, type Unsigned } from "../support/sign.ts";
import { zipOf } from "../support/zip.ts";

const ORIGIN = "http://127.0.0.1:4566";
const FUNCTIONS = "/2015-03-31/functions";

let base: TestApp;
let app: Hono;
let keyring: Keyring;
let audit: AuditLog;
let directory: string;
let admin: Credentials;
const HOST = hostCredentials({ id: "test", secret: Buffer.alloc(32, 1) });

beforeAll(async () => {
  base = await startApp();
  directory = await mkdtemp(join(tmpdir(), "lambent-audit-"));
});
afterAll(async () => {
  await base.close();
  await rm(directory, { recursive: true });
});
beforeEach(async () => {
  const { services, clock } = base;
  for (const kind of ["access-key", "access-key-use"])
    for (const each of (await services.store.documents.list({ kind, count: 100 })).items)
      await services.store.documents.delete(each);
  keyring = await Keyring.open({
    documents: services.store.documents,
    sealer: services.sealer,
    clock,
    accountId: ACCOUNT,
  });
  audit = new AuditLog({
    directory: await mkdtemp(join(directory, "a-")),
    clock,
    onError: (error) => {
      throw error;
    },
  });
  const gate = new Gate({
    home: services.home,
    clock,
    keyring,
    authorizer: services.authorizer,
    rates: new RateLimiter(clock),
    rate: 0,
  });
  app = makeApp(services, undefined, { gate, audit, keyring });
  admin = await keyOf({ role: "admin", name: "admin" });
});
afterEach(async () => {
  audit.close();
  for (const { functionName } of (await base.services.store.functions.list({ versions: "latest", count: 100 })).items)
    await base.send("DELETE", `${FUNCTIONS}/${functionName}`);
});

interface Grant {
  name?: string;
  role?: "admin" | "deployer" | "invoker" | "reader";
  statements?: object[];
  rate?: number;
  expiresAtMs?: number;
}
let names = 0;
const keyOf = ({ name = `user-${++names}`, role, statements = [], rate, expiresAtMs }: Grant): Promise<Credentials> =>
  keyring.create({
    name,
    role: role ?? null,
    policy: role ? null : { Version: "2012-10-17", Statement: statements },
    rate: rate ?? null,
    expiresAtMs: expiresAtMs ?? null,
  });
const allow = (Action: string | string[], Resource: string | string[] = "*", rest: object = {}) => ({
  Effect: "Allow",
  Action,
  Resource,
  ...rest,
});
const deny = (Action: string, Resource = "*", rest: object = {}) => ({ Effect: "Deny", Action, Resource, ...rest });

async function ask(
  credentials: Credentials | undefined,
  method: string,
  path: string,
  body?: unknown,
  change: Partial<Unsigned> & { sends?: string } = {},
) {
  const text = body === undefined ? undefined : JSON.stringify(body);
  const { sends, ...rest } = change;
  const input = {
    method,
    url: `${ORIGIN}${path}`,
    atMs: base.clock.nowMs(),
    ...(text !== undefined && { body: text }),
    ...rest,
  };
  const request = credentials
    ? await sign(credentials, input)
    : { url: input.url, headers: new Headers({ host: "127.0.0.1:4566", ...rest.headers }) };
  const response = await app.fetch(
    new Request(request.url, { method, headers: request.headers, ...(text !== undefined && { body: sends ?? text }) }),
  );
  const answer = await response.text();
  return {
    status: response.status,
    type: response.headers.get("x-amzn-ErrorType"),
    headers: response.headers,
    // biome-ignore lint/suspicious/noExplicitAny: tests look into whatever was answered
    body: (answer === "" ? undefined : JSON.parse(answer)) as any,
  };
}
const invoke = (credentials: Credentials | undefined, name: string, headers: Record<string, string> = {}) =>
  ask(credentials, "POST", `${FUNCTIONS}/${name}/invocations`, {}, { headers });
const said = ({ body }: { body: { message?: string; Message?: string } }): string => body.message ?? body.Message ?? "";

describe("who comes in", () => {
  test("a key's holder", async () => {
    expect((await ask(admin, "GET", FUNCTIONS)).status).toBe(200);
  });

  test.each<[string, string, number, (key: Credentials) => ReturnType<typeof ask>]>([
    ["nobody without a signature", "MissingAuthenticationTokenException", 403, () => ask(undefined, "GET", FUNCTIONS)],
    [
      "nobody with half of one",
      "IncompleteSignatureException",
      400,
      () =>
        ask(undefined, "GET", FUNCTIONS, undefined, { headers: { authorization: "AWS4-HMAC-SHA256 Credential=a" } }),
    ],
    [
      "nobody with a key that is not there",
      "UnrecognizedClientException",
      403,
      (key) => ask({ ...key, accessKeyId: "AKIANOBODYNOBODYNOBO" }, "GET", FUNCTIONS),
    ],
    [
      "nobody with a wrong secret",
      "InvalidSignatureException",
      403,
      (key) => ask({ ...key, secretAccessKey: "guessed" }, "GET", FUNCTIONS),
    ],
    [
      "nobody late",
      "InvalidSignatureException",
      403,
      (key) => ask(key, "GET", FUNCTIONS, undefined, { atMs: base.clock.nowMs() - 301_000 }),
    ],
    [
      "nobody with another body than was signed",
      "InvalidSignatureException",
      403,
      (key) => ask(key, "POST", `${FUNCTIONS}/f/invocations`, { a: 1 }, { sends: '{"a":2}' }),
    ],
    [
      "nobody with an unsigned payload",
      "InvalidSignatureException",
      403,
      (key) =>
        ask(
          key,
          "POST",
          `${FUNCTIONS}/f/invocations`,
          { a: 1 },
          { headers: { "x-amz-content-sha256": "UNSIGNED-PAYLOAD" } },
        ),
    ],
    [
      "nobody whose request was signed for another service",
      "InvalidSignatureException",
      403,
      (key) => ask(key, "GET", FUNCTIONS, undefined, { service: "s3" }),
    ],
  ])("%s: %s (%d)", async (_, type, status, send) => {
    expect(await send(admin)).toMatchObject({ type, status });
  });

  test("nobody any more whose key is over, or was removed", async () => {
    const key = await keyOf({ role: "admin", expiresAtMs: base.clock.nowMs() });
    expect(await ask(key, "GET", FUNCTIONS)).toMatchObject({ status: 403, type: "ExpiredTokenException" });
    await keyring.remove(key.accessKeyId);
    expect(await ask(key, "GET", FUNCTIONS)).toMatchObject({ status: 403, type: "UnrecognizedClientException" });
  });

  test("a presigned address, until it is over", async () => {
    const { url } = await sign(admin, { url: `${ORIGIN}${FUNCTIONS}`, atMs: base.clock.nowMs(), presignedSeconds: 60 });
    const get = async (address: string) =>
      (await app.fetch(new Request(address, { headers: { host: "127.0.0.1:4566" } }))).status;
    expect(await get(url)).toBe(200);
    expect(await get(url.replace("Expires=60", "Expires=6000"))).toBe(403);
  });

  test("before a large body is read, who is refused", async () => {
    let read = 0;
    const body = new ReadableStream(
      {
        pull(controller) {
          read++;
          controller.enqueue(new Uint8Array(65536));
        },
      },
      { highWaterMark: 0 },
    );
    const response = await app.fetch(new Request(`${ORIGIN}${FUNCTIONS}`, { method: "POST", body }));
    expect(response.status).toBe(403);
    expect(read).toBeLessThanOrEqual(1);
  });

  test("the host, by what follows from the key file", async () => {
    expect((await ask(HOST, "GET", FUNCTIONS)).status).toBe(200);
  });
});

describe("what they may", () => {
  const ARN = arnOf("orders");
  beforeEach(() => base.createFunction("orders").then(() => undefined));

  test("is refused in AWS's words", async () => {
    const key = await keyOf({ name: "bob", statements: [allow("lambda:ListFunctions")] });
    const refused = await invoke(key, "orders");
    expect(refused).toMatchObject({ status: 403, type: "AccessDeniedException" });
    expect(said(refused)).toBe(
      `User: arn:aws:iam::${ACCOUNT}:user/bob is not authorized to perform: lambda:InvokeFunction on resource: ${ARN} because no identity-based policy allows the lambda:InvokeFunction action`,
    );
    const denied = await keyOf({ name: "eve", statements: [allow("*"), deny("lambda:Invoke*")] });
    expect(said(await invoke(denied, "orders"))).toEndWith("with an explicit deny in an identity-based policy");
  });

  test("is asked before it is said whether there is such a function", async () => {
    const key = await keyOf({ statements: [allow("lambda:*", ARN)] });
    expect((await invoke(key, "ghost")).status).toBe(403);
    expect((await invoke(admin, "ghost")).status).toBe(404);
  });

  test.each<[string, object[], number]>([
    ["no permission", [allow("lambda:GetFunction")], 403],
    ["the permission", [allow("lambda:InvokeFunction", ARN)], 204],
    ["the permission on an alias only", [allow("lambda:InvokeFunction", `${ARN}:prod`)], 403],
    [
      "a condition that does not hold",
      [allow("lambda:InvokeFunction", "*", { Condition: { Bool: { "aws:SecureTransport": "true" } } })],
      403,
    ],
    [
      "a condition that holds",
      [
        allow("lambda:InvokeFunction", "*", {
          Condition: { DateLessThan: { "aws:CurrentTime": "2999-01-01T00:00:00Z" } },
        }),
      ],
      204,
    ],
  ])("DryRun with %s answers so", async (_, statements, status) => {
    const key = await keyOf({ statements });
    expect((await invoke(key, "orders", { "x-amz-invocation-type": "DryRun" })).status).toBe(status);
  });

  test("goes by the function's tags", async () => {
    const key = await keyOf({
      statements: [
        allow("lambda:InvokeFunction", "*", { Condition: { StringEquals: { "aws:ResourceTag/team": "blue" } } }),
      ],
    });
    expect((await invoke(key, "orders")).status).toBe(403);
    await ask(admin, "POST", `/2017-03-31/tags/${encodeURIComponent(ARN)}`, { Tags: { team: "blue" } });
    expect((await invoke(key, "orders")).status).toBe(200);
    await ask(admin, "DELETE", `/2017-03-31/tags/${encodeURIComponent(ARN)}?tagKeys=team`);
    expect((await invoke(key, "orders")).status).toBe(403);
  });

  test("goes by the tags in the request, and needs the permission to tag", async () => {
    const Condition = {
      StringEquals: { "aws:RequestTag/team": "blue" },
      "ForAllValues:StringEquals": { "aws:TagKeys": ["team"] },
    };
    const key = await keyOf({
      statements: [allow("lambda:CreateFunction", "*", { Condition }), allow("lambda:TagResource")],
    });
    const zip = Buffer.from(await zipOf({ "index.js": "exports.handler = async () => 1;" })).toString("base64");
    const create = (name: string, Tags: object) =>
      ask(key, "POST", FUNCTIONS, {
        FunctionName: name,
        Runtime: "nodejs22.x",
        Role: `arn:aws:iam::${ACCOUNT}:role/any`,
        Handler: "index.handler",
        Code: { ZipFile: zip },
        Tags,
      });
    expect((await create("red", { team: "red" })).status).toBe(403);
    expect((await create("more", { team: "blue", other: "x" })).status).toBe(403);
    expect((await create("blue", { team: "blue" })).status).toBe(201);
    await base.settled();
  });

  test("of the ready roles", async () => {
    const [deployer, invoker, reader] = await Promise.all(
      (["deployer", "invoker", "reader"] as const).map((role) => keyOf({ role })),
    );
    const statusOf = async (who: Credentials | undefined, method: string, path: string, body?: unknown) =>
      (await ask(who, method, path, body)).status;
    const rows: [string, string, unknown, number, number, number][] = [
      ["GET", FUNCTIONS, undefined, 200, 403, 200],
      ["POST", `${FUNCTIONS}/orders/invocations`, {}, 200, 200, 403],
      ["GET", `${FUNCTIONS}/orders`, undefined, 200, 403, 200],
      ["POST", `${FUNCTIONS}/orders/versions`, {}, 201, 403, 403],
      ["GET", "/metrics", undefined, 200, 403, 200],
      ["GET", "/_lambent/invocations", undefined, 200, 403, 200],
      ["GET", "/_lambent/keys", undefined, 403, 403, 403],
      ["GET", "/_lambent/audit", undefined, 403, 403, 403],
      ["POST", "/_lambent/clock", { advanceSeconds: 0 }, 403, 403, 403],
      ["POST", "/_lambent/keys", { name: "x", role: "admin" }, 403, 403, 403],
      ["GET", "/_lambent/health", undefined, 200, 200, 200],
    ];
    for (const [method, path, body, ...expected] of rows) {
      if (path === "/metrics") continue; // is no JSON
      expect([
        path,
        await statusOf(deployer, method, path, body),
        await statusOf(invoker, method, path, body),
        await statusOf(reader, method, path, body),
      ]).toEqual([path, ...expected]);
    }
    await base.settled();
  });
});

describe("the function's own policy decides with the caller's", () => {
  const ARN = arnOf("orders");
  const nobody = () => keyOf({ name: "ann", statements: [allow("s3:GetObject", "arn:aws:s3:::none/*")] });
  const permit = (change: object, qualifier = "") =>
    ask(admin, "POST", `${FUNCTIONS}/orders/policy${qualifier}`, {
      StatementId: "s",
      Action: "lambda:InvokeFunction",
      Principal: `arn:aws:iam::${ACCOUNT}:user/ann`,
      ...change,
    });
  beforeEach(() => base.createFunction("orders").then(() => undefined));

  test("a user whom it names comes in, from the moment it does, until it does not", async () => {
    const ann = await nobody();
    expect((await invoke(ann, "orders")).status).toBe(403);
    expect((await permit({})).status).toBe(201);
    expect((await invoke(ann, "orders")).status).toBe(200);
    expect((await ask(ann, "GET", `${FUNCTIONS}/orders`)).status).toBe(403);
    await ask(admin, "DELETE", `${FUNCTIONS}/orders/policy/s`);
    expect((await invoke(ann, "orders")).status).toBe(403);
  });

  test.each<[string, object, number]>([
    ["everybody", { Principal: "*" }, 200],
    ["another user", { Principal: `arn:aws:iam::${ACCOUNT}:user/bob` }, 403],
    ["the account, which leaves it to its own policies", { Principal: ACCOUNT }, 403],
    ["a service", { Principal: "s3.amazonaws.com" }, 403],
    ["another action", { Action: "lambda:GetFunction" }, 403],
    ["everybody of an organization", { Principal: "*", PrincipalOrgID: "o-1234567890" }, 403],
    ["a source that the caller is not", { Principal: "*", SourceArn: "arn:aws:s3:::photos" }, 403],
  ])("a statement for %s", async (_, change, status) => {
    const ann = await nobody();
    expect((await permit(change)).status).toBe(201);
    expect((await invoke(ann, "orders")).status).toBe(status);
  });

  test("of an alias is for the alias, and goes with it", async () => {
    const ann = await nobody();
    await ask(admin, "POST", `${FUNCTIONS}/orders/versions`, {});
    await base.settled();
    await ask(admin, "POST", `${FUNCTIONS}/orders/aliases`, { Name: "prod", FunctionVersion: "1" });
    expect((await permit({}, "?Qualifier=prod")).status).toBe(201);
    const statuses = async () => [
      (await invoke(ann, "orders:prod")).status,
      (await invoke(ann, "orders")).status,
      (await invoke(ann, "orders:1")).status,
    ];
    expect(await statuses()).toEqual([200, 403, 403]);
    await ask(admin, "DELETE", `${FUNCTIONS}/orders/aliases/prod`);
    await ask(admin, "POST", `${FUNCTIONS}/orders/aliases`, { Name: "prod", FunctionVersion: "1" });
    expect((await statuses())[0]).toBe(403);
  });

  test("as a whole document may deny whom their own policy lets in", async () => {
    const invoker = await keyOf({ role: "invoker", name: "carl" });
    expect((await invoke(invoker, "orders")).status).toBe(200);
    const path = `/2026-07-09/resource-policy/${encodeURIComponent(ARN)}`;
    const statement = {
      Effect: "Deny",
      Principal: { AWS: `arn:aws:iam::${ACCOUNT}:user/carl` },
      Action: "lambda:InvokeFunction",
      Resource: ARN,
    };
    const put = await ask(admin, "PUT", path, {
      Policy: JSON.stringify({ Version: "2012-10-17", Statement: [statement] }),
    });
    expect(put.status).toBe(200);
    expect(said(await invoke(invoker, "orders"))).toEndWith("with an explicit deny in a resource-based policy");
    expect((await invoke(admin, "orders")).status).toBe(200);
    await ask(admin, "DELETE", path);
    expect((await invoke(invoker, "orders")).status).toBe(200);
  });

  test("goes with the function: who makes one of the same name anew is asked anew", async () => {
    const ann = await nobody();
    await permit({});
    expect((await invoke(ann, "orders")).status).toBe(200);
    await ask(admin, "DELETE", `${FUNCTIONS}/orders`);
    await base.createFunction("orders");
    expect((await invoke(ann, "orders")).status).toBe(403);
  });

  test("costs a warm call no question to the store", async () => {
    const ann = await nobody();
    await permit({});
    await invoke(ann, "orders");
    const { documents, functions } = base.services.store;
    const asked: string[] = [];
    const watch = <T extends object>(target: T, name: string): (() => void) => {
      const original = { ...target };
      for (const [key, value] of Object.entries(original))
        if (typeof value === "function")
          Object.assign(target, {
            [key]: (...args: unknown[]) => {
              asked.push(`${name}.${key}`);
              return value(...args);
            },
          });
      return () => Object.assign(target, original);
    };
    const restore = [watch(documents, "documents"), watch(functions, "functions")];
    expect((await invoke(ann, "orders")).status).toBe(200);
    for (const each of restore) each();
    expect(asked).toEqual([]);
  });
});

describe("the rate of a key", () => {
  test("is kept: one request too many is 429 with a reason, and a moment later it is let in again", async () => {
    const key = await keyOf({ role: "admin", rate: 2 });
    const get = () => ask(key, "GET", FUNCTIONS);
    expect([(await get()).status, (await get()).status]).toEqual([200, 200]);
    const refused = await get();
    expect(refused).toMatchObject({
      status: 429,
      type: "TooManyRequestsException",
      body: { Reason: "CallerRateLimitExceeded" },
    });
    expect(refused.headers.get("retry-after")).toBe("1");
    expect((await ask(admin, "GET", FUNCTIONS)).status).toBe(200);
    await base.clock.advance(500, async () => undefined);
    expect([(await get()).status, (await get()).status]).toEqual([200, 429]);
  });
});

describe("keys over HTTP", () => {
  test("are made, listed, rotated and removed", async () => {
    const made = await ask(admin, "POST", "/_lambent/keys", {
      name: "ci",
      role: "deployer",
      expiresInSeconds: 3600,
      rate: 10,
    });
    expect(made).toMatchObject({
      status: 201,
      body: { name: "ci", role: "deployer", rate: 10 },
    });
    expect(made.body.secretAccessKey).toHaveLength(40);
    expect((await ask(made.body, "GET", FUNCTIONS)).status).toBe(200);
    const { keys } = (await ask(admin, "GET", "/_lambent/keys")).body;
    expect(keys.map(({ name }: { name: string }) => name)).toEqual(["admin", "ci"]);
    expect(JSON.stringify(keys)).not.toContain(made.body.secretAccessKey);
    const rotated = await ask(admin, "POST", "/_lambent/keys/ci/rotate", { graceSeconds: 0 });
    expect(rotated).toMatchObject({ status: 201, body: { name: "ci", replaces: made.body.accessKeyId } });
    expect((await ask(made.body, "GET", FUNCTIONS)).type).toBe("UnrecognizedClientException");
    expect((await ask(rotated.body, "GET", FUNCTIONS)).status).toBe(200);
    expect((await ask(admin, "DELETE", "/_lambent/keys/ci")).body).toEqual({ removed: rotated.body.accessKeyId });
    expect((await ask(rotated.body, "GET", FUNCTIONS)).type).toBe("UnrecognizedClientException");
  });

  test.each<[number, string, string, unknown, string]>([
    [400, "POST", "/_lambent/keys", {}, "name has to be"],
    [400, "POST", "/_lambent/keys", { name: "a b", role: "admin" }, "name has to be"],
    [400, "POST", "/_lambent/keys", { name: "x" }, "a role (admin, deployer, invoker, reader) or a policy"],
    [400, "POST", "/_lambent/keys", { name: "x", role: "root" }, "role has to be one of"],
    [400, "POST", "/_lambent/keys", { name: "x", role: "admin", policy: {} }, "not both"],
    [
      400,
      "POST",
      "/_lambent/keys",
      { name: "x", policy: { Statement: [{ Effect: "Allow" }] } },
      "Cannot use the policy: Statement[0]",
    ],
    [400, "POST", "/_lambent/keys", { name: "x", role: "admin", rate: -1 }, "rate has to be"],
    [400, "POST", "/_lambent/keys", { name: "x", role: "admin", expiresInSeconds: 0.5 }, "expiresInSeconds has to be"],
    [400, "POST", "/_lambent/keys", [1], "JSON object"],
    [409, "POST", "/_lambent/keys", { name: "admin", role: "admin" }, "there is one; rotate it"],
    [404, "DELETE", "/_lambent/keys/nobody", undefined, "no such id or name"],
    [404, "POST", "/_lambent/keys/nobody/rotate", undefined, "no such id or name"],
  ])("%d for %s %s %j", async (status, method, path, body, says) => {
    const answer = await ask(admin, method, path, body);
    expect(answer.status).toBe(status);
    expect(said(answer)).toContain(says);
  });
});

describe("the audit log", () => {
  const lines = () =>
    audit
      .read(100)
      .map(({ action, resource, who, outcome }) => [action, resource, who, outcome])
      .reverse();
  const ADMIN = `arn:aws:iam::${ACCOUNT}:user/admin`;

  test("has every change and every refusal, with who and what, and no call of a function", async () => {
    await base.createFunction("orders");
    await invoke(admin, "orders");
    await ask(admin, "GET", FUNCTIONS);
    await ask(admin, "PUT", `/2017-10-31/functions/orders/concurrency`, { ReservedConcurrentExecutions: 5 });
    await ask(admin, "PUT", `/2017-10-31/functions/ghost/concurrency`, { ReservedConcurrentExecutions: 5 });
    const bob = await keyOf({ name: "bob", role: "reader" });
    await ask(bob, "DELETE", `${FUNCTIONS}/orders`);
    await invoke({ ...bob, secretAccessKey: "guessed" }, "orders");
    await ask(bob, "GET", "/_lambent/keys");
    await ask(admin, "POST", "/_lambent/keys", { name: "ci", role: "reader" });
    expect(lines()).toEqual([
      ["lambda:PutFunctionConcurrency", arnOf("orders"), ADMIN, "ok"],
      ["lambda:PutFunctionConcurrency", arnOf("ghost"), ADMIN, "ResourceNotFoundException"],
      ["lambda:DeleteFunction", arnOf("orders"), `arn:aws:iam::${ACCOUNT}:user/bob`, "AccessDeniedException"],
      ["lambda:Invoke", null, null, "InvalidSignatureException"],
      [
        "lambent:ListKeys",
        `arn:aws:lambent:${REGION}:${ACCOUNT}:keys`,
        `arn:aws:iam::${ACCOUNT}:user/bob`,
        "AccessDeniedException",
      ],
      ["lambent:CreateKey", `arn:aws:lambent:${REGION}:${ACCOUNT}:keys`, ADMIN, "ok"],
    ]);
    expect(audit.read(3)[2]?.keyId).toBe(bob.accessKeyId);
    expect((await ask(admin, "GET", "/_lambent/audit?count=2")).body.records).toHaveLength(2);
  });

  test("holds no secret, and nothing of environments and payloads", async () => {
    await base.createFunction("orders");
    await ask(admin, "PUT", `${FUNCTIONS}/orders/configuration`, {
      Environment: { Variables: { TOKEN: "hunter2-in-env" } },
    });
    const made = await ask(admin, "POST", "/_lambent/keys", { name: "ci", role: "reader" });
    await base.settled();
    const text = await Bun.file(audit.path).text();
    expect(text).toContain("UpdateFunctionConfiguration");
    for (const secret of ["hunter2", made.body.secretAccessKey, admin.secretAccessKey])
      expect(text).not.toContain(secret);
  });
});

describe("a function URL with keys", () => {
  const path = "/2021-10-31/functions/web/url";
  const makeUrl = async (AuthType: string) => {
    await base.createFunction("web");
    const made = await ask(admin, "POST", path, { AuthType });
    return `${ORIGIN}/_lambent/urls/${new URL(made.body.FunctionUrl).hostname.split(".")[0]}/`;
  };
  const get = async (url: string, credentials?: Credentials) => {
    const headers = { host: "127.0.0.1:4566" };
    const request = credentials
      ? await sign(credentials, { url, atMs: base.clock.nowMs() })
      : { url, headers: new Headers(headers) };
    return await app.fetch(new Request(request.url, { headers: request.headers }));
  };
  const permit = (change: object) =>
    ask(admin, "POST", `${FUNCTIONS}/web/policy`, {
      StatementId: "s",
      Action: "lambda:InvokeFunctionUrl",
      Principal: "*",
      FunctionUrlAuthType: "NONE",
      ...change,
    });

  test("of AuthType NONE is everybody's once its function's policy says so", async () => {
    const url = await makeUrl("NONE");
    const refused = await get(url);
    expect([refused.status, ((await refused.json()) as { Message: string }).Message]).toEqual([
      403,
      expect.stringContaining("Forbidden"),
    ]);
    await permit({ FunctionUrlAuthType: "AWS_IAM" });
    expect((await get(url)).status).toBe(403);
    await ask(admin, "DELETE", `${FUNCTIONS}/web/policy/s`);
    await permit({});
    expect((await get(url)).status).toBe(200);
    expect(audit.read(10).filter(({ action }) => action === "lambda:InvokeFunctionUrl")).toHaveLength(2);
  });

  test("of AuthType AWS_IAM is for keys that may call it", async () => {
    const url = await makeUrl("AWS_IAM");
    expect((await get(url)).status).toBe(403);
    expect((await get(url, { ...admin, secretAccessKey: "guessed" })).status).toBe(403);
    const reader = await keyOf({ role: "reader" });
    expect((await get(url, reader)).status).toBe(403);
    const invoker = await keyOf({ role: "invoker", name: "ivy" });
    const answer = await get(url, invoker);
    expect(answer.status).toBe(200);
    const { event } = (await answer.json()) as { event: { requestContext: { authorizer: { iam: object } } } };
    expect(event.requestContext.authorizer.iam).toMatchObject({
      accessKey: invoker.accessKeyId,
      userArn: `arn:aws:iam::${ACCOUNT}:user/ivy`,
    });
  });

  test("may be denied by a condition on how the function is called", async () => {
    const url = await makeUrl("AWS_IAM");
    const key = await keyOf({
      statements: [
        allow("lambda:*"),
        deny("lambda:InvokeFunction", "*", { Condition: { Bool: { "lambda:InvokedViaFunctionUrl": "true" } } }),
      ],
    });
    expect((await get(url, key)).status).toBe(403);
    expect((await invoke(key, "web")).status).toBe(200);
  });
});

describe("metrics by user name and password", () => {
  const get = async (id: string, secret: string, change: { path?: string; url?: string; from?: string } = {}) => {
    const { path = "/metrics", url = ORIGIN, from = "127.0.0.1" } = change;
    const headers = { authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString("base64")}` };
    const peer = { requestIP: () => ({ address: from }), timeout() {}, bodies: new BodyBudget(0) };
    return (await app.fetch(new Request(`${url}${path}`, { headers }), peer)).status;
  };

  test("are for keys that may read them, where nobody reads along, and no other page is", async () => {
    const { accessKeyId, secretAccessKey } = await keyOf({ statements: [allow("lambent:GetMetrics")] });
    expect(await get(accessKeyId, secretAccessKey)).toBe(200);
    expect(await get(accessKeyId, "guessed")).toBe(403);
    expect(await get("AKIANOBODYNOBODYNOBO", secretAccessKey)).toBe(403);
    expect(await get(accessKeyId, secretAccessKey, { from: "192.0.2.1" })).toBe(403);
    expect(await get(accessKeyId, secretAccessKey, { from: "192.0.2.1", url: "https://lambda.example" })).toBe(200);
    expect(await get(admin.accessKeyId, admin.secretAccessKey, { path: "/_lambent/keys" })).toBe(400);
    expect(await get(admin.accessKeyId, admin.secretAccessKey, { path: FUNCTIONS })).toBe(400);
    const invoker = await keyOf({ role: "invoker" });
    expect(await get(invoker.accessKeyId, invoker.secretAccessKey)).toBe(403);
    const over = await keyOf({ role: "reader", expiresAtMs: base.clock.nowMs() });
    expect(await get(over.accessKeyId, over.secretAccessKey)).toBe(403);
  });
});
