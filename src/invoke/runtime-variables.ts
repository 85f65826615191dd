/** `process.env` of a function. Source: Lambda Developer Guide, "Defined runtime environment variables". */
import { nodeFolder } from "../core/layered-code.ts";
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

const OPT = "/opt";

/** Those that a function may change. */
const defaultVariables = ({ opt, taskRoot, runtime }: ExecutionSpec) => ({
  PATH: `/usr/local/bin:/usr/bin:/bin:${opt?.path ?? OPT}/bin`,
  LANG: "en_US.UTF-8",
  TZ: ":UTC",
  NODE_PATH: nodePath({ opt: opt?.path ?? OPT, taskRoot, runtime }),
  // Without layers the system's default does: what the variable adds is looked for in vain at every start of a program.
  ...(opt && { LD_LIBRARY_PATH: libraryPath({ opt: opt.path, taskRoot }) }),
});

/** AWS's order (as functions there print it): the layers' modules for this Node.js, those for all, the function's. */
const nodePath = ({ opt, taskRoot, runtime }: { opt: string; taskRoot: string; runtime: string }): string =>
  [`${opt}/nodejs/${nodeFolder(runtime)}/node_modules`, `${opt}/nodejs/node_modules`, `${taskRoot}/node_modules`].join(
    ":",
  );

/** Where this kind of system keeps its own. They come first, as on AWS: no layer stands in for the C library under the runner. */
const TRIPLET = process.arch === "arm64" ? "aarch64-linux-gnu" : "x86_64-linux-gnu";
const SYSTEM_LIBRARIES = ["/lib64", "/usr/lib64", `/lib/${TRIPLET}`, `/usr/lib/${TRIPLET}`, "/lib", "/usr/lib"];

const libraryPath = ({ opt, taskRoot }: { opt: string; taskRoot: string }): string =>
  [...SYSTEM_LIBRARIES, taskRoot, `${taskRoot}/lib`, `${opt}/lib`].join(":");

/**
 * What the process itself starts with: what is read only then. The function's other variables reach it over the channel and
 * stay out of /proc. The library path is ours, not the function's: what it names is loaded before any handler.
 */
export function processVariables(
  spec: ExecutionSpec,
  variables: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const defaults = defaultVariables(spec);
  return { ...defaults, NODE_PATH: variables["NODE_PATH"] ?? defaults.NODE_PATH };
}

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
    ...defaultVariables(spec),
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
    // For code that would say `/opt`; ours, as AWS needs none.
    ...(spec.opt && { LAMBENT_OPT: spec.opt.path }),
    LAMBDA_RUNTIME_DIR: "/var/runtime",
  };
}
