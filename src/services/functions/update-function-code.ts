import { functionArn } from "../../core/arn.ts";
import { LATEST } from "../../core/states.ts";
import { conflict, invalidParameter, notFound, notSupported, preconditionFailed } from "../../errors/aws-error.ts";
import type { InputOf } from "../../shapes/operations.ts";
import type { FunctionStore } from "../../store/port.ts";
import type { ServiceContext } from "../context.ts";
import { checkTogether } from "../layers/function-layers.ts";
import { warnInTime, warnOf } from "./code-warnings.ts";
import { CREATING } from "./create-function.ts";
import { codeStorageExceeded, takeCode } from "./intake.ts";
import { readReference, requireVersion } from "./reference.ts";
import { sweepPackages } from "./sweep-packages.ts";
import { configurationView, type FunctionConfiguration } from "./view.ts";

type Updated = Awaited<ReturnType<FunctionStore["updateLatest"]>>;

/**
 * Gives `$LATEST` new code. With `DryRun` it does all the work but the change, and answers what would be; with `Publish` the new version
 * comes into being in the same step, and is the answer.
 * @throws AwsError PreconditionFailedException, ResourceConflictException while another update is under way.
 */
export async function updateFunctionCode(
  ctx: ServiceContext,
  input: InputOf<"UpdateFunctionCode">,
): Promise<FunctionConfiguration> {
  const { name, qualifier } = readReference(ctx, { FunctionName: input.FunctionName });
  if (qualifier !== undefined && qualifier !== LATEST) {
    throw invalidParameter(
      "Code of published versions and aliases cannot be updated: name the function without a qualifier",
    );
  }
  if (input.PublishTo) throw notSupported("UpdateFunctionCode with PublishTo");
  const before = await requireVersion(ctx, { name, qualifier: undefined });
  const { handler, runtime, layers } = before.settings;
  const { archive, zip, ...code } = await takeCode(ctx, { source: input, handler, runtime });
  checkTogether({ unzippedBytes: archive.unzippedBytes, layers });
  const architecture = input.Architectures?.[0];
  const change = {
    code,
    settings: { sourceKmsKeyArn: input.SourceKMSKeyArn || null, ...(architecture && { architecture }) },
  };
  const update = (dryRun: boolean) =>
    ctx.store.functions.updateLatest({
      functionName: name,
      expectedRevisionId: input.RevisionId,
      revisionId: ctx.ids.uuid(),
      nowMs: ctx.clock.nowMs(),
      reason: CREATING,
      change,
      codeBytesMax: ctx.codeBytesMax,
      publish: input.Publish ? { revisionId: ctx.ids.uuid(), reason: CREATING } : undefined,
      dryRun,
    });
  if (input.DryRun) {
    const version = acceptUpdate(ctx, name, await update(true));
    await warnOf(ctx, ctx.activations.tryOut(version, archive));
    void sweepPackages(ctx); // what was unpacked to look at it
    return configurationView(ctx, version);
  }

  const release = await ctx.store.packages.put({ sha256: code.sha256, bytes: zip });
  try {
    const version = acceptUpdate(ctx, name, await update(false));
    afterUpdate(ctx, name, LATEST);
    const checked = ctx.activations.begin(version, archive);
    if (version.version !== LATEST) {
      const latest = await ctx.store.functions.findVersion({ functionName: name, version: LATEST });
      if (latest) void ctx.activations.begin(latest, archive);
    }
    await warnInTime(ctx, checked);
    return configurationView(ctx, version);
  } finally {
    release();
    void sweepPackages(ctx); // what the new code replaced
  }
}

/** The version after the update, or the refusal in AWS's words. */
export function acceptUpdate(ctx: ServiceContext, name: string, updated: Updated) {
  switch (updated.kind) {
    case "done":
      return updated.value;
    case "missing":
      throw notFound("Function", functionArn(ctx.home, name));
    case "stale-revision":
      throw preconditionFailed("function");
    case "update-in-progress":
      throw conflict(
        `The operation cannot be performed at this time. An update is in progress for resource: ${functionArn(ctx.home, name)}`,
      );
    case "code-storage-exceeded":
      throw codeStorageExceeded();
    default:
      throw updated satisfies never;
  }
}

/** From here on no new call meets what was there before (of all versions, or of one); calls that run finish on it. */
export function afterUpdate(ctx: ServiceContext, name: string, version?: string): void {
  ctx.resolver.forget(name);
  ctx.dispatcher.retire(name, version);
}
