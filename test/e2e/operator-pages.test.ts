import { afterAll, beforeAll, expect, test } from "bun:test";
import { type RunningServer, startServer } from "../support/server.ts";
import { zipOf } from "../support/zip.ts";

const FUNCTIONS = "/2015-03-31/functions";
let server: RunningServer;

const post = (path: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(server.url + path, { method: "POST", body: JSON.stringify(body), headers });

beforeAll(async () => {
  server = await startServer({ flags: ["--seed", "pages"] });
  const zip = await zipOf({
    "index.js": "exports.handler = async (e) => { if (e.fail) throw new Error('no'); return 1; };",
  });
  const made = await post(FUNCTIONS, {
    FunctionName: "counted",
    Runtime: "nodejs22.x",
    Role: "arn:aws:iam::000000000000:role/any",
    Handler: "index.handler",
    Code: { ZipFile: Buffer.from(zip).toString("base64") },
    Publish: true,
  });
  expect(made.status).toBe(201);
  for (const event of [{}, {}, { fail: true }]) await post(`${FUNCTIONS}/counted/invocations`, event);
});
afterAll(() => server.stop());

test("GET /metrics counts calls, errors and cold starts of a function", async () => {
  const text = await (await fetch(`${server.url}/metrics`)).text();
  expect(text).toContain('lambent_invocations_total{function="counted"} 3\n');
  expect(text).toContain('lambent_errors_total{function="counted",type="Handled"} 1\n');
  expect(text).toContain('lambent_cold_starts_total{function="counted"} 1\n');
  expect(text).toContain('lambent_duration_seconds_count{function="counted"} 3\n');
  expect(text).toContain("lambent_queue_lanes 0\n");
  expect(text).toContain("lambent_dead_letters 0\n");
});

interface RecordLine {
  readonly requestId: string;
  readonly result: string;
  readonly initMs: number | null;
  readonly logFrom: number;
  readonly logTo: number;
}

async function recordsOfCalls(): Promise<RecordLine[]> {
  const ask = async (): Promise<RecordLine[]> => {
    const answer = await fetch(`${server.url}/_lambent/invocations?function=counted`);
    return ((await answer.json()) as { invocations: RecordLine[] }).invocations;
  };
  let calls = await ask();
  while (calls.length < 3) calls = await ask();
  return calls.slice(-3);
}

test("GET /_lambent/invocations tells the latest calls, the newest first", async () => {
  const calls = await recordsOfCalls();
  expect(calls.map(({ result }) => result)).toEqual(["Handled", "Success", "Success"]);
  expect(calls.map(({ initMs }) => initMs !== null)).toEqual([false, false, true]);
});

test("GET /_lambent/logs/<function> has each call's lines at the positions that its record tells", async () => {
  for (const { requestId, logFrom, logTo, initMs } of await recordsOfCalls()) {
    const text = await (await fetch(`${server.url}/_lambent/logs/counted?from=${logFrom}&to=${logTo}`)).text();
    expect(text).toStartWith(initMs === null ? `START RequestId: ${requestId}` : "INIT_START ");
    expect(text).toMatch(new RegExp(`\nREPORT RequestId: ${requestId}\t.*\n$`));
  }
});

test.each(["..%2f..%2fstore", "counted?from=-1", "counted?from=x", "counted?from=9&to=1", "counted?to=1.5"])(
  "GET /_lambent/logs/%s is refused with 400",
  async (rest) => {
    expect((await fetch(`${server.url}/_lambent/logs/${rest}`)).status).toBe(400);
  },
);

test.each(["count=1.5", "count=0", "count=x", "count=-1", "before=x", "before=1.5"])(
  "GET /_lambent/invocations?%s is refused with 400",
  async (query) => {
    expect((await fetch(`${server.url}/_lambent/invocations?${query}`)).status).toBe(400);
  },
);

test("a call through weights is told its draw when it asks, and only then", async () => {
  await post(`${FUNCTIONS}/counted/versions`, {});
  const changed = await fetch(`${server.url}${FUNCTIONS}/counted/configuration`, {
    method: "PUT",
    body: JSON.stringify({ Description: "two" }),
  });
  expect(changed.status).toBe(200);
  await post(`${FUNCTIONS}/counted/invocations`, {}); // waits for the update
  expect((await post(`${FUNCTIONS}/counted/versions`, {})).status).toBe(201);
  const weights = { RoutingConfig: { AdditionalVersionWeights: { "2": 0.5 } } };
  expect((await post(`${FUNCTIONS}/counted/aliases`, { Name: "live", FunctionVersion: "1", ...weights })).status).toBe(
    201,
  );
  const path = `${FUNCTIONS}/counted/invocations?Qualifier=live`;
  const told = await post(path, {}, { "x-lambent-routing": "tell" });
  const version = told.headers.get("x-amz-executed-version");
  expect(told.headers.get("x-lambent-routing")).toMatch(
    new RegExp(`^seed=pages; index=0; value=0\\.\\d+; version=${version}$`),
  );
  expect((await post(path, {})).headers.has("x-lambent-routing")).toBe(false);
});
