/** What the four services are sent, down to the header, by a server that writes it down. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import type { AwsEndpoint } from "../../../src/core/aws-endpoint.ts";
import { arnOf, failed, type Harness, ok, startQueue } from "./harness.ts";

interface Received {
  readonly method: string;
  readonly path: string;
  readonly headers: Headers;
  readonly body: string;
}

let server: Bun.Server<undefined>;
let received: Received[] = [];
let answer: () => Response = () => new Response("{}");

beforeAll(() => {
  server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    async fetch(request) {
      const { pathname } = new URL(request.url);
      received.push({ method: request.method, path: pathname, headers: request.headers, body: await request.text() });
      return answer();
    },
  });
});
afterAll(() => server.stop(true));
beforeEach(() => {
  received = [];
  answer = () => new Response("{}");
});

const credentials = { accessKeyId: "AKID", secretAccessKey: "secret", sessionToken: undefined };
const endpoint = (): AwsEndpoint => ({ url: `http://127.0.0.1:${server.port}`, region: "us-east-1", credentials });

/** Runs one event of the function `f` to its end. */
async function ended(
  target: { onSuccess?: string; onFailure?: string; deadLetter?: string; unsigned?: boolean; traceId?: string },
  after: (queue: Harness, requestId: string) => Promise<void> | void,
): Promise<void> {
  const each = target.unsigned ? { ...endpoint(), credentials: null } : endpoint();
  const queue = await startQueue({ endpoints: { sqs: each, sns: each, events: each, s3: each } });
  try {
    const { onSuccess, onFailure, deadLetter } = target;
    const fails = onFailure !== undefined || deadLetter !== undefined;
    await queue.define("f", () => (fails ? failed("no") : ok("1")), { deadLetterTargetArn: deadLetter ?? null });
    const destinations = { OnSuccess: { Destination: onSuccess }, OnFailure: { Destination: onFailure } };
    await queue.configure("f", { retryCountMax: 0, destinations });
    const requestId = await queue.send("f", {
      payload: '{"the":"event"}',
      ...(target.traceId !== undefined && { traceId: target.traceId }),
    });
    await after(queue, requestId);
  } finally {
    await queue.close();
  }
}

const signedFor = (service: string) =>
  expect.stringMatching(
    new RegExp(
      `^AWS4-HMAC-SHA256 Credential=AKID/\\d{8}/us-east-1/${service}/aws4_request, SignedHeaders=.*, Signature=[0-9a-f]{64}$`,
    ),
  );

describe("a record goes to", () => {
  test("SQS, as the body of a message", () =>
    ended({ onSuccess: "arn:aws:sqs:us-east-1:000000000000:records" }, async (queue, requestId) => {
      const [request, ...others] = received;
      expect(others).toEqual([]);
      expect(request?.headers.get("x-amz-target")).toBe("AmazonSQS.SendMessage");
      expect(request?.headers.get("content-type")).toBe("application/x-amz-json-1.0");
      expect(request?.headers.get("authorization")).toEqual(signedFor("sqs"));
      const { QueueUrl, MessageBody, ...rest } = JSON.parse(request?.body ?? "");
      expect(QueueUrl).toBe(`${endpoint().url}/000000000000/records`);
      expect(rest).toEqual({});
      expect(JSON.parse(MessageBody)).toMatchObject({
        version: "1.0",
        requestContext: { requestId },
        responsePayload: 1,
      });
      expect(await queue.box()).toEqual([]);
    }));

  test("SQS with the trace of its call, so that a chain of calls goes on through the queue", () =>
    ended({ onSuccess: "arn:aws:sqs:us-east-1:000000000000:records", traceId: "Root=1-2-3" }, () => {
      const { MessageSystemAttributes } = JSON.parse(received[0]?.body ?? "");
      expect(MessageSystemAttributes).toEqual({
        AWSTraceHeader: {
          DataType: "String",
          StringValue: expect.stringMatching(/^Root=1-2-3;Lineage=[0-9a-f]{8}:0$/),
        },
      });
    }));

  test("SNS, as a message", () =>
    ended({ onFailure: "arn:aws:sns:us-east-1:000000000000:topic" }, (_, requestId) => {
      const form = new URLSearchParams(received[0]?.body);
      expect(received[0]?.headers.get("authorization")).toEqual(signedFor("sns"));
      expect(Object.fromEntries(form)).toEqual({
        Action: "Publish",
        Version: "2010-03-31",
        TopicArn: "arn:aws:sns:us-east-1:000000000000:topic",
        Message: expect.stringContaining(`"requestId":"${requestId}"`),
      });
    }));

  test.each([
    { ending: "Success", target: "onSuccess" },
    { ending: "Failure", target: "onFailure" },
  ])("EventBridge, as an event that says $ending", ({ ending, target }) => {
    const bus = "arn:aws:events:us-east-1:000000000000:event-bus/default";
    return ended({ [target]: bus }, (_, requestId) => {
      expect(received[0]?.headers.get("x-amz-target")).toBe("AWSEvents.PutEvents");
      expect(received[0]?.headers.get("authorization")).toEqual(signedFor("events"));
      const [entry] = JSON.parse(received[0]?.body ?? "").Entries;
      expect(entry).toEqual({
        Source: "lambda",
        DetailType: `Lambda Function Invocation Result - ${ending}`,
        Detail: expect.stringContaining(`"requestId":"${requestId}"`),
        Resources: [bus, `${arnOf("f")}:$LATEST`],
        EventBusName: bus,
      });
    });
  });

  test("S3, as an object", () =>
    ended({ onFailure: "arn:aws:s3:::bucket" }, (_, requestId) => {
      expect(received[0]?.method).toBe("PUT");
      expect(received[0]?.path).toMatch(
        /^\/bucket\/aws\/lambda\/async\/f\/2026\/01\/02\/2026-01-02T03\.04\.05-[0-9a-f-]{36}$/,
      );
      expect(received[0]?.headers.get("authorization")).toEqual(signedFor("s3"));
      expect(JSON.parse(received[0]?.body ?? "")).toMatchObject({ requestContext: { requestId } });
    }));

  test("an endpoint without keys unsigned", () =>
    ended({ onSuccess: "arn:aws:sqs:us-east-1:000000000000:records", unsigned: true }, () => {
      expect(received[0]?.headers.get("authorization")).toBeNull();
    }));
});

describe("a dead letter goes to", () => {
  test("SQS, as the event that it was, with attributes that say why", () =>
    ended({ deadLetter: "arn:aws:sqs:us-east-1:000000000000:dead" }, (_, requestId) => {
      expect(JSON.parse(received[0]?.body ?? "")).toEqual({
        QueueUrl: `${endpoint().url}/000000000000/dead`,
        MessageBody: '{"the":"event"}',
        MessageAttributes: {
          RequestID: { DataType: "String", StringValue: requestId },
          ErrorCode: { DataType: "Number", StringValue: "200" },
          ErrorMessage: { DataType: "String", StringValue: "no" },
        },
      });
    }));

  test("SNS, likewise", () =>
    ended({ deadLetter: "arn:aws:sns:us-east-1:000000000000:dead" }, (_, requestId) => {
      expect(Object.fromEntries(new URLSearchParams(received[0]?.body))).toMatchObject({
        Message: '{"the":"event"}',
        "MessageAttributes.entry.1.Name": "RequestID",
        "MessageAttributes.entry.1.Value.DataType": "String",
        "MessageAttributes.entry.1.Value.StringValue": requestId,
        "MessageAttributes.entry.2.Name": "ErrorCode",
        "MessageAttributes.entry.2.Value.DataType": "Number",
        "MessageAttributes.entry.2.Value.StringValue": "200",
        "MessageAttributes.entry.3.Name": "ErrorMessage",
        "MessageAttributes.entry.3.Value.StringValue": "no",
      });
    }));
});

describe("a destination that fails", () => {
  const target = { onSuccess: "arn:aws:sqs:us-east-1:000000000000:records" };

  test("is tried again, and has the record when it is well", () => {
    answer = () => new Response("busy", { status: received.length < 3 ? 503 : 200 });
    return ended(target, async (queue) => {
      expect(received.length).toBe(1);
      await queue.advance(1000);
      expect(received.length).toBe(2);
      await queue.advance(2000);
      expect(received.length).toBe(3);
      expect(new Set(received.map(({ body }) => body)).size).toBe(1);
      expect(await queue.box()).toEqual([]);
    });
  });

  test("eight times has the record in the box", () => {
    answer = () => new Response("AWS.SimpleQueueService.NonExistentQueue", { status: 400 });
    return ended(target, async (queue) => {
      await queue.advance(3_600_000);
      expect(received.length).toBe(8);
      expect(await queue.box()).toMatchObject([
        {
          functionName: "f",
          condition: "Success",
          attemptCount: 8,
          reason: expect.stringContaining("NonExistentQueue"),
        },
      ]);
    });
  });

  test("by saying so in its answer is one too", () => {
    answer = () => Response.json({ FailedEntryCount: 1, Entries: [{ ErrorCode: "InternalFailure" }] });
    return ended({ onSuccess: "arn:aws:events:us-east-1:000000000000:event-bus/default" }, async (queue) => {
      await queue.advance(3_600_000);
      expect(received.length).toBe(8);
      expect((await queue.box()).length).toBe(1);
    });
  });
});
