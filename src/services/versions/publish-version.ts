import { functionArn } from "../../core/arn.ts";
import { conflict, invalidParameter, notFound, notSupported, preconditionFailed } from "../../errors/aws-error.ts";
import type { InputOf } from "../../shapes/operations.ts";
import type { FunctionVersion } from "../../store/port.ts";
import type { ServiceContext } from "../context.ts";
import { CREATING } from "../functions/create-function.ts";
import { codeStorageExceeded } from "../functions/intake.ts";
import { readReference } from "../functions/reference.ts";
import { configurationView, type FunctionConfiguration } from "../functions/view.ts";

/**
 * Publishes `$LATEST` under the next number. Unchanged since the last one, it answers that one, with its own description.
 * @throws AwsError ResourceNotFoundException, PreconditionFailedException, InvalidParameterValueException for other code than
 * `CodeSha256` says, ResourceConflictException while an update is under way.
 */
export async function publishVersion(
  ctx: ServiceContext,
  input: InputOf<"PublishVersion">,
): Promise<FunctionConfiguration> {
  if (input.PublishTo) throw notSupported("PublishVersion with PublishTo");
  const { name } = readReference(ctx, { FunctionName: input.FunctionName });
  const published = await ctx.store.functions.publish({
    functionName: name,
    expectedRevisionId: input.RevisionId || undefined,
    expectedSha256: input.CodeSha256 || undefined,
    description: input.Description,
    revisionId: ctx.ids.uuid(),
    latestRevisionId: ctx.ids.uuid(),
    nowMs: ctx.clock.nowMs(),
    reason: CREATING,
    codeBytesMax: ctx.codeBytesMax,
  });
  switch (published.kind) {
    case "done":
      begin(ctx, published.value);
      return configurationView(ctx, published.value);
    case "missing":
      throw notFound("Function", functionArn(ctx.home, name));
    case "stale-revision":
      throw preconditionFailed("function");
    case "other-code":
      throw invalidParameter(
        `CodeSHA256 (${input.CodeSha256}) is different from current CodeSHA256 in $LATEST (${published.sha256}). Please try again with the CodeSHA256 in $LATEST.`,
      );
    case "update-in-progress":
      throw conflict(
        `The operation cannot be performed at this time. An update is in progress for resource: ${functionArn(ctx.home, name)}`,
      );
    case "code-storage-exceeded":
      throw codeStorageExceeded();
    default:
      throw published satisfies never;
  }
}

function begin(ctx: ServiceContext, version: FunctionVersion): void {
  ctx.resolver.forget(version.functionName);
  if (version.state === "Pending") void ctx.activations.begin(version);
}
