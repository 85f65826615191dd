/**
 * What the policies say together. Source: IAM User Guide, "Policy evaluation logic": an explicit Deny wins; within the account an Allow of
 * either side is enough; what nobody allows is denied.
 */
import type { AccessRequest } from "./context.ts";
import { applies, type Policy } from "./parse.ts";

export type Decision =
  | { readonly allowed: true }
  | { readonly allowed: false; readonly why: "denied-by-identity" | "denied-by-resource" | "not-allowed" };

const ALLOWED: Decision = { allowed: true };

/** `identity`: of who asks; none for who has no key. `resource`: the policy on what is asked for. */
export function decide(
  request: AccessRequest,
  { identity, resource }: { identity: readonly Policy[]; resource: Policy | undefined },
): Decision {
  let allowed = false;
  for (const policy of identity) {
    const said = sayOf(policy, request);
    if (said === "Deny") return { allowed: false, why: "denied-by-identity" };
    allowed ||= said === "Allow";
  }
  if (resource !== undefined) {
    const said = sayOf(resource, request);
    if (said === "Deny") return { allowed: false, why: "denied-by-resource" };
    allowed ||= said === "Allow";
  }
  return allowed ? ALLOWED : { allowed: false, why: "not-allowed" };
}

function sayOf(policy: Policy, request: AccessRequest): "Allow" | "Deny" | undefined {
  let said: "Allow" | undefined;
  for (const statement of policy.statements) {
    if (said === "Allow" && statement.effect === "Allow") continue;
    if (!applies(statement, request)) continue;
    if (statement.effect === "Deny") return "Deny";
    said = "Allow";
  }
  return said;
}

/** AWS's words for a refusal. Source: IAM User Guide, "Troubleshoot access denied error messages". */
export function refusalText(
  { action, resource, principal }: AccessRequest,
  decision: Exclude<Decision, { allowed: true }>,
): string {
  const who =
    principal.kind === "user"
      ? `User: ${principal.arn}`
      : principal.kind === "service"
        ? `Service: ${principal.name}`
        : "User: anonymous";
  const why = {
    "denied-by-identity": "with an explicit deny in an identity-based policy",
    "denied-by-resource": "with an explicit deny in a resource-based policy",
    "not-allowed": `because no ${principal.kind === "user" ? "identity" : "resource"}-based policy allows the ${action} action`,
  }[decision.why];
  return `${who} is not authorized to perform: ${action} on resource: ${resource} ${why}`;
}
