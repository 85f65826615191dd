/**
 * What is held while nothing happens: the control plane's resident memory after its first answer, and an idle environment's share
 * (pages that it shares with the server and other runners count in part).
 */
import type { Figure } from "../figure.ts";
import { anonymousBytes, pssBytes, rssBytes, runners } from "../process-facts.ts";

const MB = 1e6;

export const idleMemory: Figure = {
  name: "idle-memory",
  async measure({ startServer }) {
    const server = await startServer();
    await server.settled();
    const serverBytes = rssBytes(server.pid);
    await server.createFunction("idle");
    await server.invoke("idle");
    await server.settled();
    const pids = runners(server.pid);
    const sum = (of: (pid: number) => number): number => pids.reduce((total, pid) => total + of(pid), 0);
    return [
      { what: "Control plane, idle, RSS", value: serverBytes / MB, unit: "MB", target: { max: 80 } },
      {
        what: "One idle environment, PSS",
        value: sum(pssBytes) / MB,
        unit: "MB",
        target: { max: 20 },
        note: `${(sum(anonymousBytes) / MB).toFixed(1)} MB of it anonymous`,
      },
    ];
  },
};
