/**
 * What a destination is told of how a call ended. Source: Lambda Developer Guide, "Capturing records of Lambda asynchronous
 * invocations"; member order as recorded on AWS.
 */
import type { Condition } from "../../store/queue-port.ts";

export interface CallRecord {
  readonly nowMs: number;
  readonly requestId: string;
  /** Qualified, `$LATEST` where the caller had no qualifier. */
  readonly functionArn: string;
  readonly condition: Condition;
  readonly invokeCount: number;
  /** JSON. */
  readonly requestPayload: Uint8Array;
  /** Undefined when the function was not called, or is not known to have answered. */
  readonly response?: CallResponse | undefined;
}

export interface CallResponse {
  readonly executedVersion: string;
  /** AWS says `Unhandled` here whatever the error was. */
  readonly functionError: boolean;
  /** JSON. */
  readonly payload: Uint8Array;
}

/** JSON. Payloads go in as they are, so that no number or key order changes on the way. */
export function encodeRecord(record: CallRecord): Uint8Array {
  const { requestId, functionArn, condition, invokeCount, response } = record;
  const timestamp = new Date(record.nowMs).toISOString();
  const requestContext = { requestId, functionArn, condition, approximateInvokeCount: invokeCount };
  const parts: (string | Uint8Array)[] = [
    JSON.stringify({ version: "1.0", timestamp, requestContext }).slice(0, -1),
    ',"requestPayload":',
    jsonOr("{}", record.requestPayload),
  ];
  if (response) {
    const { executedVersion, functionError, payload } = response;
    const responseContext = { statusCode: 200, executedVersion, ...(functionError && { functionError: "Unhandled" }) };
    parts.push(`,"responseContext":${JSON.stringify(responseContext)},"responsePayload":`, jsonOr("null", payload));
  }
  parts.push("}");
  return Buffer.concat(parts.map((part) => (typeof part === "string" ? Buffer.from(part) : part)));
}

const jsonOr = (fallback: string, payload: Uint8Array): string | Uint8Array =>
  payload.length === 0 ? fallback : payload;

const ERROR_MESSAGE_BYTES_MAX = 1024;

/** What the handler's error says, for people: of the error object, or the whole payload when it is none. */
export function errorMessageOf(payload: Uint8Array): string {
  const text = new TextDecoder().decode(payload);
  let message = text;
  try {
    const error = JSON.parse(text) as { errorMessage?: unknown; errorType?: unknown } | null;
    if (typeof error?.errorMessage === "string" && error.errorMessage !== "") message = error.errorMessage;
    else if (typeof error?.errorType === "string") message = error.errorType;
  } catch {
    // the text it is
  }
  return clipped(message) || "Unknown";
}

/** At most 1 KiB, no half characters. */
function clipped(text: string): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= ERROR_MESSAGE_BYTES_MAX) return text;
  return new TextDecoder().decode(bytes.subarray(0, ERROR_MESSAGE_BYTES_MAX)).replace(/\uFFFD+$/, "");
}
