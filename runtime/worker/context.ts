/** The second argument of a handler. Source: Lambda Developer Guide, "Using the Lambda context object (Node.js)". */
import type { InitFrame, InvokeFrame } from "../protocol.ts";

/** What the context's old-style methods do: end the call at once, whatever the event loop still holds. */
export interface Completion {
  succeed(result: unknown): void;
  fail(error: unknown): void;
}

export interface HandlerContext {
  callbackWaitsForEmptyEventLoop: boolean;
  readonly functionName: string;
  readonly functionVersion: string;
  readonly memoryLimitInMB: string;
  readonly logGroupName: string;
  readonly logStreamName: string;
  readonly invokedFunctionArn: string;
  readonly awsRequestId: string;
  readonly clientContext?: unknown;
  readonly identity?: unknown;
  readonly tenantId?: string;
  getRemainingTimeInMillis(): number;
  done(error: unknown, result?: unknown): void;
  succeed(result: unknown): void;
  fail(error: unknown): void;
}

const { parse } = JSON;
const { now } = Date;

export function makeContext(input: { init: InitFrame; invoke: InvokeFrame; completion: Completion }): HandlerContext {
  const { init, invoke, completion } = input;
  const deadlineMs = now() + invoke.timeoutMs;
  return {
    callbackWaitsForEmptyEventLoop: true,
    functionName: init.functionName,
    functionVersion: init.functionVersion,
    memoryLimitInMB: String(init.memoryMib),
    logGroupName: init.logGroupName,
    logStreamName: init.logStreamName,
    invokedFunctionArn: invoke.invokedArn,
    awsRequestId: invoke.id,
    ...(invoke.clientContext === undefined ? {} : { clientContext: parse(invoke.clientContext) }),
    ...(invoke.tenantId === undefined ? {} : { tenantId: invoke.tenantId }),
    getRemainingTimeInMillis: () => Math.max(0, deadlineMs - now()),
    done: (error, result) => (isFailure(error) ? completion.fail(error) : completion.succeed(result)),
    succeed: (result) => completion.succeed(result),
    fail: (error) => completion.fail(error),
  };
}

/** `done(null)`, `done(undefined)` and `callback(null, …)` mean success. */
export const isFailure = (error: unknown): boolean => error !== null && error !== undefined;
