import { LATEST } from "../../core/states.ts";
import { alreadyExists, invalidParameter } from "../../errors/aws-error.ts";
import type { InputOf } from "../../shapes/operations.ts";
import type { FunctionVersion } from "../../store/port.ts";
import { linkOf, needsConfig, signingConfigMissing } from "../code-signing/function-links.ts";
import type { ServiceContext } from "../context.ts";
import { checkTogether, takeLayers } from "../layers/function-layers.ts";
import { checkTagCount } from "../tags/tag-count.ts";
import { warnInTime } from "./code-warnings.ts";
import { codeStorageExceeded, takeCode } from "./intake.ts";
import { readReference } from "./reference.ts";
import { newSettings } from "./settings.ts";
import { configurationView, type FunctionConfiguration } from "./view.ts";

export const CREATING = { reason: "The function is being created.", code: "Creating" } as const;

/**
 * Makes a function and its `$LATEST`, in state Pending until its code is unpacked; with `Publish` also version 1, which is then
 * the answer.
 * @throws AwsError ResourceConflictException when the name is taken.
 */
export async function createFunction(
  ctx: ServiceContext,
  input: InputOf<"CreateFunction">,
): Promise<FunctionConfiguration> {
  const { name, qualifier } = readReference(ctx, { FunctionName: input.FunctionName });
  if (qualifier !== undefined && qualifier !== LATEST)
    throw invalidParameter(`Cannot create a function under the qualifier '${qualifier}': name it without`);
  const configured = newSettings(ctx, name, input);
  using taken = await takeLayers(ctx, input.Layers);
  const settings = { ...configured, layers: taken.layers ?? [] };
  const tags = { ...input.Tags };
  checkTagCount(tags);
  const { archive, zip, ...code } = await takeCode(ctx, {
    source: input.Code,
    handler: settings.handler,
    runtime: settings.runtime,
  });
  checkTogether({ unzippedBytes: archive.unzippedBytes, layers: settings.layers });

  const nowMs = ctx.clock.nowMs();
  const latest: FunctionVersion = {
    functionName: name,
    version: LATEST,
    revisionId: ctx.ids.uuid(),
    settings,
    code,
    state: "Pending",
    stateReason: CREATING,
    updateStatus: null,
    updateStatusReason: null,
    lastModifiedMs: nowMs,
  };
  const published = input.Publish ? { ...latest, version: "1", revisionId: ctx.ids.uuid() } : undefined;
  const record = { name, createdAtMs: nowMs, tags, versionNext: published ? 2 : 1, reservedConcurrency: null };

  const release = await ctx.store.packages.put({ sha256: code.sha256, bytes: zip });
  try {
    const created = await ctx.store.functions.create({
      record,
      latest,
      published,
      codeBytesMax: ctx.codeBytesMax,
      ...signingOf(input, { name, nowMs }),
    });
    if (created.kind === "unmet") throw signingConfigMissing(input.CodeSigningConfigArn ?? "");
    if (created.kind === "exists") throw alreadyExists("Function", name);
    if (created.kind === "code-storage-exceeded") throw codeStorageExceeded();
  } finally {
    release();
  }
  ctx.resolver.forget(name);
  const checked = ctx.activations.begin(latest, archive);
  if (published) void ctx.activations.begin(published, archive);
  await warnInTime(ctx, checked);
  return configurationView(ctx, published ?? latest);
}

/** The link to a code signing configuration comes into being with the function, if that configuration is there. */
function signingOf(input: InputOf<"CreateFunction">, { name, nowMs }: { name: string; nowMs: number }) {
  const arn = input.CodeSigningConfigArn;
  if (!arn) return {};
  return { documents: [linkOf({ functionName: name, arn, nowMs })], needs: [needsConfig(arn)] };
}
