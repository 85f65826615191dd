import { double, type Infer, list, map, query, str, struct, uri } from "./dsl.ts";
import { Description, FunctionArn, FunctionName, MaxListItems, Version, VersionWithLatestPublished } from "./names.ts";

/**
 * Aliases, and how they split their traffic: a version to a weight between 0 and 1.
 * Source: Lambda API Reference. A structure bears the API's own name; its members stand in the API's order.
 */

export const Alias = str({ min: 1, max: 128, pattern: "(?!^[0-9]+$)([a-zA-Z0-9-_]+)" });

export const AliasRoutingConfiguration = struct([], {
  AdditionalVersionWeights: map(str({ min: 1, max: 1024, pattern: "[0-9]+" }), double({ min: 0, max: 1 })),
});
export type AliasRoutingConfiguration = Infer<typeof AliasRoutingConfiguration>;

export const CreateAliasRequest = struct(["FunctionName", "Name", "FunctionVersion"], {
  FunctionName: uri(FunctionName),
  Name: Alias,
  FunctionVersion: VersionWithLatestPublished,
  Description,
  RoutingConfig: AliasRoutingConfiguration,
});
export type CreateAliasInput = Infer<typeof CreateAliasRequest>;

export const AliasConfiguration = struct([], {
  AliasArn: FunctionArn,
  Name: Alias,
  FunctionVersion: Version,
  Description,
  RoutingConfig: AliasRoutingConfiguration,
  RevisionId: str(),
});
export type AliasConfiguration = Infer<typeof AliasConfiguration>;

export const GetAliasRequest = struct(["FunctionName", "Name"], {
  FunctionName: uri(FunctionName),
  Name: uri(Alias),
});
export type GetAliasInput = Infer<typeof GetAliasRequest>;

export const UpdateAliasRequest = struct(["FunctionName", "Name"], {
  FunctionName: uri(FunctionName),
  Name: uri(Alias),
  FunctionVersion: VersionWithLatestPublished,
  Description,
  RoutingConfig: AliasRoutingConfiguration,
  RevisionId: str(),
});
export type UpdateAliasInput = Infer<typeof UpdateAliasRequest>;

export const DeleteAliasRequest = struct(["FunctionName", "Name"], {
  FunctionName: uri(FunctionName),
  Name: uri(Alias),
});
export type DeleteAliasInput = Infer<typeof DeleteAliasRequest>;

export const ListAliasesRequest = struct(["FunctionName"], {
  FunctionName: uri(FunctionName),
  FunctionVersion: query("FunctionVersion", VersionWithLatestPublished),
  Marker: query("Marker", str()),
  MaxItems: query("MaxItems", MaxListItems),
});
export type ListAliasesInput = Infer<typeof ListAliasesRequest>;

export const ListAliasesResponse = struct([], {
  NextMarker: str(),
  Aliases: list(AliasConfiguration),
});
export type ListAliasesResponse = Infer<typeof ListAliasesResponse>;
