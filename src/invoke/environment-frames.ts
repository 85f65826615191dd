/** The frames that an environment sends to its runner. */
import type { InitFrame, InvokeFrame } from "../../runtime/protocol.ts";
import type { EnvironmentOptions } from "./environment-options.ts";
import type { Invocation } from "./invocation.ts";

export function initFrameOf({ spec, variables, logGroupName, logStreamName }: EnvironmentOptions): InitFrame {
  const { taskRoot, entry, handler, functionName, functionVersion, memoryMib, logging } = spec;
  return {
    type: "init",
    taskRoot,
    ...(entry !== undefined && { entry }),
    handler,
    env: variables,
    functionName,
    functionVersion,
    memoryMib,
    logGroupName,
    logStreamName,
    logFormat: logging.format,
    applicationLogLevel: logging.applicationLevel,
  };
}

export function invokeFrameOf(invocation: Invocation, timeoutMs: number): InvokeFrame {
  const { requestId, invokedArn, wantsLogTail, clientContext, traceId, tenantId, stream } = invocation;
  return {
    type: "invoke",
    id: requestId,
    invokedArn,
    timeoutMs,
    markOutput: wantsLogTail,
    streams: stream && true,
    clientContext,
    traceId,
    tenantId,
  };
}
