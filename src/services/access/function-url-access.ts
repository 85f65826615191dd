/**
 * Who may call a function by its URL. Source: Lambda Developer Guide, "Control access to Lambda function URLs".
 *
 * **By design** `lambda:InvokeFunctionUrl` is enough, also for URLs made since October 2025, of which AWS asks `lambda:InvokeFunction` as
 * well: what was written for either works. A Deny of the latter, for calls by URL, is heeded.
 */
import { functionArn } from "../../core/arn.ts";
import type { Decision } from "../../security/policy/decide.ts";
import type { Home } from "../context.ts";
import type { Authorizer } from "./authorizer.ts";
import type { Caller } from "./caller.ts";

export interface UrlAccess {
  readonly name: string;
  /** Of the alias that has the URL. */
  readonly qualifier: string | undefined;
  readonly authType: "NONE" | "AWS_IAM";
}

/**
 * `caller` has no key where AuthType is NONE: then the function's own policy has to let everybody in. Where it is AWS_IAM the door has
 * proven the key before.
 */
export async function decideOnUrl(
  { authorizer, home }: { authorizer: Authorizer; home: Home },
  caller: Caller,
  { name, qualifier, authType }: UrlAccess,
): Promise<Decision> {
  const resource = functionArn(home, name, qualifier);
  const keys = { "lambda:functionurlauthtype": authType };
  const byUrl = { ...keys, "lambda:invokedviafunctionurl": "true" };
  const call = await authorizer.decide(caller, { action: "lambda:InvokeFunction", resource, keys: byUrl });
  if (!call.allowed && call.why !== "not-allowed") return call;
  return authorizer.decide(caller, { action: "lambda:InvokeFunctionUrl", resource, keys });
}
