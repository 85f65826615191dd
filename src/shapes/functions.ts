import { Concurrency } from "./concurrency.ts";
import { bool, double, type Infer, int, list, long, map, query, statusCode, str, struct, uri } from "./dsl.ts";
import {
  ArchitecturesList,
  Arn,
  Blob,
  CapacityProviderArn,
  CodeSigningConfigArn,
  Description,
  FunctionArn,
  FunctionName,
  FunctionVersionLatestPublished,
  KMSKeyArn,
  LayerVersionArn,
  LogGroup,
  MaxListItems,
  MemorySize,
  NameSpacedFunctionArn,
  NamespacedFunctionName,
  NumericLatestPublishedOrAliasQualifier,
  REGION,
  RoleArn,
  RUNTIMES,
  Runtime,
  RuntimeVersionArn,
  S3Bucket,
  S3Key,
  S3ObjectStorageMode,
  S3ObjectVersion,
  SecurityGroupId,
  SensitiveStringOnServerOnly,
  State,
  SubnetId,
  SystemLogLevel,
  Tags,
  Timeout,
  Timestamp,
  Version,
} from "./names.ts";

/**
 * Functions: their code, their configuration, and what one looks like in an answer. Timeout in seconds, MemorySize and
 * EphemeralStorage in MiB, CodeSize in bytes.
 * Source: Lambda API Reference. A structure bears the API's own name; its members stand in the API's order.
 */

/** A name outside the list is refused after all other constraints, and in other words. */
const RuntimeOrArn = str({ oneOf: RUNTIMES, orArn: true });

/** Why a version failed to become active, or an update to succeed. */
const FAILURE_REASON_CODES = [
  "EniLimitExceeded",
  "InsufficientRolePermissions",
  "InvalidConfiguration",
  "InternalError",
  "SubnetOutOfIPAddresses",
  "InvalidSubnet",
  "InvalidSecurityGroup",
  "ImageDeleted",
  "ImageAccessDenied",
  "InvalidImage",
  "KMSKeyAccessDenied",
  "KMSKeyNotFound",
  "InvalidStateKMSKey",
  "DisabledKMSKey",
  "EFSIOError",
  "EFSMountConnectivityError",
  "EFSMountFailure",
  "EFSMountTimeout",
  "InvalidRuntime",
  "InvalidZipFileException",
  "FunctionError",
  "ServiceQuotaExceededException",
  "VcpuLimitExceeded",
  "CapacityProviderScalingLimitExceeded",
  "InsufficientCapacity",
  "EC2RequestLimitExceeded",
  "FunctionError.InitTimeout",
  "FunctionError.RuntimeInitError",
  "FunctionError.ExtensionInitError",
  "FunctionError.InvalidEntryPoint",
  "FunctionError.InvalidWorkingDirectory",
  "FunctionError.PermissionDenied",
  "FunctionError.TooManyExtensions",
  "FunctionError.InitResourceExhausted",
  "DisallowedByVpcEncryptionControl",
  "DependencyError",
] as const;

export const Handler = str({ min: 0, max: 128, pattern: String.raw`[^\s]+` });

export const FunctionCode = struct([], {
  ZipFile: Blob,
  S3Bucket,
  S3Key,
  S3ObjectVersion,
  S3ObjectStorageMode,
  ImageUri: str(),
  SourceKMSKeyArn: KMSKeyArn,
});
export type FunctionCode = Infer<typeof FunctionCode>;

export const SubnetIds = list(SubnetId, { min: 0, max: 16 });
export const SecurityGroupIds = list(SecurityGroupId, { min: 0, max: 5 });

export const VpcConfig = struct([], {
  SubnetIds,
  SecurityGroupIds,
  Ipv6AllowedForDualStack: bool(),
});
export type VpcConfig = Infer<typeof VpcConfig>;

export const PackageType = str({ oneOf: ["Zip", "Image"] });

export const DeadLetterConfig = struct([], {
  TargetArn: str({ min: 0, max: 10_000, pattern: "(arn:(aws[a-zA-Z-]*)?:[a-z0-9-.]+:.*)|()" }),
});
export type DeadLetterConfig = Infer<typeof DeadLetterConfig>;

export const EnvironmentVariables = map(
  str({ pattern: "[a-zA-Z]([a-zA-Z0-9_])+", sensitive: true }),
  str({ sensitive: true }),
  { sensitive: true },
);

export const Environment = struct([], {
  Variables: EnvironmentVariables,
});
export type Environment = Infer<typeof Environment>;

export const TracingMode = str({ oneOf: ["Active", "PassThrough"] });

export const TracingConfig = struct([], {
  Mode: TracingMode,
});
export type TracingConfig = Infer<typeof TracingConfig>;

export const LayerList = list(LayerVersionArn);
export const FileSystemArn = str({
  min: 0,
  max: 256,
  pattern: String.raw`arn:aws[a-zA-Z-]*:elasticfilesystem:${REGION}:\d{12}:access-point/fsap-[a-f0-9]{17}$|^arn:aws[-a-z]*:s3files:[0-9a-z-:]+:file-system/fs-[0-9a-f]{17,40}/access-point/fsap-[0-9a-f]{17,40}`,
});

export const FileSystemConfig = struct(["Arn", "LocalMountPath"], {
  Arn: FileSystemArn,
  LocalMountPath: str({ min: 0, max: 160, pattern: "/mnt/[a-zA-Z0-9-_.]+" }),
});
export type FileSystemConfig = Infer<typeof FileSystemConfig>;

export const FileSystemConfigList = list(FileSystemConfig, { min: 0, max: 1 });
export const StringList = list(str(), { min: 0, max: 1500 });

export const ImageConfig = struct([], {
  EntryPoint: StringList,
  Command: StringList,
  WorkingDirectory: str({ min: 0, max: 1000 }),
});
export type ImageConfig = Infer<typeof ImageConfig>;

export const EphemeralStorage = struct(["Size"], {
  Size: int({ min: 512, max: 10_240 }),
});
export type EphemeralStorage = Infer<typeof EphemeralStorage>;

export const SnapStartApplyOn = str({ oneOf: ["PublishedVersions", "None"] });

export const SnapStart = struct([], {
  ApplyOn: SnapStartApplyOn,
});
export type SnapStart = Infer<typeof SnapStart>;

export const LoggingConfig = struct([], {
  LogFormat: str({ oneOf: ["JSON", "Text"] }),
  ApplicationLogLevel: str({ oneOf: ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"] }),
  SystemLogLevel,
  LogGroup,
});
export type LoggingConfig = Infer<typeof LoggingConfig>;

export const TenancyConfig = struct(["TenantIsolationMode"], {
  TenantIsolationMode: str({ oneOf: ["PER_TENANT"] }),
});
export type TenancyConfig = Infer<typeof TenancyConfig>;

export const LambdaManagedInstancesCapacityProviderConfig = struct(["CapacityProviderArn"], {
  CapacityProviderArn,
  PerExecutionEnvironmentMaxConcurrency: int({ min: 1, max: 1600 }),
  ExecutionEnvironmentMemoryGiBPerVCpu: double({ min: 2, max: 8 }),
});
export type LambdaManagedInstancesCapacityProviderConfig = Infer<typeof LambdaManagedInstancesCapacityProviderConfig>;

export const CapacityProviderConfig = struct(["LambdaManagedInstancesCapacityProviderConfig"], {
  LambdaManagedInstancesCapacityProviderConfig,
});
export type CapacityProviderConfig = Infer<typeof CapacityProviderConfig>;

export const DurableConfig = struct([], {
  KMSKeyArn,
  RetentionPeriodInDays: int({ min: 1, max: 90 }),
  ExecutionTimeout: int({ min: 1, max: 31_622_400 }),
});
export type DurableConfig = Infer<typeof DurableConfig>;

export const CreateFunctionRequest = struct(["FunctionName", "Role", "Code"], {
  FunctionName,
  Runtime: RuntimeOrArn,
  Role: RoleArn,
  Handler,
  Code: FunctionCode,
  Description,
  Timeout,
  MemorySize,
  Publish: bool(),
  PublishTo: FunctionVersionLatestPublished,
  VpcConfig,
  PackageType,
  DeadLetterConfig,
  Environment,
  KMSKeyArn,
  TracingConfig,
  Tags,
  Layers: LayerList,
  FileSystemConfigs: FileSystemConfigList,
  CodeSigningConfigArn,
  ImageConfig,
  Architectures: ArchitecturesList,
  EphemeralStorage,
  SnapStart,
  LoggingConfig,
  TenancyConfig,
  CapacityProviderConfig,
  DurableConfig,
});
export type CreateFunctionInput = Infer<typeof CreateFunctionRequest>;

export const VpcConfigResponse = struct([], {
  SubnetIds,
  SecurityGroupIds,
  VpcId: str(),
  Ipv6AllowedForDualStack: bool(),
});
export type VpcConfigResponse = Infer<typeof VpcConfigResponse>;

export const SensitiveString = str({ sensitive: true });

export const EnvironmentError = struct([], {
  ErrorCode: str(),
  Message: SensitiveString,
});
export type EnvironmentError = Infer<typeof EnvironmentError>;

export const EnvironmentResponse = struct([], {
  Variables: EnvironmentVariables,
  Error: EnvironmentError,
});
export type EnvironmentResponse = Infer<typeof EnvironmentResponse>;

export const TracingConfigResponse = struct([], {
  Mode: TracingMode,
});
export type TracingConfigResponse = Infer<typeof TracingConfigResponse>;

export const Layer = struct([], {
  Arn: LayerVersionArn,
  CodeSize: long(),
  SigningProfileVersionArn: Arn,
  SigningJobArn: Arn,
});
export type Layer = Infer<typeof Layer>;

export const StateReasonCode = str({
  oneOf: ["Idle", "Creating", "Restoring", ...FAILURE_REASON_CODES, "DrainingDurableExecutions"],
});
export const LastUpdateStatusReasonCode = str({ oneOf: FAILURE_REASON_CODES });

export const ImageConfigError = struct([], {
  ErrorCode: str(),
  Message: SensitiveString,
});
export type ImageConfigError = Infer<typeof ImageConfigError>;

export const ImageConfigResponse = struct([], {
  ImageConfig,
  Error: ImageConfigError,
});
export type ImageConfigResponse = Infer<typeof ImageConfigResponse>;

export const SnapStartResponse = struct([], {
  ApplyOn: SnapStartApplyOn,
  OptimizationStatus: str({ oneOf: ["On", "Off"] }),
});
export type SnapStartResponse = Infer<typeof SnapStartResponse>;

export const RuntimeVersionError = struct([], {
  ErrorCode: str(),
  Message: SensitiveString,
});
export type RuntimeVersionError = Infer<typeof RuntimeVersionError>;

export const RuntimeVersionConfig = struct([], {
  RuntimeVersionArn,
  Error: RuntimeVersionError,
});
export type RuntimeVersionConfig = Infer<typeof RuntimeVersionConfig>;

export const FunctionConfiguration = struct([], {
  FunctionName: NamespacedFunctionName,
  FunctionArn: NameSpacedFunctionArn,
  Runtime,
  Role: RoleArn,
  Handler,
  CodeSize: long(),
  Description,
  Timeout,
  MemorySize,
  LastModified: Timestamp,
  CodeSha256: str(),
  Version,
  VpcConfig: VpcConfigResponse,
  DeadLetterConfig,
  Environment: EnvironmentResponse,
  KMSKeyArn,
  TracingConfig: TracingConfigResponse,
  MasterArn: FunctionArn,
  RevisionId: str(),
  Layers: list(Layer),
  State,
  StateReason: str(),
  StateReasonCode,
  LastUpdateStatus: str({ oneOf: ["Successful", "Failed", "InProgress"] }),
  LastUpdateStatusReason: str(),
  LastUpdateStatusReasonCode,
  FileSystemConfigs: FileSystemConfigList,
  SigningProfileVersionArn: Arn,
  SigningJobArn: Arn,
  PackageType,
  ImageConfigResponse,
  Architectures: ArchitecturesList,
  EphemeralStorage,
  SnapStart: SnapStartResponse,
  RuntimeVersionConfig,
  LoggingConfig,
  TenancyConfig,
  CapacityProviderConfig,
  ConfigSha256: str(),
  DurableConfig,
});
export type FunctionConfiguration = Infer<typeof FunctionConfiguration>;

export const GetFunctionRequest = struct(["FunctionName"], {
  FunctionName: uri(NamespacedFunctionName),
  Qualifier: query("Qualifier", NumericLatestPublishedOrAliasQualifier),
});
export type GetFunctionInput = Infer<typeof GetFunctionRequest>;

export const ResolvedS3Object = struct([], {
  S3Bucket,
  S3Key,
  S3ObjectVersion,
});
export type ResolvedS3Object = Infer<typeof ResolvedS3Object>;

export const FunctionCodeLocationError = struct([], {
  ErrorCode: str(),
  Message: SensitiveString,
});
export type FunctionCodeLocationError = Infer<typeof FunctionCodeLocationError>;

export const FunctionCodeLocation = struct([], {
  RepositoryType: str(),
  Location: SensitiveStringOnServerOnly,
  ImageUri: str(),
  ResolvedImageUri: str(),
  ResolvedS3Object,
  SourceKMSKeyArn: KMSKeyArn,
  Error: FunctionCodeLocationError,
});
export type FunctionCodeLocation = Infer<typeof FunctionCodeLocation>;

export const TagsError = struct(["ErrorCode", "Message"], {
  ErrorCode: str({ min: 10, max: 21, pattern: "[A-Za-z]+Exception" }),
  Message: str({ min: 84, max: 1000, pattern: ".*" }),
});
export type TagsError = Infer<typeof TagsError>;

export const GetFunctionResponse = struct([], {
  Configuration: FunctionConfiguration,
  Code: FunctionCodeLocation,
  Tags,
  TagsError,
  Concurrency,
});
export type GetFunctionResponse = Infer<typeof GetFunctionResponse>;

export const GetFunctionConfigurationRequest = struct(["FunctionName"], {
  FunctionName: uri(NamespacedFunctionName),
  Qualifier: query("Qualifier", NumericLatestPublishedOrAliasQualifier),
});
export type GetFunctionConfigurationInput = Infer<typeof GetFunctionConfigurationRequest>;

export const UpdateFunctionCodeRequest = struct(["FunctionName"], {
  FunctionName: uri(FunctionName),
  ZipFile: Blob,
  S3Bucket,
  S3Key,
  S3ObjectVersion,
  S3ObjectStorageMode,
  ImageUri: str(),
  Architectures: ArchitecturesList,
  Publish: bool(),
  PublishTo: FunctionVersionLatestPublished,
  DryRun: bool(),
  RevisionId: str(),
  SourceKMSKeyArn: KMSKeyArn,
});
export type UpdateFunctionCodeInput = Infer<typeof UpdateFunctionCodeRequest>;

export const UpdateFunctionConfigurationRequest = struct(["FunctionName"], {
  FunctionName: uri(FunctionName),
  Role: RoleArn,
  Handler,
  Description,
  Timeout,
  MemorySize,
  VpcConfig,
  Environment,
  Runtime: RuntimeOrArn,
  DeadLetterConfig,
  KMSKeyArn,
  TracingConfig,
  RevisionId: str(),
  Layers: LayerList,
  FileSystemConfigs: FileSystemConfigList,
  ImageConfig,
  EphemeralStorage,
  SnapStart,
  LoggingConfig,
  CapacityProviderConfig,
  DurableConfig,
});
export type UpdateFunctionConfigurationInput = Infer<typeof UpdateFunctionConfigurationRequest>;

export const DeleteFunctionRequest = struct(["FunctionName"], {
  FunctionName: uri(NamespacedFunctionName),
  Qualifier: query("Qualifier", NumericLatestPublishedOrAliasQualifier),
});
export type DeleteFunctionInput = Infer<typeof DeleteFunctionRequest>;

export const DeleteFunctionResponse = struct([], {
  StatusCode: statusCode(int()),
});
export type DeleteFunctionResponse = Infer<typeof DeleteFunctionResponse>;

export const ListFunctionsRequest = struct([], {
  MasterRegion: query("MasterRegion", str({ min: 1, max: 50, pattern: `ALL|${REGION}` })),
  FunctionVersion: query("FunctionVersion", str({ oneOf: ["ALL"] })),
  Marker: query("Marker", str()),
  MaxItems: query("MaxItems", MaxListItems),
});
export type ListFunctionsInput = Infer<typeof ListFunctionsRequest>;

export const ListFunctionsResponse = struct([], {
  NextMarker: str(),
  Functions: list(FunctionConfiguration),
});
export type ListFunctionsResponse = Infer<typeof ListFunctionsResponse>;
