/** Whether something failed because there is no room left where it had to be written, whoever says so. */
export function isDiskFull(error: unknown): boolean {
  for (let one = error, depth = 0; one instanceof Error && depth < CAUSES_MAX; one = one.cause, depth++) {
    if ("code" in one && CODES.has(String(one.code))) return true;
  }
  return false;
}

const CODES: ReadonlySet<string> = new Set(["SQLITE_FULL", "ENOSPC", "EDQUOT"]);
const CAUSES_MAX = 10;
