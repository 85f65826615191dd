import type { InputOf, OutputOf } from "../../shapes/operations.ts";
import type { ServiceContext } from "../context.ts";
import { readReference, requireFunction } from "../functions/reference.ts";
import { listedView } from "../functions/view.ts";
import { nextMarker, readPage } from "../paging.ts";

/** `$LATEST` first, then by number, each with its qualified ARN. */
export async function listVersionsByFunction(
  ctx: ServiceContext,
  input: InputOf<"ListVersionsByFunction">,
): Promise<OutputOf<"ListVersionsByFunction">> {
  const { name } = readReference(ctx, { FunctionName: input.FunctionName });
  await requireFunction(ctx, name);
  const page = await ctx.store.functions.listVersions({ ...readPage(input), functionName: name });
  const Versions = page.items.map((version) => listedView(ctx, version, version.version));
  return { ...nextMarker(page.next), Versions };
}
