/** From a policy in IAM's JSON to what can be asked. Source: IAM User Guide, "Grammar of the IAM JSON policy language". */
import { type Condition, conditionOf } from "./conditions.ts";
import type { ContextOf, Principal } from "./context.ts";
import { isObject, refuseOthers, stringsOf } from "./members.ts";
import { PolicyError } from "./policy-error.ts";
import { principalsOf } from "./principals.ts";
import { arnMatcherOf, isArnPattern, type Matcher, matcherOf } from "./wildcard.ts";

export interface Policy {
  readonly statements: readonly Statement[];
  /** Keys that conditions and variables ask for, in lower case. */
  readonly keys: ReadonlySet<string>;
}

export interface Statement {
  readonly sid: string | undefined;
  readonly effect: "Allow" | "Deny";
  readonly actions: Matcher;
  readonly resources: Matcher;
  /** Undefined in an identity policy: it speaks of who has it. */
  readonly principals: ((principal: Principal, effect: "Allow" | "Deny") => boolean) | undefined;
  readonly conditions: readonly Condition[];
}

const STATEMENTS_MAX = 500;

/** @throws PolicyError */
export function parseIdentityPolicy(value: unknown): Policy {
  return parse(value, "identity");
}

/** As it is attached to a function: every statement says whom it is about. @throws PolicyError */
export function parseResourcePolicy(value: unknown): Policy {
  return parse(value, "resource");
}

type Kind = "identity" | "resource";

function parse(value: unknown, kind: Kind): Policy {
  if (!isObject(value)) throw new PolicyError("a policy has to be a JSON object");
  refuseOthers(value, ["Version", "Id", "Statement"], "the policy");
  const { Version: version = "2008-10-17" } = value;
  if (version !== "2012-10-17" && version !== "2008-10-17")
    throw new PolicyError("Version has to be 2012-10-17, or 2008-10-17 for policies without variables");
  const list = Array.isArray(value["Statement"]) ? value["Statement"] : [value["Statement"]];
  if (list.length === 0 || list.length > STATEMENTS_MAX)
    throw new PolicyError(`Statement has to hold one statement to ${STATEMENTS_MAX}`);
  const keys = new Set<string>();
  const variables = version === "2012-10-17";
  const statements = list.map((each: unknown, index) => {
    try {
      return statementOf(each, { kind, variables, keys });
    } catch (error) {
      if (error instanceof PolicyError) throw new PolicyError(`Statement[${index}]: ${error.message}`);
      throw error;
    }
  });
  return { statements, keys };
}

const MEMBERS = ["Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Condition"];

function statementOf(value: unknown, options: { kind: Kind; variables: boolean; keys: Set<string> }): Statement {
  if (!isObject(value)) throw new PolicyError("it has to be a JSON object");
  const { kind, variables, keys } = options;
  refuseOthers(value, kind === "resource" ? [...MEMBERS, "Principal", "NotPrincipal"] : MEMBERS, "a statement");
  const { Sid: sid, Effect: effect } = value;
  if (sid !== undefined && typeof sid !== "string") throw new PolicyError("Sid has to be a string");
  if (effect !== "Allow" && effect !== "Deny") throw new PolicyError("Effect has to be Allow or Deny");
  for (const text of JSON.stringify(value).matchAll(/\$\{([^},]+)/g)) keys.add((text[1] ?? "").trim().toLowerCase());
  return {
    sid,
    effect,
    actions: oneOf(value, { name: "Action", compile: actionMatcher, required: true }),
    resources: oneOf(value, {
      name: "Resource",
      compile: (pattern) => resourceMatcher(pattern, variables),
      required: kind === "identity",
    }),
    principals: kind === "resource" ? principalsOf(value) : undefined,
    conditions: conditionsOf(value["Condition"], { variables, keys }),
  };
}

/** `Action` or `NotAction`: the patterns of which one has to match, or none. */
function oneOf(
  value: Record<string, unknown>,
  { name, compile, required }: { name: string; compile: (pattern: string) => Matcher; required: boolean },
): Matcher {
  const not = `Not${name}`;
  if (name in value && not in value) throw new PolicyError(`it has to have ${name} or ${not}, not both`);
  if (!(name in value || not in value)) {
    if (required) throw new PolicyError(`it has to have ${name} or ${not}`);
    return () => true; // a policy on a resource speaks of that one
  }
  const negated = not in value;
  const matchers = stringsOf(value[negated ? not : name], negated ? not : name).map(compile);
  return (text, context) => matchers.some((matches) => matches(text, context)) !== negated;
}

function actionMatcher(pattern: string): Matcher {
  if (!/^(\*|[\w-]+:[\w*?]+)$/.test(pattern))
    throw new PolicyError(
      `'${pattern.slice(0, 100)}' is no action: it has to be like lambda:InvokeFunction or lambda:*`,
    );
  return matcherOf(pattern, { ignoreCase: true, variables: false });
}

function resourceMatcher(pattern: string, variables: boolean): Matcher {
  if (pattern !== "*" && !isArnPattern(pattern))
    throw new PolicyError(
      `'${pattern.slice(0, 200)}' is no resource: it has to be * or an ARN, in which * and ? may stand`,
    );
  return arnMatcherOf(pattern, { variables });
}

function conditionsOf(value: unknown, options: { variables: boolean; keys: Set<string> }): Condition[] {
  if (value === undefined) return [];
  if (!isObject(value)) throw new PolicyError("Condition has to be a JSON object");
  return Object.entries(value).flatMap(([operator, block]) => {
    if (!isObject(block)) throw new PolicyError(`Condition.${operator} has to be a JSON object`);
    return Object.entries(block).map(([key, given]) => {
      options.keys.add(key.toLowerCase());
      const values = stringsOf(given, `Condition.${operator}.${key}`);
      return conditionOf({ operator, key, values, variables: options.variables });
    });
  });
}

/** Whether a statement says anything about the request. */
export function applies(
  statement: Statement,
  request: { action: string; resource: string; principal: Principal; context: ContextOf },
): boolean {
  const { action, resource, principal, context } = request;
  return (
    statement.actions(action, context) &&
    statement.resources(resource, context) &&
    (statement.principals?.(principal, statement.effect) ?? true) &&
    statement.conditions.every((holds) => holds(context))
  );
}
