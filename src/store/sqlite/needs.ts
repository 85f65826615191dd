import type { DocumentKey, Need, Unmet } from "../document-port.ts";
import { aliasQueries } from "./alias-queries.ts";
import type { StoreDatabase } from "./database.ts";
import { type DocumentQueries, documentOf } from "./document-queries.ts";
import { codeBytes, type FunctionQueries } from "./function-queries.ts";
import { versionNumber } from "./version-row.ts";

interface Context {
  readonly db: StoreDatabase;
  readonly functions: FunctionQueries;
  readonly queries: DocumentQueries;
}

/** The first of `needs` that does not hold; `self` may bear the label itself. Inside the caller's transaction. */
export function firstUnmet(
  context: Context,
  input: { needs: readonly Need[]; self?: DocumentKey | undefined },
): Unmet | undefined {
  for (const need of input.needs) {
    const unmet = check(context, need, input.self);
    if (unmet) return unmet;
  }
  return undefined;
}

function check(context: Context, need: Need, self: DocumentKey | undefined): Unmet | undefined {
  const { functions, queries } = context;
  switch (need.need) {
    case "function": {
      const { functionName, qualifier } = need;
      const isThere =
        qualifier === undefined
          ? functions.find(functionName) !== undefined
          : hasQualifier(context, { functionName, qualifier });
      return isThere ? undefined : { kind: "unmet", need };
    }
    case "document":
      return queries.find(need.key) ? undefined : { kind: "unmet", need };
    case "code-room":
      return codeBytes(context.db) + need.bytes <= need.codeBytesMax ? undefined : { kind: "unmet", need };
    case "label-free": {
      const holder = queries.findHolder(need, self);
      return holder && { kind: "unmet", need, holder: documentOf(holder) };
    }
    default:
      return need satisfies never;
  }
}

function hasQualifier(
  { db, functions }: Context,
  { functionName, qualifier }: { functionName: string; qualifier: string },
): boolean {
  const number = versionNumber(qualifier);
  if (number !== undefined) return functions.findRow(functionName, number) !== undefined;
  return aliasQueries(db).find({ functionName, name: qualifier }) !== undefined;
}
