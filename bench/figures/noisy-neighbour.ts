/** A function's warm calls while another burns every core in endless arithmetic: their p99 by the p50 of quiet times. One client. */
import { availableParallelism } from "node:os";
import type { Figure } from "../figure.ts";
import { invokeRequest } from "../server.ts";
import { median, percentile } from "../statistics.ts";

const MEASURE_MS = 2000;
const BURN_MS = MEASURE_MS + 1500;
const BURN_STARTS_MS = 500;
const BURNING =
  "exports.handler = async ({ ms }) => { const until = Date.now() + ms; while (Date.now() < until); return 1; };\n";

export const noisyNeighbour: Figure = {
  name: "noisy-neighbour",
  async measure({ load, startServer }) {
    const server = await startServer();
    await server.createFunction("quiet");
    await server.createFunction("burning", { source: BURNING });
    await server.invoke("quiet");
    await server.settled();
    const latencies = async (): Promise<Float64Array> =>
      (
        await load.run({
          port: server.port,
          requests: [invokeRequest("quiet")],
          clients: 1,
          durationMs: MEASURE_MS,
        })
      ).latenciesMs;
    await latencies();
    const quietMs = median(await latencies());
    const cores = availableParallelism();
    const burning = Promise.all(Array.from({ length: cores }, () => server.invoke("burning", { ms: BURN_MS })));
    await Bun.sleep(BURN_STARTS_MS);
    const loud = await latencies();
    await burning;
    const note = `${cores} cores burning; quiet p50 ${(quietMs * 1000).toFixed(0)} µs`;
    return [
      { what: "Beside a burning function, p50", value: median(loud), unit: "ms", note },
      {
        what: "Beside a burning function, p99 ÷ quiet p50",
        value: percentile(loud, 0.99) / quietMs,
        unit: "×",
        target: { max: 20 },
      },
    ];
  },
};
