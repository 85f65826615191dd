/** Between how many environments a version on a capacity provider scales: stored, for there are no capacity providers here. */
import { functionArn } from "../../core/arn.ts";
import { invalidParameter, notSupported } from "../../errors/aws-error.ts";
import type { InputOf, OutputOf } from "../../shapes/operations.ts";
import type { FunctionScalingConfig } from "../../shapes/runtime.ts";
import type { ServiceContext } from "../context.ts";
import { DocumentKind } from "../document-kind.ts";
import { isVersionNumber, readReference, requireVersion } from "../functions/reference.ts";

const scalings = new DocumentKind<FunctionScalingConfig>("scaling");

/** A request without a configuration takes the one that is there away. */
export async function putFunctionScalingConfig(
  ctx: ServiceContext,
  input: InputOf<"PutFunctionScalingConfig">,
): Promise<OutputOf<"PutFunctionScalingConfig">> {
  const { name, qualifier, state } = await requirePublished(ctx, input);
  const scaling = input.FunctionScalingConfig;
  const { MinExecutionEnvironments: min, MaxExecutionEnvironments: max } = scaling ?? {};
  if (min !== undefined && max !== undefined && min > max)
    throw invalidParameter("MinExecutionEnvironments cannot be greater than MaxExecutionEnvironments");
  const needs = [{ need: "function" as const, functionName: name, qualifier }];
  await scalings.edit(ctx, { owner: name, key: qualifier, needs }, () => (scaling ? { put: scaling } : "delete"));
  return { FunctionState: state };
}

export async function getFunctionScalingConfig(
  ctx: ServiceContext,
  input: InputOf<"GetFunctionScalingConfig">,
): Promise<OutputOf<"GetFunctionScalingConfig">> {
  const { name, qualifier } = await requirePublished(ctx, input);
  const kept = await scalings.find(ctx, { owner: name, key: qualifier });
  return {
    FunctionArn: functionArn(ctx.home, name, qualifier),
    ...(kept && { AppliedFunctionScalingConfig: kept.body, RequestedFunctionScalingConfig: kept.body }),
  };
}

async function requirePublished(ctx: ServiceContext, input: { FunctionName: string; Qualifier: string }) {
  const { name, qualifier = input.Qualifier } = readReference(ctx, input);
  if (!isVersionNumber(qualifier)) throw notSupported(`an operation on the version '${qualifier}'`);
  const { state } = await requireVersion(ctx, { name, qualifier });
  return { name, qualifier, state };
}
