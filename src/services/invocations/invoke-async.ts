/** InvokeAsync, the API of 2014: an Event call by another name. Source: Lambda API Reference, InvokeAsync. */
import type { InputOf, OutputOf } from "../../shapes/operations.ts";
import type { ServiceContext } from "../context.ts";
import { invokeEvent } from "./invoke-event.ts";

/** @throws AwsError as `invokeEvent` does. */
export async function invokeAsync(
  ctx: ServiceContext,
  input: InputOf<"InvokeAsync">,
): Promise<OutputOf<"InvokeAsync">> {
  const { FunctionName, InvokeArgs: Payload } = input;
  const { StatusCode: Status } = await invokeEvent(ctx, { FunctionName, Payload });
  return { Status };
}
