import { describe, expect, test } from "bun:test";
import { type Needed, neededFor } from "../../src/security/actions/operations.ts";
import { OPERATIONS, type OperationName } from "../../src/shapes/operations.ts";
import { ACCOUNT, REGION } from "../support/app.ts";

const home = { region: REGION, accountId: ACCOUNT };
const LAMBDA = `arn:aws:lambda:${REGION}:${ACCOUNT}`;
const CONFIG = `${LAMBDA}:code-signing-config:csc-0123456789abcdef0`;
const EXECUTION = `${LAMBDA}:function:f:1/durable-execution/n/i`;

/** Has what any of them asks for. */
const ANY_INPUT = {
  FunctionName: "f",
  Name: "prod",
  UUID: "00000000-0000-0000-0000-000000000000",
  LayerName: "shared",
  VersionNumber: 3,
  Arn: `${LAMBDA}:layer:shared:3`,
  Resource: `${LAMBDA}:function:f`,
  ResourceArn: `${LAMBDA}:function:f`,
  Code: {},
  Content: {},
  TagKeys: ["team"],
  Principal: "s3.amazonaws.com",
  CapacityProviderName: "fleet",
  CodeSigningConfigArn: CONFIG,
  DurableExecutionArn: EXECUTION,
  CallbackId: "c",
};

const needed = (name: OperationName, input: object = {}): readonly Needed[] =>
  neededFor(name, { ...ANY_INPUT, ...input } as never, home);

/** Operations whose permission has another name. */
const OTHER_NAMES: Partial<Record<OperationName, string>> = {
  Invoke: "lambda:InvokeFunction",
  InvokeAsync: "lambda:InvokeFunction",
  InvokeWithResponseStream: "lambda:InvokeFunction",
  GetLayerVersionByArn: "lambda:GetLayerVersion",
};

describe("what an operation needs", () => {
  test.each(Object.keys(OPERATIONS) as OperationName[])("%s needs its own permission, of something", (name) => {
    const [first] = needed(name);
    expect(first?.action).toBe(OTHER_NAMES[name] ?? `lambda:${name}`);
    expect(first?.resource).toMatch(/^(\*|arn:aws:lambda:us-east-1:000000000000:.+)$/);
  });

  test.each<[OperationName, object, string[]]>([
    ["Invoke", {}, [`lambda:InvokeFunction ${LAMBDA}:function:f`]],
    ["Invoke", { Qualifier: "prod" }, [`lambda:InvokeFunction ${LAMBDA}:function:f:prod`]],
    ["Invoke", { FunctionName: "f:prod" }, [`lambda:InvokeFunction ${LAMBDA}:function:f:prod`]],
    ["Invoke", { FunctionName: `${ACCOUNT}:function:f` }, [`lambda:InvokeFunction ${LAMBDA}:function:f`]],
    ["Invoke", { FunctionName: `${LAMBDA}:function:f:7` }, [`lambda:InvokeFunction ${LAMBDA}:function:f:7`]],
    [
      "Invoke",
      { FunctionName: "arn:aws:lambda:us-east-1:111111111111:function:f" },
      ["lambda:InvokeFunction arn:aws:lambda:us-east-1:111111111111:function:f"],
    ],
    ["Invoke", { Qualifier: "$LATEST" }, [`lambda:InvokeFunction ${LAMBDA}:function:f:$LATEST`]],
    ["ListFunctions", {}, ["lambda:ListFunctions *"]],
    ["GetAlias", {}, [`lambda:GetAlias ${LAMBDA}:function:f`]],
    [
      "CreateFunction",
      { Layers: [`${LAMBDA}:layer:a:1`], Tags: { team: "x" }, Code: { S3Bucket: "code", S3Key: "a/f.zip" } },
      [
        `lambda:CreateFunction ${LAMBDA}:function:f`,
        `lambda:GetLayerVersion ${LAMBDA}:layer:a:1`,
        "s3:GetObject arn:aws:s3:::code/a/f.zip",
        `lambda:TagResource ${LAMBDA}:function:f`,
      ],
    ],
    [
      "UpdateFunctionCode",
      { S3Bucket: "code", S3Key: "f.zip" },
      [`lambda:UpdateFunctionCode ${LAMBDA}:function:f`, "s3:GetObject arn:aws:s3:::code/f.zip"],
    ],
    [
      "UpdateFunctionConfiguration",
      { Layers: [`${LAMBDA}:layer:a:1`] },
      [`lambda:UpdateFunctionConfiguration ${LAMBDA}:function:f`, `lambda:GetLayerVersion ${LAMBDA}:layer:a:1`],
    ],
    ["PublishLayerVersion", {}, [`lambda:PublishLayerVersion ${LAMBDA}:layer:shared`]],
    ["GetLayerVersion", {}, [`lambda:GetLayerVersion ${LAMBDA}:layer:shared:3`]],
    ["GetLayerVersionByArn", {}, [`lambda:GetLayerVersion ${LAMBDA}:layer:shared:3`]],
    ["CreateEventSourceMapping", {}, ["lambda:CreateEventSourceMapping *"]],
    [
      "DeleteEventSourceMapping",
      {},
      [`lambda:DeleteEventSourceMapping ${LAMBDA}:event-source-mapping:${ANY_INPUT.UUID}`],
    ],
    [
      "PutFunctionCodeSigningConfig",
      {},
      [`lambda:PutFunctionCodeSigningConfig ${LAMBDA}:function:f`, `lambda:PutFunctionCodeSigningConfig ${CONFIG}`],
    ],
    ["StopDurableExecution", {}, [`lambda:StopDurableExecution ${EXECUTION}`]],
    ["UpdateCapacityProvider", {}, [`lambda:UpdateCapacityProvider ${LAMBDA}:capacity-provider:fleet`]],
  ])("%s with %j", (name, input, expected) => {
    expect(needed(name, input).map(({ action, resource }) => `${action} ${resource}`)).toEqual(expected);
  });

  test.each<[OperationName, object, object]>([
    ["CreateFunction", { Tags: { Team: "x" } }, { "aws:requesttag/team": "x", "aws:tagkeys": ["Team"] }],
    [
      "CreateFunction",
      { Layers: ["l"], VpcConfig: { SubnetIds: ["s"], SecurityGroupIds: ["g"] } },
      { "lambda:layer": ["l"], "lambda:subnetids": ["s"], "lambda:securitygroupids": ["g"] },
    ],
    ["UntagResource", {}, { "aws:tagkeys": ["team"] }],
    [
      "AddPermission",
      { FunctionUrlAuthType: "NONE" },
      { "lambda:principal": "s3.amazonaws.com", "lambda:functionurlauthtype": "NONE" },
    ],
    ["CreateFunctionUrlConfig", { AuthType: "NONE" }, { "lambda:functionurlauthtype": "NONE" }],
    ["CreateEventSourceMapping", { FunctionName: "f:prod" }, { "lambda:functionarn": `${LAMBDA}:function:f:prod` }],
  ])("%s with %j has the keys for conditions", (name, input, keys) => {
    expect(needed(name, { CodeSigningConfigArn: undefined, ...input })[0]?.keys).toEqual(keys as never);
  });
});
