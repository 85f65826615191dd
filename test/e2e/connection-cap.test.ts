/** More connections than the server wants to have: it ends the surplus, and whoever else asks has an answer. */
import { afterEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { connect, type Socket } from "node:net";
import { create } from "../support/lambda-http.ts";
import { rawConnection } from "../support/raw-http.ts";
import { type RunningServer, type ServerOptions, startServer } from "../support/server.ts";
import { until } from "../support/until.ts";
import { zipOf } from "../support/zip.ts";

setDefaultTimeout(60_000);

const ATTACKER = "127.0.0.1";
const OTHER = "127.0.0.2";
const HEALTH = "GET /_lambent/health HTTP/1.1\r\nHost: x\r\n\r\n";

const atEnd: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of atEnd.splice(0).reverse()) await end();
});

async function serve(options: ServerOptions): Promise<RunningServer> {
  const server = await startServer(options);
  atEnd.push(() => server.stop());
  return server;
}

class Crowd {
  ended = 0;
  readonly sockets: Socket[];

  constructor(server: RunningServer, { count, from }: { count: number; from: string }) {
    const port = Number(new URL(server.url).port);
    this.sockets = Array.from({ length: count }, () =>
      connect({ host: "127.0.0.1", port, localAddress: from })
        .on("error", () => {})
        .on("close", () => {
          this.ended++;
        })
        .resume(),
    );
    atEnd.push(() => {
      for (const socket of this.sockets) socket.destroy();
    });
  }

  get left(): number {
    return this.sockets.length - this.ended;
  }
}

const isHealthy = async ({ url }: RunningServer): Promise<boolean> => (await fetch(`${url}/_lambent/health`)).ok;

describe.skipIf(process.platform !== "linux")("beyond --max-connections", () => {
  const MAX = 20;
  const flags = ["--max-connections", String(MAX)];

  test("idle connections of who has the most are closed, and nobody else's", async () => {
    const server = await serve({ flags });
    const others = new Crowd(server, { count: 5, from: OTHER });
    const crowd = new Crowd(server, { count: 200, from: ATTACKER });
    await until("as many are left as may be", () => crowd.left + others.left <= MAX);
    expect(others.left).toBe(5);
    expect(crowd.left).toBe(MAX - 5);
    expect(await isHealthy(server)).toBe(true);
    expect(server.stderr).toMatch(/"max":20,"closed":\d+,"mostFrom":"127\.0\.0\.1",.*Too many connections/);
  });

  test("a call that runs keeps its connection, though its client has the most", async () => {
    const release = Promise.withResolvers<Bun.Socket<undefined>>();
    const host = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {}, open: release.resolve } });
    atEnd.push(() => host.stop(true));
    const server = await serve({ flags: [...flags, "--network-open", `127.0.0.1:${host.port}`] });
    const source = `exports.handler = () => new Promise((resolve) => require("node:net")
      .connect(${host.port}, "127.0.0.1").on("data", (bytes) => resolve(bytes.toString())));`;
    await create(server.url, "waits", await zipOf({ "index.js": source }), { Timeout: 60 });
    const call = rawConnection(server.url);
    atEnd.push(() => call.socket.destroy());
    call.send("POST /2015-03-31/functions/waits/invocations HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}");
    const handler = await release.promise;
    const crowd = new Crowd(server, { count: 200, from: ATTACKER });
    await until("as many are left as may be", () => crowd.left < MAX);
    expect(call.over).toBe("no");
    handler.write("released");
    expect(await call.receives(/released/)).toStartWith("HTTP/1.1 200");
  });

  test("a connection that has had an error for an answer is as idle as any other", async () => {
    const server = await serve({ flags });
    const refused = rawConnection(server.url);
    atEnd.push(() => refused.socket.destroy());
    refused.send("POST /2015-03-31/functions/ghost/invocations HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}");
    await refused.receives(/Function not found/);
    new Crowd(server, { count: 200, from: ATTACKER });
    expect(await refused.ends()).toBe("ended");
  });
});

test.skipIf(process.platform !== "linux")(
  "a server whose descriptors are all used up answers again, and starts functions",
  async () => {
    const server = await serve({ descriptorsMax: 256 });
    const crowd = new Crowd(server, { count: 400, from: ATTACKER });
    await until("half of the descriptors are free", () => crowd.left <= 128);
    const other = rawConnection(server.url);
    atEnd.push(() => other.socket.destroy());
    other.send(HEALTH);
    expect(await other.receives(/"status":"ok"/)).toStartWith("HTTP/1.1 200");
    expect(
      (await create(server.url, "f", await zipOf({ "index.js": "exports.handler = async () => 7;" }))).status,
    ).toBe(201);
    const called = await fetch(`${server.url}/2015-03-31/functions/f/invocations`, { method: "POST", body: "{}" });
    expect(await called.json()).toBe(7);
  },
);
