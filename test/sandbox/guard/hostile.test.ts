/** Processes that do to the guard what it does not expect: it holds to the policy, keeps answering the others, and keeps nothing. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import type { NetworkPolicy } from "../../../src/core/network-policy.ts";
import { Guard } from "../../../src/sandbox/guard/guard.ts";
import * as rawSockets from "./raw-sockets.ts";
import { at, endAll, opened, raw, runUnder, WAYS } from "./run-guarded.ts";

const EACCES = -13;
const O_NONBLOCK = 0o4000;

let host: Bun.Server<undefined>;
let datagrams: Bun.udp.Socket<"buffer">;
let received: string[];
/** Where a connection is waited for and never comes. */
let silent: { readonly port: number; close(): void };

beforeAll(async () => {
  host = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response("the host's") });
  received = [];
  datagrams = await Bun.udpSocket({
    hostname: "127.0.0.1",
    socket: { data: (_socket, bytes) => void received.push(bytes.toString()) },
  });
  silent = rawSockets.listenSilently();
});
afterEach(endAll);
afterAll(async () => {
  silent.close();
  datagrams.close();
  await host.stop(true);
});

describe.each(WAYS)("a hostile process that is held to a policy by a guard that $way", ({ aboutSockets }) => {
  let guard: Guard;
  beforeAll(() => {
    guard = new Guard({
      opened: [],
      asked: { aboutTasks: false, aboutSignals: false, aboutFiles: false, aboutOpening: false, aboutSockets },
    });
  });
  afterAll(() => guard.close());
  const run = (body: string, policy?: NetworkPolicy) => runUnder(guard, body, policy);

  /** Fails when the guard is held up. */
  const expectAnswers = async (): Promise<void> => {
    const ask = run(raw(`return raw.connect(raw.open(raw.SOCK_STREAM), raw.addressOf("127.0.0.1", 1))`));
    expect((await Promise.race([ask, Bun.sleep(3000)])) ?? "no answer").toEqual({
      value: EACCES,
      refused: ["127.0.0.1:1"],
    });
  };

  test("sends no datagram anywhere by saying that its address is of no family", async () => {
    received.length = 0;
    const { value } = await run(
      raw(`
      const to = raw.addressOf("127.0.0.1", ${datagrams.port});
      to[0] = 0;
      const socket = raw.open(raw.SOCK_DGRAM);
      return [raw.sendTo(socket, "x", to), raw.sendMessage(socket, ["x"], to), raw.sendMessages(socket, ["x"], to)[0], raw.connect(socket, to)]`),
      opened(1),
    );
    expect(value).toEqual([-97, -97, -97, 0]);
    await Bun.sleep(20);
    expect(received).toEqual([]);
  });

  test.each([
    ["datagrams come to", (port: number) => `await Bun.udpSocket({ hostname: "127.0.0.1", port: ${port} })`],
    [
      "another address has",
      (port: number) => `Bun.listen({ hostname: "127.0.0.2", port: ${port}, socket: { data() {} } })`,
    ],
    ["IPv6 has", (port: number) => `Bun.listen({ hostname: "::1", port: ${port}, socket: { data() {} } })`],
  ])("reaches nothing of the host by listening itself at a port that %s", async (_, listen) => {
    const port = host.port ?? 0;
    const { code, value } = await run(`${listen(port)}; return (await fetch("http://${at(port)}/")).text()`);
    expect([code, value]).toEqual(["EACCES", undefined]);
  });

  test("sends nothing without a copy: the memory would be the guard's", async () => {
    const MSG_ZEROCOPY = 0x4000000;
    const { value } = await run(
      raw(`
      const socket = raw.open(raw.SOCK_DGRAM);
      const to = raw.addressOf("127.0.0.1", ${datagrams.port});
      return [raw.sendTo(socket, "x", to, ${MSG_ZEROCOPY}), raw.sendMessage(socket, ["x"], to, ${MSG_ZEROCOPY})]`),
      opened(datagrams.port),
    );
    expect(value).toEqual([-95, -95]);
  });

  test("has nobody wait for a socket that it lets wait after all", async () => {
    const attack = run(
      raw(`
      const socket = raw.open(raw.SOCK_STREAM);
      const flip = ${JSON.stringify(`
        const { dlopen, FFIType: { i32 } } = require("bun:ffi");
        const { fcntl } = dlopen("libc.so.6", { fcntl: { args: [i32, i32, i32], returns: i32 } }).symbols;
        onmessage = ({ data }) => { postMessage("ready"); for (;;) fcntl(data, 4, 0); }`)};
      const worker = new Worker(URL.createObjectURL(new Blob([flip])));
      await new Promise((ready) => { worker.onmessage = ready; worker.postMessage(socket); });
      for (let n = 0; n < 300; n++) {
        const next = raw.open(raw.SOCK_STREAM | ${O_NONBLOCK});
        raw.replace(next, socket);
        raw.close(next);
        raw.connect(socket, raw.addressOf("127.0.0.1", ${silent.port}));
      }`),
      opened(silent.port),
    );
    await Promise.race([attack, Bun.sleep(500)]);
    await expectAnswers();
  });

  test("leaves no descriptors behind by having its waiting interrupted", async () => {
    const descriptors = (): number => readdirSync("/proc/self/fd").length;
    const before = descriptors();
    let most = 0;
    const looking = setInterval(() => {
      most = Math.max(most, descriptors());
    }, 10);
    await run(
      raw(`
      process.on("SIGALRM", () => {});
      raw.interruptEvery(1000);
      for (let n = 0; n < 400; n++) {
        const socket = raw.open(raw.SOCK_STREAM);
        raw.connect(socket, raw.addressOf("127.0.0.1", ${silent.port}));
        raw.close(socket);
      }`),
      opened(silent.port),
    );
    clearInterval(looking);
    expect(most - before).toBeWithin(1, 200);
    await Bun.sleep(20);
    expect(descriptors()).toBeLessThanOrEqual(before);
  }, 20_000);

  test("whose calls take long has no more than a part of the guard's time", async () => {
    const { value } = await run(
      raw(`
      const { openSync } = await import("node:fs");
      for (let n = 0; n < 15_000; n++) openSync("/dev/null");
      const connect = () => raw.connect(raw.open(raw.SOCK_STREAM), raw.addressOf("127.0.0.1", ${host.port}));
      const beganAtMs = performance.now();
      connect();
      const eachMs = performance.now() - beganAtMs;
      let count = 1;
      while (performance.now() - beganAtMs < 1500) { connect(); count++; }
      return [eachMs, count * eachMs / (performance.now() - beganAtMs)]`),
    );
    const [eachMs, share] = value as [number, number];
    if (eachMs > 20) expect(share).toBeWithin(0.05, 0.5);
  });
});
