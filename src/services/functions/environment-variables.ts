/**
 * A function's environment variables, which the store has sealed only. The text that is stored is an id, a space, and the sealed JSON in
 * base64. The same variables of one function have the same id, so that publishing finds them unchanged; it is kept when a key is replaced. Source: Lambda Developer Guide, "Securing environment variables"; AWS's texts of the
 * `KMS…Exception`s.
 *
 * **By design**: there is no KMS. A key is a line of the key file, and `KMSKeyArn` names the one whose id stands at the end of the ARN.
 * KMSAccessDeniedException and KMSDisabledException never occur: a key is there, or it is not.
 */
import { AwsError } from "../../errors/aws-error.ts";
import { SealError, type Sealer } from "../../security/seal.ts";
import type { FunctionVersion } from "../../store/port.ts";

export type Variables = Readonly<Record<string, string>>;

interface Owner {
  readonly functionName: string;
  readonly kmsKeyArn: string | null;
}

/** Whether the key file has the key that the ARN names. Without it the current key seals. */
export const hasKey = (sealer: Sealer, kmsKeyArn: string): boolean => sealer.keyIds.includes(keyIdIn(kmsKeyArn));

/** The text to store. The variables of `before`, if they are the same, keep their id: nothing has changed then. */
export function sealVariables(
  sealer: Sealer,
  { owner, variables, before }: { owner: Owner; variables: Variables; before?: string | null | undefined },
): string {
  if (before && isSame(opened(sealer, owner.functionName, before), variables)) {
    const [id, sealed] = partsOf(before);
    return keyOf(sealer, owner.kmsKeyArn).isStale(sealed) ? sealUnder(sealer, { owner, variables, id }) : before;
  }
  const inOrder = Object.entries(variables).toSorted(([a], [b]) => (a < b ? -1 : 1));
  const id = sealer.mark(JSON.stringify(inOrder), contextOf(owner.functionName));
  return sealUnder(sealer, { owner, variables, id });
}

/** The same variables under the key that is theirs now; undefined when they are under it already. @throws SealError */
export function resealed(sealer: Sealer, { owner, stored }: { owner: Owner; stored: string }): string | undefined {
  const [id, sealed] = partsOf(stored);
  if (!keyOf(sealer, owner.kmsKeyArn).isStale(sealed)) return undefined;
  return sealUnder(sealer, { owner, variables: open(sealer, owner.functionName, stored), id });
}

/** As `resealed`; what cannot be opened stays as it is. */
export function resealedIfOpen(sealer: Sealer, of: { owner: Owner; stored: string }): string | undefined {
  try {
    return resealed(sealer, of);
  } catch (error) {
    if (error instanceof SealError) return undefined;
    throw error;
  }
}

/** What a call finds in its environment. @throws AwsError KMSNotFoundException, KMSInvalidStateException */
export function variablesOf(sealer: Sealer, { functionName, settings }: FunctionVersion): Variables {
  if (settings.environment === null) return {};
  try {
    return open(sealer, functionName, settings.environment);
  } catch (error) {
    throw refusalOf(error);
  }
}

interface EnvironmentView {
  readonly Environment?: { Variables: Record<string, string> } | { Error: { ErrorCode: string; Message: string } };
}

/** As a configuration shows them: what cannot be opened is said, and the rest of the configuration is there. */
export function environmentView(sealer: Sealer, version: FunctionVersion): EnvironmentView {
  if (version.settings.environment === null) return {};
  try {
    return { Environment: { Variables: { ...variablesOf(sealer, version) } } };
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    return { Environment: { Error: { ErrorCode: error.code, Message: error.message } } };
  }
}

const contextOf = (functionName: string): string => `environment:${functionName}`;

function sealUnder(
  sealer: Sealer,
  { owner, variables, id }: { owner: Owner; variables: Variables; id: string },
): string {
  const bytes = keyOf(sealer, owner.kmsKeyArn).seal(JSON.stringify(variables), contextOf(owner.functionName));
  return `${id} ${Buffer.from(bytes).toString("base64")}`;
}

function open(sealer: Sealer, functionName: string, stored: string): Variables {
  return JSON.parse(sealer.openText(partsOf(stored)[1], contextOf(functionName)));
}

function opened(sealer: Sealer, functionName: string, stored: string): Variables | undefined {
  try {
    return open(sealer, functionName, stored);
  } catch (error) {
    if (error instanceof SealError) return undefined; // to be replaced
    throw error;
  }
}

const isSame = (a: Variables | undefined, b: Variables): boolean =>
  a !== undefined &&
  Object.keys(a).length === Object.keys(b).length &&
  Object.entries(b).every(([name, value]) => a[name] === value);

function partsOf(stored: string): [id: string, sealed: Uint8Array] {
  const [id = "", base64 = ""] = stored.split(" ");
  return [id, Buffer.from(base64, "base64")];
}

/** `arn:aws:kms:<region>:<account>:key/<id>`, or `alias/<id>`. */
const keyIdIn = (kmsKeyArn: string): string => kmsKeyArn.slice(kmsKeyArn.lastIndexOf("/") + 1);

const keyOf = (sealer: Sealer, kmsKeyArn: string | null): Sealer =>
  (kmsKeyArn === null ? undefined : sealer.withKey(keyIdIn(kmsKeyArn))) ?? sealer;

const UNABLE = "Lambda was unable to decrypt the environment variables because";

function refusalOf(error: unknown): unknown {
  if (!(error instanceof SealError)) return error;
  return error.reason === "no-key"
    ? new AwsError(
        "KMSNotFoundException",
        `${UNABLE} the KMS key was not found. Please check the function's KMS key settings: the key file has no key '${error.keyId}'.`,
        { cause: error },
      )
    : new AwsError(
        "KMSInvalidStateException",
        `${UNABLE} the state of the KMS key used is not valid for Decrypt. Please check the function's KMS key settings: the key file's key is another one, or what was stored is damaged.`,
        { cause: error },
      );
}
