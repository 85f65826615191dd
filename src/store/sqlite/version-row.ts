/** Rows of `versions` and what the port calls a `FunctionVersion`, both ways. */
import { LATEST } from "../../core/states.ts";
import type { CodeUse, FunctionSettings, FunctionVersion } from "../port.ts";
import { withoutSealed } from "../settings-content.ts";
import type { versions } from "./tables.ts";

export type VersionRow = typeof versions.$inferSelect;

export const LATEST_NUMBER = 0;

/** Undefined when no version can have this name. */
export function versionNumber(version: string): number | undefined {
  if (version === LATEST) return LATEST_NUMBER;
  const number = /^[1-9][0-9]*$/.test(version) ? Number(version) : undefined;
  return Number.isSafeInteger(number) ? number : undefined;
}

export const versionName = (number: number): string => (number === LATEST_NUMBER ? LATEST : String(number));

export function versionOf(row: VersionRow): FunctionVersion {
  return {
    functionName: row.functionName,
    version: versionName(row.number),
    revisionId: row.revisionId,
    settings: row.settings,
    code: { sha256: row.codeSha256, bytes: row.codeBytes },
    state: row.state,
    stateReason: row.stateReason,
    updateStatus: row.updateStatus,
    updateStatusReason: row.updateStatusReason,
    lastModifiedMs: row.lastModifiedMs,
  };
}

/** `publishedFrom` is the digest of `$LATEST` that a published version was made of (`contentDigest`). */
export function rowOf(version: FunctionVersion, at: { number: number; publishedFrom: string | null }): VersionRow {
  return {
    functionName: version.functionName,
    number: at.number,
    revisionId: version.revisionId,
    settings: version.settings,
    codeSha256: version.code.sha256,
    codeBytes: version.code.bytes,
    state: version.state,
    stateReason: version.stateReason,
    updateStatus: version.updateStatus,
    updateStatusReason: version.updateStatusReason,
    lastModifiedMs: version.lastModifiedMs,
    publishedFrom: at.publishedFrom,
  };
}

export const isUnsettled = (row: VersionRow): boolean => row.state === "Pending" || row.updateStatus === "InProgress";

/**
 * Equal for equal code and settings, whatever the order in which the members of an object were given. Variables are their id, so that it
 * tells nothing of them, and does not change with the key.
 */
export function contentDigest(content: { settings: FunctionSettings; code: CodeUse }): string {
  const settings = withoutSealed(content.settings);
  const text = JSON.stringify([content.code.sha256, settings], (_key, value: unknown) =>
    isPlainObject(value) ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))) : value,
  );
  return new Bun.CryptoHasher("sha256").update(text).digest("base64");
}

const isPlainObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
