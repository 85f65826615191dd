/**
 * From starting the executable with an empty data directory to its first answer over HTTP, as a client sees it that tries
 * again every millisecond. Medians of several starts.
 */
import { join } from "node:path";
import type { Figure } from "../figure.ts";
import { end, makeFolder, removeFolder } from "../processes.ts";
import { answers, freePort, spawnServer } from "../server.ts";
import { median } from "../statistics.ts";

const STARTS = 11;

export const startUp = (executable: string): Figure => ({
  name: "start-up",
  async measure() {
    const startsMs: number[] = [];
    for (let n = 0; n < STARTS; n++) startsMs.push(await startMs(executable));
    return [{ what: "Executable start to first answer", value: median(startsMs), unit: "ms", target: { max: 100 } }];
  },
});

async function startMs(executable: string): Promise<number> {
  const folder = makeFolder();
  const port = freePort();
  const beganAtMs = performance.now();
  const child = spawnServer(executable, { port, dataDirectory: join(folder, "data"), flags: [] });
  await answers(child, port);
  const tookMs = performance.now() - beganAtMs;
  await end(child);
  removeFolder(folder);
  return tookMs;
}
