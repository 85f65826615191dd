/** What walls add to a first call and to a warm one: servers of each kind side by side, which take turns. */
import { type Figure, type Measurement, Skipped } from "../figure.ts";
import { inTurns, medianRatio } from "../rounds.ts";
import { invokeRequest, type Server } from "../server.ts";
import { median } from "../statistics.ts";

const KINDS = ["none", "namespaces", "landlock"] as const;
type Kind = (typeof KINDS)[number];

const ROUNDS = 20;
const COLD_CALLS_A_ROUND = 5;
const WARM_ROUND_MS = 400;

export const walls: Figure = {
  name: "walls",
  async measure({ load, startServer }) {
    const servers = new Map<Kind, Server>();
    for (const kind of KINDS) {
      const flags = ["--isolation", kind, "--max-environments", String(2 + ROUNDS * COLD_CALLS_A_ROUND)];
      const server = await startServer({ flags }).catch(() => undefined); // it says itself what this machine lacks
      if (server) servers.set(kind, server);
    }
    const namesOf = (round: number): string[] =>
      Array.from({ length: COLD_CALLS_A_ROUND }, (_, n) => `cold-${round}-${n}`);
    for (const server of servers.values()) {
      for (const name of ["warm", ...Array.from({ length: ROUNDS }, (_, round) => namesOf(round)).flat()])
        await server.createFunction(name);
      await server.invoke("warm");
      await server.settled();
    }
    const rounds = { none: 0, namespaces: 0, landlock: 0 };
    const cold = async (kind: Kind, server: Server): Promise<number> => {
      const requests = namesOf(rounds[kind]++).map((name) => invokeRequest(name));
      const { latenciesMs } = await load.run({ port: server.port, requests, clients: 1, count: COLD_CALLS_A_ROUND });
      return median(latenciesMs);
    };
    const warm = async (_: Kind, server: Server): Promise<number> => {
      const requests = [invokeRequest("warm")];
      return median(
        (await load.run({ port: server.port, requests, clients: 1, durationMs: WARM_ROUND_MS })).latenciesMs,
      );
    };
    const turns = (measure: typeof cold) =>
      Object.fromEntries([...servers].map(([kind, server]) => [kind, () => measure(kind, server)])) as Record<
        Kind,
        () => Promise<number>
      >;
    const colds = await inTurns(ROUNDS, turns(cold));
    const warms = await inTurns(ROUNDS, turns(warm));
    const measurements: Measurement[] = [
      { what: "Cold call without walls, p50", value: median(colds.none), unit: "ms" },
    ];
    for (const kind of ["namespaces", "landlock"] as const) {
      if (!servers.has(kind)) continue;
      const added = median(colds[kind].map((value, round) => value - (colds.none[round] ?? Number.NaN)));
      measurements.push(
        {
          what: `Cold call, ${kind} add, p50`,
          value: added,
          unit: "ms",
          ...(kind === "namespaces" && { target: { max: 10 } }),
        },
        { what: `Warm call, ${kind} ÷ none, p50`, value: medianRatio(warms[kind], warms.none), unit: "×" },
      );
    }
    if (measurements.length === 1) throw new Skipped("this machine offers no walls");
    return measurements;
  },
};
