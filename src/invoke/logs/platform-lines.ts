/** The platform's own log lines, tabs and trailing tabs included. Recorded on AWS. */

export const initStartLine = (runtime: string, region: string): string =>
  `INIT_START Runtime Version: ${runtimeLabel(runtime)}\tRuntime Version ARN: arn:aws:lambda:${region}::runtime:lambent\n`;

export const startLine = (requestId: string, version: string): string =>
  `START RequestId: ${requestId} Version: ${version}\n`;

export const endLine = (requestId: string): string => `END RequestId: ${requestId}\n`;

export interface Report {
  readonly requestId: string;
  readonly durationMs: number;
  readonly memoryMib: number;
  readonly memoryUsedMib: number;
  /** Only for the first call of an environment. */
  readonly initMs?: number | undefined;
  readonly status?: "timeout" | "error" | undefined;
}

export function reportLine(report: Report): string {
  const init = report.initMs === undefined ? "" : `Init Duration: ${report.initMs.toFixed(2)} ms\t`;
  const status = report.status === undefined ? "" : `Status: ${report.status}`;
  return (
    `REPORT RequestId: ${report.requestId}\tDuration: ${report.durationMs.toFixed(2)} ms\t` +
    `Billed Duration: ${Math.ceil(report.durationMs)} ms\tMemory Size: ${report.memoryMib} MB\t` +
    `Max Memory Used: ${report.memoryUsedMib} MB\t${init}${status}\n`
  );
}

/** `nodejs22.x` is `nodejs:22` here. */
const runtimeLabel = (runtime: string): string => runtime.replace(/^([a-z]+)([\d.]+?)(\.x)?$/, "$1:$2");
