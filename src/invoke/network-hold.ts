import type { NetworkPolicy } from "../core/network-policy.ts";
import type { NetworkGuard } from "../sandbox/network/network-guard.ts";

/** How functions are held to where they may connect. */
export interface NetworkHold {
  readonly guard: NetworkGuard;
  policyOf(securityGroupIds: readonly string[]): NetworkPolicy;
  onRefused(functionName: string, destination: string): void;
}
