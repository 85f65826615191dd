import type { NetworkPolicy } from "../core/network-policy.ts";
import type { Guard } from "../sandbox/guard/guard.ts";

/** How functions are held to where they may connect. */
export interface NetworkHold {
  readonly guard: Guard;
  policyOf(securityGroupIds: readonly string[]): NetworkPolicy;
  onRefused(functionName: string, destination: string): void;
}
