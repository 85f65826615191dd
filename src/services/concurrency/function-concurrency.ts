/**
 * Reserved concurrency: what a function has for itself, and may not exceed. The dispatcher holds calls to it. What is reserved and what is
 * provisioned have to fit together, so all that change either take turns.
 */
import { functionArn } from "../../core/arn.ts";
import { inTurn } from "../../core/in-turn.ts";
import { invalidParameter, notFound } from "../../errors/aws-error.ts";
import type { InputOf, OutputOf } from "../../shapes/operations.ts";
import type { ServiceContext, Services } from "../context.ts";
import { readReference, requireFunction } from "../functions/reference.ts";
import { provisionedCountOf } from "./provisioned-configs.ts";

/** What every account keeps for functions without a reservation; an account that has less altogether keeps all of it. */
const UNRESERVED_MIN = 100;

/** @throws AwsError InvalidParameterValueException when too little would be left for the others, or provisioned concurrency needs more. */
export async function putFunctionConcurrency(
  ctx: ServiceContext,
  input: InputOf<"PutFunctionConcurrency">,
): Promise<OutputOf<"PutFunctionConcurrency">> {
  const name = readUnqualified(ctx, input);
  const reserved = input.ReservedConcurrentExecutions;
  await requireFunction(ctx, name);
  return inTurn(ctx.dispatcher.concurrency, async () => {
    const provisioned = await provisionedCountOf(ctx, name);
    if (reserved < provisioned) {
      throw invalidParameter(
        `ReservedConcurrentExecutions ${reserved} should not be lower than function's total provisioned concurrency [${provisioned}].`,
      );
    }
    await reserve(ctx, name, reserved);
    return { ReservedConcurrentExecutions: reserved };
  });
}

/** Nothing at all when none is reserved. */
export async function getFunctionConcurrency(
  ctx: ServiceContext,
  input: InputOf<"GetFunctionConcurrency">,
): Promise<OutputOf<"GetFunctionConcurrency">> {
  const { reservedConcurrency } = await requireFunction(ctx, readUnqualified(ctx, input));
  return reservedConcurrency === null ? {} : { ReservedConcurrentExecutions: reservedConcurrency };
}

export async function deleteFunctionConcurrency(
  ctx: ServiceContext,
  input: InputOf<"DeleteFunctionConcurrency">,
): Promise<undefined> {
  await inTurn(ctx.dispatcher.concurrency, () => reserve(ctx, readUnqualified(ctx, input), null));
}

/** How much of the account's concurrency all reservations together leave alone. */
export const unreservedMin = ({ dispatcher }: Pick<Services, "dispatcher">): number =>
  Math.min(UNRESERVED_MIN, dispatcher.concurrency.accountMax);

async function reserve(ctx: ServiceContext, name: string, reserved: number | null): Promise<void> {
  const totalMax = ctx.dispatcher.concurrency.accountMax - unreservedMin(ctx);
  const put = await ctx.store.functions.putReservedConcurrency({ functionName: name, reserved, totalMax });
  if (put.kind === "missing") throw notFound("Function", functionArn(ctx.home, name));
  if (put.kind === "over-reserved") {
    throw invalidParameter(
      `Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its minimum value of [${unreservedMin(ctx)}].`,
    );
  }
  await applyReserved(ctx, name);
}

/** Asks the store again, so that of two writes the later one holds, whoever gets here first. */
export async function applyReserved({ store, dispatcher }: Services, name: string): Promise<void> {
  const record = await store.functions.find(name);
  dispatcher.concurrency.reserve(name, record?.reservedConcurrency ?? null);
}

function readUnqualified(ctx: ServiceContext, input: { FunctionName: string }): string {
  const { name, qualifier } = readReference(ctx, { FunctionName: input.FunctionName });
  if (qualifier === undefined) return name;
  throw invalidParameter(
    "This operation is permitted on Lambda functions only. Aliases and versions do not support this operation. Please specify either a function name or an unqualified function ARN.",
  );
}
