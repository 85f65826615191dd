import { type Infer, int, query, str, struct, uri } from "./dsl.ts";
import {
  FunctionArn,
  NameSpacedFunctionArn,
  NamespacedFunctionName,
  NumericLatestPublishedOrAliasQualifier,
  REGION,
  RuntimeVersionArn,
  State,
} from "./names.ts";

/**
 * Rules for a function apart from its configuration: when its runtime is updated, what stops a loop, how far it scales.
 * Source: Lambda API Reference. A structure bears the API's own name; its members stand in the API's order.
 */

export const UpdateRuntimeOn = str({ oneOf: ["Auto", "Manual", "FunctionUpdate"] });

export const PutRuntimeManagementConfigRequest = struct(["FunctionName", "UpdateRuntimeOn"], {
  FunctionName: uri(NamespacedFunctionName),
  Qualifier: query("Qualifier", NumericLatestPublishedOrAliasQualifier),
  UpdateRuntimeOn,
  RuntimeVersionArn,
});
export type PutRuntimeManagementConfigInput = Infer<typeof PutRuntimeManagementConfigRequest>;

export const PutRuntimeManagementConfigResponse = struct(["UpdateRuntimeOn", "FunctionArn"], {
  UpdateRuntimeOn,
  FunctionArn,
  RuntimeVersionArn,
});
export type PutRuntimeManagementConfigResponse = Infer<typeof PutRuntimeManagementConfigResponse>;

export const GetRuntimeManagementConfigRequest = struct(["FunctionName"], {
  FunctionName: uri(NamespacedFunctionName),
  Qualifier: query("Qualifier", NumericLatestPublishedOrAliasQualifier),
});
export type GetRuntimeManagementConfigInput = Infer<typeof GetRuntimeManagementConfigRequest>;

export const GetRuntimeManagementConfigResponse = struct([], {
  UpdateRuntimeOn,
  FunctionArn: NameSpacedFunctionArn,
  RuntimeVersionArn,
});
export type GetRuntimeManagementConfigResponse = Infer<typeof GetRuntimeManagementConfigResponse>;

export const UnqualifiedFunctionName = str({
  min: 1,
  max: 140,
  pattern: String.raw`(arn:(aws[a-zA-Z-]*)?:lambda:)?(${REGION}:)?(\d{12}:)?(function:)?([a-zA-Z0-9-_]+)`,
});
export const RecursiveLoop = str({ oneOf: ["Allow", "Terminate"] });

export const PutFunctionRecursionConfigRequest = struct(["FunctionName", "RecursiveLoop"], {
  FunctionName: uri(UnqualifiedFunctionName),
  RecursiveLoop,
});
export type PutFunctionRecursionConfigInput = Infer<typeof PutFunctionRecursionConfigRequest>;

export const PutFunctionRecursionConfigResponse = struct([], {
  RecursiveLoop,
});
export type PutFunctionRecursionConfigResponse = Infer<typeof PutFunctionRecursionConfigResponse>;

export const GetFunctionRecursionConfigRequest = struct(["FunctionName"], {
  FunctionName: uri(UnqualifiedFunctionName),
});
export type GetFunctionRecursionConfigInput = Infer<typeof GetFunctionRecursionConfigRequest>;

export const GetFunctionRecursionConfigResponse = struct([], {
  RecursiveLoop,
});
export type GetFunctionRecursionConfigResponse = Infer<typeof GetFunctionRecursionConfigResponse>;

export const PublishedFunctionQualifier = str({ min: 1, max: 128, pattern: String.raw`(\$LATEST\.PUBLISHED|[0-9]+)` });
export const FunctionScalingConfigExecutionEnvironments = int({ min: 0, max: 15_000 });

export const FunctionScalingConfig = struct([], {
  MinExecutionEnvironments: FunctionScalingConfigExecutionEnvironments,
  MaxExecutionEnvironments: FunctionScalingConfigExecutionEnvironments,
});
export type FunctionScalingConfig = Infer<typeof FunctionScalingConfig>;

export const PutFunctionScalingConfigRequest = struct(["FunctionName", "Qualifier"], {
  FunctionName: uri(UnqualifiedFunctionName),
  Qualifier: query("Qualifier", PublishedFunctionQualifier),
  FunctionScalingConfig,
});
export type PutFunctionScalingConfigInput = Infer<typeof PutFunctionScalingConfigRequest>;

export const PutFunctionScalingConfigResponse = struct([], {
  FunctionState: State,
});
export type PutFunctionScalingConfigResponse = Infer<typeof PutFunctionScalingConfigResponse>;

export const GetFunctionScalingConfigRequest = struct(["FunctionName", "Qualifier"], {
  FunctionName: uri(UnqualifiedFunctionName),
  Qualifier: query("Qualifier", PublishedFunctionQualifier),
});
export type GetFunctionScalingConfigInput = Infer<typeof GetFunctionScalingConfigRequest>;

export const GetFunctionScalingConfigResponse = struct([], {
  FunctionArn,
  AppliedFunctionScalingConfig: FunctionScalingConfig,
  RequestedFunctionScalingConfig: FunctionScalingConfig,
});
export type GetFunctionScalingConfigResponse = Infer<typeof GetFunctionScalingConfigResponse>;
