/** From what a request says of a function's configuration to its settings, with the rules that join members. */
import {
  ENVIRONMENT_BYTES_MAX,
  EPHEMERAL_STORAGE_MIB_DEFAULT,
  MEMORY_MIB_DEFAULT,
  TIMEOUT_SECONDS_DEFAULT,
} from "../../core/limits.ts";
import { invalidParameter, notSupported } from "../../errors/aws-error.ts";
import { RESERVED_VARIABLES } from "../../invoke/runtime-variables.ts";
import type { InputOf } from "../../shapes/operations.ts";
import type { FunctionSettings } from "../../store/port.ts";
import type { ServiceContext } from "../context.ts";
import { hasKey, resealedIfOpen, sealVariables } from "./environment-variables.ts";
import { isRunnable, refuseDeprecated } from "./runtimes.ts";

/** The quota; the model leaves room for functions on capacity providers. */
const MEMORY_MIB_MAX = 10_240;

type Given = InputOf<"UpdateFunctionConfiguration"> | InputOf<"CreateFunction">;

const DEFAULTS = {
  runtime: null,
  description: "",
  timeoutSeconds: TIMEOUT_SECONDS_DEFAULT,
  memoryMib: MEMORY_MIB_DEFAULT,
  ephemeralStorageMib: EPHEMERAL_STORAGE_MIB_DEFAULT,
  environment: null,
  kmsKeyArn: null,
  tracingMode: "PassThrough",
  layers: [],
  architecture: "x86_64",
  deadLetterTargetArn: null,
  snapStartApplyOn: "None",
  vpcConfig: null,
  fileSystemConfigs: null,
  loggingConfig: null,
  imageConfig: null,
  tenancyConfig: null,
  durableConfig: null,
  sourceKmsKeyArn: null,
} satisfies Omit<FunctionSettings, "role" | "handler">;

/** `name` is the function's. @throws AwsError InvalidParameterValueException. */
export function newSettings(ctx: ServiceContext, name: string, input: InputOf<"CreateFunction">): FunctionSettings {
  if (input.PackageType === "Image" || input.Code.ImageUri !== undefined)
    throw notSupported("CreateFunction with PackageType 'Image'");
  if (input.CapacityProviderConfig) throw notSupported("CreateFunction with CapacityProviderConfig");
  if (input.PublishTo) throw notSupported("CreateFunction with PublishTo");
  if (input.Runtime === undefined || input.Handler === undefined) {
    throw invalidParameter(
      "Runtime and Handler are mandatory parameters for functions created with deployment packages.",
    );
  }
  const architecture = input.Architectures?.[0];
  return {
    ...DEFAULTS,
    ...(architecture && { architecture }),
    ...(input.TenancyConfig && { tenancyConfig: input.TenancyConfig }),
    ...(input.Code.SourceKMSKeyArn && { sourceKmsKeyArn: input.Code.SourceKMSKeyArn }),
    ...changedSettings(ctx, input, { name, before: null }),
    role: input.Role,
    handler: input.Handler,
  };
}

/**
 * The settings that a request names, its layers aside; what it leaves out stays as it is. `before` are those that are there, for a part that is
 * merged: null for a new function.
 * @throws AwsError InvalidParameterValueException.
 */
export function changedSettings(
  ctx: ServiceContext,
  input: Given,
  { name, before }: { name: string; before: FunctionSettings | null },
): Partial<FunctionSettings> {
  if (input.Runtime !== undefined) refuseDeprecated(input.Runtime);
  if (input.MemorySize !== undefined && input.MemorySize > MEMORY_MIB_MAX) {
    throw invalidParameter(
      `'MemorySize' value failed to satisfy constraint: Member must have value less than or equal to ${MEMORY_MIB_MAX}`,
    );
  }
  if (input.ImageConfig) throw invalidParameter("Cannot set ImageConfig: the function's package type is Zip");
  if (input.Environment?.Variables) checkVariables(input.Environment.Variables);
  checkSecurityGroups(ctx, input);
  warnOfIdleSettings(ctx, input);
  return {
    ...(input.Runtime !== undefined && { runtime: input.Runtime }),
    ...(input.Role !== undefined && { role: input.Role }),
    ...(input.Handler !== undefined && { handler: input.Handler }),
    ...(input.Description !== undefined && { description: input.Description }),
    ...(input.Timeout !== undefined && { timeoutSeconds: input.Timeout }),
    ...(input.MemorySize !== undefined && { memoryMib: input.MemorySize }),
    ...(input.EphemeralStorage && { ephemeralStorageMib: input.EphemeralStorage.Size }),
    ...sealedEnvironment(ctx, input, { name, before }),
    ...(input.KMSKeyArn !== undefined && { kmsKeyArn: input.KMSKeyArn || null }),
    ...(input.TracingConfig?.Mode && { tracingMode: input.TracingConfig.Mode }),
    ...(input.DeadLetterConfig && { deadLetterTargetArn: input.DeadLetterConfig.TargetArn || null }),
    ...(input.SnapStart?.ApplyOn && { snapStartApplyOn: input.SnapStart.ApplyOn }),
    ...(input.VpcConfig && { vpcConfig: input.VpcConfig }),
    ...(input.FileSystemConfigs && { fileSystemConfigs: input.FileSystemConfigs }),
    ...(input.LoggingConfig && { loggingConfig: mergeLogging(before?.loggingConfig ?? {}, input.LoggingConfig) }),
    ...(input.DurableConfig && { durableConfig: input.DurableConfig }),
  };
}

/** Given variables, and those that are there when they get another key. */
function sealedEnvironment(
  ctx: ServiceContext,
  input: Given,
  { name, before }: { name: string; before: FunctionSettings | null },
): Partial<FunctionSettings> {
  const kmsKeyArn = input.KMSKeyArn === undefined ? (before?.kmsKeyArn ?? null) : input.KMSKeyArn || null;
  const owner = { functionName: name, kmsKeyArn };
  const stored = before?.environment;
  if (input.Environment) {
    const variables = input.Environment.Variables;
    return { environment: variables ? sealVariables(ctx.sealer, { owner, variables, before: stored }) : null };
  }
  const underNewKey =
    input.KMSKeyArn !== undefined && stored ? resealedIfOpen(ctx.sealer, { owner, stored }) : undefined;
  return underNewKey === undefined ? {} : { environment: underNewKey };
}

type LoggingConfig = NonNullable<FunctionSettings["loggingConfig"]>;

/** What is not given stays; a change of format drops the levels, which only JSON has (INFO unless said otherwise: recorded). */
function mergeLogging(before: LoggingConfig, given: LoggingConfig): LoggingConfig {
  const format = given.LogFormat ?? before.LogFormat ?? "Text";
  if (format === "JSON") {
    const levels = { ApplicationLogLevel: "INFO", SystemLogLevel: "INFO" } as const;
    return { ...levels, ...before, ...given, LogFormat: format };
  }
  if (given.ApplicationLogLevel !== undefined || given.SystemLogLevel !== undefined) {
    throw invalidParameter("Log levels (ApplicationLogLevel, SystemLogLevel) need the log format JSON");
  }
  const group = given.LogGroup ?? before.LogGroup;
  return { LogFormat: format, ...(group !== undefined && { LogGroup: group }) };
}

function checkVariables(variables: Readonly<Record<string, string>>): void {
  const reserved = Object.keys(variables).filter((name) => RESERVED_VARIABLES.has(name));
  const unable =
    "Lambda was unable to configure your environment variables because the environment variables you have provided";
  if (reserved.length > 0) {
    throw invalidParameter(
      `${unable} contains reserved keys that are currently not supported for modification. Reserved keys used in this request: ${reserved.join(", ")}`,
    );
  }
  const measured = JSON.stringify(variables);
  if (Buffer.byteLength(measured) > ENVIRONMENT_BYTES_MAX) {
    throw invalidParameter(`${unable} exceeded the 4KB limit. String measured: ${measured.length} characters`);
  }
}

/** What is stored and shown, and does nothing here yet. */
/** Where the operator has policies, a function is not to run under none of them by a slip of the pen. */
function checkSecurityGroups({ networkPolicyIds }: ServiceContext, { VpcConfig }: Given): void {
  if (networkPolicyIds.length === 0) return;
  const unknown = VpcConfig?.SecurityGroupIds?.find((id) => !networkPolicyIds.includes(id));
  if (unknown !== undefined) {
    throw invalidParameter(
      `Error occurred while DescribeSecurityGroups. EC2 Error Code: InvalidGroup.NotFound. EC2 Error Message: The security group '${unknown}' does not exist; those with a network policy here are: ${networkPolicyIds.join(", ")}`,
    );
  }
}

function warnOfIdleSettings(ctx: ServiceContext, input: Given): void {
  if (input.Runtime !== undefined && !isRunnable(input.Runtime))
    ctx.warn(`Runtime ${input.Runtime} is stored; only nodejs functions run`);
  if (input.VpcConfig?.SubnetIds?.length && ctx.networkPolicyIds.length === 0)
    ctx.warn("VpcConfig is stored; it changes nothing until --network-policies has a policy for its security groups");
  if (input.FileSystemConfigs?.length) ctx.warn("FileSystemConfigs are stored, not mounted");
  if (input.KMSKeyArn && !hasKey(ctx.sealer, input.KMSKeyArn))
    ctx.warn("KMSKeyArn names no key of the key file; environment variables are sealed with its first");
  if (input.SnapStart?.ApplyOn === "PublishedVersions") ctx.warn("SnapStart is stored; no snapshots are taken");
  if (input.DurableConfig) ctx.warn("DurableConfig is stored; executions are not durable");
  if ("TenancyConfig" in input && input.TenancyConfig)
    ctx.warn("TenancyConfig is stored; tenants share execution environments");
}
