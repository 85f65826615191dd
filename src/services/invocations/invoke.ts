/** Invoke. Source: Lambda API Reference, Invoke; the API document of 2017-11-29. */
import { functionArn } from "../../core/arn.ts";
import { CLIENT_CONTEXT_BYTES_MAX, SYNC_PAYLOAD_BYTES_MAX } from "../../core/limits.ts";
import { AwsError, invalidParameter, throttled, tooLarge } from "../../errors/aws-error.ts";
import type { ExecutionSpec, Invocation, Outcome } from "../../invoke/invocation.ts";
import type { InputOf, OutputOf } from "../../shapes/operations.ts";
import type { ServiceContext } from "../context.ts";
import { readReference } from "../functions/reference.ts";
import { invokeEvent } from "./invoke-event.ts";
import { chainedTrace, refuseLoop } from "./loops.ts";
import { rejectedEvent } from "./rejected-event.ts";
import type { Target } from "./resolver.ts";

const NOTHING = new Uint8Array(0);

/** @throws AwsError ResourceNotFoundException, TooManyRequestsException, InvalidRequestContentException, RequestEntityTooLargeException. */
export async function invoke(ctx: ServiceContext, input: InputOf<"Invoke">): Promise<OutputOf<"Invoke">> {
  if (input.InvocationType === "Event") return invokeEvent(ctx, input);
  const call = await prepareCall(ctx, input);
  if (input.InvocationType === "DryRun") return { StatusCode: 204 };
  const { spec, invocation } = admitCall(ctx, call);
  const { outcome, logTail } = await ctx.dispatcher.run(spec, invocation);
  if (outcome.kind === "rejected") throw rejectedEvent(outcome.reason);
  return {
    StatusCode: 200,
    ExecutedVersion: spec.functionVersion,
    FunctionError: functionErrorOf(ctx, outcome),
    LogResult: logTail && Buffer.from(logTail).toString("base64"),
    Payload: outcome.payload,
  };
}

type CallInput = Pick<
  InputOf<"Invoke">,
  "FunctionName" | "Qualifier" | "Payload" | "ClientContext" | "LogType" | "TenantId"
>;

export interface PreparedCall {
  readonly target: Target;
  readonly invocation: Invocation;
}

/** All that can be refused before a call takes a place: names, sizes, whether there is such a function. */
export async function prepareCall(ctx: ServiceContext, input: CallInput): Promise<PreparedCall> {
  const named = readReference(ctx, input);
  const payload = input.Payload ?? NOTHING;
  if (payload.length > SYNC_PAYLOAD_BYTES_MAX) throw tooLarge("InvokeFunction", SYNC_PAYLOAD_BYTES_MAX);
  const invocation = {
    requestId: ctx.requestId,
    invokedArn: functionArn(ctx.home, named.name, named.qualifier),
    payload,
    wantsLogTail: input.LogType === "Tail",
    clientContext: input.ClientContext === undefined ? undefined : readClientContext(input.ClientContext),
    tenantId: input.TenantId,
  };
  const looping = refuseLoop(ctx, named.name);
  if (looping) await looping;
  return { target: ctx.resolver.known(named) ?? (await ctx.resolver.resolve(named)), invocation };
}

/** Chooses the version and takes a place for the call, which then has to be run. @throws AwsError TooManyRequestsException. */
export function admitCall(
  ctx: ServiceContext,
  { target, invocation }: PreparedCall,
): { spec: ExecutionSpec; invocation: Invocation } {
  const { spec, draw } = target.choose();
  if (draw) ctx.noteRouting(draw);
  const refusal = ctx.dispatcher.admit(spec.functionName);
  if (refusal?.kind === "throttled") throw throttled(refusal.reason);
  if (refusal?.kind === "draining")
    throw new AwsError("ServiceException", "Cannot run the call: the server is stopping");
  const traceId = chainedTrace(ctx, { name: spec.functionName, sampled: spec.tracing === "Active" });
  return { spec, invocation: { ...invocation, traceId } };
}

function functionErrorOf(ctx: ServiceContext, outcome: Outcome): string | undefined {
  if (outcome.kind !== "function-error") return undefined;
  return ctx.functionErrors === "aws" ? "Unhandled" : outcome.functionError;
}

/** The context's JSON text. */
function readClientContext(base64: string): string {
  if (base64.length > Math.ceil(CLIENT_CONTEXT_BYTES_MAX / 3) * 4) {
    throw invalidParameter(`Client context must be no more than ${CLIENT_CONTEXT_BYTES_MAX} bytes`);
  }
  const text = Buffer.from(base64, "base64").toString();
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return text;
  } catch {
    // refused below, like JSON that is no object
  }
  throw new AwsError("InvalidRequestContentException", "Client context must be a valid Base64-encoded JSON object.");
}
