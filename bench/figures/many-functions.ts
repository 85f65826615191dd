/**
 * Whether it stays quick when there is much of it: ten thousand functions with five versions each. A page of ListFunctions, GetFunction,
 * a warm call's latency beside that of a server with one function, in turns, and start-up with all of it on disk. Only with `--full`:
 * making them takes minutes.
 */
import { join } from "node:path";
import { type Bench, type Figure, Skipped } from "../figure.ts";
import type { LoadRequest } from "../load-protocol.ts";
import { makeFolder, removeFolder } from "../processes.ts";
import { inTurns, medianRatio } from "../rounds.ts";
import { createRequest, expectSuccess, functionPath, invokeRequest, jsonRequest, type Server } from "../server.ts";
import { median } from "../statistics.ts";

const FUNCTIONS = 10_000;
const VERSIONS = 5;
const CLIENTS = 8;
const CALLS = 1000;
/** Uncounted calls: before them the engine has not compiled their way. */
const WARM_UP_COUNT = 5000;
const ROUNDS = 7;
const STARTS = 5;
const MAKE_DEADLINE_MS = 1_200_000;

export const manyFunctions: Figure = {
  name: "many-functions",
  fullOnly: true,
  async measure({ load, startServer }) {
    const folder = makeFolder();
    const dataDirectory = join(folder, "data");
    let server = await startServer({ dataDirectory });
    await refuseWithoutVersions(server);
    await make(server, load);
    const p50 = async (port: number, request: LoadRequest, count = CALLS): Promise<number> =>
      median((await load.run({ port, requests: [request], clients: 1, count })).latenciesMs);
    const get = (path: string): LoadRequest => ({ method: "GET", path, body: new Uint8Array() });
    const pageMs = await p50(server.port, get("/2015-03-31/functions/?MaxItems=50"));
    const getMs = await p50(server.port, get(functionPath("many-4711")));
    await server.settled(); // the last updates are still being cleaned up after
    const small = await startServer();
    await small.createFunction("many-77");
    const call = invokeRequest("many-77");
    for (const { port } of [server, small]) await p50(port, call, WARM_UP_COUNT);
    const calls = await inTurns(ROUNDS, { many: () => p50(server.port, call), one: () => p50(small.port, call) });
    await small.stop();
    const startsMs: number[] = [];
    for (let n = 0; n < STARTS; n++) {
      await server.stop();
      const beganAtMs = performance.now();
      server = await startServer({ dataDirectory });
      startsMs.push(performance.now() - beganAtMs);
    }
    await server.stop();
    removeFolder(folder);
    const note = `${FUNCTIONS.toLocaleString("en")} functions with ${VERSIONS} versions`;
    return [
      { what: "ListFunctions page, much in it, p50", value: pageMs, unit: "ms", target: { max: 10 }, note },
      { what: "GetFunction, much in it, p50", value: getMs, unit: "ms", target: { max: 2 } },
      {
        what: "Warm call, much in it ÷ one function",
        value: medianRatio(calls.many, calls.one),
        unit: "×",
        target: { max: 1.1 },
      },
      { what: "Start-up, much in it", value: median(startsMs), unit: "ms", target: { max: 300 } },
    ];
  },
};

async function refuseWithoutVersions(server: Server): Promise<void> {
  await server.createFunction("versioned");
  const response = await server.request("POST", `${functionPath("versioned")}/versions`, {});
  const text = await response.text();
  if (text.includes("does not support")) throw new Skipped("this server does not publish versions");
  await expectSuccess(new Response(text, { status: response.status }));
}

/** Every version has code that the version before had not: nothing new is published otherwise. */
async function make(server: Server, load: Bench["load"]): Promise<void> {
  const names = Array.from({ length: FUNCTIONS }, (_, n) => `many-${n}`);
  const created = await createRequest("template", { source: sourceOf(1) });
  const template = JSON.parse(Buffer.from(created.body).toString()) as Record<string, unknown>;
  const common = { port: server.port, clients: CLIENTS, count: FUNCTIONS, deadlineMs: MAKE_DEADLINE_MS };
  await load.run({
    ...common,
    requests: names.map((name) =>
      jsonRequest("POST", created.path, { ...template, FunctionName: name, Publish: true }),
    ),
  });
  for (let version = 2; version <= VERSIONS; version++) {
    const { body } = await createRequest("template", { source: sourceOf(version) });
    const { Code } = JSON.parse(Buffer.from(body).toString()) as { Code: Record<string, unknown> };
    await load.run({
      ...common,
      requests: names.map((name) => jsonRequest("PUT", `${functionPath(name)}/code`, { ...Code, Publish: true })),
    });
  }
}

const sourceOf = (version: number): string => `exports.handler = async (event) => event; // ${version}\n`;
