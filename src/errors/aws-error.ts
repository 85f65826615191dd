import type { ErrorCode } from "./codes.ts";

/** What a code alone does not say: further body keys (`Reason`) and response headers (`Retry-After`). */
export interface AwsErrorOptions extends ErrorOptions {
  readonly extra?: Readonly<Record<string, unknown>>;
  readonly headers?: Readonly<Record<string, string>>;
}

/** An error for the caller to read. There is one class: status, fault and JSON key are looked up in `codes.ts`. */
export class AwsError extends Error {
  override readonly name = "AwsError";
  readonly extra: Readonly<Record<string, unknown>>;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    readonly code: ErrorCode,
    message: string,
    options: AwsErrorOptions = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.extra = options.extra ?? {};
    this.headers = options.headers ?? {};
  }
}

/** 404 "Function not found: {arn}". For the API's other wordings ("Cannot find alias arn: …") build the error directly. */
export const notFound = (what: string, arn: string): AwsError =>
  new AwsError("ResourceNotFoundException", `${what} not found: ${arn}`);

/** 409. AWS's wording, slip included: a function "already exist", an alias "already exists". */
export const alreadyExists = (what: string, name: string): AwsError =>
  new AwsError("ResourceConflictException", `${what} already exist${what === "Function" ? "" : "s"}: ${name}`);

/** 409, for every other clash: an update in progress, a state that does not allow the call. */
export const conflict = (message: string): AwsError => new AwsError("ResourceConflictException", message);

/** 400 from a rule that a service verb checks. */
export const invalidParameter = (message: string): AwsError => new AwsError("InvalidParameterValueException", message);

/** 400 from a modelled constraint; the message is the whole "N validation errors detected: …" sentence. */
export const validation = (message: string): AwsError => new AwsError("ValidationException", message);

/** 400: a JSON value is of the wrong type, so the request never became an input. */
export const serialization = (message: string): AwsError => new AwsError("SerializationException", message);

const REVISION_SOURCE = {
  function: "GetFunction/GetAlias",
  alias: "GetFunction/GetAlias",
  policy: "GetPolicy",
  "layer policy": "GetLayerPolicy",
} as const;

/** 412: the caller's RevisionId is not the resource's. The text names the call that tells the current one. */
export const preconditionFailed = (what: keyof typeof REVISION_SOURCE): AwsError =>
  new AwsError(
    "PreconditionFailedException",
    "The Revision Id provided does not match the latest Revision Id. " +
      `Call the ${REVISION_SOURCE[what]} API to retrieve the latest Revision Id`,
  );

export type ThrottleReason =
  | "ConcurrentInvocationLimitExceeded"
  | "FunctionInvocationRateLimitExceeded"
  | "ReservedFunctionConcurrentInvocationLimitExceeded"
  | "ReservedFunctionInvocationRateLimitExceeded"
  | "CallerRateLimitExceeded"
  | "ConcurrentSnapshotCreateLimitExceeded";

/** 429 with `Retry-After`. */
export const throttled = (reason: ThrottleReason, retryAfterSeconds = 1): AwsError =>
  new AwsError("TooManyRequestsException", "Rate Exceeded.", {
    extra: { Reason: reason },
    headers: { "Retry-After": String(retryAfterSeconds) },
  });

/** 429 for a body that there is no memory for now. It is not read: the connection ends with the answer. */
export const noRoomForBody = (): AwsError =>
  new AwsError("TooManyRequestsException", "Rate Exceeded.", {
    extra: { Reason: "ConcurrentInvocationLimitExceeded" satisfies ThrottleReason },
    headers: { "Retry-After": "1", Connection: "close" },
  });

/** 413 for a body over its limit. `operation` is AWS's internal name: `InvokeFunction` where the API says Invoke. */
export const tooLarge = (operation: string, bytesMax: number): AwsError =>
  new AwsError(
    "RequestEntityTooLargeException",
    `Request must be smaller than ${bytesMax} bytes for the ${operation} operation`,
  );

/** 413 for the payload of an asynchronous call. */
export const eventTooLarge = (bytes: number, bytesMax: number): AwsError =>
  new AwsError(
    "RequestEntityTooLargeException",
    `${bytes} byte payload is too large for the Event invocation type (limit ${bytesMax} bytes)`,
  );

/** 400 for an operation, or a part of one, that Lambent does not act upon. Our own text: AWS has none. */
export const notSupported = (operation: string): AwsError =>
  new AwsError("InvalidParameterValueException", `Cannot perform ${operation}: Lambent does not support it`);
