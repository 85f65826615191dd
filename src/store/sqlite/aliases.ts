import assert from "node:assert/strict";
import { and, eq } from "drizzle-orm";
import type { Alias, AliasStore } from "../port.ts";
import { type AliasQueries, aliasQueries } from "./alias-queries.ts";
import { atomically, type Durable, type StoreDatabase } from "./database.ts";
import { deleteDocumentsOf } from "./documents.ts";
import type { FunctionQueries } from "./function-queries.ts";
import { aliases } from "./tables.ts";
import { versionNumber } from "./version-row.ts";

interface Context {
  readonly db: StoreDatabase;
  readonly functions: FunctionQueries;
  readonly queries: AliasQueries;
}

export function aliasStore(parts: { db: StoreDatabase; functions: FunctionQueries; durable: Durable }): AliasStore {
  const { db, functions, durable } = parts;
  const context = { db, functions, queries: aliasQueries(db) };
  return {
    create: (alias) => durable(() => createAlias(context, alias)),
    find: async (key) => context.queries.find(key),
    list: async (input) => context.queries.list(input),
    update: (input) => durable(() => updateAlias(context, input)),
    delete: (key) => durable(() => deleteAlias(context, key)),
  };
}

function createAlias(context: Context, alias: Alias): Awaited<ReturnType<AliasStore["create"]>> {
  const { db, functions, queries } = context;
  return atomically(db, () => {
    if (!functions.find(alias.functionName)) return { kind: "missing" };
    if (queries.find(alias)) return { kind: "exists" };
    const absent = versionAbsent(functions, alias);
    if (absent !== undefined) return { kind: "no-version", version: absent };
    db.insert(aliases).values(rowOf(alias)).run();
    return { kind: "done", value: alias };
  });
}

function updateAlias(
  context: Context,
  input: Parameters<AliasStore["update"]>[0],
): Awaited<ReturnType<AliasStore["update"]>> {
  const { db, functions, queries } = context;
  return atomically(db, () => {
    const before = queries.find(input);
    if (!before) return { kind: "missing" };
    if (input.expectedRevisionId !== undefined && input.expectedRevisionId !== before.revisionId)
      return { kind: "stale-revision" };
    const alias = { ...before, ...input.change, revisionId: input.revisionId };
    const absent = versionAbsent(functions, alias);
    if (absent !== undefined) return { kind: "no-version", version: absent };
    db.update(aliases).set(rowOf(alias)).where(isAlias(alias)).run();
    return { kind: "done", value: alias };
  });
}

function deleteAlias({ db }: Context, key: { functionName: string; name: string }): void {
  atomically(db, () => {
    db.delete(aliases).where(isAlias(key)).run();
    deleteDocumentsOf(db, { functionName: key.functionName, qualifier: key.name });
  });
}

/** The first version that the alias names and its function lacks. */
const versionAbsent = (functions: FunctionQueries, alias: Alias): string | undefined =>
  [alias.version, ...Object.keys(alias.weights)].find(
    (version) => !functions.findVersion({ functionName: alias.functionName, version }),
  );

const isAlias = (key: { functionName: string; name: string }) =>
  and(eq(aliases.functionName, key.functionName), eq(aliases.name, key.name));

function rowOf(alias: Alias): typeof aliases.$inferInsert {
  const number = versionNumber(alias.version);
  assert(number !== undefined, "an alias names a version that exists");
  return {
    functionName: alias.functionName,
    name: alias.name,
    versionNumber: number,
    description: alias.description,
    weights: alias.weights,
    revisionId: alias.revisionId,
  };
}
