import { functionArn } from "../../core/arn.ts";
import { inTurn } from "../../core/in-turn.ts";
import { notFound, preconditionFailed } from "../../errors/aws-error.ts";
import type { InputOf } from "../../shapes/operations.ts";
import type { Alias } from "../../store/port.ts";
import { keepProvisioned } from "../concurrency/keep-provisioned.ts";
import { refuseTwice } from "../concurrency/provisioned-concurrency.ts";
import { provisionedConfigs } from "../concurrency/provisioned-configs.ts";
import type { ServiceContext } from "../context.ts";
import { readReference, requireFunction } from "../functions/reference.ts";
import { type AliasConfiguration, aliasView } from "./view.ts";
import { checkWeights } from "./weights.ts";

/** Changes what the request names; a RoutingConfig without weights sends all traffic to the alias's version again. */
export async function updateAlias(ctx: ServiceContext, input: InputOf<"UpdateAlias">): Promise<AliasConfiguration> {
  const { name: functionName } = readReference(ctx, { FunctionName: input.FunctionName });
  const key = { functionName, name: input.Name };
  for (;;) {
    const before = await ctx.store.aliases.find(key);
    if (!before) {
      await requireFunction(ctx, functionName);
      throw notFound("Alias", functionArn(ctx.home, functionName, input.Name));
    }
    if (input.RevisionId !== undefined && input.RevisionId !== before.revisionId) throw preconditionFailed("alias");
    const change = changeOf(input);
    checkWeights(change.weights ?? before.weights, change.version ?? before.version);
    const { revisionId } = before;
    const updated = await inTurn(ctx.dispatcher.concurrency, async () => {
      if (change.version !== undefined) await refuseProvisionedTwice(ctx, { ...before, version: change.version });
      return ctx.store.aliases.update({ ...key, expectedRevisionId: revisionId, revisionId: ctx.ids.uuid(), change });
    });
    if (updated.kind === "no-version") throw notFound("Function", functionArn(ctx.home, functionName, updated.version));
    // Changed or gone since it was read: the rules have to hold for what is there now.
    if (updated.kind !== "done") continue;
    ctx.resolver.forget(functionName);
    keepProvisioned(ctx, functionName);
    return aliasView(ctx.home, updated.value);
  }
}

/** An alias with provisioned concurrency does not move to a version that has its own. */
async function refuseProvisionedTwice(ctx: ServiceContext, { functionName, name, version }: Alias): Promise<void> {
  if (!(await provisionedConfigs.find(ctx, { owner: functionName, key: name }))) return;
  await refuseTwice(ctx, { name: functionName, qualifier: name, version });
}

type Change = Partial<Pick<Alias, "version" | "description" | "weights">>;

const changeOf = (input: InputOf<"UpdateAlias">): Change => ({
  ...(input.FunctionVersion !== undefined && { version: input.FunctionVersion }),
  ...(input.Description !== undefined && { description: input.Description }),
  ...(input.RoutingConfig && { weights: { ...input.RoutingConfig.AdditionalVersionWeights } }),
});
