import { type Infer, int, list, query, str, struct, timestamp, uri } from "./dsl.ts";
import { FunctionArn, NamespacedFunctionName, NumericLatestPublishedOrAliasQualifier, REGION } from "./names.ts";

/**
 * How asynchronous calls are retried, and where their records go. Ages in seconds.
 * Source: Lambda API Reference. A structure bears the API's own name; its members stand in the API's order.
 */

export const MaximumRetryAttempts = int({ min: 0, max: 2 });
export const MaximumEventAgeInSeconds = int({ min: 60, max: 21_600 });
export const DestinationArn = str({
  min: 0,
  max: 350,
  pattern: String.raw`$|kafka://([^.]([a-zA-Z0-9\-_.]{0,248}))|arn:(aws[a-zA-Z0-9-]*):([a-zA-Z0-9\-])+:(${REGION})?:(\d{12})?:(.*)`,
});

export const OnSuccess = struct([], {
  Destination: DestinationArn,
});
export type OnSuccess = Infer<typeof OnSuccess>;

export const OnFailure = struct([], {
  Destination: DestinationArn,
});
export type OnFailure = Infer<typeof OnFailure>;

export const DestinationConfig = struct([], {
  OnSuccess,
  OnFailure,
});
export type DestinationConfig = Infer<typeof DestinationConfig>;

export const PutFunctionEventInvokeConfigRequest = struct(["FunctionName"], {
  FunctionName: uri(NamespacedFunctionName),
  Qualifier: query("Qualifier", NumericLatestPublishedOrAliasQualifier),
  MaximumRetryAttempts,
  MaximumEventAgeInSeconds,
  DestinationConfig,
});
export type PutFunctionEventInvokeConfigInput = Infer<typeof PutFunctionEventInvokeConfigRequest>;

export const FunctionEventInvokeConfig = struct([], {
  LastModified: timestamp(),
  FunctionArn,
  MaximumRetryAttempts,
  MaximumEventAgeInSeconds,
  DestinationConfig,
});
export type FunctionEventInvokeConfig = Infer<typeof FunctionEventInvokeConfig>;

export const UpdateFunctionEventInvokeConfigRequest = struct(["FunctionName"], {
  FunctionName: uri(NamespacedFunctionName),
  Qualifier: query("Qualifier", NumericLatestPublishedOrAliasQualifier),
  MaximumRetryAttempts,
  MaximumEventAgeInSeconds,
  DestinationConfig,
});
export type UpdateFunctionEventInvokeConfigInput = Infer<typeof UpdateFunctionEventInvokeConfigRequest>;

export const GetFunctionEventInvokeConfigRequest = struct(["FunctionName"], {
  FunctionName: uri(NamespacedFunctionName),
  Qualifier: query("Qualifier", NumericLatestPublishedOrAliasQualifier),
});
export type GetFunctionEventInvokeConfigInput = Infer<typeof GetFunctionEventInvokeConfigRequest>;

export const ListFunctionEventInvokeConfigsRequest = struct(["FunctionName"], {
  FunctionName: uri(NamespacedFunctionName),
  Marker: query("Marker", str()),
  MaxItems: query("MaxItems", int({ min: 1, max: 50 })),
});
export type ListFunctionEventInvokeConfigsInput = Infer<typeof ListFunctionEventInvokeConfigsRequest>;

export const ListFunctionEventInvokeConfigsResponse = struct([], {
  FunctionEventInvokeConfigs: list(FunctionEventInvokeConfig),
  NextMarker: str(),
});
export type ListFunctionEventInvokeConfigsResponse = Infer<typeof ListFunctionEventInvokeConfigsResponse>;

export const DeleteFunctionEventInvokeConfigRequest = struct(["FunctionName"], {
  FunctionName: uri(NamespacedFunctionName),
  Qualifier: query("Qualifier", NumericLatestPublishedOrAliasQualifier),
});
export type DeleteFunctionEventInvokeConfigInput = Infer<typeof DeleteFunctionEventInvokeConfigRequest>;
