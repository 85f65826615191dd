/**
 * A trace header for a call that came without one: the second in which it came, and 96 random bits, which the request id has already.
 * Without `sampled` whoever runs the call decides. Source: AWS X-Ray Developer Guide, "Tracing header".
 */
export function newTraceId(nowMs: number, requestId: string, sampled?: boolean): string {
  const early = requestId.slice(0, 8) + requestId.slice(9, 13) + requestId.slice(14, 18);
  const [variant, node] = [requestId.slice(19, 23), requestId.slice(24)];
  const seconds = Math.floor(nowMs / 1000).toString(16);
  const decision = sampled === undefined ? "" : `;Sampled=${sampled ? 1 : 0}`;
  return `Root=1-${seconds}-${early}${variant}${node.slice(0, 4)};Parent=${variant}${node}${decision}`;
}
