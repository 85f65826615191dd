import type { Principal } from "../policy/context.ts";
import type { Policy } from "../policy/parse.ts";
import type { RoleName } from "../policy/roles.ts";
import type { SecretKey } from "../sigv4/verify.ts";

/** A key that can be used: who has it, and what they may. */
export interface AccessKey extends SecretKey {
  readonly name: string;
  readonly principal: Principal & { kind: "user" };
  readonly policies: readonly Policy[];
  /** Requests a second; null: the server's setting. */
  readonly rate: number | null;
}

/** What is shown of a key; its secret is shown once, when it is made. */
export interface AccessKeyInfo {
  readonly accessKeyId: string;
  readonly name: string;
  readonly arn: string;
  readonly role: RoleName | null;
  /** IAM's JSON; null where there is a role. */
  readonly policy: unknown;
  readonly rate: number | null;
  readonly createdAt: string;
  readonly expiresAt: string | null;
  /** To the minute; null: never, or not since long. */
  readonly lastUsedAt: string | null;
  /** False: the key file does not hold what its secret was sealed with. */
  readonly usable: boolean;
}

/** What there is to say of a new key. */
export interface KeySettings {
  readonly name: string;
  readonly role: RoleName | null;
  readonly policy: unknown;
  readonly expiresAtMs: number | null;
  readonly rate: number | null;
}

export const USER_NAME = /^[\w+=,.@-]{1,64}$/;
