/** What a request has for a condition's key, which is asked for in lower case: `aws:sourceip`, `aws:requesttag/team`. */
export type ContextOf = (key: string) => string | readonly string[] | undefined;

/** Who asks. */
export type Principal =
  /** A key of this server; `arn` is a user's, or the account's root for the host's own key. */
  | { readonly kind: "user"; readonly arn: string; readonly accountId: string }
  /** An AWS service, as an event source: `s3.amazonaws.com`. */
  | { readonly kind: "service"; readonly name: string }
  | { readonly kind: "anonymous" };

export interface AccessRequest {
  /** `lambda:InvokeFunction`. */
  readonly action: string;
  readonly resource: string;
  readonly principal: Principal;
  readonly context: ContextOf;
}
