/**
 * The platform's own log lines. Text: recorded on AWS, tabs and trailing tabs included. JSON: Lambda Developer Guide, "Telemetry API
 * Event schema reference"; the system log level drops what is below it.
 */
import type { Logging } from "../invocation.ts";

type SystemLevel = Logging["systemLevel"];

export interface Report {
  readonly requestId: string;
  readonly durationMs: number;
  readonly memoryMib: number;
  readonly memoryUsedMib: number;
  /** Only for the first call of an environment. */
  readonly initMs?: number | undefined;
  readonly status?: "timeout" | "error" | undefined;
}

/** `phase`: before any call, or inside the one that waited for it. */
export interface InitOverrun {
  readonly initMs: number;
  readonly phase: "init" | "invoke";
}

export interface PlatformLines {
  initStart(runtime: string, region: string): string;
  /** Loading the handler took longer than it may. */
  initOverrun(overrun: InitOverrun): string;
  start(requestId: string, version: string): string;
  end(requestId: string): string;
  report(report: Report): string;
}

export const platformLines = (logging: Logging, nowMs: () => number): PlatformLines =>
  logging.format === "JSON" ? jsonLines(logging.systemLevel, nowMs) : TEXT_LINES;

const TEXT_LINES: PlatformLines = {
  initStart: (runtime, region) =>
    `INIT_START Runtime Version: ${runtimeLabel(runtime)}\tRuntime Version ARN: ${runtimeArn(region)}\n`,
  initOverrun: ({ initMs, phase }) =>
    `INIT_REPORT Init Duration: ${hundredths(initMs)} ms\tPhase: ${phase}\tStatus: timeout\n`,
  start: (requestId, version) => `START RequestId: ${requestId} Version: ${version}\n`,
  end: (requestId) => `END RequestId: ${requestId}\n`,
  report(report) {
    const init = report.initMs === undefined ? "" : `Init Duration: ${hundredths(report.initMs)} ms\t`;
    const status = report.status === undefined ? "" : `Status: ${report.status}`;
    return (
      `REPORT RequestId: ${report.requestId}\tDuration: ${hundredths(report.durationMs)} ms\t` +
      `Billed Duration: ${Math.ceil(report.durationMs)} ms\tMemory Size: ${report.memoryMib} MB\t` +
      `Max Memory Used: ${report.memoryUsedMib} MB\t${init}${status}\n`
    );
  },
};

/** `0.25`; what `toFixed` says, in a third of its time. */
function hundredths(ms: number): string {
  const count = Math.round(ms * 100);
  const rest = count % 100;
  return `${(count - rest) / 100}.${rest < 10 ? "0" : ""}${rest}`;
}

const RANKS: Record<SystemLevel, number> = { DEBUG: 0, INFO: 1, WARN: 2 };

function jsonLines(lowest: SystemLevel, nowMs: () => number): PlatformLines {
  const line = (level: SystemLevel, type: string, record: object): string =>
    RANKS[level] < RANKS[lowest]
      ? ""
      : `${JSON.stringify({ time: new Date(nowMs()).toISOString(), type: `platform.${type}`, record })}\n`;
  return {
    initStart: (runtime, region) =>
      line("INFO", "initStart", {
        initializationType: "on-demand",
        phase: "init",
        runtimeVersion: runtimeLabel(runtime),
        runtimeVersionArn: runtimeArn(region),
      }),
    initOverrun: ({ initMs, phase }) =>
      line("WARN", "initReport", {
        initializationType: "on-demand",
        phase,
        status: "timeout",
        metrics: { durationMs: Number(initMs.toFixed(3)) },
      }),
    start: (requestId, version) => line("INFO", "start", { requestId, version }),
    end: (requestId) => line("DEBUG", "runtimeDone", { requestId, status: "success" }),
    report: (report) =>
      line(report.status === undefined ? "INFO" : "WARN", "report", {
        requestId: report.requestId,
        metrics: {
          durationMs: Number(report.durationMs.toFixed(3)),
          billedDurationMs: Math.ceil(report.durationMs),
          memorySizeMB: report.memoryMib,
          maxMemoryUsedMB: report.memoryUsedMib,
          ...(report.initMs !== undefined && { initDurationMs: Number(report.initMs.toFixed(3)) }),
        },
        status: report.status ?? "success",
      }),
  };
}

const runtimeArn = (region: string): string => `arn:aws:lambda:${region}::runtime:lambent`;

/** `nodejs22.x` is `nodejs:22` here. */
const runtimeLabel = (runtime: string): string => runtime.replace(/^([a-z]+)([\d.]+?)(\.x)?$/, "$1:$2");
