/** `process.env` of a function. Source: Lambda Developer Guide, "Defined runtime environment variables". */
import type { ExecutionSpec } from "./invocation.ts";

/** Names that a function may not set for itself (`Lambda was unable to configure…` on AWS). */
export const RESERVED_VARIABLES: ReadonlySet<string> = new Set([
  "_HANDLER",
  "_X_AMZN_TRACE_ID",
  "AWS_ACCESS_KEY",
  "AWS_ACCESS_KEY_ID",
  "AWS_DEFAULT_REGION",
  "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
  "AWS_LAMBDA_FUNCTION_NAME",
  "AWS_LAMBDA_FUNCTION_VERSION",
  "AWS_LAMBDA_INITIALIZATION_TYPE",
  "AWS_LAMBDA_LOG_GROUP_NAME",
  "AWS_LAMBDA_LOG_STREAM_NAME",
  "AWS_LAMBDA_RUNTIME_API",
  "AWS_REGION",
  "AWS_SECRET_ACCESS_KEY",
  "AWS_SESSION_TOKEN",
  "LAMBDA_RUNTIME_DIR",
  "LAMBDA_TASK_ROOT",
]);

/** What the process itself starts with; the function's own variables reach it over the channel and stay out of /proc. */
export const PROCESS_VARIABLES: Readonly<Record<string, string>> = {
  PATH: "/usr/local/bin:/usr/bin:/bin:/opt/bin",
  LANG: "en_US.UTF-8",
  TZ: ":UTC",
};

export function runtimeVariables(input: {
  spec: ExecutionSpec;
  region: string;
  logGroupName: string;
  logStreamName: string;
  credentials: Readonly<Record<string, string>>;
  /** Started before anybody called. */
  provisioned: boolean;
}): Record<string, string> {
  const { spec } = input;
  return {
    ...PROCESS_VARIABLES,
    NODE_PATH: `/opt/nodejs/node_modules:${spec.taskRoot}/node_modules`,
    ...input.credentials,
    ...spec.variables,
    _HANDLER: spec.handler,
    AWS_REGION: input.region,
    AWS_DEFAULT_REGION: input.region,
    AWS_EXECUTION_ENV: `AWS_Lambda_${spec.runtime}`,
    AWS_LAMBDA_FUNCTION_NAME: spec.functionName,
    AWS_LAMBDA_FUNCTION_VERSION: spec.functionVersion,
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(spec.memoryMib),
    AWS_LAMBDA_INITIALIZATION_TYPE: input.provisioned ? "provisioned-concurrency" : "on-demand",
    AWS_LAMBDA_LOG_GROUP_NAME: input.logGroupName,
    AWS_LAMBDA_LOG_STREAM_NAME: input.logStreamName,
    AWS_LAMBDA_LOG_FORMAT: spec.logging.format,
    ...(spec.logging.format === "JSON" && { AWS_LAMBDA_LOG_LEVEL: spec.logging.applicationLevel }),
    LAMBDA_TASK_ROOT: spec.taskRoot,
    LAMBDA_RUNTIME_DIR: "/var/runtime",
  };
}
