/** Warm calls per second of one function with sixteen and with sixty-four clients, beside the echo's in the same rounds. */
import type { Figure, Measurement } from "../figure.ts";
import { ratePerSecond } from "../load-process.ts";
import { inTurns, medianRatio } from "../rounds.ts";
import { invokeRequest } from "../server.ts";
import { median } from "../statistics.ts";

const ROUNDS = 5;
const ROUND_MS = 800;
const WARM_UP_MS = 1500;

const CASES = [
  { clients: 16, ratioMin: 0.4 },
  { clients: 64, ratioMin: 0.35 },
];

export const throughput: Figure = {
  name: "throughput",
  async measure({ load, echo, startServer }) {
    const server = await startServer();
    await server.createFunction("warm");
    await server.invoke("warm");
    await server.settled();
    const measured: Measurement[] = [];
    for (const { clients, ratioMin } of CASES) {
      const rate = async (port: number, durationMs = ROUND_MS): Promise<number> =>
        ratePerSecond(await load.run({ port, requests: [invokeRequest("warm")], clients, durationMs }));
      await rate(server.port, WARM_UP_MS);
      const { echo: echoRates, warm } = await inTurns(ROUNDS, {
        echo: () => rate(echo.port),
        warm: () => rate(server.port),
      });
      measured.push(
        { what: `Bare echo, ${clients} clients`, value: median(echoRates), unit: "/s", note: "the yardstick" },
        { what: `Warm calls, ${clients} clients`, value: median(warm), unit: "/s" },
        {
          what: `Warm calls ÷ echo, ${clients} clients`,
          value: medianRatio(warm, echoRates),
          unit: "×",
          target: { min: ratioMin },
        },
      );
    }
    return measured;
  },
};
