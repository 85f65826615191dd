/**
 * Whether a caller may: the caller's policies and the function's together, as AWS evaluates them.
 *
 * **Gaps**: a layer version's policy lets nobody in (it is for other accounts, and there are none); `aws:PrincipalTag`, `aws:PrincipalOrgID`
 * and `lambda:VpcIds` are never there. Of tags of resources those of functions are known.
 */
import { parseFunctionReference } from "../../core/arn.ts";
import type { Clock } from "../../core/clock.ts";
import { AwsError } from "../../errors/aws-error.ts";
import type { Needed } from "../../security/actions/operations.ts";
import type { ContextOf } from "../../security/policy/context.ts";
import { type Decision, decide, refusalText } from "../../security/policy/decide.ts";
import type { Policy } from "../../security/policy/parse.ts";
import type { Home } from "../context.ts";
import type { AccessFacts, FunctionFacts, FunctionPlace } from "./access-facts.ts";
import type { Caller } from "./caller.ts";

const NO_POLICIES: readonly Policy[] = [];

export class Authorizer {
  readonly #parts: { home: Home; clock: Clock; facts: AccessFacts };

  constructor(parts: { home: Home; clock: Clock; facts: AccessFacts }) {
    this.#parts = parts;
  }

  /**
   * Nothing to wait for when what is known of the function is at hand.
   * @throws AwsError AccessDeniedException with AWS's text, at once or by the answer
   */
  authorize(caller: Caller, needed: readonly Needed[]): Promise<void> | undefined {
    for (const [index, each] of needed.entries()) {
      const place = this.#placeOf(each.resource);
      const facts = place && this.#parts.facts.known(place);
      if (place && !facts) return this.#authorizeLater(caller, needed.slice(index));
      this.#require(caller, each, facts);
    }
    return undefined;
  }

  async #authorizeLater(caller: Caller, needed: readonly Needed[]): Promise<void> {
    for (const each of needed) {
      const place = this.#placeOf(each.resource);
      this.#require(caller, each, place && (await this.#factsOf(place)));
    }
  }

  /** For the doors that answer in other words than the API's. */
  async decide(caller: Caller, needed: Needed): Promise<Decision> {
    const place = this.#placeOf(needed.resource);
    return this.#decide(caller, needed, place && (await this.#factsOf(place)));
  }

  #factsOf(place: FunctionPlace): FunctionFacts | Promise<FunctionFacts> {
    return this.#parts.facts.known(place) ?? this.#parts.facts.load(place);
  }

  #require(caller: Caller, needed: Needed, facts: FunctionFacts | undefined): void {
    const decision = this.#decide(caller, needed, facts);
    if (decision.allowed) return;
    const request = { ...needed, principal: caller.principal, context: () => undefined };
    throw new AwsError("AccessDeniedException", refusalText(request, decision));
  }

  #decide(caller: Caller, { action, resource, keys }: Needed, facts: FunctionFacts | undefined): Decision {
    const context = this.#contextOf(caller, { keys, facts, action });
    return decide(
      { action, resource, principal: caller.principal, context },
      { identity: caller.key?.policies ?? NO_POLICIES, resource: facts?.policy },
    );
  }

  /** Undefined for what is no function of this server. */
  #placeOf(resource: string): FunctionPlace | undefined {
    if (!resource.startsWith("arn:aws:lambda:") || !resource.includes(":function:")) return undefined;
    const reference = parseFunctionReference(resource);
    if (reference?.accountId !== this.#parts.home.accountId || reference.region !== this.#parts.home.region)
      return undefined;
    return { name: reference.name, qualifier: reference.qualifier };
  }

  #contextOf(
    { principal, sourceIp, secure, userAgent, key }: Caller,
    about: { keys: Needed["keys"]; facts: FunctionFacts | undefined; action: string },
  ): ContextOf {
    const { home, clock } = this.#parts;
    const ofUser = principal.kind === "user" ? principal : undefined;
    return (name) => {
      const own = about.keys?.[name];
      if (own !== undefined) return own;
      switch (name) {
        case "aws:sourceip":
          return sourceIp;
        case "aws:securetransport":
          return String(secure);
        case "aws:useragent":
          return userAgent;
        case "aws:currenttime":
          return new Date(clock.nowMs()).toISOString();
        case "aws:epochtime":
          return String(Math.floor(clock.nowMs() / 1000));
        case "aws:requestedregion":
          return home.region;
        case "aws:principalarn":
          return ofUser?.arn;
        case "aws:principalaccount":
          return ofUser?.accountId;
        case "aws:principaltype":
          return ofUser === undefined ? "Anonymous" : ofUser.arn.endsWith(":root") ? "Account" : "User";
        case "aws:username":
          return key?.name;
        case "aws:userid":
          return key?.id;
        case "aws:principalisawsservice":
          return String(principal.kind === "service");
        case "aws:resourceaccount":
          return about.action.startsWith("lambda:") ? home.accountId : undefined;
        default:
          return name.startsWith("aws:resourcetag/") ? tagOf(about.facts, name) : undefined;
      }
    };
  }
}

function tagOf(facts: FunctionFacts | undefined, name: string): string | undefined {
  const wanted = name.slice("aws:resourcetag/".length);
  return Object.entries(facts?.tags ?? {}).find(([key]) => key.toLowerCase() === wanted)?.[1];
}
