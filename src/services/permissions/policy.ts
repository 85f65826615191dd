/**
 * The resource policy of a function, or of one of its versions or aliases: one document, which AddPermission and RemovePermission change
 * statement by statement and the 2026 operations as a whole.
 */
import { functionArn } from "../../core/arn.ts";
import { LATEST } from "../../core/states.ts";
import { AwsError, invalidParameter, notFound } from "../../errors/aws-error.ts";
import type { ServiceContext } from "../context.ts";
import { DocumentKind } from "../document-kind.ts";
import { type NamedFunction, requireFunction } from "../functions/reference.ts";

/** Members in the order in which the document has them. */
export interface PolicyDocument {
  readonly Version: string;
  readonly Id?: string;
  readonly Statement: readonly PolicyStatement[];
}

export interface PolicyStatement {
  readonly Sid?: string;
  readonly [member: string]: unknown;
}

export interface ResourcePolicy {
  readonly revisionId: string;
  readonly document: PolicyDocument;
}

/** The owner is the function; the key the qualifier, or "" for the function itself. */
export const policies = new DocumentKind<ResourcePolicy>("policy");

export const POLICY_BYTES_MAX = 20_480;

/** @throws AwsError PolicyLengthExceededException. */
export function checkLength(document: PolicyDocument): void {
  const bytes = Buffer.byteLength(JSON.stringify(document));
  if (bytes <= POLICY_BYTES_MAX) return;
  throw new AwsError(
    "PolicyLengthExceededException",
    `The final policy size (${bytes}) is bigger than the limit (${POLICY_BYTES_MAX}).`,
  );
}

/** @throws AwsError InvalidParameterValueException for `$LATEST`, which has no policy of its own. */
export function refuseLatest({ qualifier }: NamedFunction): void {
  if (qualifier === LATEST) throw invalidParameter("We currently do not support adding policies for $LATEST.");
}

export const policyPlace = (at: NamedFunction) => ({
  owner: at.name,
  key: at.qualifier ?? "",
  needs: [{ need: "function" as const, functionName: at.name, qualifier: at.qualifier }],
});

/** @throws AwsError ResourceNotFoundException for the function, version or alias. */
export async function requireQualified(ctx: ServiceContext, at: NamedFunction): Promise<void> {
  if (at.qualifier === undefined || at.qualifier === LATEST) {
    await requireFunction(ctx, at.name);
    return;
  }
  const { functions, aliases } = ctx.store;
  const found =
    (await functions.findVersion({ functionName: at.name, version: at.qualifier })) ??
    (await aliases.find({ functionName: at.name, name: at.qualifier }));
  if (!found) throw notFound("Function", functionArn(ctx.home, at.name, at.qualifier));
}
