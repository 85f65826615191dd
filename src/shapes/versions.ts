import { type Infer, list, query, str, struct, uri } from "./dsl.ts";
import { FunctionConfiguration } from "./functions.ts";
import {
  Description,
  FunctionName,
  FunctionVersionLatestPublished,
  MaxListItems,
  NamespacedFunctionName,
} from "./names.ts";

/**
 * Published versions of a function.
 * Source: Lambda API Reference. A structure bears the API's own name; its members stand in the API's order.
 */

export const PublishVersionRequest = struct(["FunctionName"], {
  FunctionName: uri(FunctionName),
  CodeSha256: str(),
  Description,
  RevisionId: str(),
  PublishTo: FunctionVersionLatestPublished,
});
export type PublishVersionInput = Infer<typeof PublishVersionRequest>;

export const ListVersionsByFunctionRequest = struct(["FunctionName"], {
  FunctionName: uri(NamespacedFunctionName),
  Marker: query("Marker", str()),
  MaxItems: query("MaxItems", MaxListItems),
});
export type ListVersionsByFunctionInput = Infer<typeof ListVersionsByFunctionRequest>;

export const ListVersionsByFunctionResponse = struct([], {
  NextMarker: str(),
  Versions: list(FunctionConfiguration),
});
export type ListVersionsByFunctionResponse = Infer<typeof ListVersionsByFunctionResponse>;
