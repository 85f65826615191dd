import type { Page, PageRequest } from "../port.ts";

/** Rows to ask for: one more than the page holds, which tells whether another page follows. */
export const rowLimit = (request: PageRequest): number => request.count + 1;

/** The page made of `rows`, which were asked for with `rowLimit`; `keyOf` gives what the next one starts after. */
export function pageOf<Row, Item>(
  rows: readonly Row[],
  request: PageRequest,
  as: { item: (row: Row) => Item; key: (row: Row) => string },
): Page<Item> {
  const kept = rows.slice(0, request.count);
  const last = kept.at(-1);
  const items = kept.map(as.item);
  return rows.length > request.count && last !== undefined ? { items, next: as.key(last) } : { items };
}
