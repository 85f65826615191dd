/** What a log tail (`X-Amz-Log-Type: Tail`) adds to a warm call's time, one client. */
import type { Figure } from "../figure.ts";
import { inTurns, medianRatio } from "../rounds.ts";
import { invokeRequest } from "../server.ts";
import { median } from "../statistics.ts";

const ROUNDS = 7;
const ROUND_MS = 400;

export const logTail: Figure = {
  name: "log-tail",
  async measure({ load, startServer }) {
    const server = await startServer();
    const sources = {
      silent: "exports.handler = async (event) => event;\n",
      talking: "exports.handler = async (event) => { console.log('handling', event); return event; };\n",
    };
    for (const [name, source] of Object.entries(sources)) {
      await server.createFunction(name, { source });
      await server.invoke(name);
    }
    await server.settled();
    const p50 = async (name: string, tail: boolean): Promise<number> => {
      const plain = invokeRequest(name);
      const request = tail ? { ...plain, headers: { ...plain.headers, "X-Amz-Log-Type": "Tail" } } : plain;
      return median(
        (await load.run({ port: server.port, requests: [request], clients: 1, durationMs: ROUND_MS })).latenciesMs,
      );
    };
    for (const name of Object.keys(sources)) await p50(name, true);
    const p50s = await inTurns(ROUNDS, {
      silent: () => p50("silent", false),
      silentTail: () => p50("silent", true),
      talking: () => p50("talking", false),
      talkingTail: () => p50("talking", true),
    });
    return [
      {
        what: "Call with log tail ÷ plain call",
        value: medianRatio(p50s.silentTail, p50s.silent),
        unit: "×",
        target: { max: 1.3 },
        note: "p50s; the handler prints nothing",
      },
      {
        what: "The same, handler prints a line",
        value: medianRatio(p50s.talkingTail, p50s.talking),
        unit: "×",
        target: { max: 1.3 },
      },
    ];
  },
};
