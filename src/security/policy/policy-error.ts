/** A text that is no policy; the message says where, and what would be one. */
export class PolicyError extends Error {
  override readonly name = "PolicyError";
}
