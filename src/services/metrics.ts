/** What `GET /metrics` answers, in Prometheus's text form. Nothing is counted here: the numbers are read when they are asked for. */
import { Counter, Gauge, Registry } from "prom-client";
import { DURATION_BUCKETS_MS, type FunctionStatistics } from "../invoke/statistics.ts";
import type { Services } from "./context.ts";

/** A registry that is made for one answer and thrown away. */
export async function metricsText(services: Services): Promise<string> {
  const { dispatcher } = services;
  const registry = new Registry();
  const counter = (name: string, help: string, ...labelNames: string[]) =>
    new Counter({ name, help, labelNames, registers: [registry] });
  const calls = counter("lambent_invocations_total", "Calls that ran.", "function");
  const errors = counter("lambent_errors_total", "Calls that ended with a function error.", "function", "type");
  const throttles = counter(
    "lambent_throttles_total",
    "Calls that were refused for want of concurrency.",
    "function",
    "reason",
  );
  const coldStarts = counter("lambent_cold_starts_total", "Calls that an environment was started for.", "function");
  for (const [name, counts] of dispatcher.statistics.functions) {
    calls.inc({ function: name }, counts.callCount);
    coldStarts.inc({ function: name }, counts.coldStartCount);
    for (const [type, count] of counts.errorCounts) errors.inc({ function: name, type }, count);
    for (const [reason, count] of counts.throttleCounts) throttles.inc({ function: name, reason }, count);
  }
  const environments = new Gauge({
    name: "lambent_environments",
    help: "Execution environments.",
    labelNames: ["state"],
    registers: [registry],
  });
  const { byState, running, waiting } = dispatcher.census();
  for (const state of ["starting", "idle", "busy", "stopping"]) environments.set({ state }, byState[state] ?? 0);
  new Gauge({ name: "lambent_running_invocations", help: "Calls under way.", registers: [registry] }).set(running);
  new Gauge({
    name: "lambent_waiting_invocations",
    help: "Calls that wait for an environment.",
    registers: [registry],
  }).set(waiting);
  await gaugeQueue(registry, services);
  return (await registry.metrics()) + durations(dispatcher.statistics.functions);
}

async function gaugeQueue(registry: Registry, { store: { queue }, clock }: Services): Promise<void> {
  const gauge = (name: string, help: string, value: number) =>
    new Gauge({ name, help, registers: [registry] }).set(value);
  const [lanes, box] = await Promise.all([queue.lanes(), queue.boxUsage()]);
  const oldestMs = lanes.reduce((oldest, { dueAtMs }) => Math.min(oldest, dueAtMs), clock.nowMs());
  gauge(
    "lambent_queue_lanes",
    "Functions and destinations that have asynchronous events waiting or running.",
    lanes.length,
  );
  gauge(
    "lambent_queue_lag_seconds",
    "How long the event that waits longest has been due.",
    (clock.nowMs() - oldestMs) / 1000,
  );
  gauge("lambent_dead_letters", "Events in the dead-letter box.", box.count);
  gauge("lambent_dead_letter_bytes", "What their payloads weigh.", box.bytes);
}

/** By hand: a histogram of the library counts values one by one, and ours come counted. */
function durations(functions: ReadonlyMap<string, FunctionStatistics>): string {
  const name = "lambent_duration_seconds";
  const lines = [`# HELP ${name} How long handlers took.`, `# TYPE ${name} histogram`];
  for (const [functionName, counts] of functions) {
    let total = 0;
    for (const [index, count] of counts.durationCounts.entries()) {
      total += count;
      const bound = DURATION_BUCKETS_MS[index];
      lines.push(
        `${name}_bucket{function="${functionName}",le="${bound === undefined ? "+Inf" : bound / 1000}"} ${total}`,
      );
    }
    lines.push(`${name}_sum{function="${functionName}"} ${counts.durationSumMs / 1000}`);
    lines.push(`${name}_count{function="${functionName}"} ${total}`);
  }
  return `${lines.join("\n")}\n`;
}
