/**
 * InvokeWithResponseStream: the result leaves in chunks while the handler writes it.
 * Source: Lambda API Reference, InvokeWithResponseStream.
 */
import type { InvocationResult, Outcome } from "../../invoke/invocation.ts";
import type { InvokeWithResponseStreamResponseEvent } from "../../shapes/invoke.ts";
import type { InputOf, OutputOf } from "../../shapes/operations.ts";
import type { ServiceContext } from "../context.ts";
import { admitCall, prepareCall } from "./invoke.ts";
import { rejectedEvent } from "./rejected-event.ts";
import { StreamQueue } from "./stream-queue.ts";

type StreamEvent = InvokeWithResponseStreamResponseEvent extends ReadableStream<infer Event> ? Event : never;

export async function invokeWithResponseStream(
  ctx: ServiceContext,
  input: InputOf<"InvokeWithResponseStream">,
): Promise<OutputOf<"InvokeWithResponseStream">> {
  const call = await prepareCall(ctx, input);
  if (input.InvocationType === "DryRun") return { StatusCode: 204 };
  const { spec, invocation } = admitCall(ctx, call);
  const events = new StreamQueue<StreamEvent>();
  const chunk = (bytes: Uint8Array) => events.put({ PayloadChunk: { Payload: bytes } });
  const result = ctx.dispatcher.run(spec, { ...invocation, stream: { chunk } });
  // A refused event is an HTTP error, so the headers wait for the first chunk or the end, whichever comes first.
  const early = await Promise.race([events.started, result]);
  if (early && early.outcome.kind === "rejected") throw rejectedEvent(early.outcome.reason);
  result.then(
    (ended) => events.end(lastEvents(ended)),
    (error: unknown) => events.fail(error),
  );
  return { StatusCode: 200, ExecutedVersion: spec.functionVersion, EventStream: events.readable };
}

function lastEvents({ outcome, logTail }: InvocationResult): StreamEvent[] {
  const unstreamed =
    outcome.kind === "ok" && outcome.payload.length > 0 ? [{ PayloadChunk: { Payload: outcome.payload } }] : [];
  const LogResult = logTail && Buffer.from(logTail).toString("base64");
  return [...unstreamed, { InvokeComplete: { ...errorOf(outcome), ...(LogResult !== undefined && { LogResult }) } }];
}

function errorOf(outcome: Outcome): { ErrorCode?: string; ErrorDetails?: string } {
  if (outcome.kind === "ok") return {};
  if (outcome.kind === "rejected") return { ErrorCode: "InvalidRequestContentException", ErrorDetails: outcome.reason };
  return { ErrorCode: outcome.errorType, ErrorDetails: new TextDecoder().decode(outcome.payload) };
}
