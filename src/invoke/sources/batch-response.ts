/**
 * What a function says of a batch when its mapping has `ReportBatchItemFailures`. Source: Lambda Developer Guide, "Implementing partial batch
 * responses" and its lists of what counts as a complete success and as a complete failure.
 */

export type BatchEnd =
  /** The batch is done, but for those with these message ids. */
  | { readonly kind: "done"; readonly failedIds: ReadonlySet<string> }
  /** All of it failed. */
  | { readonly kind: "failed"; readonly reason: string };

/** @param payload JSON. */
export function readBatchResponse(payload: Uint8Array, messageIds: ReadonlySet<string>): BatchEnd {
  let answer: unknown;
  try {
    answer = payload.length === 0 ? null : JSON.parse(new TextDecoder().decode(payload));
  } catch {
    return malformed("it is not JSON");
  }
  if (answer === null) return ALL_DONE;
  if (typeof answer !== "object" || Array.isArray(answer)) return malformed("it is no object");
  const { batchItemFailures: failures } = answer as { batchItemFailures?: unknown };
  if (failures === undefined || failures === null) return ALL_DONE;
  if (!Array.isArray(failures)) return malformed("batchItemFailures is no list");
  const failedIds = new Set<string>();
  for (const failure of failures as unknown[]) {
    const id = (failure as { itemIdentifier?: unknown } | null)?.itemIdentifier;
    if (typeof id !== "string" || id === "") return malformed("an item of batchItemFailures has no itemIdentifier");
    if (!messageIds.has(id)) return malformed(`the batch has no message '${id.slice(0, 100)}'`);
    failedIds.add(id);
  }
  return { kind: "done", failedIds };
}

const ALL_DONE: BatchEnd = { kind: "done", failedIds: new Set() };

const malformed = (why: string): BatchEnd => ({
  kind: "failed",
  reason: `the function's batch response counts as none: ${why}`,
});
