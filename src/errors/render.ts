import { AwsError } from "./aws-error.ts";
import { ERROR_CODES, type ErrorRow } from "./codes.ts";

/** An HTTP response, still as plain values. */
export interface RenderedError {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body: string;
}

/**
 * The response for anything thrown. What is not an `AwsError` is a bug of ours: it answers 500 and says nothing of its
 * inside. The caller logs it under the same request id.
 */
export function renderError(error: unknown, requestId: string): RenderedError {
  const known = error instanceof AwsError ? error : internal(requestId);
  const row: ErrorRow = ERROR_CODES[known.code];
  const type = row.fault === undefined ? {} : { Type: row.fault };
  return {
    status: row.status,
    headers: {
      "content-type": "application/json",
      "x-amzn-ErrorType": known.code,
      "x-amzn-RequestId": requestId,
      ...known.headers,
    },
    body: JSON.stringify({ ...known.extra, ...type, [row.key]: known.message }),
  };
}

const internal = (requestId: string): AwsError =>
  new AwsError("ServiceException", `The service encountered an internal error (request id ${requestId})`);
