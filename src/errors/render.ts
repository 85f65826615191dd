import { AwsError } from "./aws-error.ts";
import { ERROR_CODES, type ErrorRow } from "./codes.ts";
import { isDiskFull } from "./disk-full.ts";

/** An HTTP response, still as plain values. */
export interface RenderedError {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body: string;
}

/**
 * The response for anything thrown. A full disk is the operator's to mend, and said; whatever else is not an `AwsError` is a bug of ours: it
 * answers 500 and says nothing of its inside. The caller logs it under the same request id.
 */
export function renderError(error: unknown, requestId: string): RenderedError {
  const known = error instanceof AwsError ? error : isDiskFull(error) ? noRoom() : internal(requestId);
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

const noRoom = (): AwsError =>
  new AwsError("ServiceException", "Cannot store anything: the disk is full; try again when there is room");

const internal = (requestId: string): AwsError =>
  new AwsError("ServiceException", `The service encountered an internal error (request id ${requestId})`);
