/**
 * CPU time that the control plane's process spends on a warm call, user and system, all its threads; what the runner spends is not in
 * it. The echo's own cost a request stands beside it.
 */
import type { Figure } from "../figure.ts";
import { cpuMicroseconds } from "../process-facts.ts";
import { inTurns } from "../rounds.ts";
import { invokeRequest } from "../server.ts";
import { median } from "../statistics.ts";

const ROUNDS = 3;
/** The kernel counts in hundredths of a second: a round has to have many of them. */
const ROUND_MS = 1500;

export const serverCpu: Figure = {
  name: "server-cpu",
  async measure({ load, echo, startServer }) {
    const server = await startServer();
    await server.createFunction("warm");
    await server.invoke("warm");
    await server.settled();
    const costOf = async (target: { port: number; pid: number }, clients: number): Promise<number> => {
      const before = cpuMicroseconds(target.pid);
      const requests = [invokeRequest("warm")];
      const { latenciesMs } = await load.run({ port: target.port, requests, clients, durationMs: ROUND_MS });
      return (cpuMicroseconds(target.pid) - before) / latenciesMs.length;
    };
    await costOf(server, 1);
    const { one, sixteen, echoOne, echoSixteen } = await inTurns(ROUNDS, {
      echoOne: () => costOf(echo, 1),
      one: () => costOf(server, 1),
      echoSixteen: () => costOf(echo, 16),
      sixteen: () => costOf(server, 16),
    });
    const echoNote = (samples: readonly number[]): string => `echo: ${median(samples).toFixed(1)} µs`;
    return [
      {
        what: "Server CPU per warm call, one client",
        value: median(one),
        unit: "µs",
        target: { max: 60 },
        note: echoNote(echoOne),
      },
      {
        what: "Server CPU per warm call, 16 clients",
        value: median(sixteen),
        unit: "µs",
        target: { max: 60 },
        note: echoNote(echoSixteen),
      },
    ];
  },
};
