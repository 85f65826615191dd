/** What a hundred functions hold that were called once each and wait for more: the proportional memory of all runners, by function. */
import type { Figure } from "../figure.ts";
import { pssBytes, runners } from "../process-facts.ts";

const FUNCTIONS = 100;
const MB = 1e6;

export const memoryPerFunction: Figure = {
  name: "memory-per-function",
  async measure({ startServer }) {
    const server = await startServer({ flags: ["--max-environments", String(FUNCTIONS)] });
    const names = Array.from({ length: FUNCTIONS }, (_, n) => `called-once-${n}`);
    for (const name of names) await server.createFunction(name);
    for (const name of names) await server.invoke(name);
    await server.settled();
    const pids = runners(server.pid);
    const bytes = pids.reduce((total, pid) => total + pssBytes(pid), 0);
    return [
      {
        what: "A function called once, PSS",
        value: bytes / FUNCTIONS / MB,
        unit: "MB",
        target: { max: 10 },
        note: `${FUNCTIONS} functions, ${pids.length} processes`,
      },
    ];
  },
};
