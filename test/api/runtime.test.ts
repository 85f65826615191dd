import { beforeEach, describe, test } from "bun:test";
import { appForEach, arnOf } from "../support/app.ts";
import { type Request, run, type Scenario } from "../support/scenario.ts";

const app = appForEach();
const MANAGEMENT = "/2021-07-20/functions/f/runtime-management-config";
const RECURSION = "/2024-08-31/functions/f/recursion-config";
const SCALING = "/2025-11-30/functions/f/function-scaling-config";
const RUNTIME = "arn:aws:lambda:us-east-1::runtime:0123456789abcdef";
const manage = (body: object, query = ""): Request => ["PUT", `${MANAGEMENT}${query}`, body];

beforeEach(async () => {
  await app().createFunction("f", { Publish: true });
  await app().send("POST", "/2015-03-31/functions/f/aliases", { Name: "live", FunctionVersion: "1" });
});

describe("runtime management, recursion and scaling", () => {
  test.each<Scenario>([
    {
      name: "GetRuntimeManagementConfig says Auto where nothing was said",
      request: ["GET", MANAGEMENT],
      status: 200,
      body: { UpdateRuntimeOn: "Auto", FunctionArn: arnOf("f", "$LATEST") },
      without: ["RuntimeVersionArn"],
    },
    {
      name: "PutRuntimeManagementConfig keeps a runtime's version for one of the function's",
      given: [manage({ UpdateRuntimeOn: "Manual", RuntimeVersionArn: RUNTIME }, "?Qualifier=1")],
      request: ["GET", `${MANAGEMENT}?Qualifier=1`],
      status: 200,
      body: { UpdateRuntimeOn: "Manual", FunctionArn: arnOf("f", "1"), RuntimeVersionArn: RUNTIME },
    },
    {
      name: "PutRuntimeManagementConfig says that it only stores",
      request: manage({ UpdateRuntimeOn: "FunctionUpdate" }),
      status: 200,
      warning: "stored",
    },
    {
      name: "PutRuntimeManagementConfig refuses Manual without a version",
      request: manage({ UpdateRuntimeOn: "Manual" }),
      status: 400,
      errorType: "InvalidParameterValueException",
    },
    {
      name: "PutRuntimeManagementConfig refuses a version with Auto",
      request: manage({ UpdateRuntimeOn: "Auto", RuntimeVersionArn: RUNTIME }),
      status: 400,
      errorType: "InvalidParameterValueException",
    },
    {
      name: "PutRuntimeManagementConfig refuses an alias",
      request: manage({ UpdateRuntimeOn: "Auto" }, "?Qualifier=live"),
      status: 400,
      errorType: "InvalidParameterValueException",
    },
    {
      name: "PutRuntimeManagementConfig refuses a version that is not there",
      request: manage({ UpdateRuntimeOn: "Auto" }, "?Qualifier=9"),
      status: 404,
      message: `Function not found: ${arnOf("f", "9")}`,
    },
    {
      name: "PutRuntimeManagementConfig refuses a word of its own",
      request: manage({ UpdateRuntimeOn: "Never" }),
      status: 400,
      errorType: "ValidationException",
    },
    {
      name: "GetFunctionRecursionConfig says Terminate where nothing was said",
      request: ["GET", RECURSION],
      status: 200,
      body: { RecursiveLoop: "Terminate" },
    },
    {
      name: "PutFunctionRecursionConfig keeps Allow",
      given: [["PUT", RECURSION, { RecursiveLoop: "Allow" }]],
      request: ["GET", RECURSION],
      status: 200,
      body: { RecursiveLoop: "Allow" },
    },
    {
      name: "PutFunctionRecursionConfig refuses a function that nobody made",
      request: ["PUT", "/2024-08-31/functions/ghost/recursion-config", { RecursiveLoop: "Allow" }],
      status: 404,
      message: `Function not found: ${arnOf("ghost")}`,
    },
    {
      name: "GetFunctionRecursionConfig refuses a function that nobody made",
      request: ["GET", "/2024-08-31/functions/ghost/recursion-config"],
      status: 404,
    },
    {
      name: "PutFunctionScalingConfig answers 202 and the version's state",
      request: ["PUT", `${SCALING}?Qualifier=1`, { FunctionScalingConfig: { MinExecutionEnvironments: 1 } }],
      status: 202,
      body: { FunctionState: "Active" },
      warning: "capacity providers",
    },
    {
      name: "GetFunctionScalingConfig answers what was put, requested and applied",
      given: [["PUT", `${SCALING}?Qualifier=1`, { FunctionScalingConfig: { MaxExecutionEnvironments: 5 } }]],
      request: ["GET", `${SCALING}?Qualifier=1`],
      status: 200,
      body: {
        FunctionArn: arnOf("f", "1"),
        AppliedFunctionScalingConfig: { MaxExecutionEnvironments: 5 },
        RequestedFunctionScalingConfig: { MaxExecutionEnvironments: 5 },
      },
    },
    {
      name: "PutFunctionScalingConfig refuses more at least than at most",
      request: [
        "PUT",
        `${SCALING}?Qualifier=1`,
        { FunctionScalingConfig: { MinExecutionEnvironments: 2, MaxExecutionEnvironments: 1 } },
      ],
      status: 400,
      errorType: "InvalidParameterValueException",
    },
    {
      name: "PutFunctionScalingConfig refuses a version that is not there",
      request: ["PUT", `${SCALING}?Qualifier=9`, {}],
      status: 404,
      message: `Function not found: ${arnOf("f", "9")}`,
    },
    {
      name: "GetFunctionScalingConfig refuses an alias",
      request: ["GET", `${SCALING}?Qualifier=live`],
      status: 400,
      errorType: "ValidationException",
    },
  ])("$name", (scenario) => run(app(), scenario));
});
