import { expect, test } from "bun:test";
import { AwsError, notFound, throttled, tooLarge, validation } from "../../src/errors/aws-error.ts";
import type { ErrorCode } from "../../src/errors/codes.ts";
import { renderError } from "../../src/errors/render.ts";

interface Scenario {
  readonly name: string;
  readonly error: AwsError;
  readonly status: number;
  readonly body: string;
}

const coded = (code: ErrorCode): AwsError => new AwsError(code, "no");

test.each<Scenario>([
  {
    name: "a missing function answers under Message",
    error: notFound("Function", "f"),
    status: 404,
    body: '{"Type":"User","Message":"Function not found: f"}',
  },
  {
    name: "a missing provisioned configuration answers under message",
    error: coded("ProvisionedConcurrencyConfigNotFoundException"),
    status: 404,
    body: '{"Type":"User","message":"no"}',
  },
  {
    name: "a bad parameter answers with Type and message",
    error: coded("InvalidParameterValueException"),
    status: 400,
    body: '{"Type":"User","message":"no"}',
  },
  {
    name: "a broken constraint answers without Type",
    error: validation("1 validation error detected: x"),
    status: 400,
    body: '{"message":"1 validation error detected: x"}',
  },
  {
    name: "a refused caller answers without Type, under Message",
    error: coded("AccessDeniedException"),
    status: 403,
    body: '{"Message":"no"}',
  },
  {
    name: "a body over its limit answers without Type",
    error: tooLarge("InvokeFunction", 6),
    status: 413,
    body: '{"message":"Request must be smaller than 6 bytes for the InvokeFunction operation"}',
  },
  {
    name: "a fault of the service says so",
    error: coded("EC2ThrottledException"),
    status: 502,
    body: '{"Type":"Service","Message":"no"}',
  },
])("$name", ({ error, status, body }) => {
  const rendered = renderError(error, "id-1");
  expect(rendered.status).toBe(status);
  expect(rendered.body).toBe(body);
  expect(rendered.headers["x-amzn-ErrorType"]).toBe(error.code);
  expect(rendered.headers["x-amzn-RequestId"]).toBe("id-1");
  expect(rendered.headers["content-type"]).toBe("application/json");
});

test("a throttled call is told why and when to come back", () => {
  const { status, headers, body } = renderError(
    throttled("ReservedFunctionConcurrentInvocationLimitExceeded", 3),
    "id",
  );
  expect(status).toBe(429);
  expect(headers["Retry-After"]).toBe("3");
  expect(body).toBe(
    '{"Reason":"ReservedFunctionConcurrentInvocationLimitExceeded","Type":"User","message":"Rate Exceeded."}',
  );
});

test.each([
  { name: "an Error", thrown: new Error("secret: /var/lib/lambent/db.sqlite is locked") },
  { name: "a string", thrown: "secret" },
  { name: "nothing", thrown: undefined },
  { name: "an object that looks like an AwsError", thrown: { code: "ValidationException", message: "secret" } },
])("what is not an AwsError answers 500 and keeps quiet: $name", ({ thrown }) => {
  const { status, headers, body } = renderError(thrown, "id-7");
  expect(status).toBe(500);
  expect(headers["x-amzn-ErrorType"]).toBe("ServiceException");
  expect(body).toBe('{"Type":"Service","Message":"The service encountered an internal error (request id id-7)"}');
});
