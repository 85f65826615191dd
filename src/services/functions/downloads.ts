/** Links under which a deployment package can be fetched without a key: signed, and good for ten minutes, as AWS's are. */
import { createHmac, timingSafeEqual } from "node:crypto";
import type { Clock } from "../../core/clock.ts";

const VALID_MS = 10 * 60 * 1000;
export const DOWNLOAD_PATH = "/_lambent/packages";

export class Downloads {
  readonly #secret: Uint8Array;
  readonly #clock: Clock;

  /** `secret`: 32 random bytes; links die with it. */
  constructor(secret: Uint8Array, clock: Clock) {
    this.#secret = secret;
    this.#clock = clock;
  }

  urlOf(baseUrl: string, sha256: string): string {
    const digest = Buffer.from(sha256, "base64").toString("hex");
    const expiresMs = String(this.#clock.nowMs() + VALID_MS);
    return `${baseUrl}${DOWNLOAD_PATH}/${digest}.zip?expires=${expiresMs}&token=${this.#sign(digest, expiresMs)}`;
  }

  /** The package's digest (base64) when the link is whole and still good. */
  check(link: { digest: string; expires: string; token: string }): string | undefined {
    const expected = Buffer.from(this.#sign(link.digest, link.expires));
    const given = Buffer.from(link.token);
    if (given.length !== expected.length || !timingSafeEqual(given, expected)) return undefined;
    if (Number(link.expires) < this.#clock.nowMs()) return undefined;
    return Buffer.from(link.digest, "hex").toString("base64");
  }

  #sign(digest: string, expires: string): string {
    return createHmac("sha256", this.#secret).update(`${digest} ${expires}`).digest("base64url");
  }
}
