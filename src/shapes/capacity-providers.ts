import { double, type Infer, int, list, map, query, str, struct, uri } from "./dsl.ts";
import {
  ArchitecturesList,
  CapacityProviderArn,
  KMSKeyArn,
  LogGroup,
  NameSpacedFunctionArn,
  REGION,
  RoleArn,
  SecurityGroupId,
  State,
  SubnetId,
  SystemLogLevel,
  TagKey,
  Tags,
  TagValue,
  Timestamp,
} from "./names.ts";

/**
 * Capacity providers: instances of the account's own that functions can run on.
 * Source: Lambda API Reference. A structure bears the API's own name; its members stand in the API's order.
 */

export const CapacityProviderName = str({
  min: 1,
  max: 140,
  pattern: String.raw`(arn:aws[a-zA-Z-]*:lambda:${REGION}:\d{12}:capacity-provider:[a-zA-Z0-9-_]+)|[a-zA-Z0-9-_]+`,
});

export const CapacityProviderVpcConfig = struct(["SubnetIds", "SecurityGroupIds"], {
  SubnetIds: list(SubnetId, { min: 1, max: 16 }),
  SecurityGroupIds: list(SecurityGroupId, { min: 0, max: 5 }),
});
export type CapacityProviderVpcConfig = Infer<typeof CapacityProviderVpcConfig>;

export const CapacityProviderPermissionsConfig = struct(["CapacityProviderOperatorRoleArn"], {
  CapacityProviderOperatorRoleArn: RoleArn,
});
export type CapacityProviderPermissionsConfig = Infer<typeof CapacityProviderPermissionsConfig>;

export const InstanceTypeSet = list(str({ min: 1, max: 30, pattern: String.raw`[a-zA-Z0-9\.\*\-]+` }), {
  min: 0,
  max: 400,
});

export const InstanceRequirements = struct([], {
  Architectures: ArchitecturesList,
  AllowedInstanceTypes: InstanceTypeSet,
  ExcludedInstanceTypes: InstanceTypeSet,
});
export type InstanceRequirements = Infer<typeof InstanceRequirements>;

export const TargetTrackingScalingPolicy = struct(["PredefinedMetricType", "TargetValue"], {
  PredefinedMetricType: str({ oneOf: ["LambdaCapacityProviderAverageCPUUtilization"] }),
  TargetValue: double({ min: 0, max: 100 }),
});
export type TargetTrackingScalingPolicy = Infer<typeof TargetTrackingScalingPolicy>;

export const CapacityProviderScalingConfig = struct([], {
  MaxVCpuCount: int({ min: 2, max: 15_000 }),
  ScalingMode: str({ oneOf: ["Auto", "Manual"] }),
  ScalingPolicies: list(TargetTrackingScalingPolicy, { min: 1, max: 10 }),
});
export type CapacityProviderScalingConfig = Infer<typeof CapacityProviderScalingConfig>;

export const PropagateTags = struct([], {
  Mode: str({ oneOf: ["None", "Explicit"] }),
  ExplicitTags: map(TagKey, TagValue, { min: 0, max: 40 }),
});
export type PropagateTags = Infer<typeof PropagateTags>;

export const CapacityProviderLoggingConfig = struct([], {
  SystemLogLevel,
  LogGroup,
});
export type CapacityProviderLoggingConfig = Infer<typeof CapacityProviderLoggingConfig>;

export const CapacityProviderTelemetryConfig = struct([], {
  LoggingConfig: CapacityProviderLoggingConfig,
});
export type CapacityProviderTelemetryConfig = Infer<typeof CapacityProviderTelemetryConfig>;

export const CreateCapacityProviderRequest = struct(["CapacityProviderName", "VpcConfig", "PermissionsConfig"], {
  CapacityProviderName,
  VpcConfig: CapacityProviderVpcConfig,
  PermissionsConfig: CapacityProviderPermissionsConfig,
  InstanceRequirements,
  CapacityProviderScalingConfig,
  KmsKeyArn: str({ min: 0, max: 10_000, pattern: "arn:(aws[a-zA-Z-]*)?:[a-z0-9-.]+:.*" }),
  Tags,
  PropagateTags,
  TelemetryConfig: CapacityProviderTelemetryConfig,
});
export type CreateCapacityProviderInput = Infer<typeof CreateCapacityProviderRequest>;

export const CapacityProviderState = str({ oneOf: ["Pending", "Active", "Failed", "Deleting"] });

export const CapacityProvider = struct(["CapacityProviderArn", "State", "VpcConfig", "PermissionsConfig"], {
  CapacityProviderArn,
  State: CapacityProviderState,
  VpcConfig: CapacityProviderVpcConfig,
  PermissionsConfig: CapacityProviderPermissionsConfig,
  InstanceRequirements,
  CapacityProviderScalingConfig,
  KmsKeyArn: KMSKeyArn,
  LastModified: Timestamp,
  PropagateTags,
  TelemetryConfig: CapacityProviderTelemetryConfig,
});
export type CapacityProvider = Infer<typeof CapacityProvider>;

export const CreateCapacityProviderResponse = struct(["CapacityProvider"], {
  CapacityProvider,
});
export type CreateCapacityProviderResponse = Infer<typeof CreateCapacityProviderResponse>;

export const GetCapacityProviderRequest = struct(["CapacityProviderName"], {
  CapacityProviderName: uri(CapacityProviderName),
});
export type GetCapacityProviderInput = Infer<typeof GetCapacityProviderRequest>;

export const GetCapacityProviderResponse = struct(["CapacityProvider"], {
  CapacityProvider,
});
export type GetCapacityProviderResponse = Infer<typeof GetCapacityProviderResponse>;

export const UpdateCapacityProviderRequest = struct(["CapacityProviderName"], {
  CapacityProviderName: uri(CapacityProviderName),
  CapacityProviderScalingConfig,
  PropagateTags,
  TelemetryConfig: CapacityProviderTelemetryConfig,
});
export type UpdateCapacityProviderInput = Infer<typeof UpdateCapacityProviderRequest>;

export const UpdateCapacityProviderResponse = struct(["CapacityProvider"], {
  CapacityProvider,
});
export type UpdateCapacityProviderResponse = Infer<typeof UpdateCapacityProviderResponse>;

export const DeleteCapacityProviderRequest = struct(["CapacityProviderName"], {
  CapacityProviderName: uri(CapacityProviderName),
});
export type DeleteCapacityProviderInput = Infer<typeof DeleteCapacityProviderRequest>;

export const DeleteCapacityProviderResponse = struct(["CapacityProvider"], {
  CapacityProvider,
});
export type DeleteCapacityProviderResponse = Infer<typeof DeleteCapacityProviderResponse>;

export const MaxFiftyListItems = int({ min: 1, max: 50 });

export const ListCapacityProvidersRequest = struct([], {
  State: query("State", CapacityProviderState),
  Marker: query("Marker", str()),
  MaxItems: query("MaxItems", MaxFiftyListItems),
});
export type ListCapacityProvidersInput = Infer<typeof ListCapacityProvidersRequest>;

export const ListCapacityProvidersResponse = struct(["CapacityProviders"], {
  CapacityProviders: list(CapacityProvider, { min: 0, max: 50 }),
  NextMarker: str(),
});
export type ListCapacityProvidersResponse = Infer<typeof ListCapacityProvidersResponse>;

export const ListFunctionVersionsByCapacityProviderRequest = struct(["CapacityProviderName"], {
  CapacityProviderName: uri(CapacityProviderName),
  Marker: query("Marker", str()),
  MaxItems: query("MaxItems", MaxFiftyListItems),
});
export type ListFunctionVersionsByCapacityProviderInput = Infer<typeof ListFunctionVersionsByCapacityProviderRequest>;

export const FunctionVersionsByCapacityProviderListItem = struct(["FunctionArn", "State"], {
  FunctionArn: NameSpacedFunctionArn,
  State,
});
export type FunctionVersionsByCapacityProviderListItem = Infer<typeof FunctionVersionsByCapacityProviderListItem>;

export const ListFunctionVersionsByCapacityProviderResponse = struct(["CapacityProviderArn", "FunctionVersions"], {
  CapacityProviderArn,
  FunctionVersions: list(FunctionVersionsByCapacityProviderListItem, { min: 0, max: 50 }),
  NextMarker: str(),
});
export type ListFunctionVersionsByCapacityProviderResponse = Infer<
  typeof ListFunctionVersionsByCapacityProviderResponse
>;
