import { invoke } from "../../services/invocations/invoke.ts";
import { invokeWithResponseStream } from "../../services/invocations/invoke-with-response-stream.ts";
import type { Verbs } from "./route.ts";

export const invocationVerbs = {
  Invoke: invoke,
  InvokeWithResponseStream: invokeWithResponseStream,
} satisfies Verbs;
