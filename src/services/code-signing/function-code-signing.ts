/** A function's link to a code signing configuration. */
import { functionArn } from "../../core/arn.ts";
import { notFound } from "../../errors/aws-error.ts";
import type { InputOf, OutputOf } from "../../shapes/operations.ts";
import type { ServiceContext } from "../context.ts";
import { readReference, requireFunction } from "../functions/reference.ts";
import { nextMarker, readPage } from "../paging.ts";
import { codeSigningConfigs, configMissing, placeOf } from "./code-signing-configs.ts";
import { functionLinks, needsConfig, signingConfigMissing } from "./function-links.ts";

/** @throws AwsError CodeSigningConfigNotFoundException. */
export async function putFunctionCodeSigningConfig(
  ctx: ServiceContext,
  input: InputOf<"PutFunctionCodeSigningConfig">,
): Promise<OutputOf<"PutFunctionCodeSigningConfig">> {
  const { name } = readReference(ctx, { FunctionName: input.FunctionName });
  const arn = input.CodeSigningConfigArn;
  const needs = [needsConfig(arn), { need: "function" as const, functionName: name }];
  await functionLinks.put(
    ctx,
    {
      owner: name,
      key: "",
      label: arn,
      needs,
      onUnmet: ({ need }) =>
        need.need === "document" ? signingConfigMissing(arn) : notFound("Function", functionArn(ctx.home, name)),
    },
    { arn },
  );
  return { CodeSigningConfigArn: arn, FunctionName: name };
}

/** Without a link the ARN is empty. */
export async function getFunctionCodeSigningConfig(
  ctx: ServiceContext,
  input: InputOf<"GetFunctionCodeSigningConfig">,
): Promise<OutputOf<"GetFunctionCodeSigningConfig">> {
  const { name } = readReference(ctx, { FunctionName: input.FunctionName });
  await requireFunction(ctx, name);
  const kept = await functionLinks.find(ctx, { owner: name, key: "" });
  return { CodeSigningConfigArn: kept?.body.arn ?? "", FunctionName: name };
}

export async function deleteFunctionCodeSigningConfig(
  ctx: ServiceContext,
  input: InputOf<"DeleteFunctionCodeSigningConfig">,
): Promise<undefined> {
  const { name } = readReference(ctx, { FunctionName: input.FunctionName });
  const needs = [{ need: "function" as const, functionName: name }];
  await functionLinks.edit(ctx, { owner: name, key: "", needs }, () => "delete");
}

export async function listFunctionsByCodeSigningConfig(
  ctx: ServiceContext,
  input: InputOf<"ListFunctionsByCodeSigningConfig">,
): Promise<OutputOf<"ListFunctionsByCodeSigningConfig">> {
  const arn = input.CodeSigningConfigArn;
  if (!(await codeSigningConfigs.find(ctx, placeOf(arn)))) throw configMissing(arn);
  const page = await functionLinks.list(ctx, { ...readPage(input), label: arn });
  return { ...nextMarker(page.next), FunctionArns: page.items.map(({ owner }) => functionArn(ctx.home, owner)) };
}
