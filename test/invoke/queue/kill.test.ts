/** The whole server, killed at random moments while it accepts and runs: what was acknowledged runs at least once, or is in the box. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { join } from "node:path";
import { temporaryDirectories } from "../../store/temporary-directory.ts";
import { createFrom, request } from "../../support/lambda-http.ts";
import { until } from "../../support/until.ts";
import { start } from "./source-server.ts";

/** `LAMBENT_TEST_FULL=1` does it at full length: at least 50,000 events and ten kills. */
const FULL = process.env["LAMBENT_TEST_FULL"] === "1";
const ROUNDS = FULL ? 10 : 5;
const EVENTS_A_ROUND = FULL ? 5000 : 100;
const CLIENTS = 16;
const temporaryDirectory = temporaryDirectories();

/** How often each event ran, by its number: the functions report to this server. */
const ran = new Map<number, number>();
let collector: Bun.Server<undefined>;
beforeAll(() => {
  collector = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    async fetch(incoming) {
      const n = Number(await incoming.text());
      ran.set(n, (ran.get(n) ?? 0) + 1);
      return new Response();
    },
  });
});
afterAll(() => collector.stop(true));

const send = (url: string, name: string, n: number) =>
  request(url, "POST", `/2015-03-31/functions/${name}/invocations`, {
    headers: { "x-amz-invocation-type": "Event" },
    body: JSON.stringify({ n }),
  });

const SOURCE = (port: number) => `
  exports.handler = async ({ n }) => {
    if (n % 500 === 499) process.exit(1); // poison
    await fetch("http://127.0.0.1:${port}", { method: "POST", body: String(n) });
  };`;

test(
  "kill -9 loses no event that was acknowledged",
  async () => {
    const directory = join(await temporaryDirectory(), "data");
    const acknowledged = new Set<number>();
    let next = 0;
    for (let round = 0; round < ROUNDS; round++) {
      const { child, url } = await start(directory);
      if (round === 0) {
        for (const name of ["a", "b"]) {
          await createFrom(url, name, SOURCE(collector.port ?? 0), { Timeout: 30, MemorySize: 512 });
          const body = JSON.stringify({ MaximumRetryAttempts: 0 });
          await request(url, "PUT", `/2019-09-25/functions/${name}/event-invoke-config`, { body });
        }
      }
      let killed = false;
      const clients = Array.from({ length: CLIENTS }, async (_, client) => {
        while (!killed) {
          const n = next++;
          const answer = await send(url, client % 2 === 0 ? "a" : "b", n).catch(() => undefined);
          if (answer?.status === 202) acknowledged.add(n);
          else if (answer !== undefined) throw new Error(`Event ${n} was answered ${answer.status} ${answer.text}`);
        }
      });
      const before = acknowledged.size;
      await until("enough events are acknowledged", () => acknowledged.size >= before + EVENTS_A_ROUND, 60_000);
      await Bun.sleep(300 + Math.random() * 900);
      child.kill("SIGKILL");
      await child.exited;
      killed = true;
      await Promise.all(clients);
    }

    const { child, url } = await start(directory);
    const pageOf = async (path: string) => (await request(url, "GET", path)).json() as { events: { id: number }[] };
    await until(
      "the queue is empty",
      async () => (await pageOf("/_lambent/events/queued?count=1")).events.length === 0,
      FULL ? 300_000 : 60_000,
    );
    const boxed = new Set<number>();
    for (const { id } of (await pageOf("/_lambent/events?count=1000")).events) {
      const { payload } = (await request(url, "GET", `/_lambent/events/${id}`)).json() as { payload: { n: number } };
      boxed.add(payload.n);
    }
    child.kill("SIGTERM");
    await child.exited;

    const lost = [...acknowledged].filter((n) => !ran.has(n) && !boxed.has(n));
    expect(lost).toEqual([]);
    expect(acknowledged.size).toBeGreaterThanOrEqual(ROUNDS * EVENTS_A_ROUND);
    const poisoned = [...acknowledged].filter((n) => n % 500 === 499);
    expect(poisoned.filter((n) => !boxed.has(n))).toEqual([]);
    // Twice ran at most what was under way, or taken for it, when the server was killed.
    const twice = [...ran.values()].filter((count) => count > 1).length;
    expect(twice).toBeLessThan(ROUNDS * 2 * 200);
    console.log(
      `${acknowledged.size} acknowledged, ${ran.size} ran, ${twice} of them more than once, ${boxed.size} in the box`,
    );
  },
  FULL ? 600_000 : 120_000,
);
