import { LATEST } from "../../core/states.ts";
import { alreadyExists, invalidParameter } from "../../errors/aws-error.ts";
import type { InputOf } from "../../shapes/operations.ts";
import type { FunctionVersion } from "../../store/port.ts";
import type { ServiceContext } from "../context.ts";
import { codeStorageExceeded, takeCode } from "./intake.ts";
import { readReference } from "./reference.ts";
import { newSettings } from "./settings.ts";
import { configurationView, type FunctionConfiguration } from "./view.ts";

export const CREATING = { reason: "The function is being created.", code: "Creating" } as const;
const TAGS_MAX = 50;

/**
 * Makes a function and its `$LATEST`, in state Pending until its code is unpacked; with `Publish` also version 1, which is then
 * the answer.
 * @throws AwsError ResourceConflictException when the name is taken.
 */
export async function createFunction(
  ctx: ServiceContext,
  input: InputOf<"CreateFunction">,
): Promise<FunctionConfiguration> {
  const { name } = readReference(ctx, { FunctionName: input.FunctionName });
  const settings = newSettings(ctx, input);
  const tags = { ...input.Tags };
  if (Object.keys(tags).length > TAGS_MAX) throw invalidParameter("Number of tags exceeds resource tag limit.");
  const { archive, zip, ...code } = await takeCode(ctx, {
    source: input.Code,
    handler: settings.handler,
    runtime: settings.runtime,
  });

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
    const created = await ctx.store.functions.create({ record, latest, published, codeBytesMax: ctx.codeBytesMax });
    if (created.kind === "exists") throw alreadyExists("Function", name);
    if (created.kind === "code-storage-exceeded") throw codeStorageExceeded();
  } finally {
    release();
  }
  ctx.resolver.forget(name);
  for (const version of [latest, ...(published ? [published] : [])]) ctx.activations.begin(version, archive);
  return configurationView(ctx.home, published ?? latest);
}
