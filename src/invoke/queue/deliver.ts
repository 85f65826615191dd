/**
 * Takes records and dead letters to SQS, SNS, EventBridge and S3, at whatever endpoints the operator's variables name. A resource
 * that no endpoint is named for cannot be reached; who asks keeps the record then.
 *
 * Sources: the API References of the four services; Lambda Developer Guide, "Capturing records of Lambda asynchronous invocations".
 */

import type { AwsEndpoint } from "../../core/aws-endpoint.ts";
import type { Clock } from "../../core/clock.ts";
import type { DeliveryHead, QueuedEvent } from "../../store/queue-port.ts";
import { jsonRequest, type OutgoingRequest, sendRequest } from "../aws-call.ts";

export type EndpointService = "sqs" | "sns" | "events" | "s3";
export type AwsEndpoints = Readonly<Record<EndpointService, AwsEndpoint | null>>;

export type DeliveryEnd =
  | { readonly kind: "delivered" }
  /** It may go better another time. */
  | { readonly kind: "failed"; readonly reason: string }
  /** It will not. */
  | { readonly kind: "impossible"; readonly reason: string };

export interface DeliverDeps {
  readonly endpoints: AwsEndpoints;
  readonly clock: Clock;
}

const TIMEOUT_MS = 10_000;

export async function deliver(deps: DeliverDeps, event: QueuedEvent, head: DeliveryHead): Promise<DeliveryEnd> {
  const service = head.targetArn.split(":")[2] ?? "";
  if (!isEndpointService(service))
    return { kind: "impossible", reason: `this server delivers nothing to '${service}'` };
  const endpoint = deps.endpoints[service];
  if (!endpoint) return { kind: "impossible", reason: `no endpoint is set; ${VARIABLES[service]} names one` };
  const request = REQUESTS[service]({ deps, endpoint, event, head });
  try {
    const response = await sendRequest(endpoint, { service, request, signal: AbortSignal.timeout(TIMEOUT_MS) });
    const text = await response.text();
    if (!response.ok) return { kind: "failed", reason: `it answered ${response.status} ${text.slice(0, 300)}` };
    if (service === "events" && /"FailedEntryCount"\s*:\s*[1-9]/.test(text))
      return { kind: "failed", reason: `it answered ${text.slice(0, 300)}` };
    return { kind: "delivered" };
  } catch (error) {
    return { kind: "failed", reason: error instanceof Error ? error.message : String(error) };
  }
}

const VARIABLES: Record<EndpointService, string> = {
  sqs: "AWS_ENDPOINT_URL_SQS",
  sns: "AWS_ENDPOINT_URL_SNS",
  events: "AWS_ENDPOINT_URL_EVENTBRIDGE",
  s3: "AWS_ENDPOINT_URL_S3",
};

const isEndpointService = (service: string): service is EndpointService => Object.hasOwn(VARIABLES, service);

interface Outgoing {
  readonly deps: DeliverDeps;
  readonly endpoint: AwsEndpoint;
  readonly event: QueuedEvent;
  readonly head: DeliveryHead;
}

const REQUESTS: Record<EndpointService, (outgoing: Outgoing) => OutgoingRequest> = {
  sqs: sqsRequest,
  sns: snsRequest,
  events: eventsRequest,
  s3: s3Request,
};

/** SendMessage. A queue's URL is its endpoint, its account and its name. */
function sqsRequest({ endpoint, event, head }: Outgoing): OutgoingRequest {
  const [, , , , account, name] = head.targetArn.split(":");
  const attributes = messageAttributes(event, head).map(([key, type, value]) => [
    key,
    { DataType: type, StringValue: value },
  ]);
  return jsonRequest(endpoint, {
    target: "AmazonSQS.SendMessage",
    version: "1.0",
    body: {
      QueueUrl: `${endpoint.url}/${account}/${name}`,
      MessageBody: textOf(event.body),
      ...(attributes.length > 0 && { MessageAttributes: Object.fromEntries(attributes) }),
      ...(head.traceId !== undefined && {
        MessageSystemAttributes: { AWSTraceHeader: { DataType: "String", StringValue: head.traceId } },
      }),
    },
  });
}

/** Publish; SNS has kept the query protocol. */
function snsRequest({ endpoint, event, head }: Outgoing): OutgoingRequest {
  const form = new URLSearchParams({
    Action: "Publish",
    Version: "2010-03-31",
    TopicArn: head.targetArn,
    Message: textOf(event.body),
  });
  for (const [index, [key, type, value]] of messageAttributes(event, head).entries()) {
    const entry = `MessageAttributes.entry.${index + 1}`;
    form.set(`${entry}.Name`, key);
    form.set(`${entry}.Value.DataType`, type);
    form.set(`${entry}.Value.StringValue`, value);
  }
  return {
    method: "POST",
    url: `${endpoint.url}/`,
    headers: { "content-type": "application/x-www-form-urlencoded; charset=utf-8" },
    body: form.toString(),
  };
}

/** PutEvents. */
function eventsRequest({ endpoint, event, head }: Outgoing): OutgoingRequest {
  const ending = head.condition === "Success" ? "Success" : "Failure";
  return jsonRequest(endpoint, {
    target: "AWSEvents.PutEvents",
    version: "1.1",
    body: {
      Entries: [
        {
          Source: "lambda",
          DetailType: `Lambda Function Invocation Result - ${ending}`,
          Detail: textOf(event.body),
          Resources: [head.targetArn, head.functionArn],
          EventBusName: head.targetArn,
        },
      ],
    },
  });
}

/** An object a record, `aws/lambda/async/<function>/<yyyy>/<mm>/<dd>/<instant>-<uuid>`. */
function s3Request({ deps, endpoint, event, head }: Outgoing): OutgoingRequest {
  const bucket = head.targetArn.split(":")[5] ?? "";
  const name = head.functionArn.split(":")[6] ?? "";
  const instant = new Date(deps.clock.nowMs()).toISOString();
  const day = instant.slice(0, 10).replaceAll("-", "/");
  const second = instant.slice(0, 19).replaceAll(":", ".");
  return {
    method: "PUT",
    url: `${endpoint.url}/${bucket}/aws/lambda/async/${name}/${day}/${second}-${head.deliveryId}`,
    headers: { "content-type": "application/json" },
    body: event.body,
  };
}

/** What a dead-letter queue is told beside the event. */
function messageAttributes({ requestId }: QueuedEvent, { attributes }: DeliveryHead): [string, string, string][] {
  if (!attributes) return [];
  return [
    ["RequestID", "String", requestId],
    ["ErrorCode", "Number", String(attributes.errorCode)],
    ["ErrorMessage", "String", attributes.errorMessage],
  ];
}

const textOf = (body: Uint8Array): string => new TextDecoder().decode(body);
