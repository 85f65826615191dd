/**
 * Whether the control plane grows with the calls it has served: its resident memory over many warm calls, the mean of the last tenth
 * less that of the first, and what is left of processes and descriptors. A million calls with `--full`.
 */
import type { Figure } from "../figure.ts";
import { descendants, descriptorCount, rssBytes } from "../process-facts.ts";
import { invokeRequest } from "../server.ts";
import { mean } from "../statistics.ts";

const CALLS_FULL = 1_000_000;
const CALLS = 50_000;
const SAMPLES = 50;
const CLIENTS = 16;
const MB = 1e6;

export const growth: Figure = {
  name: "growth",
  async measure({ full, load, startServer }) {
    const calls = full ? CALLS_FULL : CALLS;
    // One environment: a second one, started halfway, would look like a leak.
    const server = await startServer({ flags: ["--max-environments", "1"] });
    await server.createFunction("warm");
    await server.settled();
    const run = (count: number) =>
      load.run({ port: server.port, requests: [invokeRequest("warm")], clients: CLIENTS, count });
    await run(calls / SAMPLES);
    const before = { processes: descendants(server.pid).length, descriptors: descriptorCount(server.pid) };
    const rssSamples: number[] = [];
    for (let n = 0; n < SAMPLES; n++) {
      await run(calls / SAMPLES);
      rssSamples.push(rssBytes(server.pid));
    }
    const tenth = SAMPLES / 10;
    const grownBytes = mean(rssSamples.slice(-tenth)) - mean(rssSamples.slice(0, tenth));
    return [
      {
        what: `RSS growth over ${calls.toLocaleString("en")} warm calls`,
        value: grownBytes / MB,
        unit: "MB",
        target: { max: 10 },
        note: `last tenth: ${(mean(rssSamples.slice(-tenth)) / MB).toFixed(0)} MB`,
      },
      {
        what: "Processes more than before",
        value: descendants(server.pid).length - before.processes,
        unit: "",
        target: { max: 0 },
      },
      {
        what: "Descriptors more than before",
        value: descriptorCount(server.pid) - before.descriptors,
        unit: "",
        target: { max: 0 },
      },
    ];
  },
};
