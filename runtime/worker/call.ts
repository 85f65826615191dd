/**
 * Calls a handler in whichever style it is written and settles exactly once.
 *
 * By design: as AWS's Node.js runtimes up to 22 have it, a handler that returns no promise ends by its callback, and one that
 * never calls it ends with `null` once the event loop is empty.
 */

import type { InitFrame, InvokeFrame } from "../protocol.ts";
import { isFailure, makeContext } from "./context.ts";
import type { EmptyLoop } from "./empty-loop.ts";
import type { Handler } from "./load-handler.ts";
import { makeResponseStream, type StreamingHandler, type StreamTarget } from "./response-stream.ts";

export type CallOutcome =
  | { readonly ok: true; readonly value: unknown; readonly streamed?: boolean }
  | { readonly ok: false; readonly error: unknown };

// Taken before user code runs: a handler may replace any global and any member of a prototype.
const NativePromise = Promise;
const { then: promiseThen } = Promise.prototype;
const { apply } = Reflect;

export interface CallInput {
  readonly handler: Handler;
  readonly event: unknown;
  readonly init: InitFrame;
  readonly invoke: InvokeFrame;
  readonly emptyLoop: EmptyLoop;
  readonly settle: (outcome: CallOutcome) => void;
}

export function callHandler(input: CallInput): void {
  const { handler, event, init, invoke, emptyLoop } = input;
  let settled = false;
  const settle = (outcome: CallOutcome): void => {
    if (settled) return;
    settled = true;
    emptyLoop.cancel();
    input.settle(outcome);
  };
  const succeed = (value: unknown): void => settle({ ok: true, value });
  const fail = (error: unknown): void => settle({ ok: false, error });
  const context = makeContext({ init, invoke, completion: { succeed, fail } });

  let called = false;
  const callback = (error?: unknown, value?: unknown): void => {
    if (called || settled) return;
    called = true;
    const finish = (): void => (isFailure(error) ? fail(error) : succeed(value));
    if (context.callbackWaitsForEmptyEventLoop) emptyLoop.wait(finish);
    else finish();
  };

  try {
    const returned = handler(event, context, callback);
    if (isThenable(returned)) {
      if (returned instanceof NativePromise) apply(promiseThen, returned, [succeed, fail]);
      else returned.then(succeed, fail);
    } else if (!called && !settled) emptyLoop.wait(() => succeed(null));
  } catch (error) {
    fail(error);
  }
}

/**
 * Calls a handler that writes its result to a stream. The call ends when the handler's promise is fulfilled and the stream has ended; a stream
 * that the handler leaves open ends when nothing is left that could write to it.
 */
export function callStreamingHandler(input: CallInput & { target: StreamTarget }): void {
  const { handler, event, init, invoke, emptyLoop } = input;
  const stream = makeResponseStream(input.target);
  let settled = false;
  const settle = (outcome: CallOutcome): void => {
    if (settled) return;
    settled = true;
    emptyLoop.cancel();
    input.settle(outcome);
  };
  const fail = (error: unknown): void => settle({ ok: false, error });
  const succeed = (): void => settle({ ok: true, value: undefined, streamed: true });
  const finish = (): void => {
    if (stream.writableFinished) return succeed();
    stream.on("finish", succeed);
    if (!stream.writableEnded) emptyLoop.wait(() => stream.end());
  };
  stream.on("error", fail);
  const context = makeContext({ init, invoke, completion: { succeed: finish, fail } });
  try {
    const returned = (handler as unknown as StreamingHandler)(event, stream, context);
    if (isThenable(returned)) returned.then(finish, fail);
    else finish();
  } catch (error) {
    fail(error);
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  if (value === null || (typeof value !== "object" && typeof value !== "function")) return false;
  return typeof (value as { then?: unknown }).then === "function";
}
