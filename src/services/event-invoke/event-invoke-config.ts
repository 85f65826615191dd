/**
 * How asynchronous calls of a version or alias are retried, and where their records go. `eventInvokeConfigs` is what the queue reads:
 * the owner is the function, the key the qualifier, `$LATEST` when none was given.
 */
import { functionArn, parseFunctionReference } from "../../core/arn.ts";
import { LATEST } from "../../core/states.ts";
import { AwsError, invalidParameter } from "../../errors/aws-error.ts";
import type { DestinationConfig } from "../../shapes/event-invoke.ts";
import type { InputOf, OutputOf } from "../../shapes/operations.ts";
import type { ServiceContext } from "../context.ts";
import { DocumentKind, type Kept } from "../document-kind.ts";
import { type NamedFunction, readReference } from "../functions/reference.ts";
import { nextMarker, readPage } from "../paging.ts";

export interface EventInvokeConfig {
  readonly retryCountMax?: number | undefined;
  readonly eventAgeSecondsMax?: number | undefined;
  readonly destinations: DestinationConfig;
}

export const eventInvokeConfigs = new DocumentKind<EventInvokeConfig>("event-invoke");

type View = NonNullable<OutputOf<"GetFunctionEventInvokeConfig">>;
type Given = InputOf<"PutFunctionEventInvokeConfig"> | InputOf<"UpdateFunctionEventInvokeConfig">;

/** Replaces the whole configuration: what is not given has its default again. */
export async function putFunctionEventInvokeConfig(
  ctx: ServiceContext,
  input: InputOf<"PutFunctionEventInvokeConfig">,
): Promise<View> {
  const at = await readGiven(ctx, input);
  const kept = await eventInvokeConfigs.put(ctx, placeOf(at), {
    retryCountMax: input.MaximumRetryAttempts,
    eventAgeSecondsMax: input.MaximumEventAgeInSeconds,
    destinations: destinationsOf(input.DestinationConfig),
  });
  return viewOf(ctx, kept);
}

/** Replaces what is given. @throws AwsError ResourceNotFoundException when there is none. */
export async function updateFunctionEventInvokeConfig(
  ctx: ServiceContext,
  input: InputOf<"UpdateFunctionEventInvokeConfig">,
): Promise<View> {
  const at = await readGiven(ctx, input);
  const kept = await eventInvokeConfigs.edit(ctx, placeOf(at), (before) => {
    if (!before) throw configMissing(ctx, at);
    const { retryCountMax, eventAgeSecondsMax, destinations } = before.body;
    return {
      put: {
        retryCountMax: input.MaximumRetryAttempts ?? retryCountMax,
        eventAgeSecondsMax: input.MaximumEventAgeInSeconds ?? eventAgeSecondsMax,
        destinations: input.DestinationConfig ? destinationsOf(input.DestinationConfig) : destinations,
      },
    };
  });
  if (!kept) throw configMissing(ctx, at);
  return viewOf(ctx, kept);
}

export async function getFunctionEventInvokeConfig(
  ctx: ServiceContext,
  input: InputOf<"GetFunctionEventInvokeConfig">,
): Promise<View> {
  const at = readReference(ctx, input);
  const kept = await eventInvokeConfigs.find(ctx, { owner: at.name, key: at.qualifier ?? LATEST });
  if (!kept) throw configMissing(ctx, at);
  return viewOf(ctx, kept);
}

export async function deleteFunctionEventInvokeConfig(
  ctx: ServiceContext,
  input: InputOf<"DeleteFunctionEventInvokeConfig">,
): Promise<undefined> {
  const at = readReference(ctx, input);
  await eventInvokeConfigs.edit(ctx, { owner: at.name, key: at.qualifier ?? LATEST }, (before) => {
    if (!before) throw configMissing(ctx, at);
    return "delete";
  });
}

export async function listFunctionEventInvokeConfigs(
  ctx: ServiceContext,
  input: InputOf<"ListFunctionEventInvokeConfigs">,
): Promise<OutputOf<"ListFunctionEventInvokeConfigs">> {
  const { name } = readReference(ctx, { FunctionName: input.FunctionName });
  if (!(await ctx.store.functions.find(name))) throw functionMissing();
  const page = await eventInvokeConfigs.list(ctx, { ...readPage(input), owner: name });
  return { FunctionEventInvokeConfigs: page.items.map((kept) => viewOf(ctx, kept)), ...nextMarker(page.next) };
}

/** @throws AwsError InvalidParameterValueException for nothing at all, or a destination that cannot be. */
async function readGiven(ctx: ServiceContext, input: Given): Promise<NamedFunction> {
  const at = readReference(ctx, input);
  const { MaximumRetryAttempts, MaximumEventAgeInSeconds, DestinationConfig } = input;
  if (MaximumRetryAttempts === undefined && MaximumEventAgeInSeconds === undefined && !DestinationConfig)
    throw invalidParameter("You must specify at least one of error handling or destination setting.");
  for (const arn of [DestinationConfig?.OnSuccess?.Destination, DestinationConfig?.OnFailure?.Destination]) {
    if (arn) await checkDestination(ctx, at, arn);
  }
  return at;
}

/** Queues, topics, buses, buckets (failures only, on AWS) and streams are taken as they are: they are not ours to look up. */
const DESTINATION_ARN = /^arn:aws[a-zA-Z0-9-]*:(sqs|sns|events|lambda|s3):/;

async function checkDestination(ctx: ServiceContext, at: NamedFunction, arn: string): Promise<void> {
  if (arn.startsWith("kafka://")) return;
  const service = DESTINATION_ARN.exec(arn)?.[1];
  const invalid = () => invalidParameter(`The destination ARN ${arn} is invalid.`);
  if (service === undefined) throw invalid();
  if (service !== "lambda") return;
  const target = parseFunctionReference(arn);
  if (!target) throw invalid();
  const isHere = target.region === ctx.home.region && target.accountId === ctx.home.accountId;
  if (isHere && target.name === at.name)
    throw invalidParameter("You can't specify the function as a destination for itself.");
  if (isHere && !(await ctx.store.functions.find(target.name))) throw invalid();
}

/** Both members are there, if empty, in every answer (recorded). */
const destinationsOf = (given: DestinationConfig | undefined): DestinationConfig => ({
  OnSuccess: given?.OnSuccess ?? {},
  OnFailure: given?.OnFailure ?? {},
});

const placeOf = ({ name, qualifier = LATEST }: NamedFunction) => ({
  owner: name,
  key: qualifier,
  needs: [{ need: "function" as const, functionName: name, qualifier }],
  onUnmet: functionMissing,
});

const functionMissing = (): AwsError => new AwsError("ResourceNotFoundException", "The function doesn't exist.");

const configMissing = (ctx: ServiceContext, { name, qualifier = LATEST }: NamedFunction): AwsError =>
  new AwsError(
    "ResourceNotFoundException",
    `The function ${functionArn(ctx.home, name, qualifier)} doesn't have an EventInvokeConfig`,
  );

const viewOf = (ctx: ServiceContext, { owner, key, body, modifiedAtMs }: Kept<EventInvokeConfig>): View => ({
  LastModified: modifiedAtMs / 1000,
  FunctionArn: functionArn(ctx.home, owner, key),
  ...(body.retryCountMax !== undefined && { MaximumRetryAttempts: body.retryCountMax }),
  ...(body.eventAgeSecondsMax !== undefined && { MaximumEventAgeInSeconds: body.eventAgeSecondsMax }),
  DestinationConfig: body.destinations,
});
