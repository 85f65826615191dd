/** The latency of a call that an idle environment takes, one client, beside the echo's under the same load in the same rounds. */
import type { Figure } from "../figure.ts";
import { inTurns, medianRatio } from "../rounds.ts";
import { invokeRequest } from "../server.ts";
import { median, percentile } from "../statistics.ts";

const ROUNDS = 7;
const ROUND_MS = 700;

export const warmCall: Figure = {
  name: "warm-call",
  async measure({ load, echo, startServer }) {
    const server = await startServer();
    await server.createFunction("warm");
    await server.invoke("warm");
    await server.settled();
    const p99s: number[] = [];
    const latencies = async (port: number): Promise<Float64Array> =>
      (await load.run({ port, requests: [invokeRequest("warm")], clients: 1, durationMs: ROUND_MS })).latenciesMs;
    await latencies(server.port); // the engines on both sides compile what is hot
    const p50s = await inTurns(ROUNDS, {
      echo: async () => median(await latencies(echo.port)),
      warm: async () => {
        const samples = await latencies(server.port);
        p99s.push(percentile(samples, 0.99));
        return median(samples);
      },
    });
    return [
      { what: "Bare echo, one client, p50", value: median(p50s.echo) * 1000, unit: "µs", note: "the yardstick" },
      { what: "Warm call, one client, p50", value: median(p50s.warm) * 1000, unit: "µs" },
      { what: "Warm call, one client, p99", value: median(p99s) * 1000, unit: "µs" },
      { what: "Warm call p50 ÷ echo p50", value: medianRatio(p50s.warm, p50s.echo), unit: "×", target: { max: 4 } },
    ];
  },
};
