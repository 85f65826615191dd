import { LATEST } from "../../core/states.ts";
import { invalidParameter, notSupported } from "../../errors/aws-error.ts";
import type { InputOf } from "../../shapes/operations.ts";
import type { ServiceContext } from "../context.ts";
import { checkTogether, takeLayers, unzippedBytesOf } from "../layers/function-layers.ts";
import { warnInTime } from "./code-warnings.ts";
import { CREATING } from "./create-function.ts";
import { readReference, requireVersion } from "./reference.ts";
import { changedSettings } from "./settings.ts";
import { acceptUpdate, afterUpdate } from "./update-function-code.ts";
import { configurationView, type FunctionConfiguration } from "./view.ts";

/** Changes the settings of `$LATEST` that the request names; the others stay. */
export async function updateFunctionConfiguration(
  ctx: ServiceContext,
  input: InputOf<"UpdateFunctionConfiguration">,
): Promise<FunctionConfiguration> {
  const { name, qualifier } = readReference(ctx, { FunctionName: input.FunctionName });
  if (qualifier !== undefined && qualifier !== LATEST) {
    throw invalidParameter("Published versions cannot be configured: name the function without a qualifier");
  }
  if (input.CapacityProviderConfig) throw notSupported("UpdateFunctionConfiguration with CapacityProviderConfig");
  for (;;) {
    const before = await requireVersion(ctx, { name, qualifier: undefined });
    const changed = changedSettings(ctx, input, { name, before: before.settings });
    using taken = await takeLayers(ctx, input.Layers);
    const { layers } = taken;
    const settings = { ...changed, ...(layers && { layers }) };
    if (layers?.length) checkTogether({ unzippedBytes: await unzippedBytesOf(ctx, before.code.sha256), layers });
    const updated = await ctx.store.functions.updateLatest({
      functionName: name,
      expectedRevisionId: input.RevisionId ?? before.revisionId,
      revisionId: ctx.ids.uuid(),
      nowMs: ctx.clock.nowMs(),
      reason: CREATING,
      change: { settings },
      codeBytesMax: ctx.codeBytesMax,
    });
    // What the settings were merged with has changed meanwhile: that is this server's business, not the client's.
    if (updated.kind === "stale-revision" && input.RevisionId === undefined) continue;
    const version = acceptUpdate(ctx, name, updated);
    afterUpdate(ctx, name, LATEST);
    const checked = ctx.activations.begin(version);
    if (input.Handler !== undefined || input.Runtime !== undefined) await warnInTime(ctx, checked);
    return configurationView(ctx, version);
  }
}
