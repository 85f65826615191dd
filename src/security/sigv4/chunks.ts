/**
 * The chain of signatures of a body that comes in chunks: each covers its chunk and the signature before it, the first of which is the
 * request's own. Source: Amazon S3 API Reference, "Signature calculations for the Authorization header: transferring payload in multiple
 * chunks" and "… including trailing headers".
 */
import type { Signature } from "./signature.ts";
import { hmac, isSame, mismatch, scopeOf, sha256Hex } from "./verify.ts";

const NOTHING_SHA256 = sha256Hex("");

export class ChunkChain {
  readonly #key: Uint8Array;
  readonly #signature: Signature;
  #previous: string;

  constructor(key: Uint8Array, signature: Signature) {
    this.#key = key;
    this.#signature = signature;
    this.#previous = signature.signature;
  }

  /** `sha256`: of the chunk's bytes, in hex. @throws SignatureError mismatch */
  chunk(sha256: string, given: string | undefined): void {
    this.#check(`${this.#head("AWS4-HMAC-SHA256-PAYLOAD")}\n${NOTHING_SHA256}\n${sha256}`, given);
  }

  /** `trailers`: as they were sent, `name:value` and a line feed each. @throws SignatureError mismatch */
  trailer(trailers: string, given: string | undefined): void {
    this.#check(`${this.#head("AWS4-HMAC-SHA256-TRAILER")}\n${sha256Hex(trailers)}`, given);
  }

  #head(algorithm: string): string {
    return `${algorithm}\n${this.#signature.amzDate}\n${scopeOf(this.#signature)}\n${this.#previous}`;
  }

  #check(text: string, given: string | undefined): void {
    const expected = hmac(this.#key, text).toString("hex");
    if (given === undefined || !isSame(expected, given)) throw mismatch(this.#signature.accessKeyId);
    this.#previous = given;
  }
}
