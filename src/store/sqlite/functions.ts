import type { FunctionStore } from "../port.ts";
import { changeTags, putReservedConcurrency } from "./configure-function.ts";
import { createFunction } from "./create-function.ts";
import type { StoreDatabase } from "./database.ts";
import { deleteFunction, deleteVersion } from "./delete-function.ts";
import type { FunctionQueries } from "./function-queries.ts";
import { publishVersion } from "./publish-version.ts";
import { settleVersion } from "./settle-version.ts";
import { updateLatest } from "./update-latest.ts";

/** Each function runs to its end before its promise exists (bun:sqlite is synchronous), so no two of them interleave. */
export function functionStore(db: StoreDatabase, queries: FunctionQueries): FunctionStore {
  const context = { db, queries };
  return {
    create: async (input) => createFunction(context, input),
    find: async (functionName) => queries.find(functionName),
    findVersion: async (input) => queries.findVersion(input),
    list: async (input) => queries.list(input),
    listVersions: async (input) => queries.listVersions(input),
    updateLatest: async (input) => updateLatest(context, input),
    publish: async (input) => publishVersion(context, input),
    settle: async (input) => settleVersion(context, input),
    listUnsettled: async () => queries.listUnsettled(),
    delete: async (functionName) => deleteFunction(context, functionName),
    deleteVersion: async (input) => deleteVersion(context, input),
    changeTags: async (input) => changeTags(context, input),
    putReservedConcurrency: async (input) => putReservedConcurrency(context, input),
    listReserved: async (page) => queries.listReserved(page),
    digestsInUse: async () => queries.digestsInUse(),
    usage: async () => queries.usage(),
  };
}
