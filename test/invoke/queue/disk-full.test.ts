/** The disk fills up under a server that accepts and runs events: it says so, loses nothing, and goes on when there is room. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { type Answer, createFrom, request } from "../../support/lambda-http.ts";
import { makeSmallDisk, type SmallDisk } from "../../support/small-disk.ts";
import { until } from "../../support/until.ts";
import { zipOf } from "../../support/zip.ts";
import { startWith } from "./source-server.ts";

const CLIENTS = 4;
const FUNCTIONS = "/2015-03-31/functions";
const FILLER = "x".repeat(1500);

const ran = new Set<number>();
const acknowledged = new Set<number>();
let refused: Answer[] = [];
let next = 0;
let collector: Bun.Server<undefined>;
const disk: SmallDisk | undefined = await makeSmallDisk(24);
if (!disk) console.log("No small file system can be mounted here, without root or a user namespace: skipped");

beforeAll(() => {
  collector = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    async fetch(incoming) {
      ran.add(Number(await incoming.text()));
      return new Response();
    },
  });
});
afterAll(async () => {
  await collector.stop(true);
  await disk?.stop();
});

async function send(url: string): Promise<void> {
  const n = next++;
  const answer = await request(url, "POST", `${FUNCTIONS}/f/invocations`, {
    headers: { "x-amz-invocation-type": "Event" },
    body: JSON.stringify({ n, FILLER }),
  });
  if (answer.status === 202) acknowledged.add(n);
  else refused.push(answer);
}

/** Sends one event after the other, until told otherwise. */
function clients(url: string): { stop(): Promise<void> } {
  let stopped = false;
  const all = Array.from({ length: CLIENTS }, async () => {
    while (!stopped) await send(url).catch(() => Bun.sleep(5)); // it may be killed at any moment
  });
  return {
    async stop() {
      stopped = true;
      await Promise.all(all);
    },
  };
}

async function untilDone(url: string): Promise<void> {
  const queued = async () =>
    ((await request(url, "GET", "/_lambent/events/queued?count=1")).json() as { events: unknown[] }).events.length;
  await until("the queue is empty", async () => (await queued()) === 0, 30_000);
}

const lost = (): number[] => [...acknowledged].filter((n) => !ran.has(n));

test.skipIf(!disk)(
  "a full disk refuses events and changes, and takes nothing from what was acknowledged",
  async () => {
    if (!disk) return;
    const around = { prefix: disk.prefix };
    const directory = `${disk.path}/data`;
    const { child, url } = await startWith(around, directory, "--log-level", "silent");
    const source = `exports.handler = async ({ n }) => {
      if (n === undefined) return "well";
      await fetch("http://127.0.0.1:${collector.port}", { method: "POST", body: String(n) });
    };`;
    await createFrom(url, "f", source, { Timeout: 30, MemorySize: 512 });
    const sending = clients(url);
    await until("events are acknowledged", () => acknowledged.size > 200);

    await until("events are refused", () => {
      disk.fill(); // again and again: the server gives back what it does not need any more
      return refused.length > 20;
    });
    for (const answer of refused) {
      expect(answer.status).toBe(500);
      expect(answer.headers.get("x-amzn-errortype")).toBe("ServiceException");
      expect(answer.json()["Message"]).toBe("Cannot queue the event: the disk is full");
    }
    const called = await request(url, "POST", `${FUNCTIONS}/f/invocations`, { body: "{}" });
    expect([called.status, called.text]).toEqual([200, '"well"']);
    expect((await request(url, "GET", `${FUNCTIONS}/f`)).status).toBe(200);
    expect((await request(url, "GET", "/_lambent/health")).status).toBe(200);
    const full = "Cannot store anything: the disk is full; try again when there is room";
    const alias = { body: JSON.stringify({ Name: "a", FunctionVersion: "$LATEST" }) };
    const schedule = { body: JSON.stringify({ name: "s", function: "f", expression: "rate(1 hour)" }) };
    for (const answer of [
      await request(url, "POST", `${FUNCTIONS}/f/aliases`, alias),
      await request(url, "POST", "/_lambent/schedules", schedule),
      await request(url, "POST", `${FUNCTIONS}`, { body: await createBody() }),
    ]) {
      expect([answer.status, answer.json()["Message"]]).toEqual([500, full]);
    }

    await disk.free();
    const before = acknowledged.size;
    await until("events are acknowledged again", () => acknowledged.size > before + 200);
    expect((await request(url, "POST", `${FUNCTIONS}/f/aliases`, alias)).status).toBe(201);
    await sending.stop();
    await untilDone(url);
    expect(lost()).toEqual([]);

    // Once more, and killed while it is full.
    refused = [];
    const again = clients(url);
    await until("events are acknowledged", () => acknowledged.size > before + 400);
    await until("events are refused", () => {
      disk.fill(); // again and again: the server gives back what it does not need any more
      return refused.length > 20;
    });
    child.kill("SIGKILL");
    await child.exited;
    await again.stop();
    await disk.free();
    const restarted = await startWith(around, directory);
    await untilDone(restarted.url);
    expect(lost()).toEqual([]);
    expect((await request(restarted.url, "GET", `${FUNCTIONS}/f/aliases/a`)).status).toBe(200);
    restarted.child.kill("SIGTERM");
    await restarted.child.exited;
  },
  90_000,
);

async function createBody(): Promise<string> {
  const zip = Buffer.from(await zipOf({ "index.js": "exports.handler = async () => 1;" })).toString("base64");
  const Role = "arn:aws:iam::000000000000:role/any";
  const rest = { Runtime: "nodejs22.x", Handler: "index.handler", Role, Code: { ZipFile: zip } };
  return JSON.stringify({ FunctionName: "g", ...rest });
}
