/** Round trips per second of the largest payload, 6 MB in and 6 MB out, one client; the handler's own parsing and printing included. */
import type { Figure } from "../figure.ts";
import { ratePerSecond } from "../load-process.ts";
import { inTurns } from "../rounds.ts";
import { invokeRequest } from "../server.ts";
import { median } from "../statistics.ts";

const PAYLOAD_BYTES = 6 * 1024 * 1024;
const ROUNDS = 3;
const ROUND_MS = 1200;

export const largePayload: Figure = {
  name: "large-payload",
  async measure({ load, echo, startServer }) {
    const server = await startServer();
    await server.createFunction("large", { memoryMib: 2048 });
    await server.settled();
    const event = Buffer.from(JSON.stringify("x".repeat(PAYLOAD_BYTES - 2)));
    const rate = async (port: number): Promise<number> =>
      ratePerSecond(
        await load.run({ port, requests: [invokeRequest("large", event)], clients: 1, durationMs: ROUND_MS }),
      );
    await rate(server.port);
    const rates = await inTurns(ROUNDS, { echo: () => rate(echo.port), large: () => rate(server.port) });
    return [
      {
        what: "6 MB payload, round trips",
        value: median(rates.large),
        unit: "/s",
        target: { min: 30 },
        note: `echo: ${median(rates.echo).toFixed(0)} /s`,
      },
    ];
  },
};
