/**
 * What keys cost a warm call: the control plane's CPU time and the latency of a call whose signature and policies are checked, beside those
 * of the same call to a server that asks for no keys, in the same rounds. Some calls go by an alias whose function has a policy of its own.
 */
import { join } from "node:path";
import { AwsV4Signer } from "aws4fetch";
import { readKeyFile } from "../../src/security/key-file.ts";
import { type Credentials, hostCredentials } from "../../src/security/keys/credentials.ts";
import type { Bench, Figure } from "../figure.ts";
import type { LoadRequest } from "../load-protocol.ts";
import { cpuMicroseconds } from "../process-facts.ts";
import { makeFolder, removeFolder } from "../processes.ts";
import { inTurns } from "../rounds.ts";
import { expectSuccess, invokeRequest, type Server } from "../server.ts";
import { median } from "../statistics.ts";

const ROUNDS = 5;
/** The kernel counts in hundredths of a second: a round has to have many of them. */
const ROUND_MS = 1500;

export const signedCall: Figure = {
  name: "signed-call",
  async measure(bench) {
    const folder = makeFolder();
    const dataDirectory = join(folder, "data");
    const open = await bench.startServer({ dataDirectory });
    await open.createFunction("warm");
    await expectSuccess(await permission(open));
    await open.invoke("warm");
    await open.stop();
    const guarded = await bench.startServer({ dataDirectory, flags: ["--auth", "keys"] });
    const plain = await bench.startServer();
    await plain.createFunction("warm");
    await plain.invoke("warm");
    const [key] = readKeyFile(join(dataDirectory, "lambent.key")).map(hostCredentials);
    if (!key) throw new Error("Cannot go on: the server has no key file");
    const signed = await sign(key, guarded.port, invokeRequest("warm"));
    const run = runner(bench);
    await run(guarded, signed);
    await run(plain, invokeRequest("warm"));
    const cost = await inTurns(ROUNDS, {
      plain: async () => (await run(plain, invokeRequest("warm"))).cpu,
      signed: async () => (await run(guarded, signed)).cpu,
    });
    const latency = await inTurns(ROUNDS, {
      plain: async () => (await run(plain, invokeRequest("warm"))).p50,
      signed: async () => (await run(guarded, signed)).p50,
    });
    removeFolder(folder);
    const more = (of: { plain: readonly number[]; signed: readonly number[] }): number =>
      median(of.signed.map((value, round) => value - (of.plain[round] ?? Number.NaN)));
    return [
      {
        what: "Server CPU of keys per warm call",
        value: more(cost),
        unit: "µs",
        target: { max: 150 },
        note: `${median(cost.plain).toFixed(1)} µs without, ${median(cost.signed).toFixed(1)} µs with`,
      },
      {
        what: "Latency of keys per warm call, p50",
        value: more(latency),
        unit: "µs",
        target: { max: 150 },
        note: `${median(latency.plain).toFixed(0)} µs without, ${median(latency.signed).toFixed(0)} µs with`,
      },
    ];
  },
};

const permission = (server: Server): Promise<Response> =>
  server.request("POST", "/2015-03-31/functions/warm/policy", {
    StatementId: "bucket",
    Action: "lambda:InvokeFunction",
    Principal: "s3.amazonaws.com",
    SourceArn: "arn:aws:s3:::photos",
  });

function runner({ load }: Bench) {
  return async (server: Server, request: LoadRequest): Promise<{ cpu: number; p50: number }> => {
    const before = cpuMicroseconds(server.pid);
    const { latenciesMs } = await load.run({
      port: server.port,
      requests: [request],
      clients: 1,
      durationMs: ROUND_MS,
    });
    return { cpu: (cpuMicroseconds(server.pid) - before) / latenciesMs.length, p50: median(latenciesMs) * 1000 };
  };
}

/** One signature serves all rounds: it is good for five minutes. */
async function sign(credentials: Credentials, port: number, request: LoadRequest): Promise<LoadRequest> {
  const signer = new AwsV4Signer({
    ...credentials,
    method: request.method,
    url: `http://127.0.0.1:${port}${request.path}`,
    headers: { ...request.headers },
    body: request.body as Uint8Array<ArrayBuffer>,
    service: "lambda",
    region: "us-east-1",
  });
  const { headers } = await signer.sign();
  return { ...request, headers: Object.fromEntries(headers) };
}
