/** Many who send large bodies slowly to a public function URL: the server holds so many, and no more. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { create, request } from "../support/lambda-http.ts";
import { rawConnection } from "../support/raw-http.ts";
import { type RunningServer, startServer } from "../support/server.ts";
import { until } from "../support/until.ts";
import { zipOf } from "../support/zip.ts";

setDefaultTimeout(60_000);

const BUDGET_MIB = 16;
const BODY_BYTES = 5 * 1024 * 1024;
const HELD = 3; // as many as go into the budget
const CLIENTS = 20;

let server: RunningServer;
let path: string;
beforeAll(async () => {
  server = await startServer({ flags: ["--max-body-memory", String(BUDGET_MIB)] });
  const source = "exports.handler = async ({ body }) => String(body?.length ?? 0);";
  await create(server.url, "f", await zipOf({ "index.js": source }));
  const made = await request(server.url, "POST", "/2021-10-31/functions/f/url", { body: '{"AuthType":"NONE"}' });
  path = `/_lambent/urls/${new URL(String(made.json().FunctionUrl)).hostname.split(".")[0]}/`;
});
afterAll(() => server.stop());

test("slow senders are refused once the memory for bodies is full, and others have their turn when those are gone", async () => {
  const head = `POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\nContent-Length: ${BODY_BYTES}\r\n\r\n`;
  const senders = Array.from({ length: CLIENTS }, () => {
    const sender = rawConnection(server.url);
    sender.send(`${head}${"x".repeat(100_000)}`);
    return sender;
  });
  const refused = () => senders.filter(({ received }) => received.startsWith("HTTP/1.1 429"));
  await until("all but a few are refused", () => refused().length === CLIENTS - HELD);
  for (const sender of refused()) {
    expect(sender.received).toMatch(/^connection: close\r$/im);
    await sender.ends();
  }
  const small = await request(server.url, "POST", path, { body: "hello", headers: { "content-type": "text/plain" } });
  expect(small.text).toBe("5");

  for (const { socket } of senders) socket.destroy();
  const large = { body: "x".repeat(BODY_BYTES), headers: { "content-type": "text/plain" } };
  const answer = await until("there is room again", async () => {
    const tried = await request(server.url, "POST", path, large).catch(() => undefined);
    return tried?.status === 200 && tried;
  });
  expect(answer.text).toBe(String(BODY_BYTES));
});
