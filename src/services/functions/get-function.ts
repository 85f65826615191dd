import { LATEST } from "../../core/states.ts";
import type { InputOf, OutputOf } from "../../shapes/operations.ts";
import type { ServiceContext } from "../context.ts";
import { readReference, requireFunction, requireVersion } from "./reference.ts";
import { configurationView, type FunctionConfiguration } from "./view.ts";

/** A version's configuration, a link to its package that is good for ten minutes, and the function's tags. */
export async function getFunction(
  ctx: ServiceContext,
  input: InputOf<"GetFunction">,
): Promise<OutputOf<"GetFunction">> {
  const named = readReference(ctx, input);
  const version = await requireVersion(ctx, named);
  const record = await requireFunction(ctx, named.name);
  const tags = version.version === LATEST ? record.tags : {};
  return {
    Configuration: configurationView(ctx, version, named.qualifier),
    Code: {
      RepositoryType: "S3",
      Location: ctx.downloads.urlOf(ctx.baseUrl, version.code.sha256),
      ...(version.settings.sourceKmsKeyArn && { SourceKMSKeyArn: version.settings.sourceKmsKeyArn }),
    },
    ...(Object.keys(tags).length > 0 && { Tags: { ...tags } }),
    ...(record.reservedConcurrency !== null && {
      Concurrency: { ReservedConcurrentExecutions: record.reservedConcurrency },
    }),
  };
}

export async function getFunctionConfiguration(
  ctx: ServiceContext,
  input: InputOf<"GetFunctionConfiguration">,
): Promise<FunctionConfiguration> {
  const named = readReference(ctx, input);
  return configurationView(ctx, await requireVersion(ctx, named), named.qualifier);
}
