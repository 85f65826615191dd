/**
 * Event source mappings: what feeds a function.
 *
 * **Gaps**: queues are polled; what is not a queue is a record, Enabled and idle.
 */
import { functionArn } from "../../core/arn.ts";
import { type AwsError, conflict, invalidParameter } from "../../errors/aws-error.ts";
import type { InputOf, OutputOf } from "../../shapes/operations.ts";
import type { Need, Unmet } from "../../store/document-port.ts";
import type { ServiceContext } from "../context.ts";
import { type NamedFunction, readReference } from "../functions/reference.ts";
import { nextMarker, readPage } from "../paging.ts";
import {
  type Mapping,
  type MappingSettings,
  type MappingView,
  mappingMissing,
  mappingPlace,
  mappings,
  mappingView,
  pairOf,
} from "./mapping.ts";
import { checkSettings, defaultsOf, type SourceKind, sourceKindOf } from "./sources.ts";

const PAGE_MAX = 100;

/** @throws AwsError ResourceConflictException when the function is fed from there already. */
export async function createEventSourceMapping(
  ctx: ServiceContext,
  input: InputOf<"CreateEventSourceMapping">,
): Promise<MappingView> {
  const { FunctionName, Enabled = true, EventSourceArn, Tags, ...given } = input;
  const kind = sourceKindOf(input);
  const at = readReference(ctx, { FunctionName });
  const eventSourceArn = EventSourceArn ?? null;
  const settings: MappingSettings = { ...defaultsOf(kind), ...given };
  checkSettings(kind, { eventSourceArn, settings });
  const mapping: Mapping = {
    functionName: at.name,
    qualifier: at.qualifier ?? null,
    eventSourceArn,
    enabled: Enabled,
    settings,
    tags: { ...Tags },
  };
  const guards = guardsOf(ctx, { at, eventSourceArn });
  const kept = await mappings.put(ctx, { ...mappingPlace(ctx.ids.uuid()), ...guards }, mapping);
  void ctx.sources.changed(kept.key, "Creating");
  warnOfIdle(ctx, kind);
  return mappingView(ctx, kept, "Creating");
}

export async function getEventSourceMapping(
  ctx: ServiceContext,
  { UUID }: InputOf<"GetEventSourceMapping">,
): Promise<MappingView> {
  const kept = await mappings.find(ctx, mappingPlace(UUID));
  if (!kept) throw mappingMissing();
  return mappingView(ctx, kept);
}

/** Replaces what is given. */
export async function updateEventSourceMapping(
  ctx: ServiceContext,
  input: InputOf<"UpdateEventSourceMapping">,
): Promise<MappingView> {
  const { UUID, FunctionName, Enabled, ...given } = input;
  for (;;) {
    const before = await mappings.find(ctx, mappingPlace(UUID));
    if (!before) throw mappingMissing();
    const { body } = before;
    const at = FunctionName === undefined ? nameOf(body) : readReference(ctx, { FunctionName });
    const settings: MappingSettings = { ...body.settings, ...given };
    const kind = sourceKindOf({
      EventSourceArn: body.eventSourceArn ?? undefined,
      SelfManagedEventSource: settings.SelfManagedEventSource,
    });
    checkSettings(kind, { eventSourceArn: body.eventSourceArn, settings });
    const guards = guardsOf(ctx, {
      at,
      eventSourceArn: body.eventSourceArn,
      keepsFunction: FunctionName === undefined,
    });
    const changed: Mapping = {
      ...body,
      functionName: at.name,
      qualifier: at.qualifier ?? null,
      enabled: Enabled ?? body.enabled,
      settings,
    };
    const isSame = JSON.stringify(body);
    let done = false;
    const kept = await mappings.edit(ctx, { ...mappingPlace(UUID), ...guards }, (now) => {
      done = now !== undefined && JSON.stringify(now.body) === isSame;
      return done ? { put: changed, ...(guards.label !== undefined && { label: guards.label }) } : "keep";
    });
    if (!done || !kept) continue;
    const transition = changed.enabled === body.enabled ? "Updating" : changed.enabled ? "Enabling" : "Disabling";
    void ctx.sources.changed(UUID, transition);
    warnOfIdle(ctx, kind);
    return mappingView(ctx, kept, transition);
  }
}

export async function deleteEventSourceMapping(
  ctx: ServiceContext,
  { UUID }: InputOf<"DeleteEventSourceMapping">,
): Promise<MappingView> {
  let gone: Parameters<typeof mappingView>[1] | undefined;
  await mappings.edit(ctx, mappingPlace(UUID), (before) => {
    if (!before) throw mappingMissing();
    gone = before;
    return "delete";
  });
  if (!gone) throw mappingMissing();
  void ctx.sources.changed(UUID, "Disabling");
  return mappingView(ctx, gone, "Deleting");
}

/** All, or those of a function (under the qualifier that is given) or of a source. */
export async function listEventSourceMappings(
  ctx: ServiceContext,
  input: InputOf<"ListEventSourceMappings">,
): Promise<OutputOf<"ListEventSourceMappings">> {
  const { count, after } = readPage(input, PAGE_MAX);
  const at = input.FunctionName === undefined ? undefined : readReference(ctx, { FunctionName: input.FunctionName });
  const isWanted = ({ functionName, qualifier, eventSourceArn }: Mapping): boolean =>
    (at === undefined || (functionName === at.name && (at.qualifier ?? qualifier) === qualifier)) &&
    (input.EventSourceArn === undefined || eventSourceArn === input.EventSourceArn);
  const found: MappingView[] = [];
  let next: string | undefined = after;
  do {
    const page = await mappings.list(ctx, { owner: "", after: next, count: count - found.length });
    found.push(...page.items.filter(({ body }) => isWanted(body)).map((kept) => mappingView(ctx, kept)));
    next = page.next;
  } while (next !== undefined && found.length < count);
  return { ...nextMarker(next), EventSourceMappings: found };
}

/** Says it when nothing will come of a mapping. */
function warnOfIdle(ctx: ServiceContext, kind: SourceKind): void {
  if (kind !== "queue")
    ctx.warn("The event source mapping is stored; nothing is read from sources other than SQS queues");
  else if (!ctx.sources.hasEndpoint)
    ctx.warn(
      "The event source mapping is stored; no queue is polled, as no endpoint is set: AWS_ENDPOINT_URL_SQS names one",
    );
}

const nameOf = ({ functionName, qualifier }: Mapping): NamedFunction => ({
  name: functionName,
  qualifier: qualifier ?? undefined,
});

/** The function is there, and is fed from there once. A mapping that keeps its function may have outlived it. */
function guardsOf(
  ctx: ServiceContext,
  of: { at: NamedFunction; eventSourceArn: string | null; keepsFunction?: boolean },
) {
  const label = pairOf(of.eventSourceArn, of.at);
  const needs: Need[] = [];
  if (!of.keepsFunction) needs.push({ need: "function", functionName: of.at.name, qualifier: of.at.qualifier });
  if (label !== undefined) needs.push({ need: "label-free", kind: mappings.kind, label });
  return {
    needs,
    ...(label !== undefined && { label }),
    onUnmet: (unmet: Unmet): AwsError =>
      unmet.need.need === "function"
        ? invalidParameter("Function does not exist")
        : mappedAlready(ctx, { ...of, unmet }),
  };
}

function mappedAlready(
  ctx: ServiceContext,
  of: { at: NamedFunction; eventSourceArn: string | null; unmet: Unmet },
): AwsError {
  const arn = of.eventSourceArn ?? "";
  const name =
    arn.split(":")[2] === "sqs" ? "event source mapping with SQS arn" : "event source mapping with event source arn";
  const fn = functionArn(ctx.home, of.at.name, of.at.qualifier);
  return conflict(
    `An ${name} (" ${arn} ") and function (" ${of.at.qualifier === undefined ? of.at.name : fn} ") already exists. Please update or delete the existing mapping with UUID ${of.unmet.holder?.key}`,
  );
}
