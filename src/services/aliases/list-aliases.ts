import type { InputOf, OutputOf } from "../../shapes/operations.ts";
import type { ServiceContext } from "../context.ts";
import { readReference, requireFunction } from "../functions/reference.ts";
import { nextMarker, readPage } from "../paging.ts";
import { aliasView } from "./view.ts";

/** By name; with FunctionVersion those that send it traffic, all of it or a share. */
export async function listAliases(
  ctx: ServiceContext,
  input: InputOf<"ListAliases">,
): Promise<OutputOf<"ListAliases">> {
  const { name: functionName } = readReference(ctx, { FunctionName: input.FunctionName });
  await requireFunction(ctx, functionName);
  const page = await ctx.store.aliases.list({ ...readPage(input), functionName, version: input.FunctionVersion });
  return { ...nextMarker(page.next), Aliases: page.items.map((alias) => aliasView(ctx.home, alias)) };
}
