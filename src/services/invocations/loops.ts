/** Functions that call themselves, directly or by way of others, as far as their trace header tells. */
import { functionArn } from "../../core/arn.ts";
import { AwsError } from "../../errors/aws-error.ts";
import { allowsRecursion } from "../../invoke/queue/async-config.ts";
import { CHAIN_CALLS_MAX, followLineage } from "../../invoke/queue/lineage.ts";
import type { ServiceContext } from "../context.ts";

/**
 * The header that a synchronous call goes on with. Where the caller's has no lineage it stays as it is: a chain begins with an
 * asynchronous call.
 */
export function chainedTrace(ctx: ServiceContext, { name, sampled }: { name: string; sampled: boolean }): string {
  const traceId = ctx.traceId(sampled);
  return traceId.includes("Lineage=") ? followLineage(traceId, functionArn(ctx.home, name)).traceId : traceId;
}

/** Answers nothing at once for most calls. @throws AwsError RecursiveInvocationException. */
export function refuseLoop(ctx: ServiceContext, name: string): Promise<void> | undefined {
  const trace = ctx.givenTrace;
  return trace?.includes("Lineage=") ? refuseLongChain(ctx, name, trace) : undefined;
}

async function refuseLongChain(ctx: ServiceContext, name: string, trace: string): Promise<void> {
  const { callsBefore } = followLineage(trace, functionArn(ctx.home, name));
  if (callsBefore < CHAIN_CALLS_MAX || (await allowsRecursion(ctx.store, name))) return;
  throw new AwsError(
    "RecursiveInvocationException",
    `Cannot call ${functionArn(ctx.home, name)}: it was called ${callsBefore} times in the same chain of calls`,
  );
}
