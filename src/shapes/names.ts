import { blob, int, list, map, str } from "./dsl.ts";

/** Names, identifiers and enumerations that several resources share. Source: Lambda API Reference. */

/** The model allows 5400; AWS itself stops at 900 (recorded). */
export const TIMEOUT_SECONDS_MAX = 900;

/** Every runtime that the API has ever named, in its order; which of them can run is the service's to say. */
export const RUNTIMES = [
  "nodejs",
  "nodejs4.3",
  "nodejs6.10",
  "nodejs8.10",
  "nodejs10.x",
  "nodejs12.x",
  "nodejs14.x",
  "nodejs16.x",
  "nodejs18.x",
  "nodejs20.x",
  "nodejs22.x",
  "nodejs24.x",
  "java8",
  "java8.al2",
  "java11",
  "java17",
  "java21",
  "java25",
  "python2.7",
  "python3.6",
  "python3.7",
  "python3.8",
  "python3.9",
  "python3.10",
  "python3.11",
  "python3.12",
  "python3.13",
  "python3.14",
  "dotnetcore1.0",
  "dotnetcore2.0",
  "dotnetcore2.1",
  "dotnetcore3.1",
  "dotnet6",
  "dotnet8",
  "dotnet10",
  "nodejs4.3-edge",
  "go1.x",
  "ruby2.5",
  "ruby2.7",
  "ruby3.2",
  "ruby3.3",
  "ruby3.4",
  "ruby4.0",
  "provided",
  "provided.al2",
  "provided.al2023",
  "nodejs26.x",
  "python3.15",
  "java8.al2023",
  "java11.al2023",
  "java17.al2023",
] as const;
export const ARCHITECTURES = ["x86_64", "arm64"] as const;

/** A region, as the patterns below spell it. */
export const REGION = String.raw`(eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}`;
/** The part of an ARN of Lambda's that all its resources share. */
export const LAMBDA_ARN = String.raw`arn:(aws[a-zA-Z-]*)?:lambda:${REGION}:\d{12}`;

// What a path or an ARN may call a function: with and without a qualifier, with and without `.PUBLISHED`.
export const FunctionName = str({
  min: 1,
  max: 140,
  pattern: String.raw`(arn:(aws[a-zA-Z-]*)?:lambda:)?(${REGION}:)?(\d{12}:)?(function:)?([a-zA-Z0-9-_]+)(:(\$LATEST|[a-zA-Z0-9-_]+))?`,
});
export const NamespacedFunctionName = str({
  min: 1,
  max: 256,
  pattern: String.raw`(${LAMBDA_ARN}:|((${REGION}:)?(\d{12}:)?))(function:)?([a-zA-Z0-9-_\.]+)(:(\$LATEST(\.PUBLISHED)?|[a-zA-Z0-9-_]+))?`,
});
export const FunctionArn = str({
  min: 0,
  max: 10_000,
  pattern: String.raw`${LAMBDA_ARN}:function:[a-zA-Z0-9-_]+(:(\$LATEST|[a-zA-Z0-9-_]+))?`,
});
export const NameSpacedFunctionArn = str({
  min: 0,
  max: 10_000,
  pattern: String.raw`${LAMBDA_ARN}:function:[a-zA-Z0-9-_\.]+(:(\$LATEST(\.PUBLISHED)?|[a-zA-Z0-9-_]+))?`,
});

// Versions and qualifiers.
export const Version = str({ min: 1, max: 1024, pattern: String.raw`(\$LATEST|[0-9]+)` });
export const VersionWithLatestPublished = str({
  min: 1,
  max: 1024,
  pattern: String.raw`(\$LATEST(\.PUBLISHED)?|[0-9]+)`,
});
export const NumericLatestPublishedOrAliasQualifier = str({
  min: 1,
  max: 128,
  pattern: String.raw`\$(LATEST(\.PUBLISHED)?)|[a-zA-Z0-9-_$]+`,
});
export const FunctionVersionLatestPublished = str({ oneOf: ["LATEST_PUBLISHED"] });

// Other ARNs and identifiers.
export const Arn = str({
  min: 0,
  max: 10_000,
  pattern: String.raw`arn:(aws[a-zA-Z0-9-]*):([a-zA-Z0-9\-])+:(${REGION})?:(\d{12})?:(.*)`,
});
export const RoleArn = str({
  min: 0,
  max: 10_000,
  pattern: String.raw`arn:(aws[a-zA-Z-]*)?:iam::\d{12}:role/?[a-zA-Z_0-9+=,.@\-_/]+`,
});
export const KMSKeyArn = str({ min: 0, max: 10_000, pattern: "(arn:(aws[a-zA-Z-]*)?:[a-z0-9-.]+:.*)|()" });
export const LayerVersionArn = str({
  min: 1,
  max: 2048,
  pattern: `((${LAMBDA_ARN}:layer:[a-zA-Z0-9-_]+:[0-9]+)|(arn:[a-zA-Z0-9-]+:lambda:::awslayer:[a-zA-Z0-9-_]+))`,
});
export const CodeSigningConfigArn = str({
  min: 0,
  max: 200,
  pattern: `${LAMBDA_ARN}:code-signing-config:csc-[a-z0-9]{17}`,
});
export const CapacityProviderArn = str({
  min: 1,
  max: 140,
  pattern: String.raw`arn:aws[a-zA-Z-]*:lambda:${REGION}:\d{12}:capacity-provider:[a-zA-Z0-9-_]+`,
});
export const RuntimeVersionArn = str({
  min: 26,
  max: 2048,
  pattern: `arn:(aws[a-zA-Z-]*):lambda:${REGION}::runtime:.+`,
});
export const DurableExecutionArn = str({
  min: 1,
  max: 1024,
  pattern: String.raw`arn:([a-zA-Z0-9-]+):lambda:([a-zA-Z0-9-]+):(\d{12}):function:([a-zA-Z0-9_-]+):(\$LATEST(?:\.PUBLISHED)?|[0-9]+)/durable-execution/([a-zA-Z0-9_-]+)/([a-zA-Z0-9_-]+)`,
});
export const DurableExecutionName = str({ min: 1, max: 64, pattern: "[a-zA-Z0-9-_]+" });
export const SubnetId = str({ min: 0, max: 1024, pattern: "subnet-[0-9a-z]*" });
export const SecurityGroupId = str({ min: 0, max: 1024, pattern: "sg-[0-9a-zA-Z]*" });
export const StatementId = str({ min: 1, max: 100, pattern: "([a-zA-Z0-9-_]+)" });
export const TenantId = str({ min: 1, max: 256, pattern: String.raw`[a-zA-Z0-9\._:\/=+\-@ ]+` });

// Code.
export const Blob = blob({ sensitive: true });
export const S3Bucket = str({ min: 3, max: 63, pattern: String.raw`[0-9A-Za-z\.\-_]*(?<!\.)` });
export const S3Key = str({ min: 1, max: 1024, pattern: ".*" });
export const S3ObjectVersion = str({ min: 1, max: 1024, pattern: ".*" });
export const S3ObjectStorageMode = str({ oneOf: ["COPY", "REFERENCE"] });
export const SensitiveStringOnServerOnly = str({ min: 0, max: 10_000 });

// Configuration: Timeout in seconds, MemorySize in MiB (10240 is the quota; the model leaves room for more).
export const Runtime = str({ oneOf: RUNTIMES });
export const Architecture = str({ oneOf: ARCHITECTURES });
export const ArchitecturesList = list(Architecture, { min: 1, max: 1 });
export const Description = str({ min: 0, max: 256 });
export const Timeout = int({ min: 1, max: TIMEOUT_SECONDS_MAX });
export const MemorySize = int({ min: 128, max: 32_768 });
export const LogGroup = str({ min: 1, max: 512, pattern: String.raw`[\.\-_/#A-Za-z0-9]+` });
export const SystemLogLevel = str({ oneOf: ["DEBUG", "INFO", "WARN"] });
export const FunctionUrlAuthType = str({ oneOf: ["NONE", "AWS_IAM"] });
export const State = str({
  oneOf: ["Pending", "Active", "Inactive", "Failed", "Deactivating", "Deactivated", "ActiveNonInvocable", "Deleting"],
});

// Tags.
export const TagKey = str({ min: 1, max: 128, pattern: String.raw`([\p{L}\p{Z}\p{N}_.:/=+\-@]*)` });
export const TagValue = str({ min: 0, max: 256, pattern: String.raw`([\p{L}\p{Z}\p{N}_.:/=+\-@]*)` });
export const Tags = map(TagKey, TagValue);

// Answers: a moment as text (`2026-01-02T03:04:05.678+0000`), and the size of a page.
export const Timestamp = str({ min: 0, max: 100, pattern: ".*" });
export const MaxListItems = int({ min: 1, max: 10_000 });
