// biome-ignore-all lint/suspicious/noTemplateCurlyInString: so do variables of policies look
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { ContextOf, Principal } from "../../src/security/policy/context.ts";
import { decide, refusalText } from "../../src/security/policy/decide.ts";
import { parseIdentityPolicy, parseResourcePolicy } from "../../src/security/policy/parse.ts";
import { PolicyError } from "../../src/security/policy/policy-error.ts";

const ACCOUNT = "000000000000";
const FUNCTION = `arn:aws:lambda:us-east-1:${ACCOUNT}:function:orders`;
const ANN: Principal = { kind: "user", arn: `arn:aws:iam::${ACCOUNT}:user/ann`, accountId: ACCOUNT };
const S3: Principal = { kind: "service", name: "s3.amazonaws.com" };

type Said = "allowed" | "denied-by-identity" | "denied-by-resource" | "not-allowed";

interface Asked {
  action?: string;
  resource?: string;
  principal?: Principal;
  context?: Record<string, string | string[]>;
  identity?: unknown[];
  attached?: unknown;
}

function ask(asked: Asked): Said {
  const context: ContextOf = (key) => asked.context?.[key];
  const decision = decide(
    {
      action: asked.action ?? "lambda:InvokeFunction",
      resource: asked.resource ?? FUNCTION,
      principal: asked.principal ?? ANN,
      context,
    },
    {
      identity: (asked.identity ?? []).map((each) => parseIdentityPolicy(each)),
      resource: asked.attached === undefined ? undefined : parseResourcePolicy(asked.attached),
    },
  );
  return decision.allowed ? "allowed" : decision.why;
}

const policy = (...statements: object[]) => ({ Version: "2012-10-17", Statement: statements });
const allow = (rest: object = {}) => ({ Effect: "Allow", Action: "lambda:InvokeFunction", Resource: "*", ...rest });
const deny = (rest: object = {}) => ({ ...allow(rest), Effect: "Deny" });
const attached = (rest: object = {}) => ({
  ...allow(rest),
  Resource: FUNCTION,
  Principal: { AWS: ANN.kind === "user" ? ANN.arn : "" },
  ...rest,
});

/** Rows under a name of one line. */
const named = <Row extends object>(rows: readonly Row[]): [string, Row][] =>
  rows.map((row) => [JSON.stringify(row), row]);

describe("policies decide as on AWS", () => {
  test.each<{ name: string; said: Said } & Asked>([
    { name: "nothing allows it", said: "not-allowed" },
    { name: "the identity's policy allows it", identity: [policy(allow())], said: "allowed" },
    { name: "the resource's policy allows it, in the same account", attached: policy(attached()), said: "allowed" },
    {
      name: "one of several policies allows it",
      identity: [policy(allow({ Action: "s3:*" })), policy(allow())],
      said: "allowed",
    },
    { name: "a Deny in another policy wins", identity: [policy(allow()), policy(deny())], said: "denied-by-identity" },
    {
      name: "a Deny after an Allow in the same policy wins",
      identity: [policy(allow(), deny())],
      said: "denied-by-identity",
    },
    {
      name: "a Deny of the resource wins over the identity's Allow",
      identity: [policy(allow())],
      attached: policy(attached({ Effect: "Deny" })),
      said: "denied-by-resource",
    },
    {
      name: "a Deny of the identity wins over the resource's Allow",
      identity: [policy(deny())],
      attached: policy(attached()),
      said: "denied-by-identity",
    },
    {
      name: "a Deny of something else is no matter",
      identity: [policy(allow(), deny({ Action: "lambda:DeleteFunction" }))],
      said: "allowed",
    },
    {
      name: "a Deny whose condition does not hold is no matter",
      identity: [policy(allow(), deny({ Condition: { Bool: { "aws:SecureTransport": "true" } } }))],
      context: { "aws:securetransport": "false" },
      said: "allowed",
    },
  ])("$name", ({ said, ...asked }) => expect(ask(asked)).toBe(said));
});

describe("actions", () => {
  test.each(
    named<{ action: object; asked?: string; said: Said }>([
      { action: { Action: "lambda:InvokeFunction" }, said: "allowed" },
      { action: { Action: "lambda:invokefunction" }, said: "allowed" },
      { action: { Action: "lambda:Invoke*" }, said: "allowed" },
      { action: { Action: "lambda:InvokeFunctio?" }, said: "allowed" },
      { action: { Action: "*" }, said: "allowed" },
      { action: { Action: ["s3:*", "lambda:*"] }, said: "allowed" },
      { action: { Action: "lambda:Invoke" }, said: "not-allowed" },
      { action: { Action: "s3:*" }, said: "not-allowed" },
      { action: { Action: "lambda:InvokeFunction" }, asked: "lambda:InvokeFunctionUrl", said: "not-allowed" },
      { action: { NotAction: "lambda:Delete*" }, said: "allowed" },
      { action: { NotAction: ["lambda:Delete*", "lambda:Invoke*"] }, said: "not-allowed" },
    ]),
  )("%s", (_name, { action, asked, said }) => {
    const { Action: _, ...rest } = allow();
    expect(ask({ identity: [policy({ ...rest, ...action })], ...(asked && { action: asked }) })).toBe(said);
  });
});

describe("resources", () => {
  test.each(
    named<{ given: object; resource?: string; said: Said; variables?: Record<string, string> }>([
      { given: { Resource: FUNCTION }, said: "allowed" },
      { given: { Resource: FUNCTION }, resource: `${FUNCTION}:prod`, said: "not-allowed" },
      { given: { Resource: `${FUNCTION}:*` }, resource: `${FUNCTION}:prod`, said: "allowed" },
      { given: { Resource: `${FUNCTION}:*` }, said: "not-allowed" },
      { given: { Resource: `${FUNCTION}*` }, resource: `${FUNCTION}:prod`, said: "allowed" },
      { given: { Resource: "arn:aws:lambda:*:*:function:ord*" }, said: "allowed" },
      { given: { Resource: "arn:aws:lambda:us-east-?:*:function:orders" }, said: "allowed" },
      { given: { Resource: `arn:aws:lambda:*:function:orders:*` }, said: "not-allowed" },
      { given: { Resource: "arn:aws:lambda:eu-west-1:*:function:*" }, said: "not-allowed" },
      { given: { Resource: FUNCTION.toUpperCase().replace("ARN:", "arn:") }, said: "not-allowed" },
      { given: { NotResource: `${FUNCTION}:*` }, said: "allowed" },
      { given: { NotResource: FUNCTION }, said: "not-allowed" },
      {
        given: { Resource: "arn:aws:lambda:*:*:function:${aws:username}" },
        variables: { "aws:username": "orders" },
        said: "allowed",
      },
      {
        given: { Resource: "arn:aws:lambda:*:*:function:${aws:username}" },
        variables: { "aws:username": "*" },
        said: "not-allowed",
      },
      { given: { Resource: "arn:aws:lambda:*:*:function:${aws:username}" }, said: "not-allowed" },
      { given: { Resource: "arn:aws:lambda:*:*:function:${aws:username, 'orders'}" }, said: "allowed" },
    ]),
  )("%s", (_name, { given, resource, said, variables }) => {
    const { Resource: _, ...rest } = allow();
    expect(
      ask({
        identity: [policy({ ...rest, ...given })],
        ...(resource && { resource }),
        ...(variables && { context: variables }),
      }),
    ).toBe(said);
  });

  test("in a policy of 2008 a variable is nothing but its text", () => {
    const statement = allow({ Resource: "arn:aws:lambda:*:*:function:${aws:username}" });
    expect(
      ask({ identity: [{ Version: "2008-10-17", Statement: statement }], context: { "aws:username": "orders" } }),
    ).toBe("not-allowed");
  });

  test("a pattern of many wildcards takes no time", () => {
    const startMs = performance.now();
    const Resource = `arn:aws:lambda:*:*:function:${"a*".repeat(50)}b`;
    expect(ask({ identity: [policy(allow({ Resource }))], resource: `${FUNCTION}${"a".repeat(2000)}` })).toBe(
      "not-allowed",
    );
    expect(performance.now() - startMs).toBeLessThan(10_000);
  });
});

describe("principals of a resource's policy", () => {
  test.each<{ name: string; who: object; principal?: Principal; said: Said }>([
    { name: "everybody", who: { Principal: "*" }, principal: { kind: "anonymous" }, said: "allowed" },
    {
      name: "everybody, the other way to write it",
      who: { Principal: { AWS: "*" } },
      principal: { kind: "anonymous" },
      said: "allowed",
    },
    { name: "one user", who: { Principal: { AWS: `arn:aws:iam::${ACCOUNT}:user/ann` } }, said: "allowed" },
    { name: "another user", who: { Principal: { AWS: `arn:aws:iam::${ACCOUNT}:user/bob` } }, said: "not-allowed" },
    {
      name: "no anonymous, where a user is meant",
      who: { Principal: { AWS: `arn:aws:iam::${ACCOUNT}:user/ann` } },
      principal: { kind: "anonymous" },
      said: "not-allowed",
    },
    {
      name: "the account, which leaves it to the user's own policies",
      who: { Principal: { AWS: ACCOUNT } },
      said: "not-allowed",
    },
    { name: "a service", who: { Principal: { Service: "s3.amazonaws.com" } }, principal: S3, said: "allowed" },
    {
      name: "another service",
      who: { Principal: { Service: "sns.amazonaws.com" } },
      principal: S3,
      said: "not-allowed",
    },
    { name: "a service, asked by a user", who: { Principal: { Service: "s3.amazonaws.com" } }, said: "not-allowed" },
  ])("$name", ({ who, said, ...asked }) => {
    const { Principal: _, ...rest } = attached() as Record<string, unknown>;
    expect(ask({ attached: policy({ ...rest, ...who }), ...asked })).toBe(said);
  });

  test("an account that is denied is everybody in it", () => {
    const denied = policy(attached({ Effect: "Deny", Principal: { AWS: `arn:aws:iam::${ACCOUNT}:root` } }));
    expect(ask({ identity: [policy(allow())], attached: denied })).toBe("denied-by-resource");
    expect(
      ask({
        identity: [policy(allow())],
        attached: denied,
        principal: { ...ANN, accountId: "111111111111" } as Principal,
      }),
    ).toBe("allowed");
  });

  test("NotPrincipal denies all others", () => {
    const { Principal: _, ...rest } = attached({ Effect: "Deny" }) as Record<string, unknown>;
    const denied = policy({ ...rest, NotPrincipal: { AWS: `arn:aws:iam::${ACCOUNT}:user/ann` } });
    expect(ask({ identity: [policy(allow())], attached: denied })).toBe("allowed");
    expect(
      ask({
        identity: [policy(allow())],
        attached: denied,
        principal: { kind: "user", arn: `arn:aws:iam::${ACCOUNT}:user/bob`, accountId: ACCOUNT },
      }),
    ).toBe("denied-by-resource");
  });
});

describe("conditions", () => {
  const ip = "aws:sourceip";
  test.each(
    named<{ condition: object; context?: Record<string, string | string[]>; holds: boolean }>([
      { condition: { StringEquals: { "aws:username": "ann" } }, context: { "aws:username": "ann" }, holds: true },
      {
        condition: { StringEquals: { "AWS:UserName": ["bob", "ann"] } },
        context: { "aws:username": "ann" },
        holds: true,
      },
      { condition: { StringEquals: { "aws:username": "Ann" } }, context: { "aws:username": "ann" }, holds: false },
      { condition: { StringEquals: { "aws:username": "ann" } }, holds: false },
      { condition: { StringEquals: { "aws:username": "a*" } }, context: { "aws:username": "ann" }, holds: false },
      {
        condition: { StringEqualsIgnoreCase: { "aws:username": "Ann" } },
        context: { "aws:username": "ann" },
        holds: true,
      },
      {
        condition: { StringNotEquals: { "aws:username": ["bob", "ann"] } },
        context: { "aws:username": "ann" },
        holds: false,
      },
      { condition: { StringNotEquals: { "aws:username": "bob" } }, holds: true },
      { condition: { StringLike: { "aws:username": ["b*", "a?n"] } }, context: { "aws:username": "ann" }, holds: true },
      { condition: { StringNotLike: { "aws:username": "a*" } }, context: { "aws:username": "ann" }, holds: false },
      { condition: { StringEqualsIfExists: { "aws:username": "bob" } }, holds: true },
      {
        condition: { StringEqualsIfExists: { "aws:username": "bob" } },
        context: { "aws:username": "ann" },
        holds: false,
      },
      {
        condition: { StringEquals: { "aws:requesttag/team": "${aws:username}" } },
        context: { "aws:username": "a*", "aws:requesttag/team": "a*" },
        holds: true,
      },
      {
        condition: { StringLike: { "aws:requesttag/team": "${aws:username}-*" } },
        context: { "aws:username": "a?", "aws:requesttag/team": "ab-x" },
        holds: false,
      },
      { condition: { NumericLessThan: { "s3:max-keys": "10" } }, context: { "s3:max-keys": "9" }, holds: true },
      { condition: { NumericLessThan: { "s3:max-keys": 10 } }, context: { "s3:max-keys": "10" }, holds: false },
      { condition: { NumericGreaterThanEquals: { "s3:max-keys": 10 } }, context: { "s3:max-keys": "10" }, holds: true },
      { condition: { NumericEquals: { "s3:max-keys": 10 } }, context: { "s3:max-keys": "ten" }, holds: false },
      {
        condition: { DateGreaterThan: { "aws:currenttime": "2026-01-01T00:00:00Z" } },
        context: { "aws:currenttime": "2026-01-01T00:00:01Z" },
        holds: true,
      },
      {
        condition: { DateLessThan: { "aws:currenttime": "2026-01-01T00:00:00Z" } },
        context: { "aws:currenttime": "2026-01-01T00:00:01Z" },
        holds: false,
      },
      {
        condition: { DateLessThan: { "aws:epochtime": "1767225600" } },
        context: { "aws:epochtime": "1767225599" },
        holds: true,
      },
      {
        condition: { Bool: { "lambda:InvokedViaFunctionUrl": true } },
        context: { "lambda:invokedviafunctionurl": "true" },
        holds: true,
      },
      { condition: { Bool: { "lambda:InvokedViaFunctionUrl": "true" } }, holds: false },
      { condition: { IpAddress: { "aws:SourceIp": "192.0.2.0/24" } }, context: { [ip]: "192.0.2.77" }, holds: true },
      {
        condition: { IpAddress: { "aws:SourceIp": ["198.51.100.1", "192.0.2.0/24"] } },
        context: { [ip]: "::ffff:192.0.2.77" },
        holds: true,
      },
      { condition: { IpAddress: { "aws:SourceIp": "192.0.2.0/24" } }, context: { [ip]: "192.0.3.1" }, holds: false },
      { condition: { IpAddress: { "aws:SourceIp": "0.0.0.0/0" } }, context: { [ip]: "192.0.3.1" }, holds: true },
      { condition: { IpAddress: { "aws:SourceIp": "2001:db8::/32" } }, context: { [ip]: "2001:db8::1" }, holds: true },
      { condition: { IpAddress: { "aws:SourceIp": "192.0.2.0/24" } }, context: { [ip]: "2001:db8::1" }, holds: false },
      {
        condition: { NotIpAddress: { "aws:SourceIp": "192.0.2.0/24" } },
        context: { [ip]: "192.0.2.77" },
        holds: false,
      },
      {
        condition: { ArnLike: { "aws:SourceArn": "arn:aws:s3:::photos*" } },
        context: { "aws:sourcearn": "arn:aws:s3:::photos-2026" },
        holds: true,
      },
      {
        condition: { ArnLike: { "AWS:SourceArn": "arn:aws:s3:::photos" } },
        context: { "aws:sourcearn": "arn:aws:s3:::other" },
        holds: false,
      },
      {
        condition: { ArnLike: { "aws:SourceArn": "arn:aws:*:photos" } },
        context: { "aws:sourcearn": "arn:aws:s3:::photos" },
        holds: false,
      },
      {
        condition: { ArnNotLike: { "aws:SourceArn": "arn:aws:s3:::photos" } },
        context: { "aws:sourcearn": "arn:aws:s3:::photos" },
        holds: false,
      },
      { condition: { Null: { "aws:SourceArn": "true" } }, holds: true },
      { condition: { Null: { "aws:SourceArn": "true" } }, context: { "aws:sourcearn": "x" }, holds: false },
      { condition: { Null: { "aws:SourceArn": false } }, context: { "aws:sourcearn": "x" }, holds: true },
      {
        condition: { "ForAnyValue:StringEquals": { "aws:TagKeys": ["team", "cost"] } },
        context: { "aws:tagkeys": ["x", "team"] },
        holds: true,
      },
      {
        condition: { "ForAnyValue:StringEquals": { "aws:TagKeys": "team" } },
        context: { "aws:tagkeys": ["x"] },
        holds: false,
      },
      { condition: { "ForAnyValue:StringEquals": { "aws:TagKeys": "team" } }, holds: false },
      {
        condition: { "ForAllValues:StringEquals": { "aws:TagKeys": ["team", "cost"] } },
        context: { "aws:tagkeys": ["team"] },
        holds: true,
      },
      {
        condition: { "ForAllValues:StringEquals": { "aws:TagKeys": ["team"] } },
        context: { "aws:tagkeys": ["team", "x"] },
        holds: false,
      },
      { condition: { "ForAllValues:StringLike": { "lambda:Layer": ["arn:*:layer:ours:*"] } }, holds: true },
      {
        condition: { "ForAllValues:StringNotEquals": { "aws:TagKeys": ["x"] } },
        context: { "aws:tagkeys": ["team", "x"] },
        holds: false,
      },
      {
        condition: { StringEquals: { "aws:username": "ann", "aws:userid": "1" } },
        context: { "aws:username": "ann" },
        holds: false,
      },
      {
        condition: { StringEquals: { "aws:username": "ann" }, Bool: { "aws:securetransport": "true" } },
        context: { "aws:username": "ann", "aws:securetransport": "false" },
        holds: false,
      },
    ]),
  )("%s", (_name, { condition, context, holds }) => {
    const asked = { identity: [policy(allow({ Condition: condition }))], ...(context && { context }) };
    expect(ask(asked)).toBe(holds ? "allowed" : "not-allowed");
  });
});

describe("what is no policy is refused, and says where", () => {
  test.each<[string, unknown]>([
    ["has to be a JSON object", "text"],
    ["has to be a JSON object", null],
    ["Version has to be", { Version: "2020-01-01", Statement: [allow()] }],
    ["Statement has to hold", policy()],
    ["Statement[0]: it has to be a JSON object", { Statement: ["x"] }],
    ["no member 'Statements'", { Statements: [] }],
    ["Statement[0]: a statement has no member 'Actions'", policy({ ...allow(), Actions: "*" })],
    ["Statement[0]: a statement has no member 'Principal'", policy(allow({ Principal: "*" }))],
    ["Statement[0]: Effect has to be Allow or Deny", policy(allow({ Effect: "allow" }))],
    ["Statement[1]: it has to have Action or NotAction", policy(allow(), { Effect: "Allow", Resource: "*" })],
    ["it has to have Resource or NotResource", policy({ Effect: "Allow", Action: "*" })],
    ["not both", policy(allow({ NotAction: "*" }))],
    ["'lambda' is no action", policy(allow({ Action: "lambda" }))],
    ["'orders' is no resource", policy(allow({ Resource: "orders" }))],
    ["'arn:aws:lambda:*' is no resource", policy(allow({ Resource: "arn:aws:lambda:*" }))],
    ["'StringEqual' is no operator", policy(allow({ Condition: { StringEqual: { a: "b" } } }))],
    ["'constructor' is no operator", policy(allow({ Condition: { constructor: { a: "b" } } }))],
    ["'many' has to be a number", policy(allow({ Condition: { NumericEquals: { a: "many" } } }))],
    ["has to be an address or a network", policy(allow({ Condition: { IpAddress: { a: "192.0.2.0/33" } } }))],
    ["Action has to be a string or a list", policy(allow({ Action: { a: 1 } }))],
    ["Action has to be a string or a list", policy(allow({ Action: [] }))],
  ])("%s", (says, value) => {
    expect(() => parseIdentityPolicy(value)).toThrow(PolicyError);
    expect(() => parseIdentityPolicy(value)).toThrow(says);
  });

  test.each<[string, object]>([
    ["Principal or NotPrincipal", allow()],
    ["Principal has to be", allow({ Principal: "ann" })],
    ["Principal has no member 'User'", allow({ Principal: { User: "ann" } })],
    ["Principal has to name somebody", allow({ Principal: {} })],
    ["NotPrincipal is for Effect Deny only", allow({ NotPrincipal: "*" })],
  ])("of a resource: %s", (says, statement) => {
    expect(() => parseResourcePolicy(policy(statement))).toThrow(says);
  });

  test("of any shape", () => {
    const text = fc.constantFrom(
      "Version",
      "Statement",
      "Effect",
      "Allow",
      "Action",
      "*",
      "Resource",
      "Condition",
      "StringLike",
      "${",
      "arn:a:b:c:d:e",
      "__proto__",
    );
    const value = fc.letrec((tie) => ({
      any: fc.oneof(
        { maxDepth: 4 },
        text,
        fc.integer(),
        fc.constant(null),
        fc.array(tie("any"), { maxLength: 3 }),
        fc.dictionary(text, tie("any"), { maxKeys: 5 }),
      ),
    })).any;
    fc.assert(
      fc.property(value, (each) => {
        for (const parse of [parseIdentityPolicy, parseResourcePolicy]) {
          try {
            parse(each);
          } catch (error) {
            expect(error).toBeInstanceOf(PolicyError);
          }
        }
      }),
      { numRuns: 2000 },
    );
  });
});

describe("the text of a refusal is AWS's", () => {
  const request = { action: "lambda:InvokeFunction", resource: FUNCTION, context: () => undefined };
  test.each<[string, Parameters<typeof refusalText>[1], Principal]>([
    [
      `User: arn:aws:iam::${ACCOUNT}:user/ann is not authorized to perform: lambda:InvokeFunction on resource: ${FUNCTION} because no identity-based policy allows the lambda:InvokeFunction action`,
      { allowed: false, why: "not-allowed" },
      ANN,
    ],
    [
      `User: arn:aws:iam::${ACCOUNT}:user/ann is not authorized to perform: lambda:InvokeFunction on resource: ${FUNCTION} with an explicit deny in an identity-based policy`,
      { allowed: false, why: "denied-by-identity" },
      ANN,
    ],
    [
      `User: arn:aws:iam::${ACCOUNT}:user/ann is not authorized to perform: lambda:InvokeFunction on resource: ${FUNCTION} with an explicit deny in a resource-based policy`,
      { allowed: false, why: "denied-by-resource" },
      ANN,
    ],
    [
      `User: anonymous is not authorized to perform: lambda:InvokeFunction on resource: ${FUNCTION} because no resource-based policy allows the lambda:InvokeFunction action`,
      { allowed: false, why: "not-allowed" },
      { kind: "anonymous" },
    ],
  ])("%s", (text, decision, principal) => expect(refusalText({ ...request, principal }, decision)).toBe(text));
});
