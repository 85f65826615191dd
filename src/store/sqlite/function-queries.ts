/** Reads of functions and versions. Each is prepared once: planning a statement costs more than running it. */
import { and, asc, eq, gt, isNotNull, sql } from "drizzle-orm";
import { type LayeredCode, layeredDigests } from "../../core/layered-code.ts";
import type { FunctionRecord, FunctionStore, FunctionVersion, LayerUse, Page, PageRequest } from "../port.ts";
import type { StoreDatabase } from "./database.ts";
import { pageOf, rowLimit } from "./paging.ts";
import { codeUsage, documents, functions, versions } from "./tables.ts";
import { type VersionRow, versionName, versionNumber, versionOf } from "./version-row.ts";

export type FunctionQueries = ReturnType<typeof functionQueries>;

const given = sql.placeholder;

// As text, not as a bound value: only then can SQLite see that the partial index covers the query.
const isLatest = sql`${versions.number} = 0`;
const hasLayers = sql`json_extract(${versions.settings}, '$.layers') <> '[]'`;
const isUnsettled = sql`(${versions.state} = 'Pending' OR ${versions.updateStatus} = 'InProgress')`;

export function functionQueries(db: StoreDatabase) {
  const record = db
    .select()
    .from(functions)
    .where(eq(functions.name, given("name")))
    .prepare();
  const version = db
    .select()
    .from(versions)
    .where(and(eq(versions.functionName, given("name")), eq(versions.number, given("number"))))
    .prepare();
  const latestPage = db
    .select()
    .from(versions)
    .where(and(isLatest, gt(versions.functionName, given("after"))))
    .orderBy(asc(versions.functionName))
    .limit(given("limit"))
    .prepare();
  const allPage = db
    .select()
    .from(versions)
    .where(sql`(${versions.functionName}, ${versions.number}) > (${given("afterName")}, ${given("afterNumber")})`)
    .orderBy(asc(versions.functionName), asc(versions.number))
    .limit(given("limit"))
    .prepare();
  const versionPage = db
    .select()
    .from(versions)
    .where(and(eq(versions.functionName, given("name")), gt(versions.number, given("after"))))
    .orderBy(asc(versions.number))
    .limit(given("limit"))
    .prepare();

  return {
    find: (functionName: string): FunctionRecord | undefined => record.get({ name: functionName }),

    findRow: (functionName: string, number: number): VersionRow | undefined =>
      version.get({ name: functionName, number }),

    findVersion(input: { functionName: string; version: string }): FunctionVersion | undefined {
      const number = versionNumber(input.version);
      const row = number === undefined ? undefined : version.get({ name: input.functionName, number });
      return row && versionOf(row);
    },

    list(input: Parameters<FunctionStore["list"]>[0]): Page<FunctionVersion> {
      if (input.versions === "latest") {
        const rows = latestPage.all({ after: input.after ?? "", limit: rowLimit(input) });
        return pageOf(rows, input, { item: versionOf, key: (row) => row.functionName });
      }
      const rows = allPage.all({ ...positionAfter(input.after), limit: rowLimit(input) });
      return pageOf(rows, input, { item: versionOf, key: positionOf });
    },

    listVersions(input: PageRequest & { functionName: string }): Page<FunctionVersion> {
      const after = input.after === undefined ? -1 : (versionNumber(input.after) ?? -1);
      const rows = versionPage.all({ name: input.functionName, after, limit: rowLimit(input) });
      return pageOf(rows, input, { item: versionOf, key: (row) => versionName(row.number) });
    },

    listUnsettled(): FunctionVersion[] {
      const rows = db.select().from(versions).where(isUnsettled).orderBy(versions.functionName, versions.number).all();
      return rows.map(versionOf);
    },

    listReserved(page: PageRequest): Page<FunctionRecord> {
      const rows = db
        .select()
        .from(functions)
        .where(and(isNotNull(functions.reservedConcurrency), gt(functions.name, page.after ?? "")))
        .orderBy(asc(functions.name))
        .limit(rowLimit(page))
        .all();
      return pageOf(rows, page, { item: (row) => row, key: (row) => row.name });
    },

    digestsInUse(): Set<string> {
      const ofVersions = db.selectDistinct({ sha256: versions.codeSha256 }).from(versions).all();
      const ofDocuments = db
        .selectDistinct({ sha256: sql<string>`${documents.codeSha256}` })
        .from(documents)
        .where(sql`${documents.codeSha256} IS NOT NULL`)
        .all();
      const ofLayers = layeredCodes(db).flatMap(layeredDigests);
      return new Set([...[...ofVersions, ...ofDocuments].map((row) => row.sha256), ...ofLayers]);
    },

    usage(): { codeBytes: number; functionCount: number; reservedConcurrency: number } {
      const sums = db
        .select({
          functionCount: sql<number>`count(*)`,
          reservedConcurrency: sql<number>`ifnull(sum(${functions.reservedConcurrency}), 0)`,
        })
        .from(functions)
        .get();
      return {
        codeBytes: codeBytes(db),
        functionCount: sums?.functionCount ?? 0,
        reservedConcurrency: sums?.reservedConcurrency ?? 0,
      };
    },
  };
}

/** What there is of code with layers. Their digests stay in use when the layers' own versions are deleted. */
function layeredCodes(db: StoreDatabase): LayeredCode[] {
  // Not distinct: sorting out the doubles would cost SQLite the index.
  const rows = db
    .select({
      codeSha256: versions.codeSha256,
      layers: sql<string>`json_extract(${versions.settings}, '$.layers')`,
      runtime: sql<string | null>`json_extract(${versions.settings}, '$.runtime')`,
    })
    .from(versions)
    .where(hasLayers)
    .all();
  return rows.map(({ layers, ...row }) => ({
    ...row,
    layerSha256s: (JSON.parse(layers) as readonly LayerUse[]).map((layer) => layer.sha256),
  }));
}

/** The bytes of all code in use, each use counted. */
export const codeBytes = (db: StoreDatabase): number => db.select().from(codeUsage).get()?.bytes ?? 0;

// A function's name holds no colon, so the last one parts it from the version.
const positionOf = (row: VersionRow): string => `${row.functionName}:${row.number}`;

function positionAfter(after: string | undefined): { afterName: string; afterNumber: number } {
  if (after === undefined) return { afterName: "", afterNumber: -1 };
  const colon = after.lastIndexOf(":");
  const number = colon < 0 ? Number.NaN : Number(after.slice(colon + 1));
  if (!Number.isSafeInteger(number)) return { afterName: after, afterNumber: -1 };
  return { afterName: after.slice(0, colon), afterNumber: number };
}
