/** A stored version as the API shows it. Wire names are at home here and in `shapes/`. */
import { createHash } from "node:crypto";
import { functionArn } from "../../core/arn.ts";
import { LATEST } from "../../core/states.ts";
import type { OutputOf } from "../../shapes/operations.ts";
import type { FunctionVersion } from "../../store/port.ts";
import { withoutSealed } from "../../store/settings-content.ts";
import type { Home, Services } from "../context.ts";
import { environmentView } from "./environment-variables.ts";

type Shower = Pick<Services, "home" | "sealer">;

export type FunctionConfiguration = NonNullable<OutputOf<"GetFunctionConfiguration">>;

/**
 * A version's configuration. `qualifier` stands at the end of the ARN as the caller gave it; published versions carry their
 * number there in any case.
 */
export function configurationView(ctx: Shower, version: FunctionVersion, qualifier?: string): FunctionConfiguration {
  const { state, stateReason, updateStatus, updateStatusReason } = version;
  return {
    ...listedView(ctx, version, qualifier),
    State: state,
    ...(stateReason && {
      StateReason: stateReason.reason,
      StateReasonCode: stateReason.code as FunctionConfiguration["StateReasonCode"],
    }),
    ...(updateStatus && { LastUpdateStatus: updateStatus }),
    ...(updateStatusReason && {
      LastUpdateStatusReason: updateStatusReason.reason,
      LastUpdateStatusReasonCode: updateStatusReason.code as FunctionConfiguration["LastUpdateStatusReasonCode"],
    }),
    ...(version.settings.runtime && {
      RuntimeVersionConfig: { RuntimeVersionArn: runtimeVersionArn(ctx.home, version.settings.runtime) },
    }),
  };
}

/** As in ListFunctions and ListVersionsByFunction, which say nothing of states. */
export function listedView(
  { home, sealer }: Shower,
  version: FunctionVersion,
  qualifier?: string,
): FunctionConfiguration {
  const { settings, code } = version;
  const shown = qualifier ?? (version.version === LATEST ? undefined : version.version);
  return {
    FunctionName: version.functionName,
    FunctionArn: functionArn(home, version.functionName, shown),
    ...(settings.runtime !== null && { Runtime: settings.runtime as NonNullable<FunctionConfiguration["Runtime"]> }),
    Role: settings.role,
    Handler: settings.handler,
    CodeSize: code.bytes,
    Description: settings.description,
    Timeout: settings.timeoutSeconds,
    MemorySize: settings.memoryMib,
    LastModified: wireDate(version.lastModifiedMs),
    CodeSha256: code.sha256,
    Version: version.version,
    ...(settings.vpcConfig && { VpcConfig: { SubnetIds: [], SecurityGroupIds: [], VpcId: "", ...settings.vpcConfig } }),
    ...(settings.deadLetterTargetArn !== null && { DeadLetterConfig: { TargetArn: settings.deadLetterTargetArn } }),
    ...environmentView(sealer, version),
    ...(settings.kmsKeyArn !== null && { KMSKeyArn: settings.kmsKeyArn }),
    TracingConfig: { Mode: settings.tracingMode },
    RevisionId: version.revisionId,
    ...(settings.layers.length > 0 && {
      Layers: settings.layers.map((layer) => ({ Arn: layer.arn, CodeSize: layer.codeBytes })),
    }),
    ...(settings.tenancyConfig && { TenancyConfig: settings.tenancyConfig }),
    ...(settings.durableConfig && { DurableConfig: settings.durableConfig }),
    ...(settings.fileSystemConfigs && { FileSystemConfigs: [...settings.fileSystemConfigs] }),
    PackageType: "Zip",
    Architectures: [settings.architecture],
    EphemeralStorage: { Size: settings.ephemeralStorageMib },
    SnapStart: { ApplyOn: settings.snapStartApplyOn, OptimizationStatus: "Off" },
    ConfigSha256: configDigest(settings),
    LoggingConfig: { LogFormat: "Text", LogGroup: `/aws/lambda/${version.functionName}`, ...settings.loggingConfig },
  };
}

/** Of the settings without the code, as `CodeSha256` is of the code alone. */
const configDigest = (settings: FunctionVersion["settings"]): string =>
  createHash("sha256")
    .update(JSON.stringify(withoutSealed(settings)))
    .digest("base64");

/** `2026-01-02T03:04:05.678+0000`: recorded. */
export const wireDate = (ms: number): string => new Date(ms).toISOString().replace("Z", "+0000");

/** A stable ARN for the runtime that stands in for AWS's; AWS's last part is a digest as well. */
const runtimeVersionArn = ({ region }: Home, runtime: string): string =>
  `arn:aws:lambda:${region}::runtime:${createHash("sha256").update(runtime).digest("hex")}`;
