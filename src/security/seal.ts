/**
 * Seals what must not be read from a copy of the disk: AES-256-GCM under one of several keys, each of which has an id.
 *
 * Sealed bytes: version (1 byte, 1) | length of the key's id (1 byte) | the id | nonce (12 bytes) | ciphertext | tag (16 bytes). All
 * before the nonce, and the context, are authenticated with it: what was sealed for one place opens in no other.
 */
import { createCipheriv, createDecipheriv, createHmac, randomBytes } from "node:crypto";

const VERSION = 1;
const ALGORITHM = "aes-256-gcm";
export const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
/** What a key may be called. */
export const KEY_ID = /^[A-Za-z0-9_.-]{1,64}$/;

export interface SealingKey {
  readonly id: string;
  /** 32 bytes. */
  readonly secret: Uint8Array;
}

/** Sealed bytes that do not open. */
export class SealError extends Error {
  override readonly name = "SealError";
  constructor(
    /** `no-key`: sealed with a key that is not here. `damaged`: changed, cut, or sealed for another context. */
    readonly reason: "no-key" | "damaged",
    /** Of the key that is needed, where the bytes say so. */
    readonly keyId: string | undefined,
    options?: ErrorOptions,
  ) {
    super(
      reason === "no-key"
        ? `Cannot open what was sealed with key '${keyId}': it is not here`
        : "Cannot open it: damaged",
      options,
    );
  }
}

export class Sealer {
  readonly #keys: ReadonlyMap<string, Uint8Array>;
  readonly #current: SealingKey;

  /** The first key is the one that seals; all of them open. */
  constructor(keys: readonly SealingKey[], current: SealingKey | undefined = keys[0]) {
    if (current === undefined) throw new Error("a sealer has a key");
    for (const { id, secret } of keys) {
      if (!KEY_ID.test(id)) throw new Error(`a key's id is of letters, digits, '_', '.' and '-': '${id}'`);
      if (secret.length !== KEY_BYTES) throw new Error(`a key has ${KEY_BYTES} bytes`);
    }
    this.#keys = new Map(keys.map(({ id, secret }) => [id, secret]));
    if (this.#keys.size < keys.length) throw new Error("each key has an id of its own");
    this.#current = current;
  }

  /** Of all keys; that of the one that seals comes first. */
  get keyIds(): readonly string[] {
    return [this.#current.id, ...[...this.#keys.keys()].filter((id) => id !== this.#current.id)];
  }

  /** What `derive` makes of each key, in the order of `keyIds`. */
  derived<T>(derive: (key: SealingKey) => T): T[] {
    return this.keyIds.flatMap((id) => {
      const secret = this.#keys.get(id);
      return secret === undefined ? [] : [derive({ id, secret })];
    });
  }

  /** Seals with another of the keys, and opens with all; undefined when there is none of that id. */
  withKey(id: string): Sealer | undefined {
    const secret = this.#keys.get(id);
    if (secret === undefined) return undefined;
    const keys = [...this.#keys].map(([each, bytes]) => ({ id: each, secret: bytes }));
    return new Sealer(keys, { id, secret });
  }

  /** `context` says what and whose it is, as `environment:my-function:3`; it is not kept, and has to be said again to open. */
  seal(plain: Uint8Array | string, context: string): Uint8Array {
    const id = Buffer.from(this.#current.id);
    const head = Buffer.concat([Buffer.of(VERSION, id.length), id]);
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv(ALGORITHM, this.#current.secret, nonce, { authTagLength: TAG_BYTES });
    cipher.setAAD(Buffer.concat([head, Buffer.from(context)]));
    const body = Buffer.concat([typeof plain === "string" ? cipher.update(plain, "utf8") : cipher.update(plain)]);
    return Buffer.concat([head, nonce, body, cipher.final(), cipher.getAuthTag()]);
  }

  /** @throws SealError */
  open(sealed: Uint8Array, context: string): Uint8Array {
    const keyId = keyIdOf(sealed);
    const secret = this.#keys.get(keyId);
    if (secret === undefined) throw new SealError("no-key", keyId);
    const bytes = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.byteLength);
    const head = bytes.subarray(0, 2 + keyId.length);
    const nonce = bytes.subarray(head.length, head.length + NONCE_BYTES);
    const tagAt = bytes.length - TAG_BYTES;
    if (tagAt < head.length + NONCE_BYTES) throw new SealError("damaged", keyId);
    try {
      const decipher = createDecipheriv(ALGORITHM, secret, nonce, { authTagLength: TAG_BYTES });
      decipher.setAAD(Buffer.concat([head, Buffer.from(context)]));
      decipher.setAuthTag(bytes.subarray(tagAt));
      const body = decipher.update(bytes.subarray(head.length + NONCE_BYTES, tagAt));
      return Buffer.concat([body, decipher.final()]);
    } catch (cause) {
      throw new SealError("damaged", keyId, { cause });
    }
  }

  /** As `open`, for what was sealed as text. @throws SealError */
  openText(sealed: Uint8Array, context: string): string {
    return Buffer.from(this.open(sealed, context)).toString("utf8");
  }

  /** Tells texts apart without telling anything of them: the same for the same text and context under the key that seals now. */
  mark(text: string, context: string): string {
    const key = createHmac("sha256", this.#current.secret).update("mark").digest(); // one key, one purpose
    return createHmac("sha256", key)
      .update(JSON.stringify([context, text]))
      .digest("base64url");
  }

  /** Whether another key than the one that seals now has sealed it: after a rotation it wants to be sealed anew. */
  isStale(sealed: Uint8Array): boolean {
    return keyIdOf(sealed) !== this.#current.id;
  }
}

/** Which key opens it. @throws SealError for bytes that were never sealed. */
export function keyIdOf(sealed: Uint8Array): string {
  const [version, length = 0] = sealed;
  const id = Buffer.from(sealed.subarray(2, 2 + length)).toString("latin1");
  if (version !== VERSION || id.length !== length || !KEY_ID.test(id)) throw new SealError("damaged", undefined);
  return id;
}
