/** Which runtimes may be configured, and which of them run. */
import { invalidParameter } from "../../errors/aws-error.ts";

/**
 * Those that AWS accepts no more, less the ones that the four API documents name as valid (they win, see docs) and every nodejs, all
 * of which run here. Source: Lambda Developer Guide, "Deprecated runtimes", dates of "Block function create".
 */
const DEPRECATED: ReadonlySet<string> = new Set(["dotnetcore2.0", "dotnetcore3.1", "dotnet6", "ruby2.7"]);

/** Runtimes whose handlers this build runs. */
export const isRunnable = (runtime: string): boolean => runtime.startsWith("nodejs");

/** @throws AwsError InvalidParameterValueException in the recorded words. */
export function refuseDeprecated(runtime: string): void {
  if (!DEPRECATED.has(runtime)) return;
  throw invalidParameter(
    `The runtime parameter of ${runtime} is no longer supported for creating or updating AWS Lambda functions. We recommend you use a supported runtime while creating or updating functions.`,
  );
}
