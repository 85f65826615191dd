/** The gate before the API when keys are asked for: who is it, and may they. */
import type { Clock } from "../core/clock.ts";
import { AwsError, throttled } from "../errors/aws-error.ts";
import type { ErrorCode } from "../errors/codes.ts";
import { type Needed, neededFor } from "../security/actions/operations.ts";
import type { AccessKey } from "../security/keys/access-key.ts";
import type { Keyring } from "../security/keys/keyring.ts";
import type { RateLimiter } from "../security/rate.ts";
import { SignatureError, type SignatureFault } from "../security/sigv4/signature-error.ts";
import { type Claim, isSame, mismatch, sha256Hex, Verifier } from "../security/sigv4/verify.ts";
import type { Authorizer } from "../services/access/authorizer.ts";
import type { Caller } from "../services/access/caller.ts";
import type { Home } from "../services/context.ts";
import type { InputOf, OperationName } from "../shapes/operations.ts";
import { readBody } from "./body.ts";
import type { Exchange } from "./exchange.ts";
import type { Peer } from "./peer.ts";

export interface GateParts {
  readonly home: Home;
  readonly clock: Clock;
  readonly keyring: Keyring;
  readonly authorizer: Authorizer;
  readonly rates: RateLimiter<AccessKey>;
  /** Requests a second of each key that has no rate of its own; 0: as many as it likes. */
  readonly rate: number;
}

/** Source: Lambda Developer Guide and recorded answers; the signature is wrong if its time has passed. */
const SKEW_MS = 5 * 60_000;

export class Gate {
  readonly #parts: GateParts;
  readonly #verifier: Verifier<AccessKey>;

  constructor(parts: GateParts) {
    this.#parts = parts;
    this.#verifier = new Verifier({
      region: parts.home.region,
      service: "lambda",
      skewMs: SKEW_MS,
      clock: parts.clock,
      findKey: (id) => parts.keyring.find(id),
    });
  }

  /**
   * Who it is, proven by the signature of the whole request; the body has been read then. What cannot be signed is refused before the body
   * is read.
   * @throws AwsError MissingAuthenticationTokenException, InvalidSignatureException, TooManyRequestsException, …
   */
  async enter(exchange: Exchange, name: OperationName): Promise<{ caller: Caller; exchange: Exchange }> {
    const claim = this.#claim(exchange.request);
    const body = await readBody(exchange, name);
    this.#prove(claim, exchange.request, body);
    return { caller: callerOf(exchange.request, { ...exchange, key: claim.key }), exchange: { ...exchange, body } };
  }

  /** As `enter`, for requests that no operation is for. */
  async enterWith(request: Request, { peer, body }: { peer: Peer | undefined; body: Uint8Array }): Promise<Caller> {
    const claim = this.#claim(request);
    this.#prove(claim, request, body);
    return callerOf(request, { peer, key: claim.key });
  }

  /** @throws AwsError TooManyRequestsException, AccessDeniedException */
  authorize<Name extends OperationName>(caller: Caller, name: Name, input: InputOf<Name>): Promise<void> | undefined {
    return this.#parts.authorizer.authorize(caller, neededFor(name, input, this.#parts.home));
  }

  /** @throws AwsError TooManyRequestsException, AccessDeniedException */
  authorizeFor(caller: Caller, needed: Needed): Promise<void> | undefined {
    this.count(caller);
    return this.#parts.authorizer.authorize(caller, [needed]);
  }

  #claim(request: Request): Claim<AccessKey> {
    try {
      return this.#verifier.claim(request);
    } catch (error) {
      throw refusalOf(error);
    }
  }

  #prove(claim: Claim<AccessKey>, { headers }: Request, body: Uint8Array): void {
    try {
      const hash = sha256Hex(body);
      const said = headers.get("x-amz-content-sha256");
      // Lambda takes no unsigned payload. Source: Amazon CloudFront Developer Guide, "Restrict access to an AWS Lambda function URL origin".
      if (said !== null && said !== hash) throw mismatch(claim.key.id);
      claim.prove(hash);
    } catch (error) {
      throw refusalOf(error);
    }
  }

  /**
   * By key id and secret, as a user's name and password: for who cannot sign, and only where nobody in between can read it.
   * @throws AwsError UnrecognizedClientException, InvalidSignatureException, ExpiredTokenException, AccessDeniedException
   */
  enterByPassword(request: Request, peer: Peer | undefined): Caller {
    const [id, secret] = basicCredentials(request.headers.get("authorization") ?? "");
    const key = this.#parts.keyring.find(id);
    const address = peer?.requestIP(request)?.address ?? "";
    if (!request.url.startsWith("https:") && !/^(::ffff:)?127\.|^::1$/.test(address))
      throw new AwsError("AccessDeniedException", "A key's secret goes over TLS or loopback only");
    if (!key)
      throw new AwsError("UnrecognizedClientException", "The security token included in the request is invalid.");
    if (!isSame(sha256Hex(key.secret), sha256Hex(secret)))
      throw new AwsError("InvalidSignatureException", "The password is not the secret of that key");
    if (key.expiresAtMs !== null && key.expiresAtMs <= this.#parts.clock.nowMs())
      throw new AwsError("ExpiredTokenException", "The security token included in the request is expired");
    return callerOf(request, { peer, key });
  }

  /** Counts a request against the key's rate. @throws AwsError TooManyRequestsException */
  count({ key }: Caller): void {
    if (!key) return;
    const waitMs = this.#parts.rates.take(key, key.rate ?? this.#parts.rate);
    if (waitMs > 0) throw throttled("CallerRateLimitExceeded", Math.ceil(waitMs / 1000));
    this.#parts.keyring.noteUse(key);
  }
}

export function callerOf(
  request: Request,
  { peer, key }: { peer: Peer | undefined; key: AccessKey | undefined },
): Caller {
  return {
    principal: key?.principal ?? { kind: "anonymous" },
    key,
    get sourceIp() {
      return peer?.requestIP(request)?.address;
    },
    secure: request.url.startsWith("https:"),
    get userAgent() {
      return request.headers.get("user-agent") ?? undefined;
    },
  };
}

/** Name and password of the `Basic` scheme. */
function basicCredentials(header: string): [name: string, password: string] {
  const text = Buffer.from(header.slice("Basic ".length), "base64").toString();
  const at = text.indexOf(":");
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + 1)];
}

const CODES: Readonly<Record<SignatureFault, ErrorCode>> = {
  missing: "MissingAuthenticationTokenException",
  incomplete: "IncompleteSignatureException",
  "unknown-key": "UnrecognizedClientException",
  scope: "InvalidSignatureException",
  time: "InvalidSignatureException",
  "presigned-over": "InvalidSignatureException",
  "unsigned-header": "InvalidSignatureException",
  mismatch: "InvalidSignatureException",
  "expired-key": "ExpiredTokenException",
};

/** Who a refused request says to be from; nothing is proven of it. */
export const claimedKeyId = (error: unknown): string | null =>
  error instanceof AwsError && error.cause instanceof SignatureError ? (error.cause.accessKeyId ?? null) : null;

/** What is no fault of the signature stays what it is. */
export function refusalOf(error: unknown): unknown {
  return error instanceof SignatureError ? new AwsError(CODES[error.fault], error.message, { cause: error }) : error;
}
