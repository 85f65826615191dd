/** Function URLs: who may call one, from which origins, and how its results travel. */
import { functionArn } from "../../core/arn.ts";
import { AwsError, conflict } from "../../errors/aws-error.ts";
import type { InputOf, OutputOf } from "../../shapes/operations.ts";
import type { ServiceContext } from "../context.ts";
import type { Kept } from "../document-kind.ts";
import { type NamedFunction, readReference } from "../functions/reference.ts";
import { wireDate } from "../functions/view.ts";
import { nextMarker, readPage } from "../paging.ts";
import { functionUrlOf } from "./function-url.ts";
import { type UrlConfig, urlConfigs } from "./url-configs.ts";

type View = NonNullable<OutputOf<"GetFunctionUrlConfig">>;

/** @throws AwsError ResourceConflictException when there is one. */
export async function createFunctionUrlConfig(
  ctx: ServiceContext,
  input: InputOf<"CreateFunctionUrlConfig">,
): Promise<OutputOf<"CreateFunctionUrlConfig">> {
  const at = readReference(ctx, input);
  const config: UrlConfig = {
    id: ctx.ids.uuid().replaceAll("-", ""),
    authType: input.AuthType,
    ...(input.Cors && { cors: input.Cors }),
    invokeMode: input.InvokeMode ?? "BUFFERED",
  };
  const kept = await urlConfigs.edit(ctx, placeOf(at), (before) => {
    if (!before) return { put: config, label: config.id };
    const arn = functionArn(ctx.home, at.name, at.qualifier);
    // The two spaces are AWS's (recorded).
    throw conflict(
      `Failed to create function url config for [functionArn = ${arn}]. Error message:  FunctionUrlConfig exists for this Lambda function`,
    );
  });
  ctx.resolver.forget(at.name);
  const { LastModifiedTime: _, InvokeMode, ...view } = viewOf(ctx, kept ?? assertKept());
  return { ...view, ...(input.InvokeMode !== undefined && { InvokeMode }) };
}

export async function getFunctionUrlConfig(ctx: ServiceContext, input: InputOf<"GetFunctionUrlConfig">): Promise<View> {
  const at = readReference(ctx, input);
  const kept = await urlConfigs.find(ctx, placeOf(at));
  if (kept) return viewOf(ctx, kept);
  await requireFunctionOf(ctx, at);
  throw configMissing();
}

/** Replaces what is given. */
export async function updateFunctionUrlConfig(
  ctx: ServiceContext,
  input: InputOf<"UpdateFunctionUrlConfig">,
): Promise<View> {
  const at = readReference(ctx, input);
  const kept = await urlConfigs.edit(ctx, placeOf(at), (before) => {
    if (!before) throw configMissing();
    const put: UrlConfig = {
      ...before.body,
      ...(input.AuthType && { authType: input.AuthType }),
      ...(input.Cors && { cors: input.Cors }),
      ...(input.InvokeMode && { invokeMode: input.InvokeMode }),
    };
    return { put, label: put.id };
  });
  ctx.resolver.forget(at.name);
  return viewOf(ctx, kept ?? assertKept());
}

export async function deleteFunctionUrlConfig(
  ctx: ServiceContext,
  input: InputOf<"DeleteFunctionUrlConfig">,
): Promise<undefined> {
  const at = readReference(ctx, input);
  await urlConfigs.edit(ctx, placeOf(at), (before) => {
    if (!before) throw configMissing();
    return "delete";
  });
  ctx.resolver.forget(at.name);
}

export async function listFunctionUrlConfigs(
  ctx: ServiceContext,
  input: InputOf<"ListFunctionUrlConfigs">,
): Promise<OutputOf<"ListFunctionUrlConfigs">> {
  const { name } = readReference(ctx, { FunctionName: input.FunctionName });
  await requireFunctionOf(ctx, { name, qualifier: undefined });
  const page = await urlConfigs.list(ctx, { ...readPage(input), owner: name });
  return { FunctionUrlConfigs: page.items.map((kept) => viewOf(ctx, kept)), ...nextMarker(page.next) };
}

const placeOf = ({ name, qualifier }: NamedFunction) => ({
  owner: name,
  key: qualifier ?? "",
  needs: [{ need: "function" as const, functionName: name, qualifier }],
  onUnmet: functionMissing,
});

async function requireFunctionOf({ store }: ServiceContext, { name, qualifier }: NamedFunction): Promise<void> {
  const found =
    qualifier === undefined
      ? await store.functions.find(name)
      : await store.aliases.find({ functionName: name, name: qualifier });
  if (!found) throw functionMissing();
}

const functionMissing = (): AwsError => new AwsError("ResourceNotFoundException", "Function does not exist");
const configMissing = (): AwsError =>
  new AwsError("ResourceNotFoundException", "The resource you requested does not exist.");

function assertKept(): never {
  throw new Error("The function URL that was put is not there");
}

function viewOf(ctx: ServiceContext, { owner, key, body, createdAtMs, modifiedAtMs }: Kept<UrlConfig>): View {
  return {
    FunctionUrl: functionUrlOf(ctx.baseUrl, { id: body.id, region: ctx.home.region }),
    FunctionArn: functionArn(ctx.home, owner, key === "" ? undefined : key),
    AuthType: body.authType,
    ...(body.cors && { Cors: body.cors }),
    CreationTime: wireDate(createdAtMs),
    LastModifiedTime: wireDate(modifiedAtMs),
    InvokeMode: body.invokeMode,
  };
}
