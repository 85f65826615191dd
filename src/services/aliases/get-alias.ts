import { functionArn } from "../../core/arn.ts";
import { AwsError } from "../../errors/aws-error.ts";
import type { InputOf } from "../../shapes/operations.ts";
import type { ServiceContext } from "../context.ts";
import { readReference, requireFunction } from "../functions/reference.ts";
import { type AliasConfiguration, aliasView } from "./view.ts";

export async function getAlias(ctx: ServiceContext, input: InputOf<"GetAlias">): Promise<AliasConfiguration> {
  const { name: functionName } = readReference(ctx, { FunctionName: input.FunctionName });
  const alias = await ctx.store.aliases.find({ functionName, name: input.Name });
  if (alias) return aliasView(ctx.home, alias);
  await requireFunction(ctx, functionName);
  throw aliasNotFound(functionArn(ctx.home, functionName, input.Name));
}

/** Not "Alias not found", which UpdateAlias says (recorded). */
export const aliasNotFound = (arn: string): AwsError =>
  new AwsError("ResourceNotFoundException", `Cannot find alias arn: ${arn}`);
