/**
 * The 2026 operations on a policy as a whole document, under the ARN of what it belongs to.
 *
 * **Gaps**: functions, their versions and aliases only; whether a policy is public is not judged (PublicPolicyException).
 */
import { parseFunctionReference } from "../../core/arn.ts";
import { AwsError, invalidParameter, preconditionFailed } from "../../errors/aws-error.ts";
import { isObject } from "../../security/policy/members.ts";
import { parseResourcePolicy } from "../../security/policy/parse.ts";
import { PolicyError } from "../../security/policy/policy-error.ts";
import type { InputOf, OutputOf } from "../../shapes/operations.ts";
import type { ServiceContext } from "../context.ts";
import { type NamedFunction, readReference } from "../functions/reference.ts";
import { checkLength, type PolicyDocument, policies, policyPlace, refuseLatest, requireQualified } from "./policy.ts";

export async function putResourcePolicy(
  ctx: ServiceContext,
  input: InputOf<"PutResourcePolicy">,
): Promise<OutputOf<"PutResourcePolicy">> {
  const at = await requireResource(ctx, input.ResourceArn);
  refuseLatest(at);
  const document = readDocument(input.Policy);
  checkLength(document);
  const revisionId = ctx.ids.uuid();
  await policies.edit(ctx, policyPlace(at), (before) => {
    if (input.RevisionId !== undefined && input.RevisionId !== before?.body.revisionId)
      throw preconditionFailed("policy");
    return { put: { revisionId, document } };
  });
  ctx.facts.forget(at.name);
  return { Policy: JSON.stringify(document), RevisionId: revisionId };
}

export async function getResourcePolicy(
  ctx: ServiceContext,
  input: InputOf<"GetResourcePolicy">,
): Promise<OutputOf<"GetResourcePolicy">> {
  const kept = await policies.find(ctx, policyPlace(await requireResource(ctx, input.ResourceArn)));
  if (!kept) throw policyMissing();
  return { Policy: JSON.stringify(kept.body.document), RevisionId: kept.body.revisionId };
}

export async function deleteResourcePolicy(
  ctx: ServiceContext,
  input: InputOf<"DeleteResourcePolicy">,
): Promise<undefined> {
  const at = await requireResource(ctx, input.ResourceArn);
  await policies.edit(ctx, policyPlace(at), (before) => {
    if (!before) throw policyMissing();
    if (input.RevisionId !== undefined && input.RevisionId !== before.body.revisionId)
      throw preconditionFailed("policy");
    return "delete";
  });
  ctx.facts.forget(at.name);
}

async function requireResource(ctx: ServiceContext, arn: string): Promise<NamedFunction> {
  if (!arn.startsWith("arn:") || !parseFunctionReference(arn))
    throw invalidParameter(
      `Cannot read the resource ARN '${arn}': it has to be the ARN of a function, version or alias`,
    );
  const at = readReference(ctx, { FunctionName: arn });
  await requireQualified(ctx, at);
  return at;
}

/** @throws AwsError InvalidParameterValueException for what is no policy. */
function readDocument(text: string): PolicyDocument {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw invalidParameter("Cannot read the policy: it is not JSON");
  }
  if (!isObject(value)) throw invalidParameter("Cannot read the policy: it has to be a JSON object");
  const { Version = "2012-10-17", Id, Statement } = value;
  if (typeof Version !== "string" || (Id !== undefined && typeof Id !== "string"))
    throw invalidParameter("Cannot read the policy: Version and Id have to be strings");
  const document = {
    Version,
    ...(Id !== undefined && { Id }),
    Statement: (Array.isArray(Statement) ? Statement : [Statement]) as PolicyDocument["Statement"],
  };
  try {
    parseResourcePolicy(document);
  } catch (error) {
    if (error instanceof PolicyError) throw invalidParameter(`Cannot read the policy: ${error.message}`);
    throw error;
  }
  return document;
}

const policyMissing = (): AwsError =>
  new AwsError("ResourceNotFoundException", "The resource you requested does not exist.");
