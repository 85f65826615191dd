import { type Infer, int, list, query, str, struct, uri } from "./dsl.ts";
import { FunctionArn, FunctionName, Timestamp } from "./names.ts";

/**
 * Concurrency that is kept for a function (reserved) or kept warm for a version (provisioned).
 * Source: Lambda API Reference. A structure bears the API's own name; its members stand in the API's order.
 */

export const ReservedConcurrentExecutions = int({ min: 0 });

export const PutFunctionConcurrencyRequest = struct(["FunctionName", "ReservedConcurrentExecutions"], {
  FunctionName: uri(FunctionName),
  ReservedConcurrentExecutions,
});
export type PutFunctionConcurrencyInput = Infer<typeof PutFunctionConcurrencyRequest>;

export const Concurrency = struct([], {
  ReservedConcurrentExecutions,
});
export type Concurrency = Infer<typeof Concurrency>;

export const GetFunctionConcurrencyRequest = struct(["FunctionName"], {
  FunctionName: uri(FunctionName),
});
export type GetFunctionConcurrencyInput = Infer<typeof GetFunctionConcurrencyRequest>;

export const GetFunctionConcurrencyResponse = struct([], {
  ReservedConcurrentExecutions,
});
export type GetFunctionConcurrencyResponse = Infer<typeof GetFunctionConcurrencyResponse>;

export const DeleteFunctionConcurrencyRequest = struct(["FunctionName"], {
  FunctionName: uri(FunctionName),
});
export type DeleteFunctionConcurrencyInput = Infer<typeof DeleteFunctionConcurrencyRequest>;

export const Qualifier = str({ min: 1, max: 128, pattern: "(|[a-zA-Z0-9$_-]+)" });
export const PositiveInteger = int({ min: 1 });

export const PutProvisionedConcurrencyConfigRequest = struct(
  ["FunctionName", "Qualifier", "ProvisionedConcurrentExecutions"],
  {
    FunctionName: uri(FunctionName),
    Qualifier: query("Qualifier", Qualifier),
    ProvisionedConcurrentExecutions: PositiveInteger,
  },
);
export type PutProvisionedConcurrencyConfigInput = Infer<typeof PutProvisionedConcurrencyConfigRequest>;

export const NonNegativeInteger = int({ min: 0 });
export const ProvisionedConcurrencyStatusEnum = str({ oneOf: ["IN_PROGRESS", "READY", "FAILED"] });

export const PutProvisionedConcurrencyConfigResponse = struct([], {
  RequestedProvisionedConcurrentExecutions: PositiveInteger,
  AllocatedProvisionedConcurrentExecutions: NonNegativeInteger,
  AvailableProvisionedConcurrentExecutions: NonNegativeInteger,
  Status: ProvisionedConcurrencyStatusEnum,
  StatusReason: str(),
  LastModified: Timestamp,
});
export type PutProvisionedConcurrencyConfigResponse = Infer<typeof PutProvisionedConcurrencyConfigResponse>;

export const GetProvisionedConcurrencyConfigRequest = struct(["FunctionName", "Qualifier"], {
  FunctionName: uri(FunctionName),
  Qualifier: query("Qualifier", Qualifier),
});
export type GetProvisionedConcurrencyConfigInput = Infer<typeof GetProvisionedConcurrencyConfigRequest>;

export const GetProvisionedConcurrencyConfigResponse = struct([], {
  RequestedProvisionedConcurrentExecutions: PositiveInteger,
  AvailableProvisionedConcurrentExecutions: NonNegativeInteger,
  AllocatedProvisionedConcurrentExecutions: NonNegativeInteger,
  Status: ProvisionedConcurrencyStatusEnum,
  StatusReason: str(),
  LastModified: Timestamp,
});
export type GetProvisionedConcurrencyConfigResponse = Infer<typeof GetProvisionedConcurrencyConfigResponse>;

export const ListProvisionedConcurrencyConfigsRequest = struct(["FunctionName"], {
  FunctionName: uri(FunctionName),
  Marker: query("Marker", str()),
  MaxItems: query("MaxItems", int({ min: 1, max: 50 })),
});
export type ListProvisionedConcurrencyConfigsInput = Infer<typeof ListProvisionedConcurrencyConfigsRequest>;

export const ProvisionedConcurrencyConfigListItem = struct([], {
  FunctionArn,
  RequestedProvisionedConcurrentExecutions: PositiveInteger,
  AvailableProvisionedConcurrentExecutions: NonNegativeInteger,
  AllocatedProvisionedConcurrentExecutions: NonNegativeInteger,
  Status: ProvisionedConcurrencyStatusEnum,
  StatusReason: str(),
  LastModified: Timestamp,
});
export type ProvisionedConcurrencyConfigListItem = Infer<typeof ProvisionedConcurrencyConfigListItem>;

export const ListProvisionedConcurrencyConfigsResponse = struct([], {
  ProvisionedConcurrencyConfigs: list(ProvisionedConcurrencyConfigListItem),
  NextMarker: str(),
});
export type ListProvisionedConcurrencyConfigsResponse = Infer<typeof ListProvisionedConcurrencyConfigsResponse>;

export const DeleteProvisionedConcurrencyConfigRequest = struct(["FunctionName", "Qualifier"], {
  FunctionName: uri(FunctionName),
  Qualifier: query("Qualifier", Qualifier),
});
export type DeleteProvisionedConcurrencyConfigInput = Infer<typeof DeleteProvisionedConcurrencyConfigRequest>;
