/**
 * A trace header for a call that came without one: the second in which it came, and 96 random bits, which the request id has already.
 * Without `sampled` whoever runs the call decides. Source: AWS X-Ray Developer Guide, "Tracing header".
 */
export function newTraceId(nowMs: number, requestId: string, sampled?: boolean): string {
  const random = requestId.replaceAll("-", "");
  const seconds = Math.floor(nowMs / 1000).toString(16);
  const decision = sampled === undefined ? "" : `;Sampled=${sampled ? 1 : 0}`;
  return `Root=1-${seconds}-${random.slice(0, 24)};Parent=${random.slice(16)}${decision}`;
}
