import { beforeEach, describe, test } from "bun:test";
import { appForEach, arnOf } from "../support/app.ts";
import { type Request, run, type Scenario } from "../support/scenario.ts";

const app = appForEach();
const C = "/2019-09-25/functions/f/event-invoke-config";
const QUEUE = "arn:aws:sqs:us-east-1:000000000000:dead";
const put = (body: object, path = C): Request => ["PUT", path, body];
const update = (body: object, path = C): Request => ["POST", path, body];
const onFailure = (Destination: string): object => ({ DestinationConfig: { OnFailure: { Destination } } });
const noConfig = (qualifier: string): string =>
  `The function ${arnOf("f", qualifier)} doesn't have an EventInvokeConfig`;
const NOTHING_GIVEN = "You must specify at least one of error handling or destination setting.";

beforeEach(async () => {
  await app().createFunction("f", { Publish: true });
  await app().createFunction("g");
});

describe("event invoke configurations", () => {
  test.each<Scenario>([
    {
      name: "Put answers what is kept, with both destinations empty, under $LATEST",
      request: put({ MaximumRetryAttempts: 0 }),
      status: 200,
      body: {
        FunctionArn: arnOf("f", "$LATEST"),
        MaximumRetryAttempts: 0,
        DestinationConfig: { OnSuccess: {}, OnFailure: {} },
        LastModified: 1767323045.678,
      },
      without: ["MaximumEventAgeInSeconds"],
    },
    {
      name: "Put replaces the whole configuration",
      given: [put({ MaximumRetryAttempts: 1 })],
      request: put({ MaximumEventAgeInSeconds: 60 }),
      status: 200,
      body: { MaximumEventAgeInSeconds: 60 },
      without: ["MaximumRetryAttempts"],
    },
    {
      name: "Update replaces what is given and keeps the rest",
      given: [put({ MaximumRetryAttempts: 1, ...onFailure(QUEUE) })],
      request: update({ MaximumEventAgeInSeconds: 60 }),
      status: 200,
      body: {
        MaximumRetryAttempts: 1,
        MaximumEventAgeInSeconds: 60,
        DestinationConfig: { OnFailure: { Destination: QUEUE } },
      },
    },
    {
      name: "Put takes another function as a destination",
      request: put(onFailure(arnOf("g"))),
      status: 200,
    },
    {
      name: "Get answers the one of the version that is asked for",
      given: [put({ MaximumRetryAttempts: 1 }), put({ MaximumRetryAttempts: 0 }, `${C}?Qualifier=1`)],
      request: ["GET", `${C}?Qualifier=1`],
      status: 200,
      body: { FunctionArn: arnOf("f", "1"), MaximumRetryAttempts: 0 },
    },
    {
      name: "List answers all of the function",
      given: [put({ MaximumRetryAttempts: 1 }), put({ MaximumRetryAttempts: 0 }, `${C}?Qualifier=1`)],
      request: ["GET", `${C}/list`],
      status: 200,
      body: {
        FunctionEventInvokeConfigs: [{ FunctionArn: arnOf("f", "$LATEST") }, { FunctionArn: arnOf("f", "1") }],
      },
    },
    { name: "Delete answers 204", given: [put({ MaximumRetryAttempts: 1 })], request: ["DELETE", C], status: 204 },
    {
      name: "Put refuses to be told nothing",
      request: put({}),
      status: 400,
      errorType: "InvalidParameterValueException",
      message: NOTHING_GIVEN,
    },
    {
      name: "Update refuses to be told nothing",
      given: [put({ MaximumRetryAttempts: 1 })],
      request: update({}),
      status: 400,
      message: NOTHING_GIVEN,
    },
    {
      name: "Put refuses the function itself as a destination",
      request: put(onFailure(arnOf("f"))),
      status: 400,
      errorType: "InvalidParameterValueException",
      message: "You can't specify the function as a destination for itself.",
    },
    {
      name: "Put refuses a function that is not there as a destination",
      request: put(onFailure(arnOf("ghost"))),
      status: 400,
      errorType: "InvalidParameterValueException",
      message: `The destination ARN ${arnOf("ghost")} is invalid.`,
    },
    {
      name: "Put refuses a destination that takes no records",
      request: put(onFailure("arn:aws:dynamodb:us-east-1:000000000000:table/t")),
      status: 400,
      message: "The destination ARN arn:aws:dynamodb:us-east-1:000000000000:table/t is invalid.",
    },
    {
      name: "Put refuses a third retry",
      request: put({ MaximumRetryAttempts: 3 }),
      status: 400,
      errorType: "ValidationException",
    },
    {
      name: "Put refuses an age below a minute",
      request: put({ MaximumEventAgeInSeconds: 59 }),
      status: 400,
      errorType: "ValidationException",
    },
    {
      name: "Put refuses a function that nobody made",
      request: put({ MaximumRetryAttempts: 1 }, "/2019-09-25/functions/ghost/event-invoke-config"),
      status: 404,
      errorType: "ResourceNotFoundException",
      message: "The function doesn't exist.",
    },
    {
      name: "Put refuses a version that is not there",
      request: put({ MaximumRetryAttempts: 1 }, `${C}?Qualifier=9`),
      status: 404,
      message: "The function doesn't exist.",
    },
    {
      name: "List refuses a function that nobody made",
      request: ["GET", "/2019-09-25/functions/ghost/event-invoke-config/list"],
      status: 404,
      message: "The function doesn't exist.",
    },
    { name: "Get refuses where there is none", request: ["GET", C], status: 404, message: noConfig("$LATEST") },
    {
      name: "Get refuses where the version has none",
      given: [put({ MaximumRetryAttempts: 1 })],
      request: ["GET", `${C}?Qualifier=1`],
      status: 404,
      message: noConfig("1"),
    },
    {
      name: "Update refuses where there is none",
      request: update({ MaximumRetryAttempts: 1 }),
      status: 404,
      message: noConfig("$LATEST"),
    },
    { name: "Delete refuses where there is none", request: ["DELETE", C], status: 404, message: noConfig("$LATEST") },
  ])("$name", (scenario) => run(app(), scenario));
});
