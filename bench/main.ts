/**
 * Measures the built executable with real HTTP clients, and says how it stands against the project's own targets.
 *
 *   bench/main.ts [--full] [--only name,name] [--json file] [--executable file]
 *
 * Client and server share the machine's cores, so rates are those of both together; ratios to the bare echo, measured by the same
 * client in the same rounds, are what to compare between machines.
 */
import { existsSync } from "node:fs";
import { cpus } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { startEcho } from "./echo-process.ts";
import { type Figure, type Measurement, Skipped } from "./figure.ts";
import { coldCall } from "./figures/cold-call.ts";
import { createFunction } from "./figures/create-function.ts";
import { deepQueue } from "./figures/deep-queue.ts";
import { events } from "./figures/events.ts";
import { firstCallsAtOnce } from "./figures/first-calls-at-once.ts";
import { fuzzedFrames } from "./figures/fuzzed-frames.ts";
import { fuzzedRequests } from "./figures/fuzzed-requests.ts";
import { growth } from "./figures/growth.ts";
import { idleMemory } from "./figures/idle-memory.ts";
import { largePayload } from "./figures/large-payload.ts";
import { logTail } from "./figures/log-tail.ts";
import { manyFunctions } from "./figures/many-functions.ts";
import { memoryPerFunction } from "./figures/memory-per-function.ts";
import { noisyNeighbour } from "./figures/noisy-neighbour.ts";
import { serverCpu } from "./figures/server-cpu.ts";
import { signedCall } from "./figures/signed-call.ts";
import { startUp } from "./figures/start-up.ts";
import { throughput } from "./figures/throughput.ts";
import { timeoutOvershoot } from "./figures/timeout-overshoot.ts";
import { walls } from "./figures/walls.ts";
import { warmCall } from "./figures/warm-call.ts";
import { Load } from "./load-process.ts";
import { jsonOf, printFailure, printHeading, printMeasurement, printSkipped } from "./report.ts";
import { type Server, startServer } from "./server.ts";

const EXECUTABLE = join(import.meta.dir, "../dist/lambent");

const { values: options } = parseArgs({
  options: {
    full: { type: "boolean", default: false },
    only: { type: "string" },
    json: { type: "string" },
    executable: { type: "string", default: EXECUTABLE },
  },
});
const executable = resolve(options.executable);
if (!existsSync(executable)) fail(`Cannot measure ${executable}: there is no such file; make build makes it`);

const figures: readonly Figure[] = [
  createFunction, // first: see makeFolder
  startUp(executable),
  coldCall,
  walls,
  firstCallsAtOnce,
  warmCall,
  throughput,
  logTail,
  serverCpu,
  signedCall,
  largePayload,
  idleMemory,
  memoryPerFunction,
  timeoutOvershoot,
  growth,
  noisyNeighbour,
  manyFunctions,
  events,
  deepQueue(executable),
  fuzzedFrames,
  fuzzedRequests,
];

const wanted = chosen();
const results: { figure: string; measurements: readonly Measurement[] }[] = [];
let failures = 0;
printHeading({ executable, cores: cpus().length, cpu: cpus()[0]?.model ?? "unknown" });
for (const figure of wanted) {
  try {
    const measurements = await measure(figure);
    measurements.forEach(printMeasurement);
    results.push({ figure: figure.name, measurements });
  } catch (error) {
    if (error instanceof Skipped) printSkipped(figure.name, error.message);
    else {
      failures++;
      printFailure(figure.name, error);
    }
  }
}
if (options.json !== undefined) await Bun.write(options.json, jsonOf(results));
process.exit(failures > 0 ? 1 : 0);

function chosen(): readonly Figure[] {
  const names = options.only?.split(",");
  if (names === undefined) return figures.filter((figure) => options.full || figure.fullOnly !== true);
  const unknown = names.find((name) => !figures.some((figure) => figure.name === name));
  if (unknown !== undefined) {
    fail(`Cannot measure '${unknown}': the figures are ${figures.map((figure) => figure.name).join(", ")}`);
  }
  return figures.filter((figure) => names.includes(figure.name));
}

/** Each figure has generator, echo and servers of its own, so that what one leaves behind is in no other's way. */
async function measure(figure: Figure): Promise<Measurement[]> {
  const servers: Server[] = [];
  const load = new Load();
  const echo = await startEcho();
  try {
    return await figure.measure({
      full: options.full,
      load,
      echo,
      async startServer(serverOptions) {
        const server = await startServer(executable, serverOptions);
        servers.push(server);
        return server;
      },
    });
  } finally {
    await Promise.all([load.stop(), echo.stop(), ...servers.map((server) => server.stop())]);
  }
}

function fail(message: string): never {
  console.error(message);
  process.exit(2);
}
