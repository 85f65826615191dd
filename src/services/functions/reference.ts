/** From the `FunctionName` and `Qualifier` of a request to the function and version that they mean. */
import { functionArn, parseFunctionReference } from "../../core/arn.ts";
import { LATEST } from "../../core/states.ts";
import { AwsError, invalidParameter, notFound } from "../../errors/aws-error.ts";
import type { FunctionRecord, FunctionVersion } from "../../store/port.ts";
import type { Services } from "../context.ts";

export interface NamedFunction {
  readonly name: string;
  /** Undefined when neither the name nor the request has one. */
  readonly qualifier: string | undefined;
}

const FUNCTION_NAME_LENGTH_MAX = 64;

/**
 * Checks what the pattern cannot: region and account, the bare name's length, and that name and query agree on the qualifier.
 * @throws AwsError InvalidParameterValueException, ResourceNotFoundException (region), AccessDeniedException (account).
 */
export function readReference(
  ctx: Pick<Services, "home">,
  input: { FunctionName: string; Qualifier?: string | undefined },
): NamedFunction {
  const reference = parseFunctionReference(input.FunctionName);
  if (!reference) throw invalidParameter(`Cannot read the function name '${input.FunctionName}'`);
  const { name, region, accountId, qualifier } = reference;
  if (region !== undefined && region !== ctx.home.region) {
    const text = `Functions from '${region}' are not reachable in this region ('${ctx.home.region}')`;
    throw new AwsError("ResourceNotFoundException", text);
  }
  if (accountId !== undefined && accountId !== ctx.home.accountId) {
    const arn = functionArn({ region: ctx.home.region, accountId }, name);
    throw new AwsError(
      "AccessDeniedException",
      `Cannot reach ${arn}: it belongs to another account than ${ctx.home.accountId}`,
    );
  }
  if (name.length > FUNCTION_NAME_LENGTH_MAX) {
    throw invalidParameter(
      `1 validation error detected: Value '${name}' at 'functionName' failed to satisfy constraint: Member must have length less than or equal to ${FUNCTION_NAME_LENGTH_MAX}`,
    );
  }
  if (qualifier !== undefined && input.Qualifier !== undefined && qualifier !== input.Qualifier) {
    throw invalidParameter("The derived qualifier from the function name does not match the specified qualifier.");
  }
  return { name, qualifier: input.Qualifier ?? qualifier };
}

export const isVersionNumber = (qualifier: string): boolean => /^\d+$/.test(qualifier);

/** @throws AwsError ResourceNotFoundException, with the ARN unqualified. */
export async function requireFunction(ctx: Pick<Services, "home" | "store">, name: string): Promise<FunctionRecord> {
  const record = await ctx.store.functions.find(name);
  if (!record) throw notFound("Function", functionArn(ctx.home, name));
  return record;
}

/** The version that a qualifier (a number, `$LATEST`, an alias, or none) means. @throws AwsError ResourceNotFoundException. */
export async function requireVersion(
  ctx: Pick<Services, "home" | "store">,
  { name, qualifier }: NamedFunction,
): Promise<FunctionVersion> {
  const version = await findQualified(ctx, { name, qualifier });
  if (!version) throw notFound("Function", functionArn(ctx.home, name, qualifier));
  return version;
}

async function findQualified(
  ctx: Pick<Services, "store">,
  { name, qualifier = LATEST }: NamedFunction,
): Promise<FunctionVersion | undefined> {
  const { functions, aliases } = ctx.store;
  if (qualifier === LATEST || isVersionNumber(qualifier))
    return functions.findVersion({ functionName: name, version: qualifier });
  const alias = await aliases.find({ functionName: name, name: qualifier });
  return alias && functions.findVersion({ functionName: name, version: alias.version });
}
