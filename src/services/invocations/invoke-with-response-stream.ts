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

type StreamEvent = InvokeWithResponseStreamResponseEvent extends ReadableStream<infer Event> ? Event : never;

export async function invokeWithResponseStream(
  ctx: ServiceContext,
  input: InputOf<"InvokeWithResponseStream">,
): Promise<OutputOf<"InvokeWithResponseStream">> {
  const call = await prepareCall(ctx, input);
  if (input.InvocationType === "DryRun") return { StatusCode: 204 };
  const { spec, invocation } = admitCall(ctx, call);
  const events = new EventQueue();
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

/** Events on their way to the client; whoever puts one waits while the client does not read. */
class EventQueue {
  readonly readable: ReadableStream<StreamEvent>;
  /** When the first event was put. */
  readonly started: Promise<undefined>;
  readonly #onStart: () => void;
  #controller: ReadableStreamDefaultController<StreamEvent> | undefined;
  #onRoom: (() => void) | undefined;

  constructor() {
    const { promise, resolve } = Promise.withResolvers<undefined>();
    this.started = promise;
    this.#onStart = () => resolve(undefined);
    this.readable = new ReadableStream({
      start: (controller) => {
        this.#controller = controller;
      },
      pull: () => this.#makeRoom(),
      cancel: () => {
        this.#controller = undefined; // the client went away; the handler goes on, and nobody reads what it writes
        this.#makeRoom();
      },
    });
  }

  put(event: StreamEvent): void | Promise<void> {
    this.#onStart();
    if (!this.#controller) return;
    this.#controller.enqueue(event);
    if ((this.#controller.desiredSize ?? 1) > 0) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#onRoom = resolve;
    return promise;
  }

  end(events: readonly StreamEvent[]): void {
    for (const event of events) this.#controller?.enqueue(event);
    this.#controller?.close();
  }

  fail(error: unknown): void {
    this.#controller?.error(error);
  }

  #makeRoom(): void {
    const then = this.#onRoom;
    this.#onRoom = undefined;
    then?.();
  }
}
