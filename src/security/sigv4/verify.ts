/**
 * Whether a request was signed with a key's secret. A reader of its own, as the libraries that sign take a request apart and put it
 * together anew, all of its headers included, where a verifier has to take the text and the signed headers as they came.
 */
import { timingSafeEqual } from "node:crypto";
import type { Clock } from "../../core/clock.ts";
import { canonicalRequest, type PathStyle } from "./canonical.ts";
import { ALGORITHM, readSignature, type Signature, type SignedRequest } from "./signature.ts";
import { SignatureError } from "./signature-error.ts";

/** What a verifier has to know of a key. */
export interface SecretKey {
  readonly id: string;
  readonly secret: string;
  /** Null: never. */
  readonly expiresAtMs: number | null;
}

export interface VerifierParts<Key extends SecretKey> {
  readonly region: string;
  /** As it is in the scope of a signature: `lambda`, `s3`. */
  readonly service: string;
  /** How far the client's clock may be from ours. */
  readonly skewMs: number;
  readonly clock: Clock;
  readonly findKey: (accessKeyId: string) => Key | undefined;
}

/** Who the request says to be from. It is proven by `prove` alone. */
export interface Claim<Key extends SecretKey> {
  readonly key: Key;
  readonly signature: Signature;
  /**
   * `payloadHash`: the body's SHA-256 in hex, or what stands for it in `x-amz-content-sha256`.
   * @throws SignatureError mismatch, expired-key
   */
  prove(payloadHash: string): void;
  /** For what is signed after the head: the chunks of a body. */
  signingKey(): Uint8Array;
}

const MINUTE_MS = 60_000;
/** Keys of today, and of the days beside it for clocks that are not ours. */
const SIGNING_KEYS_MAX = 4;

export class Verifier<Key extends SecretKey> {
  readonly #parts: VerifierParts<Key>;
  readonly #pathStyle: PathStyle;
  readonly #signingKeys = new WeakMap<Key, Map<string, Uint8Array>>();

  constructor(parts: VerifierParts<Key>) {
    this.#parts = parts;
    this.#pathStyle = parts.service === "s3" ? "s3" : "twice";
  }

  /**
   * All that can be refused before the body has been read.
   * @throws SignatureError of every fault but mismatch and expired-key
   */
  claim(request: SignedRequest): Claim<Key> {
    const signature = readSignature(request);
    const { accessKeyId } = signature;
    this.#checkScope(signature);
    const key = this.#parts.findKey(accessKeyId);
    if (key === undefined || signature.token !== undefined)
      throw new SignatureError("unknown-key", "The security token included in the request is invalid.", accessKeyId);
    this.#checkTime(signature);
    refuseUnsigned(request.headers, signature);
    const signingKey = (): Uint8Array => this.#signingKey(key, signature);
    return {
      key,
      signature,
      signingKey,
      prove: (payloadHash) => {
        const canonical = canonicalRequest(request, { signature, payloadHash, pathStyle: this.#pathStyle });
        const expected = hmac(signingKey(), stringToSign(signature, canonical)).toString("hex");
        if (!isSame(expected, signature.signature)) throw mismatch(accessKeyId);
        if (key.expiresAtMs !== null && key.expiresAtMs <= this.#parts.clock.nowMs())
          throw new SignatureError("expired-key", "The security token included in the request is expired", accessKeyId);
      },
    };
  }

  #checkScope({ accessKeyId, date, amzDate, region, service }: Signature): void {
    const refuse = (message: string): never => {
      throw new SignatureError("scope", message, accessKeyId);
    };
    if (service !== this.#parts.service)
      refuse(`Credential should be scoped to correct service: '${this.#parts.service}'.`);
    if (region !== this.#parts.region)
      refuse(`Credential should be scoped to a valid region, not '${region}': this server is '${this.#parts.region}'.`);
    if (!amzDate.startsWith(date))
      refuse(
        `Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '${date}' != '${amzDate.slice(0, 8)}', from '${amzDate}'.`,
      );
  }

  #checkTime({ accessKeyId, amzDate, signedAtMs, form, expiresSeconds }: Signature): void {
    const { clock, skewMs } = this.#parts;
    const nowMs = clock.nowMs();
    const minutes = skewMs / MINUTE_MS;
    if (signedAtMs > nowMs + skewMs)
      throw new SignatureError(
        "time",
        `Signature not yet current: ${amzDate} is still later than ${basicTime(nowMs + skewMs)} (${basicTime(nowMs)} + ${minutes} min.)`,
        accessKeyId,
      );
    if (form === "query" && expiresSeconds !== undefined) {
      if (nowMs <= signedAtMs + expiresSeconds * 1000) return;
      throw new SignatureError(
        "presigned-over",
        `Signature expired: ${amzDate} was good for ${expiresSeconds} seconds, and now it is ${basicTime(nowMs)}`,
        accessKeyId,
      );
    }
    if (signedAtMs < nowMs - skewMs)
      throw new SignatureError(
        "time",
        `Signature expired: ${amzDate} is now earlier than ${basicTime(nowMs - skewMs)} (${basicTime(nowMs)} - ${minutes} min.)`,
        accessKeyId,
      );
  }

  #signingKey(key: Key, { date, region, service }: Signature): Uint8Array {
    let keys = this.#signingKeys.get(key);
    if (keys === undefined || keys.size >= SIGNING_KEYS_MAX) {
      keys = keys?.has(date) ? keys : new Map<string, Uint8Array>();
      this.#signingKeys.set(key, keys);
    }
    const known = keys.get(date); // region and service are this verifier's
    if (known) return known;
    const made = signingKeyOf(key.secret, { date, region, service });
    keys.set(date, made);
    return made;
  }
}

export function signingKeyOf(secret: string, scope: Pick<Signature, "date" | "region" | "service">): Uint8Array {
  const parts = [scope.date, scope.region, scope.service, "aws4_request"];
  return parts.reduce<Buffer>((key, part) => hmac(key, part), Buffer.from(`AWS4${secret}`));
}

export const scopeOf = ({ date, region, service }: Pick<Signature, "date" | "region" | "service">): string =>
  `${date}/${region}/${service}/aws4_request`;

export const stringToSign = (signature: Signature, canonical: string): string =>
  `${ALGORITHM}\n${signature.amzDate}\n${scopeOf(signature)}\n${sha256Hex(canonical)}`;

export const hmac = (key: Uint8Array, text: string): Buffer =>
  new Bun.CryptoHasher("sha256", key).update(text).digest() as Buffer;

export const sha256Hex = (bytes: Uint8Array | string): string =>
  new Bun.CryptoHasher("sha256").update(bytes).digest("hex");

export const isSame = (expectedHex: string, givenHex: string): boolean =>
  expectedHex.length === givenHex.length && timingSafeEqual(Buffer.from(expectedHex), Buffer.from(givenHex));

export const mismatch = (accessKeyId: string | undefined): SignatureError =>
  new SignatureError(
    "mismatch",
    "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.",
    accessKeyId,
  );

/** What a server acts upon in `x-amz-*` has to be signed, or whoever carries the request could change what it does. */
function refuseUnsigned(headers: Headers, { signedHeaders, accessKeyId, form }: Signature): void {
  for (const name of headers.keys()) {
    if (!name.startsWith("x-amz-") || signedHeaders.includes(name)) continue;
    if (form === "query" && name === "x-amz-content-sha256") continue; // stands in what is signed, as the payload's hash
    throw new SignatureError(
      "unsigned-header",
      `There were headers present in the request which were not signed: ${name}`,
      accessKeyId,
    );
  }
}

const basicTime = (ms: number): string => new Date(ms).toISOString().replace(/[-:]|\.\d{3}/g, "");
