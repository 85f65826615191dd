/** An SQS-compatible server (fauxqs) of this process. */
import { type FauxqsServer, startFauxqs } from "fauxqs";
import type { AwsEndpoint } from "../../src/core/aws-endpoint.ts";

export interface Sqs {
  readonly server: FauxqsServer;
  readonly endpoint: AwsEndpoint;
  /** Answers the queue's ARN. `visibilitySeconds`: 30 unless said otherwise. */
  createQueue(name: string, visibilitySeconds?: number): string;
  /** Messages of a queue that can be received, and that were and are not deleted yet. */
  count(name: string): { ready: number; inFlight: number };
  stop(): Promise<void>;
}

export async function startSqs(): Promise<Sqs> {
  const server = await startFauxqs({ port: 0, host: "127.0.0.1", logger: false });
  return {
    server,
    endpoint: { url: `http://127.0.0.1:${server.port}`, region: "us-east-1", credentials: null },
    createQueue(name, visibilitySeconds = 30) {
      const attributes = {
        VisibilityTimeout: String(visibilitySeconds),
        ...(name.endsWith(".fifo") && { FifoQueue: "true", ContentBasedDeduplication: "true" }),
      };
      return server.createQueue(name, { attributes }).queueArn;
    },
    count(name) {
      const messages = server.inspectQueue(name)?.messages;
      return { ready: messages?.ready.length ?? 0, inFlight: messages?.inflight.length ?? 0 };
    },
    stop: () => server.stop(),
  };
}
