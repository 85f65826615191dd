/** What a million queued events cost: a start, the acceptance of others, and working them off. */
import { join } from "node:path";
import type { Figure } from "../figure.ts";
import { ratePerSecond } from "../load-process.ts";
import { end, makeFolder, removeFolder } from "../processes.ts";
import { drained, endedCount, eventRequest, seedQueue } from "../queue.ts";
import { medianRatio } from "../rounds.ts";
import { answers, freePort, spawnServer, startServer as startFrom } from "../server.ts";
import { median } from "../statistics.ts";

const QUEUED_COUNT = 1_000_000;
const ROUNDS = 5;
const CLIENTS = 16;
const ROUND_MS = 1500;
/** What a drain is measured over, and what it is let run before. */
const DRAIN_MS = 3000;
const DRAIN_WARM_UP_MS = 1500;
const HOUR_MS = 3_600_000;

export const deepQueue = (executable: string): Figure => ({
  name: "deep-queue",
  fullOnly: true,
  async measure({ load, startServer }) {
    const folders = [makeFolder(), makeFolder()];
    const [empty = "", deep = ""] = folders.map((folder) => join(folder, "data"));
    try {
      for (const dataDirectory of [empty, deep]) {
        const server = await startServer({ dataDirectory });
        await server.createFunction("warm");
        await server.createFunction("other");
        await server.stop();
      }

      // Accepting beside them: they are due in an hour, so nothing else is under way.
      await seedQueue(deep, { functionName: "warm", count: QUEUED_COUNT, dueAtMs: Date.now() + HOUR_MS });
      const startsMs: number[] = [];
      for (let round = 0; round < ROUNDS; round++) startsMs.push(await startMs(executable, deep));
      const acceptRates = { empty: [] as number[], deep: [] as number[] };
      const servers = {
        empty: await startServer({ dataDirectory: empty }),
        deep: await startServer({ dataDirectory: deep }),
      };
      for (let round = -1; round < ROUNDS; round++) {
        for (const name of ["empty", "deep"] as const) {
          const { port } = servers[name];
          const report = await load.run({
            port,
            requests: [eventRequest("other")],
            clients: CLIENTS,
            durationMs: ROUND_MS,
          });
          if (round >= 0) acceptRates[name].push(ratePerSecond(report));
          while ((await endedCount(servers[name], "other")) < report.latenciesMs.length) await Bun.sleep(10);
          await servers[name].settled();
        }
      }
      await servers.empty.stop();
      await servers.deep.stop();

      // Working them off: a round begins with a start, from as many as the one before has left.
      await seedQueue(deep, { functionName: "other", count: QUEUED_COUNT, dueAtMs: Date.now() });
      const claimRates = { empty: [] as number[], deep: [] as number[] };
      for (let round = 0; round < ROUNDS; round++) {
        for (const [name, dataDirectory] of [
          ["empty", empty],
          ["deep", deep],
        ] as const) {
          if (name === "empty") await seedQueue(empty, { functionName: "other", count: 100_000, dueAtMs: Date.now() });
          const server = await startFrom(executable, { dataDirectory });
          await Bun.sleep(DRAIN_WARM_UP_MS);
          const before = await endedCount(server, "other");
          const sinceMs = performance.now();
          await Bun.sleep(DRAIN_MS);
          const ended = (await endedCount(server, "other")) - before;
          claimRates[name].push(ended / ((performance.now() - sinceMs) / 1000));
          if (name === "empty") await drained(server);
          await server.stop();
        }
      }
      return [
        {
          what: "Start to first answer, a million queued",
          value: median(startsMs),
          unit: "ms",
          target: { max: 1000 },
        },
        { what: "Events accepted beside a million", value: median(acceptRates.deep), unit: "/s" },
        {
          what: "… ÷ beside none",
          value: medianRatio(acceptRates.deep, acceptRates.empty),
          unit: "×",
          target: { min: 0.8 },
        },
        { what: "Queued events run, of a million", value: median(claimRates.deep), unit: "/s" },
        {
          what: "… ÷ of a hundred thousand",
          value: medianRatio(claimRates.deep, claimRates.empty),
          unit: "×",
          target: { min: 0.8 },
        },
      ];
    } finally {
      for (const folder of folders) removeFolder(folder);
    }
  },
});

async function startMs(executable: string, dataDirectory: string): Promise<number> {
  const port = freePort();
  const startedMs = performance.now();
  const child = spawnServer(executable, { port, dataDirectory, flags: [] });
  await answers(child, port);
  const elapsedMs = performance.now() - startedMs;
  await end(child);
  return elapsedMs;
}
