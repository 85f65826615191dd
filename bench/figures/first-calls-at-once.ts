/** The first calls of sixteen functions at the same moment: when the last of them has its answer. Median of several rounds. */
import type { Bench, Figure } from "../figure.ts";
import { invokeRequest, type Server } from "../server.ts";
import { median } from "../statistics.ts";

const AT_ONCE = 16;
const ROUNDS = 5;

export const firstCallsAtOnce: Figure = {
  name: "first-calls-at-once",
  async measure({ load, startServer }) {
    const server = await startServer();
    await server.createFunction("first");
    await server.invoke("first");
    const lastsMs: number[] = [];
    for (let round = 0; round < ROUNDS; round++) lastsMs.push(await lastAnswerMs({ load, server, round }));
    return [
      {
        what: "Sixteen first calls at once, last answer",
        value: median(lastsMs),
        unit: "ms",
        target: { max: 150 },
        note: "sixteen functions",
      },
    ];
  },
};

async function lastAnswerMs(input: { load: Bench["load"]; server: Server; round: number }): Promise<number> {
  const { load, server, round } = input;
  const names = Array.from({ length: AT_ONCE }, (_, n) => `at-once-${round}-${n}`);
  for (const name of names) await server.createFunction(name);
  await server.settled();
  const requests = names.map((name) => invokeRequest(name));
  const { latenciesMs } = await load.run({ port: server.port, requests, clients: AT_ONCE, count: AT_ONCE });
  return Math.max(...latenciesMs);
}
