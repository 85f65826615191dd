/** AddPermission, RemovePermission and GetPolicy: a policy statement by statement. */
import { functionArn } from "../../core/arn.ts";
import { AwsError, conflict, preconditionFailed } from "../../errors/aws-error.ts";
import type { InputOf, OutputOf } from "../../shapes/operations.ts";
import type { ServiceContext } from "../context.ts";
import { readReference } from "../functions/reference.ts";
import { checkLength, policies, policyPlace, refuseLatest, requireQualified } from "./policy.ts";
import { statementOf } from "./statement.ts";

/** @throws AwsError ResourceConflictException for an id that is taken, PreconditionFailedException, PolicyLengthExceededException. */
export async function addPermission(
  ctx: ServiceContext,
  input: InputOf<"AddPermission">,
): Promise<OutputOf<"AddPermission">> {
  const at = readReference(ctx, input);
  refuseLatest(at);
  await requireQualified(ctx, at);
  const statement = statementOf(input, functionArn(ctx.home, at.name, at.qualifier));
  const revisionId = ctx.ids.uuid();
  await policies.edit(ctx, policyPlace(at), (before) => {
    if (input.RevisionId !== undefined && input.RevisionId !== before?.body.revisionId)
      throw preconditionFailed("policy");
    const document = before?.body.document ?? { Version: "2012-10-17", Id: "default", Statement: [] };
    if (document.Statement.some(({ Sid }) => Sid === input.StatementId)) {
      throw conflict(
        `The statement id (${input.StatementId}) provided already exists. Please provide a new statement id, or remove the existing statement.`,
      );
    }
    const extended = { ...document, Statement: [...document.Statement, statement] };
    checkLength(extended);
    return { put: { revisionId, document: extended } };
  });
  ctx.facts.forget(at.name);
  return { Statement: JSON.stringify(statement) };
}

export async function removePermission(ctx: ServiceContext, input: InputOf<"RemovePermission">): Promise<undefined> {
  const at = readReference(ctx, input);
  await requireQualified(ctx, at);
  const revisionId = ctx.ids.uuid();
  await policies.edit(ctx, policyPlace(at), (before) => {
    const { document } = before?.body ?? {};
    if (!document) throw missing("No policy is associated with the given resource.");
    const rest = document.Statement.filter(({ Sid }) => Sid !== input.StatementId);
    if (rest.length === document.Statement.length)
      throw missing(`Statement ${input.StatementId} is not found in resource policy.`);
    if (input.RevisionId !== undefined && input.RevisionId !== before?.body.revisionId)
      throw preconditionFailed("policy");
    return rest.length === 0 ? "delete" : { put: { revisionId, document: { ...document, Statement: rest } } };
  });
  ctx.facts.forget(at.name);
}

export async function getPolicy(ctx: ServiceContext, input: InputOf<"GetPolicy">): Promise<OutputOf<"GetPolicy">> {
  const at = readReference(ctx, input);
  await requireQualified(ctx, at);
  const kept = await policies.find(ctx, policyPlace(at));
  if (!kept) throw missing("The resource you requested does not exist.");
  return { Policy: JSON.stringify(kept.body.document), RevisionId: kept.body.revisionId };
}

const missing = (message: string): AwsError => new AwsError("ResourceNotFoundException", message);
