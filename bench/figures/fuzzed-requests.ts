/** A million requests of any shape at the HTTP door, half of them where keys are asked for: how many were a fault of ours, and what they leave. */
import { fuzz } from "../../test/support/fuzz.ts";
import type { Figure } from "../figure.ts";
import { rssBytes } from "../process-facts.ts";

const COUNT = 1_000_000;
const CONNECTIONS = 16;
const MIB = 1024 ** 2;

export const fuzzedRequests: Figure = {
  name: "fuzzed-requests",
  fullOnly: true,
  async measure({ startServer }) {
    let faults = 0;
    let growth = 0;
    for (const [index, auth] of ["off", "keys"].entries()) {
      const server = await startServer({ flags: ["--auth", auth] });
      const run = async (count: number, seed: number): Promise<void> => {
        const report = await fuzz({ port: server.port, count, seed, connections: CONNECTIONS });
        for (const failure of report.failures) process.stderr.write(`${failure}\n`);
        faults += report.failures.length;
      };
      await run(COUNT / 10, 100 + index); // what it has to hold, it holds by then
      const before = rssBytes(server.pid);
      await run(COUNT / 2 - COUNT / 10, 200 + index);
      growth = Math.max(growth, (rssBytes(server.pid) - before) / MIB);
      await server.stop();
    }
    return [
      { what: "Fuzzed requests answered with 5xx", value: faults, unit: "", target: { max: 0 }, note: "of a million" },
      { what: "Growth over 400,000 fuzzed requests", value: growth, unit: "MB", target: { max: 32 } },
    ];
  },
};
