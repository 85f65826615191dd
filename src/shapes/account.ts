import { type Infer, int, long, struct } from "./dsl.ts";

/**
 * What the account may use, and what it uses. Sizes in bytes.
 * Source: Lambda API Reference. A structure bears the API's own name; its members stand in the API's order.
 */

export const GetAccountSettingsRequest = struct([], {});
export type GetAccountSettingsInput = Infer<typeof GetAccountSettingsRequest>;

export const AccountLimit = struct([], {
  TotalCodeSize: long(),
  CodeSizeUnzipped: long(),
  CodeSizeZipped: long(),
  ConcurrentExecutions: int(),
  UnreservedConcurrentExecutions: int({ min: 0 }),
});
export type AccountLimit = Infer<typeof AccountLimit>;

export const AccountUsage = struct([], {
  TotalCodeSize: long(),
  FunctionCount: long(),
});
export type AccountUsage = Infer<typeof AccountUsage>;

export const GetAccountSettingsResponse = struct([], {
  AccountLimit,
  AccountUsage,
});
export type GetAccountSettingsResponse = Infer<typeof GetAccountSettingsResponse>;
