import { beforeEach, describe, expect, test } from "bun:test";
import { appForEach, arnOf } from "../support/app.ts";
import { type Request, run, type Scenario } from "../support/scenario.ts";

const app = appForEach();
const M = "/2015-03-31/event-source-mappings";
const QUEUE = "arn:aws:sqs:us-east-1:000000000000:orders";
const STREAM = "arn:aws:kinesis:us-east-1:000000000000:stream/clicks";
const TABLE = "arn:aws:dynamodb:us-east-1:000000000000:table/t/stream/2026-01-01T00:00:00.000";
const GHOST = "00000000-0000-0000-0000-000000000000";
const NO_MAPPING = "The resource you requested does not exist.";
const create = (body: object): Request => ["POST", M, { FunctionName: "f", EventSourceArn: QUEUE, ...body }];
const stream = (body: object = {}): Request => create({ EventSourceArn: STREAM, StartingPosition: "LATEST", ...body });

beforeEach(async () => {
  await app().createFunction("f", { Publish: true });
});

describe("CreateEventSourceMapping", () => {
  test.each<Scenario>([
    {
      name: "answers 202 and Creating, with a queue's defaults",
      request: create({}),
      status: 202,
      body: {
        EventSourceArn: QUEUE,
        FunctionArn: arnOf("f"),
        State: "Creating",
        BatchSize: 10,
        MaximumBatchingWindowInSeconds: 0,
        StateTransitionReason: "USER_INITIATED",
        LastModified: 1767323045.678,
      },
      without: ["StartingPosition", "LastProcessingResult"],
      warning: "AWS_ENDPOINT_URL_SQS",
    },
    {
      name: "has a stream's defaults for a stream",
      request: stream(),
      status: 202,
      body: {
        BatchSize: 100,
        ParallelizationFactor: 1,
        MaximumRetryAttempts: -1,
        MaximumRecordAgeInSeconds: -1,
        LastProcessingResult: "No records processed",
      },
      warning: "nothing is read from sources other than SQS queues",
    },
    {
      name: "takes a version",
      request: create({ FunctionName: "f:1" }),
      status: 202,
      body: { FunctionArn: arnOf("f", "1") },
    },
    {
      name: "refuses a source that is not named",
      request: ["POST", M, { FunctionName: "f" }],
      status: 400,
      errorType: "InvalidParameterValueException",
      message: "Unrecognized event source.",
    },
    {
      name: "refuses a source that cannot be read from",
      request: create({ EventSourceArn: "arn:aws:s3:::bucket" }),
      status: 400,
      message: "Unrecognized event source.",
    },
    {
      name: "refuses a function that nobody made, with 400",
      request: create({ FunctionName: "ghost" }),
      status: 400,
      errorType: "InvalidParameterValueException",
      message: "Function does not exist",
    },
    {
      name: "refuses a larger batch without a window",
      request: create({ BatchSize: 11 }),
      status: 400,
      errorType: "InvalidParameterValueException",
      message: "Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10",
    },
    {
      name: "takes a larger batch with a window",
      request: create({ BatchSize: 11, MaximumBatchingWindowInSeconds: 1 }),
      status: 202,
    },
    {
      name: "refuses a stream without a position",
      request: create({ EventSourceArn: STREAM }),
      status: 400,
      errorType: "InvalidParameterValueException",
      message:
        "1 validation error detected: Value null at 'startingPosition' failed to satisfy constraint: Member must not be null.",
    },
    {
      name: "refuses a moment in a table's stream",
      request: create({ EventSourceArn: TABLE, StartingPosition: "AT_TIMESTAMP", StartingPositionTimestamp: 1 }),
      status: 400,
      message: `Unsupported starting position for arn type: ${TABLE}`,
    },
    {
      name: "refuses a filter that is no JSON object",
      request: create({ FilterCriteria: { Filters: [{ Pattern: "[]" }] } }),
      status: 400,
      message: "Invalid filter pattern definition. Cannot use []: it has to be a JSON object",
    },
    {
      name: "refuses a filter that breaks a rule of patterns",
      request: create({ FilterCriteria: { Filters: [{ Pattern: '{"body":{"a":[{"like":1}]}}' }] } }),
      status: 400,
      errorType: "InvalidParameterValueException",
      message:
        'Invalid filter pattern definition. Cannot use {"body":{"a":[{"like":1}]}}: \'body.a\' holds {"like":1}, which is none of exists, prefix, suffix, equals-ignore-case, wildcard, numeric, anything-but',
    },
    {
      name: "refuses a window for a queue that keeps order",
      request: create({ EventSourceArn: `${QUEUE}.fifo`, MaximumBatchingWindowInSeconds: 1 }),
      status: 400,
      message: "MaximumBatchingWindowInSeconds is not supported for a FIFO queue",
    },
    {
      name: "refuses a batch of nothing",
      request: create({ BatchSize: 0 }),
      status: 400,
      errorType: "ValidationException",
    },
  ])("CreateEventSourceMapping $name", (scenario) => run(app(), scenario));

  test("refuses the same queue for the same function, naming the mapping that is there", async () => {
    const { UUID } = (await app().send(...create({}))).body;
    await run(app(), {
      name: "",
      request: create({}),
      status: 409,
      errorType: "ResourceConflictException",
      message: `An event source mapping with SQS arn (" ${QUEUE} ") and function (" f ") already exists. Please update or delete the existing mapping with UUID ${UUID}`,
    });
    expect((await app().send(...create({ FunctionName: "f:1" }))).status).toBe(202);
  });

  test("of two at once one is refused", async () => {
    const answers = await Promise.all([app().send(...create({})), app().send(...create({}))]);
    expect(answers.map((answer) => answer.status).sort()).toEqual([202, 409]);
  });
});

describe("event source mappings", () => {
  const made = async (body: object = {}): Promise<string> => (await app().send(...create(body))).body.UUID;

  test("Get says Enabled, or Disabled when told so", async () => {
    expect((await app().send("GET", `${M}/${await made()}`)).body).toMatchObject({ State: "Enabled" });
    const disabled = await made({ FunctionName: "f:1", Enabled: false });
    expect((await app().send("GET", `${M}/${disabled}`)).body.State).toBe("Disabled");
  });

  test("without an endpoint a queue's mapping says that it is not polled", async () => {
    const { body } = await app().send("GET", `${M}/${await made()}`);
    expect(body.LastProcessingResult).toBe("PROBLEM: no endpoint is set; AWS_ENDPOINT_URL_SQS names one");
  });

  test("Update says what it is about to do, replaces what is given and keeps the rest", async () => {
    const uuid = await made({ BatchSize: 5 });
    const update = (body: object) => app().send("PUT", `${M}/${uuid}`, body);
    const updated = await update({ MaximumBatchingWindowInSeconds: 2 });
    expect(updated).toMatchObject({ status: 202, body: { State: "Updating", BatchSize: 5 } });
    expect((await update({ Enabled: false })).body.State).toBe("Disabling");
    expect((await update({ Enabled: true })).body.State).toBe("Enabling");
    expect((await update({ Enabled: false, MaximumBatchingWindowInSeconds: 3 })).body.State).toBe("Disabling");
    expect((await app().send("GET", `${M}/${uuid}`)).body).toMatchObject({
      State: "Disabled",
      MaximumBatchingWindowInSeconds: 3,
    });
  });

  test("Update refuses what Create would refuse, and a pair that is mapped already", async () => {
    const uuid = await made();
    await made({ FunctionName: "f:1" });
    const update = (body: object) => app().send("PUT", `${M}/${uuid}`, body);
    expect((await update({ BatchSize: 11 })).status).toBe(400);
    expect((await update({ FunctionName: "ghost" })).body.message).toBe("Function does not exist");
    expect((await update({ FunctionName: "f:1" })).status).toBe(409);
    expect((await app().send("GET", `${M}/${uuid}`)).body.FunctionArn).toBe(arnOf("f"));
  });

  test("a mapping outlives its function, and can still be changed and deleted", async () => {
    const uuid = await made();
    await app().send("DELETE", "/2015-03-31/functions/f");
    expect((await app().send("PUT", `${M}/${uuid}`, { Enabled: false })).status).toBe(202);
    expect((await app().send("DELETE", `${M}/${uuid}`)).status).toBe(202);
  });

  test("Delete answers the mapping, Deleting, and it is gone", async () => {
    const uuid = await made();
    expect(await app().send("DELETE", `${M}/${uuid}`)).toMatchObject({
      status: 202,
      body: { UUID: uuid, State: "Deleting" },
    });
    expect((await app().send("GET", `${M}/${uuid}`)).status).toBe(404);
    expect((await app().send(...create({}))).status).toBe(202);
  });

  test("List filters by function and source, and pages through what is left", async () => {
    const queues = Array.from({ length: 5 }, (_, n) => `${QUEUE}-${n}`);
    for (const EventSourceArn of queues) await made({ EventSourceArn });
    await made({ FunctionName: "f:1" });
    await app().createFunction("g");
    for (const EventSourceArn of queues) await made({ FunctionName: "g", EventSourceArn });
    const list = async (query: string) => (await app().send("GET", `${M}?${query}`)).body;
    expect((await list("FunctionName=f")).EventSourceMappings).toHaveLength(6);
    expect((await list("FunctionName=f:1")).EventSourceMappings).toHaveLength(1);
    expect((await list(`EventSourceArn=${QUEUE}-1`)).EventSourceMappings).toHaveLength(2);
    const seen: string[] = [];
    let marker = "";
    do {
      const page = await list(`FunctionName=g&MaxItems=2&Marker=${marker}`);
      seen.push(...page.EventSourceMappings.map((mapping: { EventSourceArn: string }) => mapping.EventSourceArn));
      marker = page.NextMarker ?? "";
    } while (marker !== "");
    expect(seen.sort()).toEqual(queues);
  });

  test.each<Scenario>([
    {
      name: "Get refuses one that is not there",
      request: ["GET", `${M}/${GHOST}`],
      status: 404,
      errorType: "ResourceNotFoundException",
      message: NO_MAPPING,
    },
    {
      name: "Update refuses one that is not there",
      request: ["PUT", `${M}/${GHOST}`, {}],
      status: 404,
      message: NO_MAPPING,
    },
    {
      name: "Delete refuses one that is not there",
      request: ["DELETE", `${M}/${GHOST}`],
      status: 404,
      message: NO_MAPPING,
    },
    {
      name: "Get refuses what is no UUID",
      request: ["GET", `${M}/short`],
      status: 400,
      errorType: "ValidationException",
    },
  ])("$name", (scenario) => run(app(), scenario));
});
