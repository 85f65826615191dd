/** An event source mapping as it is kept, and as the API shows it. */
import { functionArn } from "../../core/arn.ts";
import { AwsError } from "../../errors/aws-error.ts";
import type { Transition } from "../../invoke/sources/sources.ts";
import type { InputOf, OutputOf } from "../../shapes/operations.ts";
import type { ServiceContext } from "../context.ts";
import { DocumentKind, type Kept } from "../document-kind.ts";
import type { NamedFunction } from "../functions/reference.ts";

export type MappingView = NonNullable<OutputOf<"GetEventSourceMapping">>;

/** What a request may set of a mapping, under the API's own names. */
export type MappingSettings = Omit<
  InputOf<"CreateEventSourceMapping">,
  "FunctionName" | "Enabled" | "EventSourceArn" | "Tags"
>;

export interface Mapping {
  readonly functionName: string;
  readonly qualifier: string | null;
  readonly eventSourceArn: string | null;
  readonly enabled: boolean;
  readonly settings: MappingSettings;
  readonly tags: Readonly<Record<string, string>>;
}

/** They belong to the account, for they outlive their function; the key is the UUID, the label what may be mapped once only. */
export const mappings = new DocumentKind<Mapping>("event-source-mapping");

export const mappingPlace = (uuid: string) => ({ owner: "", key: uuid });

export const mappingMissing = (): AwsError =>
  new AwsError("ResourceNotFoundException", "The resource you requested does not exist.");

/** The pair of a source and a function; a source that has no ARN may be mapped as often as one likes. */
export const pairOf = (eventSourceArn: string | null, at: NamedFunction): string | undefined =>
  eventSourceArn === null ? undefined : `${eventSourceArn} ${at.name}:${at.qualifier ?? ""}`;

export type MappingState = Transition | "Enabled" | "Disabled" | "Deleting";

/** `state` is what a request has just begun; without it the mapping is where it was told to be, or on its way there. */
export function mappingView(ctx: ServiceContext, kept: Kept<Mapping>, state?: MappingState): MappingView {
  const { functionName, qualifier, eventSourceArn, enabled, settings } = kept.body;
  const result =
    settings.StartingPosition === undefined
      ? state === undefined && enabled && ctx.sources.resultOf(kept.key, eventSourceArn)
      : "No records processed";
  return {
    UUID: kept.key,
    ...(settings as Omit<MappingView, "UUID">),
    ...(eventSourceArn !== null && { EventSourceArn: eventSourceArn }),
    FunctionArn: functionArn(ctx.home, functionName, qualifier ?? undefined),
    LastModified: kept.modifiedAtMs / 1000,
    ...(result && { LastProcessingResult: result }),
    State: state ?? ctx.sources.transitionOf(kept.key) ?? (enabled ? "Enabled" : "Disabled"),
    StateTransitionReason: settings.StartingPosition === undefined ? "USER_INITIATED" : "User action",
    EventSourceMappingArn: mappingArn(ctx, kept.key),
  };
}

export const mappingArn = ({ home }: ServiceContext, uuid: string): string =>
  `arn:aws:lambda:${home.region}:${home.accountId}:event-source-mapping:${uuid}`;
