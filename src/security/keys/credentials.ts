/** Access key ids and secrets, in the form that AWS's clients expect. */
import { createHmac, randomBytes } from "node:crypto";
import type { SealingKey } from "../seal.ts";

export interface Credentials {
  /** Twenty characters, `AKIA…`. */
  readonly accessKeyId: string;
  /** Forty characters. */
  readonly secretAccessKey: string;
}

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const ID_CHARACTERS = 16;
const SECRET_BYTES = 30;

export const newCredentials = (): Credentials => ({
  accessKeyId: idOf(randomBytes(ID_CHARACTERS)),
  secretAccessKey: randomBytes(SECRET_BYTES).toString("base64"),
});

/**
 * Who can read the key file can open everything that is sealed: that is the host's own administrator, whose credentials follow from the
 * file. So the first key can be made, and a lost one replaced, without any secret that was printed or stored.
 */
export function hostCredentials({ secret }: SealingKey): Credentials {
  const derive = (what: string): Buffer => createHmac("sha256", secret).update(`lambent host ${what}`).digest();
  return {
    accessKeyId: idOf(derive("access key id").subarray(0, ID_CHARACTERS)),
    secretAccessKey: derive("secret access key").subarray(0, SECRET_BYTES).toString("base64"),
  };
}

const idOf = (bytes: Uint8Array): string =>
  `AKIA${Array.from(bytes, (byte) => ALPHABET[byte % ALPHABET.length]).join("")}`;
