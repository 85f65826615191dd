import { AwsError } from "../../errors/aws-error.ts";

/** The event was not JSON. */
export const rejectedEvent = (reason: string): AwsError =>
  new AwsError(
    "InvalidRequestContentException",
    `Could not parse request body into json: Could not parse payload into json: ${reason}`,
  );
