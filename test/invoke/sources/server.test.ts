/** A queue that feeds a real function of a real server, through its restarts. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { join } from "node:path";
import { temporaryDirectories } from "../../store/temporary-directory.ts";
import { createFrom, request } from "../../support/lambda-http.ts";
import { type Sqs, startSqs } from "../../support/sqs.ts";
import { until } from "../../support/until.ts";
import { startWith } from "../queue/source-server.ts";

const temporaryDirectory = temporaryDirectories();
const M = "/2015-03-31/event-source-mappings";
let sqs: Sqs;
let collector: Bun.Server<undefined>;
const got: string[] = [];

beforeAll(async () => {
  sqs = await startSqs();
  collector = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    async fetch(incoming) {
      got.push(await incoming.text());
      return new Response();
    },
  });
});
afterAll(async () => {
  await collector.stop(true);
  await sqs.stop();
});

const variables = () => ({
  AWS_ENDPOINT_URL_SQS: sqs.endpoint.url,
  AWS_ACCESS_KEY_ID: "any",
  AWS_SECRET_ACCESS_KEY: "any",
});
const isEmpty = (name: string) => () => sqs.count(name).ready + sqs.count(name).inFlight === 0;

test("a mapping feeds its function, survives kill -9, and lets batches finish at SIGTERM", async () => {
  const directory = join(await temporaryDirectory(), "data");
  const arn = sqs.createQueue("orders", 3);
  const first = await startWith({ variables: variables() }, directory);
  const source = `exports.handler = async ({ Records }) => {
    for (const { body } of Records) {
      if (body.startsWith("slow")) await new Promise((done) => setTimeout(done, 500));
      await fetch("http://127.0.0.1:${collector.port}", { method: "POST", body });
    }
    return { batchItemFailures: Records.filter(({ body, attributes }) => body === "twice" && attributes.ApproximateReceiveCount === "1")
      .map(({ messageId }) => ({ itemIdentifier: messageId })) };
  };`;
  await createFrom(first.url, "f", source, { Timeout: 10, MemorySize: 512 });
  const body = JSON.stringify({
    FunctionName: "f",
    EventSourceArn: arn,
    FunctionResponseTypes: ["ReportBatchItemFailures"],
    FilterCriteria: { Filters: [{ Pattern: '{"body":[{"anything-but":"never"}]}' }] },
  });
  const created = await request(first.url, "POST", M, { body });
  expect(created.status).toBe(202);
  expect(created.headers.get("x-lambent-warning")).toBeNull();
  expect(created.json()).toMatchObject({ State: "Creating" });
  const uuid = String(created.json()["UUID"]);
  const stateAt = async (url: string) => (await request(url, "GET", `${M}/${uuid}`)).json()["State"];
  await until("it is enabled", async () => (await stateAt(first.url)) === "Enabled");

  for (const text of ["a", "never", "twice"]) sqs.server.sendMessage("orders", text);
  await until("the queue is empty", isEmpty("orders"));
  expect(got.toSorted()).toEqual(["a", "twice", "twice"]);
  expect((await request(first.url, "GET", `${M}/${uuid}`)).json()["LastProcessingResult"]).toBe("OK");

  first.child.kill("SIGKILL");
  await first.child.exited;
  sqs.server.sendMessage("orders", "b");
  const second = await startWith({ variables: variables() }, directory);
  await until("the message of the meantime came", () => got.includes("b"));
  await until("the queue is empty", isEmpty("orders"));

  const before = got.length;
  sqs.server.sendMessage("orders", "slow");
  await until("it was received", () => sqs.count("orders").inFlight === 1);
  await until("it runs", async () => {
    const health = (await request(second.url, "GET", "/_lambent/health")).json() as { running: number };
    return health.running === 1;
  });
  second.child.kill("SIGTERM");
  expect(await second.child.exited).toBe(0);
  expect(got.slice(before)).toEqual(["slow"]);
  expect(isEmpty("orders")()).toBe(true);

  const third = await startWith({ variables: variables() }, directory);
  const updated = await request(third.url, "PUT", `${M}/${uuid}`, { body: JSON.stringify({ Enabled: false }) });
  expect(updated.json()["State"]).toBe("Disabling");
  await until("it is disabled", async () => (await stateAt(third.url)) === "Disabled");
  const { operations } = (await request(third.url, "GET", "/_lambent/capabilities")).json() as {
    operations: Record<string, string>;
  };
  expect(operations["CreateEventSourceMapping"]).toBe("real");
  third.child.kill("SIGTERM");
  await third.child.exited;
}, 60_000);
