import { type Infer, int, list, long, query, str, struct, uri } from "./dsl.ts";
import { ResolvedS3Object } from "./functions.ts";
import {
  Architecture,
  Arn,
  Blob,
  Description,
  LAMBDA_ARN,
  LayerVersionArn,
  Runtime,
  S3Bucket,
  S3Key,
  S3ObjectStorageMode,
  S3ObjectVersion,
  SensitiveStringOnServerOnly,
  StatementId,
  Timestamp,
} from "./names.ts";

/**
 * Layers, their versions, and who may use them.
 * Source: Lambda API Reference. A structure bears the API's own name; its members stand in the API's order.
 */

export const LayerName = str({ min: 1, max: 140, pattern: `(${LAMBDA_ARN}:layer:[a-zA-Z0-9-_]+)|[a-zA-Z0-9-_]+` });

export const LayerVersionContentInput = struct([], {
  S3Bucket,
  S3Key,
  S3ObjectVersion,
  S3ObjectStorageMode,
  ZipFile: Blob,
});
export type LayerVersionContentInput = Infer<typeof LayerVersionContentInput>;

export const CompatibleArchitectures = list(Architecture, { min: 0, max: 2 });
export const CompatibleRuntimes = list(Runtime, { min: 0, max: 15 });
export const LicenseInfo = str({ min: 0, max: 512, pattern: ".*" });

export const PublishLayerVersionRequest = struct(["LayerName", "Content"], {
  LayerName: uri(LayerName),
  Description,
  Content: LayerVersionContentInput,
  CompatibleArchitectures,
  CompatibleRuntimes,
  LicenseInfo,
});
export type PublishLayerVersionInput = Infer<typeof PublishLayerVersionRequest>;

export const LayerVersionContentOutput = struct([], {
  Location: SensitiveStringOnServerOnly,
  CodeSha256: str(),
  CodeSize: long(),
  SigningProfileVersionArn: Arn,
  SigningJobArn: Arn,
  ResolvedS3Object,
});
export type LayerVersionContentOutput = Infer<typeof LayerVersionContentOutput>;

export const LayerArn = str({ min: 1, max: 2048, pattern: `${LAMBDA_ARN}:layer:[a-zA-Z0-9-_]+` });

export const PublishLayerVersionResponse = struct([], {
  Content: LayerVersionContentOutput,
  LayerArn,
  LayerVersionArn,
  Description,
  CreatedDate: Timestamp,
  Version: long(),
  CompatibleArchitectures,
  CompatibleRuntimes,
  LicenseInfo,
});
export type PublishLayerVersionResponse = Infer<typeof PublishLayerVersionResponse>;

export const GetLayerVersionRequest = struct(["LayerName", "VersionNumber"], {
  LayerName: uri(LayerName),
  VersionNumber: uri(long()),
});
export type GetLayerVersionInput = Infer<typeof GetLayerVersionRequest>;

export const GetLayerVersionResponse = struct([], {
  Content: LayerVersionContentOutput,
  LayerArn,
  LayerVersionArn,
  Description,
  CreatedDate: Timestamp,
  Version: long(),
  CompatibleArchitectures,
  CompatibleRuntimes,
  LicenseInfo,
});
export type GetLayerVersionResponse = Infer<typeof GetLayerVersionResponse>;

export const GetLayerVersionByArnRequest = struct(["Arn"], {
  Arn: query("Arn", LayerVersionArn),
});
export type GetLayerVersionByArnInput = Infer<typeof GetLayerVersionByArnRequest>;

export const DeleteLayerVersionRequest = struct(["LayerName", "VersionNumber"], {
  LayerName: uri(LayerName),
  VersionNumber: uri(long()),
});
export type DeleteLayerVersionInput = Infer<typeof DeleteLayerVersionRequest>;

export const MaxLayerListItems = int({ min: 1, max: 50 });

export const ListLayersRequest = struct([], {
  CompatibleArchitecture: query("CompatibleArchitecture", Architecture),
  CompatibleRuntime: query("CompatibleRuntime", Runtime),
  Marker: query("Marker", str()),
  MaxItems: query("MaxItems", MaxLayerListItems),
});
export type ListLayersInput = Infer<typeof ListLayersRequest>;

export const LayerVersionsListItem = struct([], {
  LayerVersionArn,
  Version: long(),
  Description,
  CreatedDate: Timestamp,
  CompatibleArchitectures,
  CompatibleRuntimes,
  LicenseInfo,
});
export type LayerVersionsListItem = Infer<typeof LayerVersionsListItem>;

export const LayersListItem = struct([], {
  LayerName,
  LayerArn,
  LatestMatchingVersion: LayerVersionsListItem,
});
export type LayersListItem = Infer<typeof LayersListItem>;

export const ListLayersResponse = struct([], {
  NextMarker: str(),
  Layers: list(LayersListItem),
});
export type ListLayersResponse = Infer<typeof ListLayersResponse>;

export const ListLayerVersionsRequest = struct(["LayerName"], {
  CompatibleArchitecture: query("CompatibleArchitecture", Architecture),
  CompatibleRuntime: query("CompatibleRuntime", Runtime),
  LayerName: uri(LayerName),
  Marker: query("Marker", str()),
  MaxItems: query("MaxItems", MaxLayerListItems),
});
export type ListLayerVersionsInput = Infer<typeof ListLayerVersionsRequest>;

export const ListLayerVersionsResponse = struct([], {
  NextMarker: str(),
  LayerVersions: list(LayerVersionsListItem),
});
export type ListLayerVersionsResponse = Infer<typeof ListLayerVersionsResponse>;

export const AddLayerVersionPermissionRequest = struct(
  ["LayerName", "VersionNumber", "StatementId", "Action", "Principal"],
  {
    LayerName: uri(LayerName),
    VersionNumber: uri(long()),
    StatementId,
    Action: str({ min: 0, max: 22, pattern: "lambda:GetLayerVersion" }),
    Principal: str({ min: 0, max: 10_000, pattern: String.raw`\d{12}|\*|arn:(aws[a-zA-Z-]*):iam::\d{12}:root` }),
    OrganizationId: str({ min: 0, max: 34, pattern: "o-[a-z0-9]{10,32}" }),
    RevisionId: query("RevisionId", str()),
  },
);
export type AddLayerVersionPermissionInput = Infer<typeof AddLayerVersionPermissionRequest>;

export const AddLayerVersionPermissionResponse = struct([], {
  Statement: str(),
  RevisionId: str(),
});
export type AddLayerVersionPermissionResponse = Infer<typeof AddLayerVersionPermissionResponse>;

export const RemoveLayerVersionPermissionRequest = struct(["LayerName", "VersionNumber", "StatementId"], {
  LayerName: uri(LayerName),
  VersionNumber: uri(long()),
  StatementId: uri(StatementId),
  RevisionId: query("RevisionId", str()),
});
export type RemoveLayerVersionPermissionInput = Infer<typeof RemoveLayerVersionPermissionRequest>;

export const GetLayerVersionPolicyRequest = struct(["LayerName", "VersionNumber"], {
  LayerName: uri(LayerName),
  VersionNumber: uri(long()),
});
export type GetLayerVersionPolicyInput = Infer<typeof GetLayerVersionPolicyRequest>;

export const GetLayerVersionPolicyResponse = struct([], {
  Policy: str(),
  RevisionId: str(),
});
export type GetLayerVersionPolicyResponse = Infer<typeof GetLayerVersionPolicyResponse>;
