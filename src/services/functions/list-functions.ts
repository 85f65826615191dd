import type { InputOf, OutputOf } from "../../shapes/operations.ts";
import type { ServiceContext } from "../context.ts";
import { nextMarker, readPage } from "../paging.ts";
import { listedView } from "./view.ts";

/** By name. `FunctionVersion=ALL` lists every version, with qualified ARNs. */
export async function listFunctions(
  ctx: ServiceContext,
  input: InputOf<"ListFunctions">,
): Promise<OutputOf<"ListFunctions">> {
  const all = input.FunctionVersion === "ALL";
  const page = await ctx.store.functions.list({ ...readPage(input), versions: all ? "all" : "latest" });
  const Functions = page.items.map((version) => listedView(ctx, version, all ? version.version : undefined));
  return { ...nextMarker(page.next), Functions };
}
