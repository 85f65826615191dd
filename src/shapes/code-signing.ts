import { type Infer, list, query, str, struct, uri } from "./dsl.ts";
import {
  Arn,
  CodeSigningConfigArn,
  Description,
  FunctionArn,
  FunctionName,
  MaxListItems,
  NamespacedFunctionName,
  Tags,
  Timestamp,
} from "./names.ts";

/**
 * Code signing configurations and the functions that obey them.
 * Source: Lambda API Reference. A structure bears the API's own name; its members stand in the API's order.
 */

export const AllowedPublishers = struct(["SigningProfileVersionArns"], {
  SigningProfileVersionArns: list(Arn, { min: 1, max: 20 }),
});
export type AllowedPublishers = Infer<typeof AllowedPublishers>;

export const CodeSigningPolicies = struct([], {
  UntrustedArtifactOnDeployment: str({ oneOf: ["Warn", "Enforce"] }),
});
export type CodeSigningPolicies = Infer<typeof CodeSigningPolicies>;

export const CreateCodeSigningConfigRequest = struct(["AllowedPublishers"], {
  Description,
  AllowedPublishers,
  CodeSigningPolicies,
  Tags,
});
export type CreateCodeSigningConfigInput = Infer<typeof CreateCodeSigningConfigRequest>;

export const CodeSigningConfig = struct(
  ["CodeSigningConfigId", "CodeSigningConfigArn", "AllowedPublishers", "CodeSigningPolicies", "LastModified"],
  {
    CodeSigningConfigId: str({ pattern: String.raw`csc-[a-zA-Z0-9-_\.]{17}` }),
    CodeSigningConfigArn,
    Description,
    AllowedPublishers,
    CodeSigningPolicies,
    LastModified: Timestamp,
  },
);
export type CodeSigningConfig = Infer<typeof CodeSigningConfig>;

export const CreateCodeSigningConfigResponse = struct(["CodeSigningConfig"], {
  CodeSigningConfig,
});
export type CreateCodeSigningConfigResponse = Infer<typeof CreateCodeSigningConfigResponse>;

export const GetCodeSigningConfigRequest = struct(["CodeSigningConfigArn"], {
  CodeSigningConfigArn: uri(CodeSigningConfigArn),
});
export type GetCodeSigningConfigInput = Infer<typeof GetCodeSigningConfigRequest>;

export const GetCodeSigningConfigResponse = struct(["CodeSigningConfig"], {
  CodeSigningConfig,
});
export type GetCodeSigningConfigResponse = Infer<typeof GetCodeSigningConfigResponse>;

export const UpdateCodeSigningConfigRequest = struct(["CodeSigningConfigArn"], {
  CodeSigningConfigArn: uri(CodeSigningConfigArn),
  Description,
  AllowedPublishers,
  CodeSigningPolicies,
});
export type UpdateCodeSigningConfigInput = Infer<typeof UpdateCodeSigningConfigRequest>;

export const UpdateCodeSigningConfigResponse = struct(["CodeSigningConfig"], {
  CodeSigningConfig,
});
export type UpdateCodeSigningConfigResponse = Infer<typeof UpdateCodeSigningConfigResponse>;

export const DeleteCodeSigningConfigRequest = struct(["CodeSigningConfigArn"], {
  CodeSigningConfigArn: uri(CodeSigningConfigArn),
});
export type DeleteCodeSigningConfigInput = Infer<typeof DeleteCodeSigningConfigRequest>;

export const DeleteCodeSigningConfigResponse = struct([], {});
export type DeleteCodeSigningConfigResponse = Infer<typeof DeleteCodeSigningConfigResponse>;

export const ListCodeSigningConfigsRequest = struct([], {
  Marker: query("Marker", str()),
  MaxItems: query("MaxItems", MaxListItems),
});
export type ListCodeSigningConfigsInput = Infer<typeof ListCodeSigningConfigsRequest>;

export const ListCodeSigningConfigsResponse = struct([], {
  NextMarker: str(),
  CodeSigningConfigs: list(CodeSigningConfig),
});
export type ListCodeSigningConfigsResponse = Infer<typeof ListCodeSigningConfigsResponse>;

export const ListFunctionsByCodeSigningConfigRequest = struct(["CodeSigningConfigArn"], {
  CodeSigningConfigArn: uri(CodeSigningConfigArn),
  Marker: query("Marker", str()),
  MaxItems: query("MaxItems", MaxListItems),
});
export type ListFunctionsByCodeSigningConfigInput = Infer<typeof ListFunctionsByCodeSigningConfigRequest>;

export const ListFunctionsByCodeSigningConfigResponse = struct([], {
  NextMarker: str(),
  FunctionArns: list(FunctionArn),
});
export type ListFunctionsByCodeSigningConfigResponse = Infer<typeof ListFunctionsByCodeSigningConfigResponse>;

export const PutFunctionCodeSigningConfigRequest = struct(["CodeSigningConfigArn", "FunctionName"], {
  CodeSigningConfigArn,
  FunctionName: uri(NamespacedFunctionName),
});
export type PutFunctionCodeSigningConfigInput = Infer<typeof PutFunctionCodeSigningConfigRequest>;

export const PutFunctionCodeSigningConfigResponse = struct(["CodeSigningConfigArn", "FunctionName"], {
  CodeSigningConfigArn,
  FunctionName,
});
export type PutFunctionCodeSigningConfigResponse = Infer<typeof PutFunctionCodeSigningConfigResponse>;

export const GetFunctionCodeSigningConfigRequest = struct(["FunctionName"], {
  FunctionName: uri(NamespacedFunctionName),
});
export type GetFunctionCodeSigningConfigInput = Infer<typeof GetFunctionCodeSigningConfigRequest>;

export const GetFunctionCodeSigningConfigResponse = struct(["CodeSigningConfigArn", "FunctionName"], {
  CodeSigningConfigArn,
  FunctionName,
});
export type GetFunctionCodeSigningConfigResponse = Infer<typeof GetFunctionCodeSigningConfigResponse>;

export const DeleteFunctionCodeSigningConfigRequest = struct(["FunctionName"], {
  FunctionName: uri(NamespacedFunctionName),
});
export type DeleteFunctionCodeSigningConfigInput = Infer<typeof DeleteFunctionCodeSigningConfigRequest>;
