import { PACKAGE_UNZIPPED_BYTES_MAX, PACKAGE_ZIPPED_BYTES_MAX } from "../../core/limits.ts";
import type { InputOf, OutputOf } from "../../shapes/operations.ts";
import type { ServiceContext } from "../context.ts";

/** The limits that this server holds, and what is used of them. */
export async function getAccountSettings(
  ctx: ServiceContext,
  _input: InputOf<"GetAccountSettings">,
): Promise<OutputOf<"GetAccountSettings">> {
  const { codeBytes, functionCount, reservedConcurrency } = await ctx.store.functions.usage();
  const { accountMax } = ctx.dispatcher.concurrency;
  return {
    AccountLimit: {
      TotalCodeSize: ctx.codeBytesMax,
      CodeSizeUnzipped: PACKAGE_UNZIPPED_BYTES_MAX,
      CodeSizeZipped: PACKAGE_ZIPPED_BYTES_MAX,
      ConcurrentExecutions: accountMax,
      UnreservedConcurrentExecutions: Math.max(0, accountMax - reservedConcurrency),
    },
    AccountUsage: { TotalCodeSize: codeBytes, FunctionCount: functionCount },
  };
}
