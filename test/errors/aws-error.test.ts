import { expect, test } from "bun:test";
import {
  AwsError,
  alreadyExists,
  conflict,
  eventTooLarge,
  invalidParameter,
  notFound,
  notSupported,
  preconditionFailed,
  tooLarge,
  validation,
} from "../../src/errors/aws-error.ts";

const ARN = "arn:aws:lambda:us-east-1:000000000000:function:f";
const STALE = "The Revision Id provided does not match the latest Revision Id. Call the";

test.each([
  { error: notFound("Function", ARN), code: "ResourceNotFoundException", message: `Function not found: ${ARN}` },
  { error: alreadyExists("Function", "f"), code: "ResourceConflictException", message: "Function already exist: f" },
  { error: alreadyExists("Alias", "f:x"), code: "ResourceConflictException", message: "Alias already exists: f:x" },
  { error: conflict("busy"), code: "ResourceConflictException", message: "busy" },
  { error: invalidParameter("bad"), code: "InvalidParameterValueException", message: "bad" },
  { error: validation("bad"), code: "ValidationException", message: "bad" },
  {
    error: preconditionFailed("function"),
    code: "PreconditionFailedException",
    message: `${STALE} GetFunction/GetAlias API to retrieve the latest Revision Id`,
  },
  {
    error: preconditionFailed("policy"),
    code: "PreconditionFailedException",
    message: `${STALE} GetPolicy API to retrieve the latest Revision Id`,
  },
  {
    error: preconditionFailed("layer policy"),
    code: "PreconditionFailedException",
    message: `${STALE} GetLayerPolicy API to retrieve the latest Revision Id`,
  },
  {
    error: tooLarge("InvokeFunction", 6_291_456),
    code: "RequestEntityTooLargeException",
    message: "Request must be smaller than 6291456 bytes for the InvokeFunction operation",
  },
  {
    error: eventTooLarge(264_496, 262_144),
    code: "RequestEntityTooLargeException",
    message: "264496 byte payload is too large for the Event invocation type (limit 262144 bytes)",
  },
  {
    error: notSupported("PutResourcePolicy"),
    code: "InvalidParameterValueException",
    message: "Cannot perform PutResourcePolicy: Lambent does not support it",
  },
])("$code says: $message", ({ error, code, message }) => {
  expect(error).toBeInstanceOf(AwsError);
  expect(String(error.code)).toBe(code);
  expect(error.message).toBe(message);
});

test("an AwsError keeps its cause for the log", () => {
  const cause = new Error("disk full");
  expect(new AwsError("ServiceException", "no", { cause }).cause).toBe(cause);
  expect("cause" in new AwsError("ServiceException", "no")).toBe(false);
});
