/** Who may call a function URL, and how the event names them. Source: Lambda Developer Guide, "Control access to Lambda function URLs". */
import { AwsError } from "../../errors/aws-error.ts";
import type { Caller as AccessCaller } from "../access/caller.ts";
import { decideOnUrl } from "../access/function-url-access.ts";
import type { ServiceContext } from "../context.ts";
import type { Kept } from "../document-kind.ts";
import type { UrlConfig } from "./url-configs.ts";
import type { UrlRequest } from "./url-request.ts";

/** Whoever signed the request, in the event's own words. */
export interface Caller {
  readonly accessKey: string;
  readonly accountId: string;
  readonly callerId: string;
  readonly userArn: string;
  readonly userId: string;
}

export type Access = { readonly allowed: true; readonly caller: Caller | undefined } | { readonly allowed: false };

/** There where callers need keys. */
export interface UrlGuard {
  /** As whom somebody comes who proves nothing. */
  readonly anonymous: AccessCaller;
  /** @throws AwsError for who signed nothing, or wrongly */
  prove(): Promise<AccessCaller>;
}

/**
 * With a guard the policies decide: with AuthType NONE the function's own has to let everybody in, with AWS_IAM the signature is verified,
 * and the caller's policies are asked as well.
 * @throws AwsError for a signature that is not right
 *
 * **By design** without one (`--auth off`) AuthType NONE lets everybody in, whatever the policy, and AWS_IAM who signed anything.
 */
export async function mayInvokeUrl(
  ctx: ServiceContext,
  url: Kept<UrlConfig>,
  { request, guard }: { request: UrlRequest; guard: UrlGuard | undefined },
): Promise<Access> {
  const { authType } = url.body;
  if (!guard) return authType === "NONE" ? { allowed: true, caller: undefined } : unproven(ctx, request);
  const caller = authType === "NONE" ? guard.anonymous : await proven(guard);
  if (!caller) return { allowed: false };
  const qualifier = url.key === "" ? undefined : url.key;
  const decision = await decideOnUrl(ctx, caller, { name: url.owner, qualifier, authType });
  return decision.allowed ? { allowed: true, caller: namesOf(caller) } : { allowed: false };
}

/** Undefined for who signed nothing. */
async function proven(guard: UrlGuard): Promise<AccessCaller | undefined> {
  try {
    return await guard.prove();
  } catch (error) {
    if (error instanceof AwsError && error.code === "MissingAuthenticationTokenException") return undefined;
    throw error;
  }
}

function namesOf({ principal, key }: AccessCaller): Caller | undefined {
  if (principal.kind !== "user" || !key) return undefined;
  const { accountId, arn: userArn } = principal;
  return { accessKey: key.id, accountId, callerId: key.id, userArn, userId: key.id };
}

function unproven({ home: { accountId } }: ServiceContext, request: UrlRequest): Access {
  const accessKey = accessKeyIn(request);
  if (accessKey === undefined) return { allowed: false };
  const userArn = `arn:aws:iam::${accountId}:root`;
  return { allowed: true, caller: { accessKey, accountId, callerId: accountId, userArn, userId: accountId } };
}

const SIGNED_HEADER = /^AWS4-HMAC-SHA256 .*Credential=([^/,\s]{1,128})\/.*Signature=/;

/** Of a signature of version 4, in the header or in the query. */
function accessKeyIn({ headers, query }: UrlRequest): string | undefined {
  const inHeader = SIGNED_HEADER.exec(headers.get("authorization") ?? "")?.[1];
  if (inHeader !== undefined || !query.includes("X-Amz-Signature=")) return inHeader;
  return new URLSearchParams(query).get("X-Amz-Credential")?.split("/")[0] || undefined;
}
