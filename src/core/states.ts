/** The states that a function version goes through. Source: Lambda API Reference, FunctionConfiguration. */
export type FunctionState = "Pending" | "Active" | "Inactive" | "Failed";
export type UpdateStatus = "Successful" | "InProgress" | "Failed";

/** Why a version is in its state; both absent once all is well. */
export interface StateReason {
  readonly reason: string;
  readonly code: string;
}

export const LATEST = "$LATEST";
