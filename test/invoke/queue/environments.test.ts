/** Where queued events run, on a real server: beside synchronous calls, in provisioned environments, with the trace decision of their version. */
import { afterAll, beforeAll, beforeEach, expect, test } from "bun:test";
import { join } from "node:path";
import { temporaryDirectories } from "../../store/temporary-directory.ts";
import { createFrom, request } from "../../support/lambda-http.ts";
import { until } from "../../support/until.ts";
import { start } from "./source-server.ts";

interface Report {
  readonly n?: number;
  readonly initialization: string;
  readonly trace: string;
  readonly version: string;
}

const temporaryDirectory = temporaryDirectories();
let server: Awaited<ReturnType<typeof start>>;
let collector: Bun.Server<undefined>;
let reports: Report[] = [];

beforeAll(async () => {
  collector = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    async fetch(incoming) {
      reports.push((await incoming.json()) as Report);
      return new Response();
    },
  });
  server = await start(join(await temporaryDirectory(), "data"));
});
beforeEach(() => {
  reports = [];
});
afterAll(async () => {
  await stop();
  await collector.stop(true);
});

async function stop(): Promise<void> {
  server.child.kill("SIGTERM");
  await server.child.exited;
}

const SOURCE = () => `exports.handler = async ({ n, sleepMs = 0 }, { functionVersion }) => {
  await new Promise((done) => setTimeout(done, sleepMs));
  const { AWS_LAMBDA_INITIALIZATION_TYPE: initialization, _X_AMZN_TRACE_ID: trace } = process.env;
  await fetch("http://127.0.0.1:${collector.port}", {
    method: "POST",
    body: JSON.stringify({ n, initialization, trace, version: functionVersion }),
  });
};`;
const invoke = (name: string, body: unknown, headers: Record<string, string> = {}) =>
  request(server.url, "POST", `/2015-03-31/functions/${name}/invocations`, { headers, body: JSON.stringify(body) });
const event = async (name: string, body: unknown, headers: Record<string, string> = {}): Promise<void> => {
  const answer = await invoke(name, body, { "x-amz-invocation-type": "Event", ...headers });
  expect(answer.status).toBe(202);
};

test("an event for an alias with provisioned concurrency runs in a provisioned environment", async () => {
  await createFrom(server.url, "kept", SOURCE(), { MemorySize: 512 });
  await request(server.url, "POST", "/2015-03-31/functions/kept/versions", { body: "{}" });
  const alias = JSON.stringify({ Name: "live", FunctionVersion: "1" });
  await request(server.url, "POST", "/2015-03-31/functions/kept/aliases", { body: alias });
  const place = "/2019-09-30/functions/kept/provisioned-concurrency?Qualifier=live";
  await request(server.url, "PUT", place, { body: JSON.stringify({ ProvisionedConcurrentExecutions: 2 }) });
  await until("they are ready", async () => (await request(server.url, "GET", place)).json()["Status"] === "READY");
  for (let n = 0; n < 6; n++) {
    await event("kept:live", { n });
    await until("it ran", () => reports.length === n + 1);
  }
  await event("kept", { n: 6 });
  await until("all ran", () => reports.length === 7);
  expect(reports.map(({ version, initialization }) => [version, initialization])).toEqual([
    ...Array.from({ length: 6 }, () => ["1", "provisioned-concurrency"]),
    ["$LATEST", "on-demand"],
  ]);
}, 30_000);

test("whether an event's call is traced is for its version to say, unless its caller has decided", async () => {
  await createFrom(server.url, "passing", SOURCE(), { MemorySize: 512 });
  await createFrom(server.url, "active", SOURCE(), { MemorySize: 512, TracingConfig: { Mode: "Active" } });
  const root = "Root=1-5759e988-bd862e3fe1be46a994272793";
  const sampledOf = async (name: string, headers: Record<string, string> = {}): Promise<string | undefined> => {
    reports = [];
    await event(name, {}, headers);
    await until("it ran", () => reports.length === 1);
    const trace = reports[0]?.trace ?? "";
    expect(trace).toMatch(/^Root=1-[0-9a-f]{8}-[0-9a-f]{24};/);
    return /;Sampled=(\d)/.exec(trace)?.[1];
  };
  expect(await sampledOf("passing")).toBe("0");
  expect(await sampledOf("active")).toBe("1");
  expect(await sampledOf("active", { "x-amzn-trace-id": `${root};Sampled=0` })).toBe("0");
  expect(await sampledOf("passing", { "x-amzn-trace-id": `${root};Sampled=1` })).toBe("1");
  expect(await sampledOf("active", { "x-amzn-trace-id": `${root};Sampled=?` })).toBe("1");
}, 30_000);

test("synchronous calls find room beside a queue that could fill every place", async () => {
  await stop();
  server = await start(join(await temporaryDirectory(), "data"), "--concurrency", "10");
  await createFrom(server.url, "deep", SOURCE(), { MemorySize: 512 });
  await createFrom(server.url, "sync", SOURCE(), { MemorySize: 512 });
  for (let n = 0; n < 200; n++) await event("deep", { n, sleepMs: 50 });
  await until("it is at work", () => reports.length > 20);
  const statuses: number[] = [];
  while (reports.filter(({ n }) => n !== undefined).length < 150) statuses.push((await invoke("sync", {})).status);
  expect(statuses.filter((status) => status !== 200)).toEqual([]);
  expect(statuses.length).toBeGreaterThan(10);
  await until("all ran", () => new Set(reports.map(({ n }) => n)).size === 201, 20_000);
}, 60_000);
