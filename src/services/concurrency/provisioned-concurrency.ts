/** Provisioned concurrency: environments that are started and kept before anybody calls. */
import { functionArn } from "../../core/arn.ts";
import { inTurn } from "../../core/in-turn.ts";
import { LATEST } from "../../core/states.ts";
import { AwsError, conflict, invalidParameter } from "../../errors/aws-error.ts";
import type { InputOf, OutputOf } from "../../shapes/operations.ts";
import { aliasNotFound } from "../aliases/get-alias.ts";
import type { ServiceContext } from "../context.ts";
import type { Kept } from "../document-kind.ts";
import { isVersionNumber, readReference, requireFunction, requireVersion } from "../functions/reference.ts";
import { wireDate } from "../functions/view.ts";
import { nextMarker, readPage } from "../paging.ts";
import { unreservedMin } from "./function-concurrency.ts";
import { keepProvisioned, provisionStatus } from "./keep-provisioned.ts";
import { type ProvisionedConfig, provisionedConfigs } from "./provisioned-configs.ts";

type View = NonNullable<OutputOf<"GetProvisionedConcurrencyConfig">>;

/** Answers before anything is started; GetProvisionedConcurrencyConfig tells how far it is. */
export async function putProvisionedConcurrencyConfig(
  ctx: ServiceContext,
  input: InputOf<"PutProvisionedConcurrencyConfig">,
): Promise<OutputOf<"PutProvisionedConcurrencyConfig">> {
  const requested = input.ProvisionedConcurrentExecutions;
  const kept = await inTurn(ctx.dispatcher.concurrency, async () => {
    const at = await requireQualified(ctx, input);
    await refuseTwice(ctx, at);
    await refuseBeyondRoom(ctx, { ...at, requested });
    const needs = [{ need: "function" as const, functionName: at.name, qualifier: at.qualifier }];
    return provisionedConfigs.put(ctx, { owner: at.name, key: at.qualifier, needs }, { requested });
  });
  keepProvisioned(ctx, kept.owner);
  return {
    RequestedProvisionedConcurrentExecutions: requested,
    AllocatedProvisionedConcurrentExecutions: 0,
    AvailableProvisionedConcurrentExecutions: 0,
    Status: "IN_PROGRESS",
    LastModified: wireDate(kept.modifiedAtMs),
  };
}

export async function getProvisionedConcurrencyConfig(
  ctx: ServiceContext,
  input: InputOf<"GetProvisionedConcurrencyConfig">,
): Promise<View> {
  const at = await requireQualified(ctx, input);
  const kept = await provisionedConfigs.find(ctx, { owner: at.name, key: at.qualifier });
  if (kept) return viewOf(ctx, kept);
  throw new AwsError(
    "ProvisionedConcurrencyConfigNotFoundException",
    "No Provisioned Concurrency Config found for this function",
  );
}

/** None that was configured is no error. */
export async function deleteProvisionedConcurrencyConfig(
  ctx: ServiceContext,
  input: InputOf<"DeleteProvisionedConcurrencyConfig">,
): Promise<undefined> {
  const at = await requireQualified(ctx, input);
  await provisionedConfigs.edit(ctx, { owner: at.name, key: at.qualifier }, () => "delete");
  keepProvisioned(ctx, at.name);
}

export async function listProvisionedConcurrencyConfigs(
  ctx: ServiceContext,
  input: InputOf<"ListProvisionedConcurrencyConfigs">,
): Promise<OutputOf<"ListProvisionedConcurrencyConfigs">> {
  const { name } = readReference(ctx, { FunctionName: input.FunctionName });
  await requireFunction(ctx, name);
  const page = await provisionedConfigs.list(ctx, { ...readPage(input), owner: name });
  const ProvisionedConcurrencyConfigs = await Promise.all(
    page.items.map(async (kept) => ({
      FunctionArn: functionArn(ctx.home, name, kept.key),
      ...(await viewOf(ctx, kept)),
    })),
  );
  return { ProvisionedConcurrencyConfigs, ...nextMarker(page.next) };
}

interface Qualified {
  readonly name: string;
  readonly qualifier: string;
  /** That the qualifier means. */
  readonly version: string;
}

/** @throws AwsError InvalidParameterValueException for what has no published version behind it. */
async function requireQualified(
  ctx: ServiceContext,
  input: { FunctionName: string; Qualifier: string },
): Promise<Qualified> {
  const { name, qualifier = LATEST } = readReference(ctx, input);
  if (qualifier === LATEST || qualifier === "") throw unpublished();
  await requireFunction(ctx, name);
  if (isVersionNumber(qualifier)) {
    await requireVersion(ctx, { name, qualifier });
    return { name, qualifier, version: qualifier };
  }
  const alias = await ctx.store.aliases.find({ functionName: name, name: qualifier });
  if (!alias) throw aliasNotFound(functionArn(ctx.home, name, qualifier));
  if (alias.version === LATEST) throw unpublished();
  return { name, qualifier, version: alias.version };
}

const unpublished = () =>
  invalidParameter("Provisioned Concurrency Configs cannot be applied to unpublished function versions.");

/** A version has it by itself or by an alias, never both. In turn with whatever else changes either. */
export async function refuseTwice(ctx: ServiceContext, at: Qualified): Promise<void> {
  for await (const { key } of provisionedConfigs.each(ctx, { owner: at.name })) {
    if (key === at.qualifier) continue;
    if (key === at.version) {
      throw conflict("Alias can't be used for Provisioned Concurrency configuration on an already Provisioned version");
    }
    const alias = await ctx.store.aliases.find({ functionName: at.name, name: key });
    if (alias?.version === at.qualifier) throw conflict("Version is pointed by a Provisioned Concurrency alias");
  }
}

/** What a function reserved is its room; without, it takes from what nobody reserved, and has to leave the minimum. */
async function refuseBeyondRoom(ctx: ServiceContext, at: Qualified & { requested: number }): Promise<void> {
  const { reservedConcurrency } = await requireFunction(ctx, at.name);
  let ofFunction = at.requested;
  let ofUnreserved = at.requested;
  for await (const { owner, key, body } of provisionedConfigs.each(ctx)) {
    if (owner === at.name && key === at.qualifier) continue;
    if (owner === at.name) ofFunction += body.requested;
    const record = owner === at.name ? undefined : await ctx.store.functions.find(owner);
    if (record?.reservedConcurrency == null) ofUnreserved += body.requested;
  }
  if (reservedConcurrency !== null) {
    if (ofFunction <= reservedConcurrency) return;
    throw invalidParameter(
      "Requested Provisioned Concurrency should not be greater than the reservedConcurrentExecution for function",
    );
  }
  const { reservedConcurrency: reservedTotal } = await ctx.store.functions.usage();
  const unreserved = ctx.dispatcher.concurrency.accountMax - reservedTotal;
  if (at.requested > unreserved) {
    throw invalidParameter(
      `Specified ConcurrentExecutions for function is greater than account's unreserved concurrency [${unreserved}].`,
    );
  }
  if (unreserved - ofUnreserved < unreservedMin(ctx)) {
    throw invalidParameter(
      `Specified ConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its minimum value of [${unreservedMin(ctx)}].`,
    );
  }
}

async function viewOf(ctx: ServiceContext, kept: Kept<ProvisionedConfig>): Promise<View> {
  const { requested } = kept.body;
  const status = await provisionStatus(ctx, { functionName: kept.owner, qualifier: kept.key });
  const common = { RequestedProvisionedConcurrentExecutions: requested, LastModified: wireDate(kept.modifiedAtMs) };
  if (status.kind === "impossible") {
    return {
      ...common,
      AvailableProvisionedConcurrentExecutions: 0,
      AllocatedProvisionedConcurrentExecutions: 0,
      Status: "FAILED",
      StatusReason: status.reason,
    };
  }
  const { available, allocated, failing } = status;
  return {
    ...common,
    AvailableProvisionedConcurrentExecutions: available,
    AllocatedProvisionedConcurrentExecutions: allocated,
    ...(available >= requested
      ? { Status: "READY" }
      : failing
        ? { Status: "FAILED", StatusReason: "FUNCTION_ERROR_INIT_FAILURE" }
        : { Status: "IN_PROGRESS" }),
  };
}
