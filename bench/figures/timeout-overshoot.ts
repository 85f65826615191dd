/**
 * How long after a function's timeout its caller has the answer. Many calls that hang run out at the same moment, each in an
 * environment that is there already, so that no start is in the time; then handlers that never yield, one after the other.
 */
import type { Bench, Figure } from "../figure.ts";
import { invokeRequest, type Server } from "../server.ts";
import { median, percentile } from "../statistics.ts";

const TIMEOUT_MS = 1000;
const AT_ONCE = 32;
const ROUNDS = 3;
const LOOPS = 4;

const HANGING =
  "exports.handler = (event) => event.warm ? Promise.resolve(1) : new Promise(() => setInterval(() => {}, 1e6));\n";
const LOOPING = "exports.handler = async (event) => { while (!event.warm); };\n";

export const timeoutOvershoot: Figure = {
  name: "timeout-overshoot",
  async measure({ load, startServer }) {
    const server = await startServer();
    const hanging = Array.from({ length: AT_ONCE }, (_, n) => `hanging-${n}`);
    for (const name of hanging) await server.createFunction(name, { source: HANGING, timeoutSeconds: 1 });
    await server.createFunction("looping", { source: LOOPING, timeoutSeconds: 1 });
    await server.settled();
    const hangingMs: number[] = [];
    for (let n = 0; n < ROUNDS; n++) hangingMs.push(...(await overshootsMs({ load, server, names: hanging })));
    const loopingMs: number[] = [];
    for (let n = 0; n < LOOPS; n++) loopingMs.push(...(await overshootsMs({ load, server, names: ["looping"] })));
    return [
      {
        what: "Timeout overshoot, p50",
        value: median(hangingMs),
        unit: "ms",
        note: `${AT_ONCE} at once, ${ROUNDS} times`,
      },
      { what: "Timeout overshoot, p99", value: percentile(hangingMs, 0.99), unit: "ms", target: { max: 25 } },
      {
        what: "Timeout overshoot, endless loop, worst",
        value: Math.max(...loopingMs),
        unit: "ms",
        target: { max: 25 },
        note: `${LOOPS} times, one at a time`,
      },
    ];
  },
};

async function overshootsMs(input: {
  load: Bench["load"];
  server: Server;
  names: readonly string[];
}): Promise<number[]> {
  const { load, server, names } = input;
  for (const name of names) await server.invoke(name, { warm: true });
  const requests = names.map((name) => invokeRequest(name));
  const count = names.length;
  const { latenciesMs } = await load.run({ port: server.port, requests, clients: count, count });
  const overshoots = [...latenciesMs].map((latencyMs) => latencyMs - TIMEOUT_MS);
  if (overshoots.some((each) => each < -1)) throw new Error("Cannot go on: a call ended before its timeout");
  return overshoots;
}
