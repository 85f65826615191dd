import { invoke } from "../../services/invocations/invoke.ts";
import { invokeAsync } from "../../services/invocations/invoke-async.ts";
import { invokeWithResponseStream } from "../../services/invocations/invoke-with-response-stream.ts";
import type { Verbs } from "./route.ts";

export const invocationVerbs = {
  Invoke: invoke,
  InvokeAsync: invokeAsync,
  InvokeWithResponseStream: invokeWithResponseStream,
} satisfies Verbs;
