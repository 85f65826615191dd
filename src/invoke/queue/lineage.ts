/**
 * How deep a chain of calls has gone through one function. The trace header carries it: `Lineage=<function>:<count>|…`, a function as
 * eight hex digits. AWS's SDKs send the header on with each call that a handler makes. Sources: AWS X-Ray Developer Guide, "Tracing header";
 * Lambda Developer Guide, "Use Lambda recursive loop detection".
 */

/** A chain may hold as many calls of one function; the next one is stopped. */
export const CHAIN_CALLS_MAX = 16;

/** Functions in one header: a client could send any number. */
const ENTRIES_MAX = 32;
const LINEAGE = /(?:^|;)Lineage=([^;]*)/i;
const ENTRY = /^([0-9a-f]{8}):(\d{1,5})$/;

export interface LineageStep {
  /** The header for this call, which counts it. */
  readonly traceId: string;
  /** Calls of the function in the chain before this one. */
  readonly callsBefore: number;
}

export function followLineage(traceId: string, functionArn: string): LineageStep {
  const id = nameOf(functionArn);
  const match = LINEAGE.exec(traceId);
  if (!match) return { traceId: `${traceId};Lineage=${id}:0`, callsBefore: 0 };
  const counts = new Map<string, number>();
  for (const text of (match[1] ?? "").split("|").slice(0, ENTRIES_MAX)) {
    const entry = ENTRY.exec(text);
    if (entry?.[1]) counts.set(entry[1], Number(entry[2]));
  }
  const callsBefore = (counts.get(id) ?? -1) + 1; // the first call of a chain bears the count 0
  counts.set(id, callsBefore);
  const lineage = [...counts].map(([name, count]) => `${name}:${count}`).join("|");
  return { traceId: `${traceId.replace(LINEAGE, "")};Lineage=${lineage}`, callsBefore };
}

const names = new Map<string, string>();
const NAMES_MAX = 10_000;

/** FNV-1a. Source: the algorithm's published definition. */
function nameOf(functionArn: string): string {
  const known = names.get(functionArn);
  if (known !== undefined) return known;
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(functionArn)) hash = Math.imul(hash ^ byte, 0x01000193);
  const name = (hash >>> 0).toString(16).padStart(8, "0");
  if (names.size >= NAMES_MAX) names.clear();
  names.set(functionArn, name);
  return name;
}
