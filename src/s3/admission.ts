/**
 * Who may in at the S3 door: the signature, in a header or in the query; how its body is signed; and what the caller is allowed. Source:
 * Amazon S3 API Reference, "Authenticating Requests (AWS Signature Version 4)".
 *
 * **Gaps**: signatures of version 2, and forms that browsers post with a policy. Buckets have no policies.
 */
import type { Clock } from "../core/clock.ts";
import type { AccessKey } from "../security/keys/access-key.ts";
import { ChunkChain } from "../security/sigv4/chunks.ts";
import { SignatureError, type SignatureFault } from "../security/sigv4/signature-error.ts";
import { type Claim, Verifier } from "../security/sigv4/verify.ts";
import type { S3Needed } from "./actions.ts";
import type { S3Peer } from "./door.ts";
import { S3Error, type S3ErrorCode } from "./s3-error.ts";

export interface AdmissionParts {
  readonly region: string;
  readonly clock: Clock;
  readonly findKey: (accessKeyId: string) => AccessKey | undefined;
  /** Notes that a key was used, and answers how many milliseconds it has to wait before it may be used again: 0 for not at all. */
  readonly take: (key: AccessKey) => number;
  /** Undefined when it is allowed, else the text of the refusal. */
  readonly refusal: (
    about: { request: Request; peer: S3Peer | undefined; key: AccessKey },
    needed: S3Needed,
  ) => Promise<string | undefined>;
}

/** Somebody who was let in, and may do what `require` allows. */
export interface Admission {
  readonly key: AccessKey;
  /** Where the chunks of the body are signed. */
  readonly chain: ChunkChain | undefined;
  /** @throws S3Error AccessDenied */
  require(needed: S3Needed): Promise<void>;
}

export type Admit = (request: Request, peer: S3Peer | undefined) => Admission;

/** Source: Amazon S3 API Reference, RequestTimeTooSkewed. */
const SKEW_MS = 15 * 60_000;

/** The answer throws SignatureError, and S3Error InvalidRequest, InvalidArgument and SlowDown. */
export function makeAdmission(parts: AdmissionParts): Admit {
  const verifier = new Verifier({ ...parts, service: "s3", skewMs: SKEW_MS });
  return (request, peer) => {
    const claim = verifier.claim(request);
    const payload = payloadOf(request, claim);
    claim.prove(payload);
    const { key } = claim;
    if (parts.take(key) > 0) throw new S3Error("SlowDown");
    return {
      key,
      chain: payload.startsWith(SIGNED_CHUNKS) ? new ChunkChain(claim.signingKey(), claim.signature) : undefined,
      async require(needed) {
        const text = await parts.refusal({ request, peer, key }, needed);
        if (text !== undefined) throw new S3Error("AccessDenied", { message: text });
      },
    };
  };
}

const SIGNED_CHUNKS = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD";
const UNSIGNED = "UNSIGNED-PAYLOAD";
const PAYLOADS: ReadonlySet<string> = new Set([
  UNSIGNED,
  SIGNED_CHUNKS,
  `${SIGNED_CHUNKS}-TRAILER`,
  `STREAMING-${UNSIGNED}-TRAILER`,
]);

/** What stands for the body in what is signed. That a digest is the body's is seen when the body has been read. */
function payloadOf(request: Request, { signature }: Claim<AccessKey>): string {
  const said =
    request.headers.get("x-amz-content-sha256") ??
    (signature.form === "query"
      ? (new URLSearchParams(request.url.slice(request.url.indexOf("?"))).get("X-Amz-Content-Sha256") ?? UNSIGNED)
      : null);
  if (said === null)
    throw new S3Error("InvalidRequest", { message: "Missing required header for this request: x-amz-content-sha256" });
  if (/^[0-9a-f]{64}$/.test(said) || PAYLOADS.has(said)) return said;
  throw new S3Error("InvalidArgument", {
    message:
      "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, STREAMING-AWS4-HMAC-SHA256-PAYLOAD or a valid sha256 value.",
    details: { ArgumentName: "x-amz-content-sha256", ArgumentValue: said.slice(0, 100) },
  });
}

const CODES: Readonly<Record<SignatureFault, S3ErrorCode>> = {
  missing: "AccessDenied",
  incomplete: "AuthorizationHeaderMalformed",
  "unknown-key": "InvalidAccessKeyId",
  scope: "AuthorizationHeaderMalformed",
  time: "RequestTimeTooSkewed",
  "presigned-over": "AccessDenied",
  "unsigned-header": "AccessDenied",
  mismatch: "SignatureDoesNotMatch",
  "expired-key": "ExpiredToken",
};

/** S3's own words where it has any that say as much. */
const OWN_WORDS: ReadonlySet<SignatureFault> = new Set(["missing", "unknown-key", "time", "mismatch", "expired-key"]);

/** What is no fault of a signature stays what it is. */
export function s3RefusalOf(error: unknown): unknown {
  if (!(error instanceof SignatureError)) return error;
  const { fault, message } = error;
  if (fault === "presigned-over") return new S3Error("AccessDenied", { message: "Request has expired" });
  return new S3Error(CODES[fault], OWN_WORDS.has(fault) ? {} : { message });
}
