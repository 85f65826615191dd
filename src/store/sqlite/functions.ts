import type { FunctionStore } from "../port.ts";
import { changeTags, putReservedConcurrency } from "./configure-function.ts";
import { createFunction } from "./create-function.ts";
import type { Durable, StoreDatabase } from "./database.ts";
import { deleteFunction, deleteVersion } from "./delete-function.ts";
import type { FunctionQueries } from "./function-queries.ts";
import type { FunctionWrites } from "./function-writes.ts";
import { publishVersion } from "./publish-version.ts";
import { resealEnvironments } from "./reseal-environments.ts";
import { settleVersion } from "./settle-version.ts";
import { updateLatest } from "./update-latest.ts";

interface Context {
  readonly db: StoreDatabase;
  readonly queries: FunctionQueries;
  readonly writes: FunctionWrites;
  readonly durable: Durable;
}

/** Each function runs to its end before its promise exists (bun:sqlite is synchronous), so no two of them interleave. */
export function functionStore(context: Context): FunctionStore {
  const { queries, durable } = context;
  return {
    create: (input) => durable(() => createFunction(context, input)),
    find: async (functionName) => queries.find(functionName),
    findVersion: async (input) => queries.findVersion(input),
    list: async (input) => queries.list(input),
    listVersions: async (input) => queries.listVersions(input),
    updateLatest: (input) => durable(() => updateLatest(context, input)),
    publish: (input) => durable(() => publishVersion(context, input)),
    resealEnvironments: (seal) => durable(() => resealEnvironments(context, seal)),
    settle: async (input) => settleVersion(context, input),
    listUnsettled: async () => queries.listUnsettled(),
    delete: (functionName) => durable(() => deleteFunction(context, functionName)),
    deleteVersion: (input) => durable(() => deleteVersion(context, input)),
    changeTags: (input) => durable(() => changeTags(context, input)),
    putReservedConcurrency: (input) => durable(() => putReservedConcurrency(context, input)),
    listReserved: async (page) => queries.listReserved(page),
    digestsInUse: async () => queries.digestsInUse(),
    usage: async () => queries.usage(),
  };
}
