import { bool, type Infer, int, list, query, str, struct, uri } from "./dsl.ts";
import { FunctionArn, FunctionUrlAuthType, REGION, Timestamp } from "./names.ts";

/**
 * Function URLs. MaxAge in seconds.
 * Source: Lambda API Reference. A structure bears the API's own name; its members stand in the API's order.
 */

export const FunctionUrlFunctionName = str({
  min: 1,
  max: 140,
  pattern: String.raw`(arn:(aws[a-zA-Z-]*)?:lambda:)?(${REGION}:)?(\d{12}:)?(function:)?([a-zA-Z0-9-_]{1,64})(:((?!\d+$)[0-9a-zA-Z-_]+))?`,
});
export const FunctionUrlQualifier = str({ min: 1, max: 128, pattern: String.raw`((?!^\d+$)^[0-9a-zA-Z-_]+$)` });
export const HeadersList = list(str({ min: 0, max: 1024, pattern: ".*" }), { min: 0, max: 100 });

export const Cors = struct([], {
  AllowCredentials: bool(),
  AllowHeaders: HeadersList,
  AllowMethods: list(str({ min: 0, max: 6, pattern: ".*" }), { min: 0, max: 6 }),
  AllowOrigins: list(str({ min: 1, max: 253, pattern: ".*" }), { min: 0, max: 100 }),
  ExposeHeaders: HeadersList,
  MaxAge: int({ min: 0, max: 86_400 }),
});
export type Cors = Infer<typeof Cors>;

export const InvokeMode = str({ oneOf: ["BUFFERED", "RESPONSE_STREAM"] });

export const CreateFunctionUrlConfigRequest = struct(["FunctionName", "AuthType"], {
  FunctionName: uri(FunctionUrlFunctionName),
  Qualifier: query("Qualifier", FunctionUrlQualifier),
  AuthType: FunctionUrlAuthType,
  Cors,
  InvokeMode,
});
export type CreateFunctionUrlConfigInput = Infer<typeof CreateFunctionUrlConfigRequest>;

export const FunctionUrl = str({ min: 40, max: 100 });

export const CreateFunctionUrlConfigResponse = struct(["FunctionUrl", "FunctionArn", "AuthType", "CreationTime"], {
  FunctionUrl,
  FunctionArn,
  AuthType: FunctionUrlAuthType,
  Cors,
  CreationTime: Timestamp,
  InvokeMode,
});
export type CreateFunctionUrlConfigResponse = Infer<typeof CreateFunctionUrlConfigResponse>;

export const GetFunctionUrlConfigRequest = struct(["FunctionName"], {
  FunctionName: uri(FunctionUrlFunctionName),
  Qualifier: query("Qualifier", FunctionUrlQualifier),
});
export type GetFunctionUrlConfigInput = Infer<typeof GetFunctionUrlConfigRequest>;

export const GetFunctionUrlConfigResponse = struct(
  ["FunctionUrl", "FunctionArn", "AuthType", "CreationTime", "LastModifiedTime"],
  {
    FunctionUrl,
    FunctionArn,
    AuthType: FunctionUrlAuthType,
    Cors,
    CreationTime: Timestamp,
    LastModifiedTime: Timestamp,
    InvokeMode,
  },
);
export type GetFunctionUrlConfigResponse = Infer<typeof GetFunctionUrlConfigResponse>;

export const UpdateFunctionUrlConfigRequest = struct(["FunctionName"], {
  FunctionName: uri(FunctionUrlFunctionName),
  Qualifier: query("Qualifier", FunctionUrlQualifier),
  AuthType: FunctionUrlAuthType,
  Cors,
  InvokeMode,
});
export type UpdateFunctionUrlConfigInput = Infer<typeof UpdateFunctionUrlConfigRequest>;

export const UpdateFunctionUrlConfigResponse = struct(
  ["FunctionUrl", "FunctionArn", "AuthType", "CreationTime", "LastModifiedTime"],
  {
    FunctionUrl,
    FunctionArn,
    AuthType: FunctionUrlAuthType,
    Cors,
    CreationTime: Timestamp,
    LastModifiedTime: Timestamp,
    InvokeMode,
  },
);
export type UpdateFunctionUrlConfigResponse = Infer<typeof UpdateFunctionUrlConfigResponse>;

export const DeleteFunctionUrlConfigRequest = struct(["FunctionName"], {
  FunctionName: uri(FunctionUrlFunctionName),
  Qualifier: query("Qualifier", FunctionUrlQualifier),
});
export type DeleteFunctionUrlConfigInput = Infer<typeof DeleteFunctionUrlConfigRequest>;

export const ListFunctionUrlConfigsRequest = struct(["FunctionName"], {
  FunctionName: uri(FunctionUrlFunctionName),
  Marker: query("Marker", str()),
  MaxItems: query("MaxItems", int({ min: 1, max: 50 })),
});
export type ListFunctionUrlConfigsInput = Infer<typeof ListFunctionUrlConfigsRequest>;

export const FunctionUrlConfig = struct(
  ["FunctionUrl", "FunctionArn", "CreationTime", "LastModifiedTime", "AuthType"],
  {
    FunctionUrl,
    FunctionArn,
    CreationTime: Timestamp,
    LastModifiedTime: Timestamp,
    Cors,
    AuthType: FunctionUrlAuthType,
    InvokeMode,
  },
);
export type FunctionUrlConfig = Infer<typeof FunctionUrlConfig>;

export const ListFunctionUrlConfigsResponse = struct(["FunctionUrlConfigs"], {
  FunctionUrlConfigs: list(FunctionUrlConfig),
  NextMarker: str(),
});
export type ListFunctionUrlConfigsResponse = Infer<typeof ListFunctionUrlConfigsResponse>;
