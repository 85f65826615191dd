/** Why a request is not who it says it is. The text is what AWS's JSON services answer; the S3 door has words of its own for each kind. */
export type SignatureFault =
  /** Nothing in the request says who calls. */
  | "missing"
  /** A part of the signature is not there, or cannot be read. */
  | "incomplete"
  /** Nobody has such a key, or the session token is not this key's. */
  | "unknown-key"
  /** Signed for another date, region or service. */
  | "scope"
  /** Signed too long ago, or not yet. */
  | "time"
  /** The presigned request is over. */
  | "presigned-over"
  /** A header that says what to do was not signed. */
  | "unsigned-header"
  /** Not what the key's secret makes of the request. */
  | "mismatch"
  /** The key itself is over. */
  | "expired-key";

export class SignatureError extends Error {
  override readonly name = "SignatureError";
  constructor(
    readonly fault: SignatureFault,
    message: string,
    /** Of who says to call, where that could be read. */
    readonly accessKeyId?: string,
  ) {
    super(message);
  }
}

export const incomplete = (message: string, accessKeyId?: string): SignatureError =>
  new SignatureError("incomplete", message, accessKeyId);
