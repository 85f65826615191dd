/**
 * Asynchronous calls: how many are accepted a second, each synced to the disk before its answer, while they are run as well; and how fast a
 * queue is worked off, beside synchronous calls to the same server.
 */
import { join } from "node:path";
import type { Figure } from "../figure.ts";
import { ratePerSecond } from "../load-process.ts";
import { makeFolder, removeFolder } from "../processes.ts";
import { drained, eventRequest, seedQueue } from "../queue.ts";
import { medianRatio } from "../rounds.ts";
import { invokeRequest } from "../server.ts";
import { median } from "../statistics.ts";

const ROUNDS = 5;
const CLIENTS = 16;
const ROUND_MS = 1500;
const WARM_UP_MS = 1500;
const QUEUED_COUNT = 30_000;

export const events: Figure = {
  name: "events",
  async measure({ load, startServer }) {
    const acceptRates: number[] = [];
    const drainRates: number[] = [];
    const syncRates: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const folder = makeFolder();
      const dataDirectory = join(folder, "data");
      const first = await startServer({ dataDirectory });
      await first.createFunction("warm");
      await first.invoke("warm");
      const run = (requests: Parameters<typeof load.run>[0]["requests"], port: number, durationMs = ROUND_MS) =>
        load.run({ port, requests, clients: CLIENTS, durationMs });
      await run([eventRequest("warm")], first.port, WARM_UP_MS);
      await drained(first);
      acceptRates.push(ratePerSecond(await run([eventRequest("warm")], first.port)));
      await drained(first);
      await first.stop();

      await seedQueue(dataDirectory, { functionName: "warm", count: QUEUED_COUNT, dueAtMs: Date.now() });
      const second = await startServer({ dataDirectory });
      const startedMs = performance.now();
      await drained(second);
      drainRates.push(QUEUED_COUNT / ((performance.now() - startedMs) / 1000));
      await run([invokeRequest("warm")], second.port, WARM_UP_MS);
      syncRates.push(ratePerSecond(await run([invokeRequest("warm")], second.port)));
      await second.stop();
      removeFolder(folder);
    }
    return [
      { what: "Events accepted, sixteen clients", value: median(acceptRates), unit: "/s", target: { min: 3000 } },
      { what: "Queued events run", value: median(drainRates), unit: "/s", note: `${QUEUED_COUNT} at a start` },
      {
        what: "Queued events run ÷ warm calls",
        value: medianRatio(drainRates, syncRates),
        unit: "×",
        target: { min: 0.5 },
        note: "sixteen clients",
      },
    ];
  },
};
