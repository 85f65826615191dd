/**
 * The first call of a function over HTTP: process, thread, handler and answer. One after the other over many functions, made before;
 * those called already stay there, idle. Then the same for functions that are called in the moment in which they were made, while
 * their package is still unpacked and checked.
 */
import type { Figure } from "../figure.ts";
import { invokeRequest } from "../server.ts";
import { median, percentile } from "../statistics.ts";

const FUNCTIONS = 200;
const FUNCTIONS_AT_ONCE = 20;

export const coldCall: Figure = {
  name: "cold-call",
  async measure({ load, startServer }) {
    const server = await startServer({ flags: ["--max-environments", String(FUNCTIONS + 1)] });
    const names = Array.from({ length: FUNCTIONS }, (_, n) => `cold-${n}`);
    for (const name of names) await server.createFunction(name);
    await server.createFunction("first"); // the very first call of a server loads code that all others share
    await server.invoke("first");
    await server.settled();
    const requests = names.map((name) => invokeRequest(name));
    const { latenciesMs } = await load.run({ port: server.port, requests, clients: 1, count: FUNCTIONS });
    const hastyMs: number[] = [];
    for (let n = 0; n < FUNCTIONS_AT_ONCE; n++) {
      await server.createFunction(`hasty-${n}`);
      const hasty = await load.run({
        port: server.port,
        requests: [invokeRequest(`hasty-${n}`)],
        clients: 1,
        count: 1,
      });
      hastyMs.push(...hasty.latenciesMs);
    }
    const note = `${FUNCTIONS} functions, one after the other`;
    return [
      { what: "Cold call, p50", value: median(latenciesMs), unit: "ms", target: { max: 20 }, note },
      { what: "Cold call, p99", value: percentile(latenciesMs, 0.99), unit: "ms", target: { max: 60 } },
      { what: "First call right after CreateFunction, p50", value: median(hastyMs), unit: "ms" },
    ];
  },
};
