/** A queue behind an SQS-compatible endpoint. Source: SQS API Reference, JSON protocol. */
import type { AwsEndpoint } from "../../core/aws-endpoint.ts";
import { jsonRequest, sendRequest } from "../aws-call.ts";

export interface SqsMessage {
  readonly MessageId: string;
  readonly ReceiptHandle: string;
  readonly Body: string;
  readonly MD5OfBody?: string;
  readonly MD5OfMessageAttributes?: string;
  readonly Attributes?: Readonly<Record<string, string>>;
  readonly MessageAttributes?: Readonly<Record<string, SqsAttribute>>;
}

export interface SqsAttribute {
  readonly DataType: string;
  readonly StringValue?: string;
  /** Base64. */
  readonly BinaryValue?: string;
}

/** The endpoint said no, or nothing. */
export class SqsError extends Error {}

const TIMEOUT_MS = 10_000;
/** As many as one request may name. */
export const SQS_BATCH_MAX = 10;
export const SQS_WAIT_SECONDS_MAX = 20;
const VISIBILITY_SECONDS_DEFAULT = 30;

export class SqsQueue {
  readonly #endpoint: AwsEndpoint;
  readonly #url: string;
  /** Messages that were received and not deleted are visible again after this time. */
  readonly visibilityMs: number;

  private constructor(endpoint: AwsEndpoint, { url, visibilityMs }: { url: string; visibilityMs: number }) {
    this.#endpoint = endpoint;
    this.#url = url;
    this.visibilityMs = visibilityMs;
  }

  /** @throws SqsError, for a queue that is not there as well. */
  static async open(endpoint: AwsEndpoint, queueArn: string): Promise<SqsQueue> {
    const [, , , , account, name] = queueArn.split(":");
    const found = await ask(endpoint, "GetQueueUrl", { QueueName: name, QueueOwnerAWSAccountId: account });
    const url = String(found["QueueUrl"]);
    const said = await ask(endpoint, "GetQueueAttributes", { QueueUrl: url, AttributeNames: ["VisibilityTimeout"] });
    const { VisibilityTimeout } = (said["Attributes"] ?? {}) as { VisibilityTimeout?: string };
    const seconds = Number(VisibilityTimeout ?? VISIBILITY_SECONDS_DEFAULT);
    return new SqsQueue(endpoint, { url, visibilityMs: seconds * 1000 });
  }

  /** Up to ten messages; waits up to `waitSeconds` for the first. */
  async receive(input: {
    readonly countMax: number;
    readonly waitSeconds: number;
    readonly signal: AbortSignal;
  }): Promise<readonly SqsMessage[]> {
    const body = {
      QueueUrl: this.#url,
      MaxNumberOfMessages: Math.min(SQS_BATCH_MAX, input.countMax),
      WaitTimeSeconds: Math.min(SQS_WAIT_SECONDS_MAX, input.waitSeconds),
      AttributeNames: ["All"],
      MessageSystemAttributeNames: ["All"], // the newer name of the same
      MessageAttributeNames: ["All"],
    };
    const patience = { timeoutMs: body.WaitTimeSeconds * 1000 + TIMEOUT_MS, signal: input.signal };
    const answer = await ask(this.#endpoint, "ReceiveMessage", body, patience);
    return (answer["Messages"] ?? []) as readonly SqsMessage[];
  }

  /** Answers those that could not be deleted. */
  delete(messages: readonly SqsMessage[]): Promise<readonly SqsMessage[]> {
    return this.#each("DeleteMessageBatch", messages, {});
  }

  /** Makes them visible at once. */
  release(messages: readonly SqsMessage[]): Promise<readonly SqsMessage[]> {
    return this.#each("ChangeMessageVisibilityBatch", messages, { VisibilityTimeout: 0 });
  }

  async #each(
    operation: string,
    messages: readonly SqsMessage[],
    rest: Readonly<Record<string, unknown>>,
  ): Promise<readonly SqsMessage[]> {
    const left: SqsMessage[] = [];
    for (let at = 0; at < messages.length; at += SQS_BATCH_MAX) {
      const some = messages.slice(at, at + SQS_BATCH_MAX);
      const Entries = some.map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle, ...rest }));
      try {
        const answer = await ask(this.#endpoint, operation, { QueueUrl: this.#url, Entries });
        const failed = (answer["Failed"] ?? []) as readonly { readonly Id?: string }[];
        left.push(...failed.flatMap(({ Id }) => some[Number(Id)] ?? []));
      } catch {
        left.push(...some);
      }
    }
    return left;
  }
}

interface Patience {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

async function ask(
  endpoint: AwsEndpoint,
  operation: string,
  body: unknown,
  { timeoutMs, signal }: Patience = { timeoutMs: TIMEOUT_MS },
): Promise<Record<string, unknown>> {
  const request = jsonRequest(endpoint, { target: `AmazonSQS.${operation}`, version: "1.0", body });
  const giveUp = new AbortController();
  const abort = (): void => giveUp.abort(new Error(`nothing for ${timeoutMs} ms`));
  const timer = setTimeout(abort, timeoutMs);
  signal?.addEventListener("abort", abort);
  let status: number;
  let text: string;
  try {
    const response = await sendRequest(endpoint, { service: "sqs", request, signal: giveUp.signal });
    status = response.status;
    text = await response.text();
  } catch (error) {
    throw new SqsError(`${operation} got no answer: ${error instanceof Error ? error.message : String(error)}`);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", abort);
  }
  if (status >= 300) throw new SqsError(`${operation} was answered ${status} ${text.slice(0, 300)}`);
  try {
    return text === "" ? {} : (JSON.parse(text) as Record<string, unknown>);
  } catch {
    throw new SqsError(`${operation} was answered with what is not JSON`);
  }
}
