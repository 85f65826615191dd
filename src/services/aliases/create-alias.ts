import { functionArn } from "../../core/arn.ts";
import { alreadyExists, notFound } from "../../errors/aws-error.ts";
import type { InputOf } from "../../shapes/operations.ts";
import type { ServiceContext } from "../context.ts";
import { readReference } from "../functions/reference.ts";
import { type AliasConfiguration, aliasView } from "./view.ts";
import { readWeights } from "./weights.ts";

/** @throws AwsError ResourceConflictException when the name is taken, ResourceNotFoundException for a function or version. */
export async function createAlias(ctx: ServiceContext, input: InputOf<"CreateAlias">): Promise<AliasConfiguration> {
  const { name: functionName } = readReference(ctx, { FunctionName: input.FunctionName });
  const weights = readWeights(input.RoutingConfig, input.FunctionVersion);
  const created = await ctx.store.aliases.create({
    functionName,
    name: input.Name,
    version: input.FunctionVersion,
    description: input.Description ?? "",
    weights,
    revisionId: ctx.ids.uuid(),
  });
  switch (created.kind) {
    case "done":
      ctx.resolver.forget(functionName);
      return aliasView(ctx.home, created.value);
    case "exists":
      throw alreadyExists("Alias", functionArn(ctx.home, functionName, input.Name));
    case "missing":
      throw notFound("Function", functionArn(ctx.home, functionName));
    case "no-version":
      throw notFound("Function", functionArn(ctx.home, functionName, created.version));
    default:
      throw created satisfies never;
  }
}
