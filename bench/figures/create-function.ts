/**
 * Functions created per second, each with a package of 1 KB that no other has, so that every one is stored, synced and unpacked. What is
 * counted are answers, which come once the function would survive a loss of power.
 */
import type { Figure, Measurement } from "../figure.ts";
import { ratePerSecond } from "../load-process.ts";
import { createRequest } from "../server.ts";
import { median } from "../statistics.ts";

const ROUNDS = 3;
/** Uncounted: a server's first ones wait for the process that checks packages, and run before the engine has compiled the way. */
const WARM_UP_COUNT = 300;
const FILLER_BYTES = 900;

const CASES = [
  { clients: 1, count: 800, rateMin: 200 },
  { clients: 8, count: 1600, rateMin: 400 },
];

export const createFunction: Figure = {
  name: "create-function",
  async measure({ load, startServer }) {
    const measured: Measurement[] = [];
    for (const { clients, count, rateMin } of CASES) {
      const rates: number[] = [];
      for (let round = 0; round < ROUNDS; round++) {
        const server = await startServer();
        const requests = await Promise.all(
          Array.from({ length: WARM_UP_COUNT + count }, (_, n) => createRequest(`made-${n}`, unique())),
        );
        const { port } = server;
        await load.run({ port, requests: requests.slice(0, WARM_UP_COUNT), clients, count: WARM_UP_COUNT });
        rates.push(ratePerSecond(await load.run({ port, requests: requests.slice(WARM_UP_COUNT), clients, count })));
        await server.stop();
      }
      measured.push({
        what: `CreateFunction, 1 KB zip, ${clients === 1 ? "one client" : `${clients} clients`}`,
        value: median(rates),
        unit: "/s",
        target: { min: rateMin },
      });
    }
    return measured;
  },
};

/** Random letters do not compress below three quarters of their length. */
function unique(): { source: string } {
  const filler = crypto.getRandomValues(new Uint8Array(FILLER_BYTES)).toBase64();
  return { source: `exports.handler = async (event) => event;\n// ${filler}\n` };
}
