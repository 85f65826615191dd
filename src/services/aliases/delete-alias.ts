import type { InputOf } from "../../shapes/operations.ts";
import { keepProvisioned } from "../concurrency/keep-provisioned.ts";
import type { ServiceContext } from "../context.ts";
import { readReference, requireFunction } from "../functions/reference.ts";

/** With all that is configured about the alias. One that is not there is no error; a function that is not there is. */
export async function deleteAlias(ctx: ServiceContext, input: InputOf<"DeleteAlias">): Promise<undefined> {
  const { name: functionName } = readReference(ctx, { FunctionName: input.FunctionName });
  await requireFunction(ctx, functionName);
  await ctx.store.aliases.delete({ functionName, name: input.Name });
  ctx.resolver.forget(functionName);
  keepProvisioned(ctx, functionName);
}
