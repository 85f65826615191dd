/** Who may call a function URL. Source: Lambda Developer Guide, "Control access to Lambda function URLs". */
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

/**
 * AuthType NONE lets everybody in. AWS_IAM lets in who signed.
 *
 * **Gaps**: the signature is not verified, and no policy is asked: the function's own (`lambda:InvokeFunctionUrl`) and the caller's decide
 * on AWS.
 */
export function mayInvokeUrl(ctx: ServiceContext, { body }: Kept<UrlConfig>, request: UrlRequest): Access {
  if (body.authType === "NONE") return { allowed: true, caller: undefined };
  const accessKey = accessKeyIn(request);
  if (accessKey === undefined) return { allowed: false };
  const { accountId } = ctx.home;
  const userArn = `arn:aws:iam::${accountId}:root`;
  return {
    allowed: true,
    caller: { accessKey, accountId, callerId: accountId, userArn, userId: accountId },
  };
}

const SIGNED_HEADER = /^AWS4-HMAC-SHA256 .*Credential=([^/,\s]{1,128})\/.*Signature=/;

/** Of a signature of version 4, in the header or in the query. */
function accessKeyIn({ headers, query }: UrlRequest): string | undefined {
  const inHeader = SIGNED_HEADER.exec(headers.get("authorization") ?? "")?.[1];
  if (inHeader !== undefined || !query.includes("X-Amz-Signature=")) return inHeader;
  return new URLSearchParams(query).get("X-Amz-Credential")?.split("/")[0] || undefined;
}
