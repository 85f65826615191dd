import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { HANDOVER_FLAGS } from "../../../runtime/protocol.ts";
import type { NetworkPolicy } from "../../../src/core/network-policy.ts";
import { Guard } from "../../../src/sandbox/guard/guard.ts";
import { at, endAll, opened, raw, runUnder, WAYS } from "./run-guarded.ts";

const EPERM = -1;
const EACCES = -13;
const ECONNREFUSED = -111;

let host: Bun.Server<undefined>;
let datagrams: Bun.udp.Socket<"buffer">;
let received: string[];
let connectionsToHost = 0;
let closedPort: number;

beforeAll(async () => {
  host = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch() {
      connectionsToHost++;
      return new Response("the host's");
    },
  });
  const other = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response() });
  closedPort = other.port ?? 0;
  await other.stop(true);
  received = [];
  datagrams = await Bun.udpSocket({
    hostname: "127.0.0.1",
    socket: { data: (_socket, bytes) => void received.push(bytes.toString()) },
  });
});
afterEach(endAll);
afterAll(async () => {
  datagrams.close();
  await host.stop(true);
});

describe.each(WAYS)("a process that is held to a policy by a guard that $way", ({ aboutSockets }) => {
  let guard: Guard;
  beforeAll(() => {
    guard = new Guard({
      opened: [],
      asked: { aboutTasks: false, aboutSignals: false, aboutFiles: false, aboutOpening: false, aboutSockets },
    });
    guard.ownPorts = [host.port ?? 0];
  });
  afterAll(() => guard.close());
  const run = (body: string, policy?: NetworkPolicy) => runUnder(guard, body, policy);

  test("looks up a name, whatever the host has for it, and nobody hears of a refusal", async () => {
    const lookup = `(await import("node:dns/promises")).lookup("localhost").then(() => "over", () => "over")`;
    expect(await run(`return ${lookup}`)).toEqual({ value: "over", refused: [] });
  });

  test("asks the kernel for the way to an address where it may connect, to any port of it", async () => {
    const ask = (policy: NetworkPolicy) =>
      run(raw(`return raw.connect(raw.open(raw.SOCK_DGRAM), raw.addressOf("127.0.0.1", 0))`), policy);
    expect(await ask(opened(closedPort))).toEqual({ value: 0, refused: [] });
    expect(await ask("all")).toEqual({ value: EACCES, refused: [] });
  });

  test("cannot connect to the host's loopback, and the host is told where it wanted to", async () => {
    const before = connectionsToHost;
    const { code, refused } = await run(`return (await fetch("http://${at(host.port ?? 0)}/")).text()`);
    expect([code, refused]).toEqual(["EACCES", [at(host.port ?? 0)]]);
    expect(connectionsToHost).toBe(before);
  });

  test("cannot connect to a metadata service", async () => {
    const connect = `(await import("node:net")).connect(80, "169.254.169.254")`;
    const { code, refused } = await run(
      `const socket = ${connect}; return new Promise((ok, no) => socket.on("connect", ok).on("error", no))`,
    );
    expect([code, refused]).toEqual(["EACCES", ["169.254.169.254:80"]]);
  });

  test("connects to what is allowed, with an address of IPv6's form too", async () => {
    const port = host.port ?? 0;
    for (const url of [`http://${at(port)}/`, `http://[::ffff:127.0.0.1]:${port}/`]) {
      const told = await run(`return (await fetch("${url}")).text()`, opened(port));
      expect(told).toEqual({ value: "the host's", refused: [] });
    }
  });

  test("connects to what it listens on itself, and to what its child does", async () => {
    const listen = `Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response("its own") })`;
    const own = await run(`const { port } = ${listen}; return (await fetch("http://127.0.0.1:" + port)).text()`);
    expect(own).toEqual({ value: "its own", refused: [] });
    const child = await run(`
      const child = Bun.spawn([process.execPath, "-e", ${JSON.stringify(`console.log(${listen}.port)`)}], { stdout: "pipe" });
      const { value } = await child.stdout.getReader().read();
      const text = await (await fetch("http://127.0.0.1:" + new TextDecoder().decode(value).trim())).text();
      child.kill();
      return text;
    `);
    expect(child).toEqual({ value: "its own", refused: [] });
  });

  test.each([
    ["127.0.0.1", "0.0.0.0"],
    ["0.0.0.0", "127.0.0.1"],
    ["[::1]", "::1"],
    ["[::1]", "::"],
    ["127.0.0.1", "::"],
  ])("reaches %s when it listens at %s itself", async (to, where) => {
    const listen = `Bun.serve({ port: 0, hostname: "${where}", fetch: () => new Response("its own") })`;
    const told = await run(`const { port } = ${listen}; return (await fetch("http://${to}:" + port)).text()`);
    expect(told).toEqual({ value: "its own", refused: [] });
  });

  test("is refused through its children as well", async () => {
    const url = `http://${at(host.port ?? 0)}/`;
    const inner = `fetch(${JSON.stringify(url)}).then(() => console.log("reached"), (error) => console.log(error.code))`;
    const { value, refused } = await run(
      `return Bun.spawnSync([process.execPath, "-e", ${JSON.stringify(inner)}]).stdout.toString().trim()`,
    );
    expect([value, refused]).toEqual(["EACCES", [at(host.port ?? 0)]]);
  });

  test("that waits in connect is answered when the connection is there, refused by the other side, or not allowed", async () => {
    const port = host.port ?? 0;
    const { value } = await run(
      raw(`return [${port}, ${closedPort}, ${port + 1}].map((port) =>
        raw.connect(raw.open(raw.SOCK_STREAM), raw.addressOf("127.0.0.1", port)))`),
      opened(port, closedPort),
    );
    expect(value).toEqual([0, ECONNREFUSED, EACCES]);
  });

  test("sends datagrams to where it may, in every way there is, and nowhere else", async () => {
    received.length = 0;
    const { port } = datagrams;
    const ways = raw(`
      const socket = raw.open(raw.SOCK_DGRAM);
      const to = raw.addressOf("127.0.0.1", ${port});
      const answers = [raw.sendTo(socket, "one", to), raw.sendMessage(socket, ["t", "wo"], to)];
      answers.push(raw.sendMessages(socket, ["three", "four"], to), raw.connect(socket, to));
      answers.push(raw.sendMessage(socket, ["five"]), raw.sendMessages(socket, ["six"]));
      return answers;
    `);
    expect(await run(ways, opened(port))).toEqual({ value: [3, 3, [2, 5, 4], 0, 4, [1, 3]], refused: [] });
    while (received.length < 6) await Bun.sleep(1);
    expect(received).toEqual(["one", "two", "three", "four", "five", "six"]);
    const refusedWays = await run(ways);
    expect((refusedWays.value as unknown[]).slice(0, 4)).toEqual([EACCES, EACCES, [EACCES, 0, 0], EACCES]);
    expect(received.length).toBe(6);
  });

  test("sends its bytes along with a connection to nobody", async () => {
    const MSG_FASTOPEN = 0x20000000;
    const { value } = await run(
      raw(
        `return raw.sendTo(raw.open(raw.SOCK_STREAM), "x", raw.addressOf("127.0.0.1", ${host.port}), ${MSG_FASTOPEN})`,
      ),
    );
    expect(value).toBe(-95);
  });

  test("gets an error for an address that it cannot have meant", async () => {
    const { value } = await run(
      raw(`const socket = raw.open(raw.SOCK_STREAM);
        return [new Uint8Array(1), new Uint8Array(200), Uint8Array.from([2, 0, 1]), Uint8Array.from([77, 0, 1, 1])]
          .map((address) => raw.connect(socket, address))`),
    );
    expect(value).toEqual([-97, -22, -97, -97]);
  });

  test("reaches nothing at all with the policy none", async () => {
    const { code } = await run(`return (await fetch("http://${at(host.port ?? 0)}/")).text()`, "none");
    expect(code).toBe("EACCES");
    // A datagram could leave in place of a stream's bytes, by exchanging the sockets after the guard has looked.
    const open = await run(raw("return [raw.open(raw.SOCK_DGRAM), raw.open(raw.SOCK_STREAM) > 0]"), "none");
    expect(open.value).toEqual([-1, true]);
  });

  test("gains nothing by changing the address while it is looked at", async () => {
    let reached = 0;
    const listen = (open: () => void) =>
      Bun.listen({ port: 0, hostname: "127.0.0.1", socket: { open, data: () => {} } });
    const allowed = listen(() => {});
    const forbidden = listen(() => {
      reached++;
    });
    const flips = `
      onmessage = ({ data: { shared, ports } }) => {
        const address = new Uint8Array(shared);
        postMessage("ready");
        for (let n = 0; ; n++) { const port = ports[n & 1]; address[2] = port >> 8; address[3] = port & 255; }
      }`;
    const { value } = await run(
      raw(`
        const shared = new SharedArrayBuffer(16);
        const address = new Uint8Array(shared);
        address.set(raw.addressOf("127.0.0.1", ${allowed.port}));
        const worker = new Worker(URL.createObjectURL(new Blob([${JSON.stringify(flips)}])));
        await new Promise((ready) => {
          worker.onmessage = ready;
          worker.postMessage({ shared, ports: [${allowed.port}, ${forbidden.port}] });
        });
        const answers = {};
        const isSeen = (answer) => answers[answer] > 50;
        for (let n = 0; n < 100_000 && !(isSeen(0) && isSeen(${EACCES})); n++) {
          const socket = raw.open(raw.SOCK_STREAM);
          const answer = raw.connect(socket, address);
          raw.close(socket);
          answers[answer] = (answers[answer] ?? 0) + 1;
        }
        return answers;
      `),
      opened(allowed.port),
    );
    const { "0": connected = 0, [EACCES]: refused = 0, ...others } = value as Record<string, number>;
    expect(connected).toBeGreaterThan(50);
    expect(refused).toBeGreaterThan(50);
    expect(others).toEqual({});
    expect(reached).toBe(0);
    allowed.stop(true);
    forbidden.stop(true);
  }, 30_000);

  test("hands over nothing a second time", async () => {
    const { value } = await run(
      raw(`const flags = ${HANDOVER_FLAGS};
        return [raw.sendMessage(4, ["x"], undefined, flags), raw.sendMessage(raw.open(raw.SOCK_DGRAM), ["x"], undefined, flags)]`),
    );
    expect(value).toEqual([EPERM, EPERM]);
  });

  test("has no more of a socket than it would have by itself: it closes, and its port is free again", async () => {
    const { promise: closed, resolve } = Promise.withResolvers<string>();
    const peer = Bun.listen({
      port: 0,
      hostname: "127.0.0.1",
      socket: { data: (socket, bytes) => void socket.write(bytes), close: () => resolve("closed") },
    });
    const { value } = await run(
      `
      const net = await import("node:net");
      const { promise, resolve } = Promise.withResolvers();
      const client = net.connect(${peer.port}, "127.0.0.1", () => client.write("x")).on("data", () => resolve());
      await promise;
      client.end();
      const ports = [];
      for (let n = 0; n < 3; n++) {
        const server = Bun.listen({ port: ports[0] ?? 0, hostname: "127.0.0.1", socket: { data() {} } });
        ports.push(server.port);
        server.stop(true);
      }
      return new Set(ports).size;
    `,
      opened(peer.port),
    );
    expect([value, await closed]).toEqual([1, "closed"]);
    peer.stop(true);
  });

  test("opens many connections one after the other, and a thousand sockets that it does nothing with", async () => {
    const port = host.port ?? 0;
    const { value } = await run(
      raw(`
        const idle = Array.from({ length: 1000 }, () => raw.open(raw.SOCK_DGRAM));
        const texts = new Set();
        for (let n = 0; n < 100; n++) texts.add(await (await fetch("http://127.0.0.1:${port}/", { keepalive: false })).text());
        return [idle.every((socket) => socket > 0), ...texts];
      `),
      opened(port),
    );
    expect(value).toEqual([true, "the host's"]);
  });

  test.skipIf(!aboutSockets)("gets no socket that reads or makes packets, though its guard might", async () => {
    const { value } = await run(raw(`return [raw.open(3), raw.open(10)].map((socket) => socket < 0)`));
    expect(value).toEqual([true, true]);
  });
});
