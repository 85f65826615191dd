import { expect, test } from "bun:test";
import { AwsError } from "../../src/errors/aws-error.ts";
import {
  blob,
  bool,
  double,
  int,
  json,
  list,
  long,
  map,
  query,
  type Shape,
  str,
  struct,
  timestamp,
} from "../../src/shapes/dsl.ts";
import { OPERATIONS, type OperationName } from "../../src/shapes/operations.ts";
import { validate } from "../../src/shapes/validate.ts";

const ROLE = "arn:aws:iam::000000000000:role/r";
const FUNCTION = { FunctionName: "f", Role: ROLE, Code: {} };
const A65 = "a".repeat(65);
const A141 = "a".repeat(141);

function refused(shape: Shape, raw: unknown): AwsError {
  try {
    validate(shape, raw);
  } catch (error) {
    if (error instanceof AwsError) return error;
    throw error;
  }
  throw new Error("Cannot find a refusal: the value is valid");
}

interface Refusal {
  readonly name: string;
  readonly operation: OperationName;
  readonly raw: unknown;
  readonly says: string;
  readonly code?: string;
}

const ONE = "1 validation error detected: ";

test.each<Refusal>([
  {
    name: "an alias of digits breaks the pattern",
    operation: "CreateAlias",
    raw: { FunctionName: "f", Name: "2024", FunctionVersion: "1" },
    says: `${ONE}Value '2024' at 'name' failed to satisfy constraint: Member must satisfy regular expression pattern: (?!^[0-9]+$)([a-zA-Z0-9-_]+)`,
  },
  {
    name: "a weight over one is printed as Java prints a double",
    operation: "CreateAlias",
    raw: {
      FunctionName: "f",
      Name: "a",
      FunctionVersion: "1",
      RoutingConfig: { AdditionalVersionWeights: { "2": 2 } },
    },
    says: `${ONE}Value '{2=2.0}' at 'routingConfig.additionalVersionWeights' failed to satisfy constraint: Map value must satisfy constraint: [Member must have value less than or equal to 1.0, Member must have value greater than or equal to 0.0, Member must not be null]`,
  },
  {
    name: "a weight of $LATEST breaks the keys' pattern",
    operation: "UpdateAlias",
    raw: { FunctionName: "f", Name: "a", RoutingConfig: { AdditionalVersionWeights: { $LATEST: 0.5 } } },
    says: `${ONE}Value '{$LATEST=0.5}' at 'routingConfig.additionalVersionWeights' failed to satisfy constraint: Map keys must satisfy constraint: [Member must have length less than or equal to 1024, Member must have length greater than or equal to 1, Member must satisfy regular expression pattern: [0-9]+]`,
  },
  {
    name: "a role that is no ARN",
    operation: "CreateFunction",
    raw: { ...FUNCTION, Role: "r1" },
    says: `${ONE}Value 'r1' at 'role' failed to satisfy constraint: Member must satisfy regular expression pattern: arn:(aws[a-zA-Z-]*)?:iam::\\d{12}:role/?[a-zA-Z_0-9+=,.@\\-_/]+`,
  },
  {
    name: "a name over 140 characters",
    operation: "CreateFunction",
    raw: { ...FUNCTION, FunctionName: A141 },
    says: `${ONE}Value '${A141}' at 'functionName' failed to satisfy constraint: Member must have length less than or equal to 140`,
  },
  {
    name: "an empty qualifier breaks the pattern, then the length",
    operation: "GetFunction",
    raw: { FunctionName: "f", Qualifier: "" },
    says: "2 validation errors detected: Value '' at 'qualifier' failed to satisfy constraint: Member must satisfy regular expression pattern: \\$(LATEST(\\.PUBLISHED)?)|[a-zA-Z0-9-_$]+; Value '' at 'qualifier' failed to satisfy constraint: Member must have length greater than or equal to 1",
  },
  {
    name: "a timeout over 900 s",
    operation: "UpdateFunctionConfiguration",
    raw: { FunctionName: "f", Timeout: 901 },
    says: `${ONE}Value '901' at 'timeout' failed to satisfy constraint: Member must have value less than or equal to 900`,
  },
  {
    name: "memory under 128 MiB",
    operation: "CreateFunction",
    raw: { ...FUNCTION, MemorySize: 127 },
    says: `${ONE}Value '127' at 'memorySize' failed to satisfy constraint: Member must have value greater than or equal to 128`,
  },
  {
    name: "a nested member is named by its path",
    operation: "CreateFunction",
    raw: { ...FUNCTION, EphemeralStorage: { Size: 511 } },
    says: `${ONE}Value '511' at 'ephemeralStorage.size' failed to satisfy constraint: Member must have value greater than or equal to 512`,
  },
  {
    name: "a required member that is missing",
    operation: "CreateFunction",
    raw: { FunctionName: "f", Code: {} },
    says: `${ONE}Value null at 'role' failed to satisfy constraint: Member must not be null`,
  },
  {
    name: "a required member that is null",
    operation: "PutFunctionConcurrency",
    raw: { FunctionName: "f", ReservedConcurrentExecutions: null },
    says: `${ONE}Value null at 'reservedConcurrentExecutions' failed to satisfy constraint: Member must not be null`,
  },
  {
    name: "everything at once, in modelled order",
    operation: "CreateFunction",
    raw: { FunctionName: "f", Role: ROLE, MemorySize: 1, Timeout: 0 },
    says: "3 validation errors detected: Value null at 'code' failed to satisfy constraint: Member must not be null; Value '0' at 'timeout' failed to satisfy constraint: Member must have value greater than or equal to 1; Value '1' at 'memorySize' failed to satisfy constraint: Member must have value greater than or equal to 128",
  },
  {
    name: "an architecture nobody has heard of",
    operation: "CreateFunction",
    raw: { ...FUNCTION, Architectures: ["mips"] },
    says: `${ONE}Value '[mips]' at 'architectures' failed to satisfy constraint: Member must satisfy constraint: [Member must satisfy enum value set: [x86_64, arm64], Member must not be null]`,
  },
  {
    name: "two architectures",
    operation: "CreateFunction",
    raw: { ...FUNCTION, Architectures: ["x86_64", "arm64"] },
    says: `${ONE}Value '[x86_64, arm64]' at 'architectures' failed to satisfy constraint: Member must have length less than or equal to 1`,
  },
  {
    name: "a null in a list",
    operation: "CreateFunction",
    raw: { ...FUNCTION, Architectures: [null] },
    says: `${ONE}Value '[null]' at 'architectures' failed to satisfy constraint: Member must satisfy constraint: [Member must satisfy enum value set: [x86_64, arm64], Member must not be null]`,
  },
  {
    name: "a method of seven letters (recorded on AWS)",
    operation: "CreateFunctionUrlConfig",
    raw: { FunctionName: "f", AuthType: "NONE", Cors: { AllowMethods: ["GET", "POST", "OPTIONS"] } },
    says: `${ONE}Value '[GET, POST, OPTIONS]' at 'cors.allowMethods' failed to satisfy constraint: Member must satisfy constraint: [Member must have length less than or equal to 6, Member must have length greater than or equal to 0, Member must satisfy regular expression pattern: .*, Member must not be null]`,
  },
  {
    name: "the items of a list of structures are numbered from one",
    operation: "CreateFunction",
    raw: { ...FUNCTION, FileSystemConfigs: [{ Arn: "x" }] },
    says: "2 validation errors detected: Value 'x' at 'fileSystemConfigs.1.member.arn' failed to satisfy constraint: Member must satisfy regular expression pattern: arn:aws[a-zA-Z-]*:elasticfilesystem:(eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\\d{1}:\\d{12}:access-point/fsap-[a-f0-9]{17}$|^arn:aws[-a-z]*:s3files:[0-9a-z-:]+:file-system/fs-[0-9a-f]{17,40}/access-point/fsap-[0-9a-f]{17,40}; Value null at 'fileSystemConfigs.1.member.localMountPath' failed to satisfy constraint: Member must not be null",
  },
  {
    name: "a secret value is not repeated",
    operation: "CreateFunction",
    raw: { ...FUNCTION, Environment: { Variables: { "1X": "hush" } } },
    says: `${ONE}Value at 'environment.variables' failed to satisfy constraint: Map keys must satisfy constraint: [Member must satisfy regular expression pattern: [a-zA-Z]([a-zA-Z0-9_])+]`,
  },
  {
    name: "only the first letter of a path is lowered",
    operation: "CreateFunction",
    raw: { ...FUNCTION, KMSKeyArn: "key" },
    says: `${ONE}Value 'key' at 'kMSKeyArn' failed to satisfy constraint: Member must satisfy regular expression pattern: (arn:(aws[a-zA-Z-]*)?:[a-z0-9-.]+:.*)|()`,
  },
  {
    name: "an enum in a header",
    operation: "Invoke",
    raw: { FunctionName: "f", InvocationType: "Later" },
    says: `${ONE}Value 'Later' at 'invocationType' failed to satisfy constraint: Member must satisfy enum value set: [Event, RequestResponse, DryRun]`,
  },
  {
    name: "a page of nothing",
    operation: "ListFunctions",
    raw: { MaxItems: "0" },
    says: `${ONE}Value '0' at 'maxItems' failed to satisfy constraint: Member must have value greater than or equal to 1`,
  },
  {
    name: "a map of lists names the constraints of both",
    operation: "CreateEventSourceMapping",
    raw: { FunctionName: "f", SelfManagedEventSource: { Endpoints: { KAFKA_BOOTSTRAP_SERVERS: ["nowhere"] } } },
    says: `${ONE}Value '{KAFKA_BOOTSTRAP_SERVERS=[nowhere]}' at 'selfManagedEventSource.endpoints' failed to satisfy constraint: Map value must satisfy constraint: [Member must have length less than or equal to 10, Member must have length greater than or equal to 1, Member must satisfy constraint: [Member must have length less than or equal to 300, Member must have length greater than or equal to 1, Member must satisfy regular expression pattern: (([a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9\\-]*[a-zA-Z0-9])\\.)*([A-Za-z0-9]|[A-Za-z0-9][A-Za-z0-9\\-]*[A-Za-z0-9]):[0-9]{1,5}, Member must not be null], Member must not be null]`,
  },
  {
    name: "a tag key with a character that tags do not have",
    operation: "TagResource",
    raw: { Resource: "arn:aws:lambda:us-east-1:000000000000:function:f", Tags: { "a*": "b" } },
    says: `${ONE}Value '{a*=b}' at 'tags' failed to satisfy constraint: Map keys must satisfy constraint: [Member must have length less than or equal to 128, Member must have length greater than or equal to 1, Member must satisfy regular expression pattern: ([\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*)]`,
  },
])("$operation refuses $name", ({ operation, raw, says }) => {
  const error = refused(OPERATIONS[operation].input, raw);
  expect(error.message).toBe(says);
  expect(error.code).toBe("ValidationException");
});

test("CreateFunction refuses a runtime that does not exist in the words kept for runtimes, and only after all else", () => {
  const error = refused(OPERATIONS.CreateFunction.input, { ...FUNCTION, Runtime: "cobol85" });
  expect(error.code).toBe("InvalidParameterValueException");
  expect(error.message).toStartWith(
    "Value cobol85 at 'runtime' failed to satisfy constraint: Member must satisfy enum value set: [nodejs, nodejs4.3, ",
  );
  expect(error.message).toEndWith("] or be a valid ARN");
  const both = refused(OPERATIONS.CreateFunction.input, { ...FUNCTION, Runtime: "cobol85", Timeout: 0 });
  expect(both.code).toBe("ValidationException");
  expect(both.message).toStartWith("1 validation error detected: Value '0' at 'timeout'");
});

test.each<Omit<Refusal, "code">>([
  {
    name: "a string for an int",
    operation: "CreateFunction",
    raw: { ...FUNCTION, Timeout: "3" },
    says: "STRING_VALUE can not be converted to an Integer",
  },
  {
    name: "a fraction for an int",
    operation: "CreateFunction",
    raw: { ...FUNCTION, Timeout: 1.5 },
    says: "NUMBER_VALUE can not be converted to an Integer",
  },
  {
    name: "a boolean for an int",
    operation: "CreateFunction",
    raw: { ...FUNCTION, Timeout: true },
    says: "TRUE_VALUE can not be converted to an Integer",
  },
  {
    name: "an int of 40 bits",
    operation: "CreateFunction",
    raw: { ...FUNCTION, Timeout: 2 ** 40 },
    says: "Numeric value (1099511627776) out of range of int (-2147483648 - 2147483647)",
  },
  {
    name: "a number for a string",
    operation: "CreateFunction",
    raw: { ...FUNCTION, Description: 7 },
    says: "NUMBER_VALUE can not be converted to a String",
  },
  {
    name: "a number for a variable",
    operation: "CreateFunction",
    raw: { ...FUNCTION, Environment: { Variables: { AB: 7 } } },
    says: "NUMBER_VALUE can not be converted to a String",
  },
  {
    name: "a boolean for a string",
    operation: "CreateFunction",
    raw: { ...FUNCTION, Description: false },
    says: "FALSE_VALUE can not be converted to a String",
  },
  {
    name: "a string for a boolean in a body",
    operation: "CreateFunction",
    raw: { ...FUNCTION, Publish: "true" },
    says: "STRING_VALUE can not be converted to a Boolean",
  },
  {
    name: "a string for a double",
    operation: "CreateAlias",
    raw: {
      FunctionName: "f",
      Name: "a",
      FunctionVersion: "1",
      RoutingConfig: { AdditionalVersionWeights: { "2": "0.5" } },
    },
    says: "STRING_VALUE can not be converted to a Double",
  },
  {
    name: "a list for a string",
    operation: "CreateFunction",
    raw: { ...FUNCTION, Description: [] },
    says: "Start of list found where not expected",
  },
  {
    name: "an object for a string",
    operation: "CreateFunction",
    raw: { ...FUNCTION, Description: {} },
    says: "Start of structure or map found where not expected.",
  },
  {
    name: "an object for a list",
    operation: "CreateFunction",
    raw: { ...FUNCTION, Layers: {} },
    says: "Start of structure or map found where not expected.",
  },
  {
    name: "a string for a list in a body",
    operation: "CreateFunction",
    raw: { ...FUNCTION, Layers: "a" },
    says: "Unexpected field type",
  },
  {
    name: "a list for a structure",
    operation: "CreateFunction",
    raw: { ...FUNCTION, Code: [] },
    says: "Start of list found where not expected",
  },
  {
    name: "a string for a structure",
    operation: "CreateFunction",
    raw: { ...FUNCTION, Code: "zip" },
    says: "Unexpected field type",
  },
  {
    name: "a string for a map",
    operation: "CreateFunction",
    raw: { ...FUNCTION, Tags: "a=b" },
    says: "Unexpected field type",
  },
  {
    name: "a body that is a list",
    operation: "CreateFunction",
    raw: [],
    says: "Start of list found where not expected",
  },
  { name: "a body that is a string", operation: "CreateFunction", raw: "x", says: "Unexpected field type" },
  {
    name: "no base64",
    operation: "CreateFunction",
    raw: { ...FUNCTION, Code: { ZipFile: "@@@" } },
    says: "Base64 decoding failed",
  },
  {
    name: "a number for bytes",
    operation: "UpdateFunctionCode",
    raw: { FunctionName: "f", ZipFile: 1 },
    says: "NUMBER_VALUE can not be converted to a Blob",
  },
  {
    name: "a page size that is no number",
    operation: "ListFunctions",
    raw: { MaxItems: "ten" },
    says: "STRING_VALUE can not be converted to an Integer",
  },
  {
    name: "an empty page size",
    operation: "ListFunctions",
    raw: { MaxItems: "" },
    says: "STRING_VALUE can not be converted to an Integer",
  },
  {
    name: "a hexadecimal version",
    operation: "GetLayerVersion",
    raw: { LayerName: "l", VersionNumber: "0x1" },
    says: "STRING_VALUE can not be converted to a Long",
  },
  {
    name: "a version past 53 bits",
    operation: "GetLayerVersion",
    raw: { LayerName: "l", VersionNumber: "9999999999999999" },
    says: "Numeric value (10000000000000000) out of range of long (-9007199254740991 - 9007199254740991)",
  },
  {
    name: "a wrong type before a broken constraint, wherever it stands",
    operation: "CreateFunction",
    raw: { ...FUNCTION, FunctionName: A141, Timeout: "3" },
    says: "STRING_VALUE can not be converted to an Integer",
  },
])("$operation cannot read $name", ({ operation, raw, says }) => {
  const error = refused(OPERATIONS[operation].input, raw);
  expect(error.message).toBe(says);
  expect(error.code).toBe("SerializationException");
});

test("a bare name over 64 characters is left to the service", () => {
  expect(validate(OPERATIONS.GetFunction.input, { FunctionName: A65 })).toEqual({ FunctionName: A65 });
});

test.each([
  { name: "null is absent", shape: struct([], { A: str() }), raw: { A: null }, value: {} },
  {
    name: "unknown members are left behind",
    shape: struct([], { A: str() }),
    raw: { A: "a", B: 1 },
    value: { A: "a" },
  },
  {
    name: "numbers in the query are read from text",
    shape: struct([], { N: query("N", int()) }),
    raw: { N: "12" },
    value: { N: 12 },
  },
  {
    name: "booleans in the query are read from text",
    shape: struct([], { B: query("B", bool()) }),
    raw: { B: "True" },
    value: { B: true },
  },
  {
    name: "a query parameter given once is a list of one",
    shape: struct([], { L: query("l", list(str())) }),
    raw: { L: "a" },
    value: { L: ["a"] },
  },
  {
    name: "a query parameter given twice is a list of two",
    shape: struct([], { L: query("l", list(str())) }),
    raw: { L: ["a", "b"] },
    value: { L: ["a", "b"] },
  },
  { name: "base64 becomes bytes", shape: blob(), raw: "AQID", value: new Uint8Array([1, 2, 3]) },
  { name: "bytes stay bytes", shape: blob(), raw: new Uint8Array([9]), value: new Uint8Array([9]) },
  { name: "a timestamp may be a number", shape: timestamp(), raw: 1.5, value: 1.5 },
  {
    name: "a timestamp may be ISO 8601",
    shape: timestamp(),
    raw: "2026-01-02T03:04:05Z",
    value: "2026-01-02T03:04:05Z",
  },
  {
    name: "a timestamp in the query may be a number",
    shape: struct([], { T: query("T", timestamp()) }),
    raw: { T: "12" },
    value: { T: 12 },
  },
  { name: "a whole double is a double", shape: double(), raw: 1, value: 1 },
  { name: "a long takes 53 bits", shape: long(), raw: Number.MAX_SAFE_INTEGER, value: Number.MAX_SAFE_INTEGER },
  { name: "any JSON passes as it is", shape: json(), raw: { a: [1, null] }, value: { a: [1, null] } },
  { name: "an empty map is a map", shape: map(str(), str()), raw: {}, value: {} },
  {
    name: "an empty pattern alternative takes the empty string",
    shape: str({ pattern: "(a+)|()" }),
    raw: "",
    value: "",
  },
  {
    name: "tags are Unicode",
    shape: map(str({ pattern: String.raw`([\p{L}\p{Z}]*)` }), str()),
    raw: { "größe über alles": "1" },
    value: { "größe über alles": "1" },
  },
])("validate: $name", ({ shape, raw, value }) => {
  expect(validate<Shape>(shape, raw)).toEqual(value);
});

test("a pattern has to match the whole value, and its spaces are ASCII", () => {
  const shape = str({ pattern: String.raw`[^\s]+` });
  expect(validate(shape, "a\u00a0b")).toBe("a\u00a0b");
  expect(refused(shape, "a b").code).toBe("ValidationException");
  expect(refused(shape, "a\n").code).toBe("ValidationException");
});

test("no key of a caller's reaches a prototype", () => {
  const raw = JSON.parse('{"Tags":{"__proto__":"x","constructor":"y"},"__proto__":{"FunctionName":"evil"}}');
  const shape = struct([], { FunctionName: str(), Tags: map(str(), str()) });
  const { FunctionName, Tags } = validate(shape, raw);
  expect(FunctionName).toBeUndefined();
  expect(Object.keys(Tags ?? {})).toEqual(["constructor"]);
  expect(Object.getPrototypeOf(Tags)).toBeNull();
  expect(({} as Record<string, unknown>).FunctionName).toBeUndefined();
});

test("a message repeats at most 1000 characters of a value, and at most 100 violations", () => {
  expect(refused(str({ max: 1 }), "x".repeat(5000)).message.length).toBeLessThan(1200);
  const shape = struct([], { L: list(struct(["A"], { A: str() })) });
  const error = refused(shape, { L: Array.from({ length: 100_000 }, () => ({})) });
  expect(error.message).toStartWith("100 validation errors detected: ");
});

test("text beyond every length is refused without asking its pattern", () => {
  const long_ = `${"a".repeat(2_000_000)}!`;
  expect(refused(str({ max: 140, pattern: "(a+)+" }), long_).message).toContain("length less than or equal to 140");
  expect(refused(str({ pattern: "(a|aa)+" }), long_).message).toContain("regular expression pattern: (a|aa)+");
});
