/** The HTTP door under requests of any shape: each has an answer, none of them a 5xx, and the server does not grow. */
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { rssBytes } from "../../bench/process-facts.ts";
import { fuzz } from "../support/fuzz.ts";
import { startServer } from "../support/server.ts";

setDefaultTimeout(120_000);

const COUNT = 10_000;
const GROWTH_BYTES_MAX = 64 * 1024 ** 2;

describe.each([["off"], ["keys"]])("with --auth %s", (auth) => {
  test("every request has an answer that is no fault of ours, and nothing is left behind", async () => {
    const server = await startServer({ flags: ["--auth", auth, "--log-level", "error"] });
    try {
      const port = Number(new URL(server.url).port);
      const seed = Number(process.env.FUZZ_SEED ?? 1);
      await fuzz({ port, count: COUNT / 2, seed: seed + 1, connections: 8 });
      const before = rssBytes(server.pid);
      const { failures, statuses } = await fuzz({ port, count: COUNT, seed, connections: 8 });
      expect(failures).toEqual([]);
      expect(Object.keys(statuses).length).toBeGreaterThan(auth === "off" ? 5 : 2);
      expect(rssBytes(server.pid) - before).toBeLessThan(GROWTH_BYTES_MAX);
      expect(server.stderr).toBe("");
    } finally {
      await server.stop();
    }
  });
});
