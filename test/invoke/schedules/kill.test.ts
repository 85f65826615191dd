/** The whole server, killed at random moments while schedules fire: no instant is lost, and none is run as two events. */
import { expect, test } from "bun:test";
import { join } from "node:path";
import { temporaryDirectories } from "../../store/temporary-directory.ts";
import { createFrom, request } from "../../support/lambda-http.ts";
import { until } from "../../support/until.ts";
import { start } from "../queue/source-server.ts";

const ROUNDS = 4;
const temporaryDirectory = temporaryDirectories();

test("kill -9 neither loses nor doubles a firing", async () => {
  /** Ids of the events that came, by the instant that they were for. */
  const got = new Map<string, Set<string>>();
  const collector = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    async fetch(incoming) {
      const { id, time } = (await incoming.json()) as { id: string; time: string };
      got.set(time, (got.get(time) ?? new Set()).add(id));
      return new Response();
    },
  });
  const directory = join(await temporaryDirectory(), "data");
  const advance = (url: string, advanceSeconds: number) =>
    request(url, "POST", "/_lambent/clock", { body: JSON.stringify({ advanceSeconds }) });
  try {
    for (let round = 0; round < ROUNDS; round++) {
      const { child, url } = await start(directory, "--clock", "manual");
      if (round === 0) {
        const source = `exports.handler = async (event) => {
          await fetch("http://127.0.0.1:${collector.port}", { method: "POST", body: JSON.stringify(event) });
        };`;
        await createFrom(url, "tick", source, { Timeout: 30, MemorySize: 512 });
        const body = JSON.stringify({ name: "minutely", function: "tick", expression: "cron(* * * * ? *)" });
        expect((await request(url, "POST", "/_lambent/schedules", { body })).status).toBe(201);
      }
      // The clock of each round begins at the present: the first minutes are those that were run already.
      const before = got.size;
      const moving = advance(url, 3 * 24 * 3600).catch(() => undefined);
      await until("it fires", () => got.size > before + 20, 20_000);
      await Bun.sleep(Math.random() * 300);
      child.kill("SIGKILL");
      await child.exited;
      await moving;
    }
    const { child, url } = await start(directory, "--clock", "manual");
    await advance(url, 0);
    const { next } = (await request(url, "GET", "/_lambent/schedules/minutely")).json() as { next: string };
    const now = (await request(url, "GET", "/_lambent/clock")).json() as { now: string };
    await advance(url, (Date.parse(next) - Date.parse(now.now)) / 1000 + 300);
    child.kill("SIGTERM");
    await child.exited;
  } finally {
    await collector.stop(true);
  }
  const instants = [...got.keys()].map((time) => Date.parse(time)).sort((a, b) => a - b);
  const gaps = instants.filter((ms, index) => index > 0 && ms - (instants[index - 1] ?? 0) !== 60_000);
  expect(gaps).toEqual([]);
  expect([...got].filter(([, ids]) => ids.size > 1)).toEqual([]);
  expect(instants.length).toBeGreaterThan(ROUNDS * 20);
}, 120_000);
