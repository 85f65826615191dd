/** When a version's runtime is updated: stored per version, `$LATEST` by default. */
import { functionArn } from "../../core/arn.ts";
import { LATEST } from "../../core/states.ts";
import { invalidParameter } from "../../errors/aws-error.ts";
import type { InputOf, OutputOf } from "../../shapes/operations.ts";
import type { ServiceContext } from "../context.ts";
import { DocumentKind } from "../document-kind.ts";
import { isVersionNumber, type NamedFunction, readReference, requireVersion } from "../functions/reference.ts";

interface RuntimeManagement {
  readonly updateOn: "Auto" | "Manual" | "FunctionUpdate";
  readonly runtimeVersionArn: string | null;
}

const runtimeManagement = new DocumentKind<RuntimeManagement>("runtime-management");

export async function putRuntimeManagementConfig(
  ctx: ServiceContext,
  input: InputOf<"PutRuntimeManagementConfig">,
): Promise<OutputOf<"PutRuntimeManagementConfig">> {
  const at = await requireOneVersion(ctx, input);
  const { UpdateRuntimeOn: updateOn, RuntimeVersionArn: runtimeVersionArn } = input;
  if (updateOn === "Manual" && runtimeVersionArn === undefined)
    throw invalidParameter("RuntimeVersionArn is required when UpdateRuntimeOn is Manual");
  if (updateOn !== "Manual" && runtimeVersionArn !== undefined)
    throw invalidParameter(`RuntimeVersionArn cannot be given when UpdateRuntimeOn is ${updateOn}`);
  const needs = [{ need: "function" as const, functionName: at.name, qualifier: at.qualifier }];
  await runtimeManagement.put(
    ctx,
    { owner: at.name, key: at.qualifier, needs },
    { updateOn, runtimeVersionArn: runtimeVersionArn ?? null },
  );
  return {
    UpdateRuntimeOn: updateOn,
    FunctionArn: functionArn(ctx.home, at.name, at.qualifier),
    ...(runtimeVersionArn !== undefined && { RuntimeVersionArn: runtimeVersionArn }),
  };
}

export async function getRuntimeManagementConfig(
  ctx: ServiceContext,
  input: InputOf<"GetRuntimeManagementConfig">,
): Promise<OutputOf<"GetRuntimeManagementConfig">> {
  const at = await requireOneVersion(ctx, input);
  const kept = await runtimeManagement.find(ctx, { owner: at.name, key: at.qualifier });
  const { updateOn, runtimeVersionArn } = kept?.body ?? { updateOn: "Auto", runtimeVersionArn: null };
  return {
    UpdateRuntimeOn: updateOn,
    FunctionArn: functionArn(ctx.home, at.name, at.qualifier),
    ...(runtimeVersionArn !== null && { RuntimeVersionArn: runtimeVersionArn }),
  };
}

/** A version, not an alias: the setting belongs to code that runs. */
async function requireOneVersion(
  ctx: ServiceContext,
  input: { FunctionName: string; Qualifier?: string | undefined },
): Promise<NamedFunction & { qualifier: string }> {
  const { name, qualifier = LATEST } = readReference(ctx, input);
  await requireVersion(ctx, { name, qualifier });
  if (qualifier === LATEST || isVersionNumber(qualifier)) return { name, qualifier };
  throw invalidParameter(`Cannot use the alias '${qualifier}' here: name a version or $LATEST`);
}
