import { expect, test } from "bun:test";
import { Batch, callOf } from "../../../src/invoke/sources/batch.ts";

const mapping = {
  functionName: "f",
  qualifier: null,
  eventSourceArn: "arn:aws:sqs:x:y:z",
  enabled: true,
  settings: {},
};
const about = { mapping, requestId: "d6f1b1f0-0c59-4e6f-9f38-3f8b6a3c5e77", nowMs: 1_767_323_045_678 };
const message = (Attributes: Record<string, string> = {}) => ({
  ...{ MessageId: "m", ReceiptHandle: "r", Body: "b", Attributes },
});

test("a chain of calls that came through the queue goes on: the batch's call has its first message's trace", () => {
  const batch = new Batch();
  const traceId = "Root=1-5759e988-bd862e3fe1be46a994272793;Lineage=0a1b2c3d:15";
  batch.add(message({ AWSTraceHeader: traceId }), '{"messageId":"m"}');
  batch.add(message(), '{"messageId":"n"}');
  const { event, head } = callOf(batch, about);
  expect(head).toEqual({ kind: "invocation", functionName: "f", qualifier: undefined, traceId });
  expect(Buffer.from(event.body).toString()).toBe('{"Records":[{"messageId":"m"},{"messageId":"n"}]}');
});

test("a chain begins with a message that has no trace", () => {
  const batch = new Batch();
  batch.add(message(), "{}");
  expect(callOf(batch, about).head.traceId).toMatch(/^Root=1-6957[0-9a-f]{4}-[0-9a-f]{24};Parent=[0-9a-f]{16}$/);
});
