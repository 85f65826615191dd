/**
 * Whom a statement of a resource's policy is about. Source: IAM User Guide, "AWS JSON policy elements: Principal".
 *
 * An account (`123456789012` or its root's ARN) stands for itself: an Allow hands the matter on to the account's own policies and lets
 * nobody in by itself; a Deny is for everybody in it.
 */
import type { Principal } from "./context.ts";
import { isObject, stringsOf } from "./members.ts";
import { PolicyError } from "./policy-error.ts";

type Names = (principal: Principal, effect: "Allow" | "Deny") => boolean;

const ACCOUNT = /^(?:arn:aws[a-zA-Z-]*:iam::)?(\d{12})(?::root)?$/;

/** @throws PolicyError */
export function principalsOf(statement: Record<string, unknown>): Names {
  const hasNot = "NotPrincipal" in statement;
  if (hasNot === "Principal" in statement)
    throw new PolicyError("it has to have Principal or NotPrincipal, and not both");
  if (hasNot && statement["Effect"] === "Allow") throw new PolicyError("NotPrincipal is for Effect Deny only");
  const names = read(statement[hasNot ? "NotPrincipal" : "Principal"]);
  return hasNot ? (principal, effect) => !names(principal, effect) : names;
}

function read(value: unknown): Names {
  if (value === "*") return () => true;
  if (!isObject(value)) throw new PolicyError('Principal has to be "*" or a JSON object, like {"AWS": "123456789012"}');
  const names = Object.entries(value).flatMap(([type, given]) =>
    stringsOf(given, `Principal.${type}`).map((name) => nameOf(type, name)),
  );
  if (names.length === 0) throw new PolicyError("Principal has to name somebody");
  return (principal, effect) => names.some((matches) => matches(principal, effect));
}

function nameOf(type: string, name: string): Names {
  switch (type) {
    case "AWS":
      return awsName(name);
    case "Service":
      return (principal) => principal.kind === "service" && principal.name === name;
    case "Federated":
    case "CanonicalUser":
      return () => false; // nobody here signs in by those
    default:
      throw new PolicyError(`Principal has no member '${type.slice(0, 64)}': it may have AWS, Service, Federated`);
  }
}

function awsName(name: string): Names {
  if (name === "*") return () => true;
  const account = ACCOUNT.exec(name)?.[1];
  return (principal, effect) => {
    if (principal.kind !== "user") return false;
    if (principal.arn === name) return true;
    return effect === "Deny" && account === principal.accountId;
  };
}
