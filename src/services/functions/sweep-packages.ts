import type { ServiceContext } from "../context.ts";

/** Packages that nothing uses any more go, a moment later: the answer does not wait for it. */
export async function sweepPackages(ctx: ServiceContext): Promise<void> {
  try {
    await ctx.store.packages.sweep(() => ctx.store.functions.digestsInUse());
  } catch (error) {
    ctx.log.warn({ err: error }, "Cannot sweep unused packages; the next deletion or start tries again");
  }
}
