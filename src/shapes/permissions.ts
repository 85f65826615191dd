import { bool, type Infer, query, str, struct, uri } from "./dsl.ts";
import {
  Arn,
  FunctionUrlAuthType,
  NamespacedFunctionName,
  NumericLatestPublishedOrAliasQualifier,
  StatementId,
} from "./names.ts";

/**
 * Resource policies of functions, statement by statement (AddPermission) or as a whole document.
 * Source: Lambda API Reference. A structure bears the API's own name; its members stand in the API's order.
 */

export const AddPermissionRequest = struct(["FunctionName", "StatementId", "Action", "Principal"], {
  FunctionName: uri(NamespacedFunctionName),
  StatementId,
  Action: str({ min: 0, max: 10_000, pattern: "(lambda:[*]|lambda:[a-zA-Z]+|[*])" }),
  Principal: str({ min: 0, max: 2048, pattern: String.raw`[^\s]+` }),
  SourceArn: Arn,
  FunctionUrlAuthType,
  InvokedViaFunctionUrl: bool(),
  SourceAccount: str({ min: 0, max: 12, pattern: String.raw`\d{12}` }),
  EventSourceToken: str({ min: 0, max: 256, pattern: String.raw`[a-zA-Z0-9._\-]+` }),
  Qualifier: query("Qualifier", NumericLatestPublishedOrAliasQualifier),
  RevisionId: str(),
  PrincipalOrgID: str({ min: 12, max: 34, pattern: "o-[a-z0-9]{10,32}" }),
});
export type AddPermissionInput = Infer<typeof AddPermissionRequest>;

export const AddPermissionResponse = struct([], {
  Statement: str(),
});
export type AddPermissionResponse = Infer<typeof AddPermissionResponse>;

export const RemovePermissionRequest = struct(["FunctionName", "StatementId"], {
  FunctionName: uri(NamespacedFunctionName),
  StatementId: uri(str({ min: 1, max: 100, pattern: "([a-zA-Z0-9-_.]+)" })),
  Qualifier: query("Qualifier", NumericLatestPublishedOrAliasQualifier),
  RevisionId: query("RevisionId", str()),
});
export type RemovePermissionInput = Infer<typeof RemovePermissionRequest>;

export const GetPolicyRequest = struct(["FunctionName"], {
  FunctionName: uri(NamespacedFunctionName),
  Qualifier: query("Qualifier", NumericLatestPublishedOrAliasQualifier),
});
export type GetPolicyInput = Infer<typeof GetPolicyRequest>;

export const GetPolicyResponse = struct([], {
  Policy: str(),
  RevisionId: str(),
});
export type GetPolicyResponse = Infer<typeof GetPolicyResponse>;

export const ResourcePolicyResourceArn = str({ min: 1, max: 256 });

export const PutResourcePolicyRequest = struct(["ResourceArn", "Policy"], {
  ResourceArn: uri(ResourcePolicyResourceArn),
  Policy: str({ min: 1 }),
  RevisionId: str(),
});
export type PutResourcePolicyInput = Infer<typeof PutResourcePolicyRequest>;

export const PutResourcePolicyResponse = struct([], {
  Policy: str(),
  RevisionId: str(),
});
export type PutResourcePolicyResponse = Infer<typeof PutResourcePolicyResponse>;

export const GetResourcePolicyRequest = struct(["ResourceArn"], {
  ResourceArn: uri(ResourcePolicyResourceArn),
});
export type GetResourcePolicyInput = Infer<typeof GetResourcePolicyRequest>;

export const GetResourcePolicyResponse = struct([], {
  Policy: str(),
  RevisionId: str(),
});
export type GetResourcePolicyResponse = Infer<typeof GetResourcePolicyResponse>;

export const DeleteResourcePolicyRequest = struct(["ResourceArn"], {
  ResourceArn: uri(ResourcePolicyResourceArn),
  RevisionId: query("RevisionId", str()),
});
export type DeleteResourcePolicyInput = Infer<typeof DeleteResourcePolicyRequest>;
