/** A message as a function gets it, and as a filter sees it. Source: Lambda Developer Guide, "Using Lambda with Amazon SQS". */
import type { Matcher } from "./event-pattern.ts";
import type { SqsAttribute, SqsMessage } from "./sqs-queue.ts";

export type SqsRecord = ReturnType<typeof recordOf>;

export function recordOf(message: SqsMessage, queueArn: string) {
  return {
    messageId: message.MessageId,
    receiptHandle: message.ReceiptHandle,
    body: message.Body,
    attributes: message.Attributes ?? {},
    messageAttributes: Object.fromEntries(
      Object.entries(message.MessageAttributes ?? {}).map(([name, attribute]) => [name, attributeOf(attribute)]),
    ),
    ...(message.MD5OfMessageAttributes !== undefined && { md5OfMessageAttributes: message.MD5OfMessageAttributes }),
    md5OfBody: message.MD5OfBody ?? "",
    eventSource: "aws:sqs",
    eventSourceARN: queueArn,
    awsRegion: queueArn.split(":")[3] ?? "",
  };
}

const attributeOf = ({ DataType, StringValue, BinaryValue }: SqsAttribute) => ({
  ...(StringValue !== undefined && { stringValue: StringValue }),
  ...(BinaryValue !== undefined && { binaryValue: BinaryValue }),
  stringListValues: [],
  binaryListValues: [],
  dataType: DataType,
});

/** A body that holds JSON is matched by that, other ones as the text that they are. */
export function isWanted(record: SqsRecord, filters: readonly Matcher[]): boolean {
  if (filters.length === 0) return true;
  const views = viewsOf(record);
  return filters.some((matches) => views.some(matches));
}

/** A number or a word may be meant as JSON or as text. */
function viewsOf(record: SqsRecord): unknown[] {
  let body: unknown;
  try {
    body = JSON.parse(record.body);
  } catch {
    return [record];
  }
  const parsed = { ...record, body };
  return typeof body === "object" && body !== null ? [parsed] : [record, parsed];
}
