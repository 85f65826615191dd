/** Who may use a layer version: a policy of its own, which goes with the version. */
import { layerVersionArn } from "../../core/layer-arn.ts";
import { AwsError, conflict, invalidParameter, preconditionFailed } from "../../errors/aws-error.ts";
import type { InputOf, OutputOf } from "../../shapes/operations.ts";
import type { ServiceContext } from "../context.ts";
import { DocumentKind } from "../document-kind.ts";
import { checkLength, type PolicyStatement, type ResourcePolicy } from "../permissions/policy.ts";
import {
  findLayerVersion,
  type LayerVersionId,
  layerVersionMissing,
  layerVersionPlace,
  layerVersions,
  readLayerVersion,
} from "./layer-versions.ts";

/** Under the same key as the version. */
export const layerPolicies = new DocumentKind<ResourcePolicy>("layer-policy");

/** @throws AwsError ResourceConflictException for an id that is taken, PreconditionFailedException, PolicyLengthExceededException. */
export async function addLayerVersionPermission(
  ctx: ServiceContext,
  input: InputOf<"AddLayerVersionPermission">,
): Promise<OutputOf<"AddLayerVersionPermission">> {
  const id = readLayerVersion(ctx, input);
  const statement = statementOf(input, layerVersionArn(ctx.home, id));
  const RevisionId = ctx.ids.uuid();
  await layerPolicies.edit(ctx, policyPlace(ctx, id), (before) => {
    const document = before?.body.document ?? { Version: "2012-10-17", Id: "default", Statement: [] };
    if (document.Statement.some(({ Sid }) => Sid === input.StatementId)) {
      throw conflict(
        `The statement id (${input.StatementId}) provided already exists. Please provide a new statement id, or remove the existing statement.`,
      );
    }
    checkRevision(input.RevisionId, before?.body);
    const extended = { ...document, Statement: [...document.Statement, statement] };
    checkLength(extended);
    return { put: { revisionId: RevisionId, document: extended } };
  });
  return { Statement: JSON.stringify(statement), RevisionId };
}

/** @throws AwsError ResourceNotFoundException for the version, its policy or the statement, PreconditionFailedException. */
export async function removeLayerVersionPermission(
  ctx: ServiceContext,
  input: InputOf<"RemoveLayerVersionPermission">,
): Promise<undefined> {
  const id = readLayerVersion(ctx, input);
  const revisionId = ctx.ids.uuid();
  await layerPolicies.edit(ctx, policyPlace(ctx, id), (before) => {
    if (!before) throw noPolicy();
    checkRevision(input.RevisionId, before.body);
    const { document } = before.body;
    const rest = document.Statement.filter(({ Sid }) => Sid !== input.StatementId);
    if (rest.length === document.Statement.length) {
      const text = `Statement ${input.StatementId} is not found in resource policy.`;
      throw new AwsError("ResourceNotFoundException", text);
    }
    return rest.length === 0 ? "delete" : { put: { revisionId, document: { ...document, Statement: rest } } };
  });
}

export async function getLayerVersionPolicy(
  ctx: ServiceContext,
  input: InputOf<"GetLayerVersionPolicy">,
): Promise<OutputOf<"GetLayerVersionPolicy">> {
  const id = readLayerVersion(ctx, input);
  if (!(await findLayerVersion(ctx, id))) throw layerVersionMissing(ctx.home, id);
  const kept = await layerPolicies.find(ctx, layerVersionPlace(id));
  if (!kept) throw noPolicy();
  return { Policy: JSON.stringify(kept.body.document), RevisionId: kept.body.revisionId };
}

const policyPlace = (ctx: ServiceContext, id: LayerVersionId) => {
  const place = layerVersionPlace(id);
  const needs = [{ need: "document", key: { kind: layerVersions.kind, ...place } } as const];
  return { ...place, needs, onUnmet: () => layerVersionMissing(ctx.home, id) };
};

function checkRevision(given: string | undefined, policy: ResourcePolicy | undefined): void {
  if (given !== undefined && given !== policy?.revisionId) throw preconditionFailed("layer policy");
}

/** Key order as AWS has it. */
function statementOf(input: InputOf<"AddLayerVersionPermission">, resource: string): PolicyStatement {
  const { Principal, OrganizationId } = input;
  if (OrganizationId !== undefined && Principal !== "*")
    throw invalidParameter("Cannot grant the permission to an organization: the principal has to be '*'");
  const account = /^\d{12}$/.test(Principal) ? `arn:aws:iam::${Principal}:root` : Principal;
  return {
    Sid: input.StatementId,
    Effect: "Allow",
    Principal: Principal === "*" ? "*" : { AWS: account },
    Action: input.Action,
    Resource: resource,
    ...(OrganizationId !== undefined && { Condition: { StringEquals: { "aws:PrincipalOrgID": OrganizationId } } }),
  };
}

const noPolicy = (): AwsError =>
  new AwsError("ResourceNotFoundException", "No policy is associated with the given resource.");
