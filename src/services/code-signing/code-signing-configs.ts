/**
 * Code signing configurations, and which functions obey them.
 *
 * **Gaps**: signatures are not looked at, whatever the configuration says of packages without one.
 */
import { AwsError, conflict } from "../../errors/aws-error.ts";
import type { InputOf, OutputOf } from "../../shapes/operations.ts";
import type { ServiceContext } from "../context.ts";
import { DocumentKind, type Kept } from "../document-kind.ts";
import { wireDate } from "../functions/view.ts";
import { nextMarker, readPage } from "../paging.ts";
import { functionLinks } from "./function-links.ts";

export interface CodeSigningConfig {
  readonly id: string;
  readonly description: string;
  readonly publishers: readonly string[];
  readonly untrusted: "Warn" | "Enforce";
  readonly tags: Readonly<Record<string, string>>;
}

/** They belong to the account; the key is the ARN. */
export const codeSigningConfigs = new DocumentKind<CodeSigningConfig>("code-signing-config");

type View = NonNullable<OutputOf<"GetCodeSigningConfig">>["CodeSigningConfig"];

export async function createCodeSigningConfig(
  ctx: ServiceContext,
  input: InputOf<"CreateCodeSigningConfig">,
): Promise<OutputOf<"CreateCodeSigningConfig">> {
  const id = `csc-${ctx.ids.uuid().replaceAll("-", "").slice(0, 17)}`;
  const arn = `arn:aws:lambda:${ctx.home.region}:${ctx.home.accountId}:code-signing-config:${id}`;
  const kept = await codeSigningConfigs.put(ctx, placeOf(arn), {
    id,
    description: input.Description ?? "",
    publishers: input.AllowedPublishers.SigningProfileVersionArns,
    untrusted: input.CodeSigningPolicies?.UntrustedArtifactOnDeployment ?? "Warn",
    tags: { ...input.Tags },
  });
  return { CodeSigningConfig: viewOf(kept) };
}

export async function getCodeSigningConfig(
  ctx: ServiceContext,
  { CodeSigningConfigArn: arn }: InputOf<"GetCodeSigningConfig">,
): Promise<OutputOf<"GetCodeSigningConfig">> {
  const kept = await codeSigningConfigs.find(ctx, placeOf(arn));
  if (!kept) throw configMissing(arn);
  return { CodeSigningConfig: viewOf(kept) };
}

/** Replaces what is given. */
export async function updateCodeSigningConfig(
  ctx: ServiceContext,
  input: InputOf<"UpdateCodeSigningConfig">,
): Promise<OutputOf<"UpdateCodeSigningConfig">> {
  const arn = input.CodeSigningConfigArn;
  const kept = await codeSigningConfigs.edit(ctx, placeOf(arn), (before) => {
    if (!before) throw configMissing(arn);
    const { body } = before;
    return {
      put: {
        ...body,
        description: input.Description ?? body.description,
        publishers: input.AllowedPublishers?.SigningProfileVersionArns ?? body.publishers,
        untrusted: input.CodeSigningPolicies?.UntrustedArtifactOnDeployment ?? body.untrusted,
      },
    };
  });
  if (!kept) throw configMissing(arn);
  return { CodeSigningConfig: viewOf(kept) };
}

/** @throws AwsError ResourceConflictException while a function obeys it. */
export async function deleteCodeSigningConfig(
  ctx: ServiceContext,
  { CodeSigningConfigArn: arn }: InputOf<"DeleteCodeSigningConfig">,
): Promise<OutputOf<"DeleteCodeSigningConfig">> {
  const inUse = () => conflict("Cannot delete the code signing configuration: functions use it");
  const needs = [{ need: "label-free" as const, kind: functionLinks.kind, label: arn }];
  await codeSigningConfigs.edit(ctx, { ...placeOf(arn), needs, onUnmet: inUse }, (before) => {
    if (!before) throw configMissing(arn);
    return "delete";
  });
  return {};
}

export async function listCodeSigningConfigs(
  ctx: ServiceContext,
  input: InputOf<"ListCodeSigningConfigs">,
): Promise<OutputOf<"ListCodeSigningConfigs">> {
  const page = await codeSigningConfigs.list(ctx, { ...readPage(input), owner: "" });
  return { ...nextMarker(page.next), CodeSigningConfigs: page.items.map(viewOf) };
}

export const placeOf = (arn: string) => ({ owner: "", key: arn });

/** For a configuration named by itself; naming it for a function has another error (`signingConfigMissing`). */
export const configMissing = (arn: string): AwsError =>
  new AwsError("ResourceNotFoundException", `The Lambda code signing configuration ${arn} can not be found.`);

const viewOf = ({ key, body, modifiedAtMs }: Kept<CodeSigningConfig>): View => ({
  CodeSigningConfigId: body.id,
  CodeSigningConfigArn: key,
  Description: body.description,
  AllowedPublishers: { SigningProfileVersionArns: [...body.publishers] },
  CodeSigningPolicies: { UntrustedArtifactOnDeployment: body.untrusted },
  LastModified: wireDate(modifiedAtMs),
});
