/**
 * Invoke with `InvocationType` Event: checked, queued, answered, and run later. Source: Lambda API Reference, Invoke; Lambda Developer
 * Guide, "Invoking a function asynchronously".
 *
 * **By design**: the client context is left out, as on AWS, which hands it on in synchronous calls only.
 */
import { ASYNC_PAYLOAD_BYTES_MAX } from "../../core/limits.ts";
import { AwsError, eventTooLarge } from "../../errors/aws-error.ts";
import { isDiskFull } from "../../errors/disk-full.ts";
import { flawOf } from "../../invoke/queue/event-json.ts";
import type { InputOf, OutputOf } from "../../shapes/operations.ts";
import type { ServiceContext } from "../context.ts";
import { readReference } from "../functions/reference.ts";
import { rejectedEvent } from "./rejected-event.ts";

type EventInput = Pick<InputOf<"Invoke">, "FunctionName" | "Qualifier" | "Payload" | "TenantId">;

const EMPTY_EVENT = Buffer.from("{}");

/** @throws AwsError ResourceNotFoundException, InvalidRequestContentException, RequestEntityTooLargeException. */
export async function invokeEvent(ctx: ServiceContext, input: EventInput): Promise<OutputOf<"Invoke">> {
  const named = readReference(ctx, input);
  const body = input.Payload?.length ? input.Payload : EMPTY_EVENT;
  if (body.length > ASYNC_PAYLOAD_BYTES_MAX) throw eventTooLarge(body.length, ASYNC_PAYLOAD_BYTES_MAX);
  const flaw = flawOf(body);
  if (flaw !== undefined) throw rejectedEvent(flaw);
  // Whatever runs it is looked up anew for each trial; here it is asked only whether there is such a function.
  if (!ctx.resolver.known(named)) await ctx.resolver.resolve(named).catch(throwUnlessSealed);
  const nowMs = ctx.clock.nowMs();
  const event = {
    lane: named.name,
    requestId: ctx.requestId,
    acceptedAtMs: nowMs,
    dueAtMs: nowMs,
    head: {
      kind: "invocation" as const,
      functionName: named.name,
      qualifier: named.qualifier,
      traceId: ctx.traceId(),
      tenantId: input.TenantId,
    },
    body,
  };
  try {
    await ctx.events.submit([event]);
  } catch (cause) {
    ctx.log.error({ err: cause, requestId: ctx.requestId }, "Cannot queue an event");
    const why = isDiskFull(cause) ? "the disk is full" : "the store failed";
    throw new AwsError("ServiceException", `Cannot queue the event: ${why}`, { cause });
  }
  return { StatusCode: 202 };
}

/** What seals its variables may be there again when its turn comes. */
function throwUnlessSealed(error: unknown): void {
  if (!(error instanceof AwsError && error.code.startsWith("KMS"))) throw error;
}
