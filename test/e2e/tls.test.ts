/** TLS: with a certificate of the operator's, which may change while calls run. */
import { afterEach, beforeEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { copyFile } from "node:fs/promises";
import { join } from "node:path";
import { connect } from "node:tls";
import { awsCliAs, awsCliAvailable } from "../support/aws-cli.ts";
import { type RunningServer, runLambent, startServer, temporaryDirectory } from "../support/server.ts";
import { until } from "../support/until.ts";
import { zipOf } from "../support/zip.ts";

setDefaultTimeout(60_000);

const FIXTURES = join(import.meta.dir, "../fixtures/tls");

let folder: Awaited<ReturnType<typeof temporaryDirectory>>;
let files: { cert: string; key: string };
let server: RunningServer | undefined;
beforeEach(async () => {
  folder = await temporaryDirectory();
  files = { cert: join(folder.path, "tls.crt"), key: join(folder.path, "tls.key") };
  await useCertificate("first");
});
afterEach(async () => {
  await server?.stop();
  server = undefined;
  await folder.remove();
});

async function useCertificate(name: "first" | "second"): Promise<void> {
  await copyFile(join(FIXTURES, `${name}.crt`), files.cert);
  await copyFile(join(FIXTURES, `${name}.key`), files.key);
}

async function start(...flags: string[]): Promise<RunningServer> {
  server = await startServer({ flags: ["--tls-cert", files.cert, "--tls-key", files.key, ...flags] });
  return server;
}

const trusting = { tls: { rejectUnauthorized: false } };

/** The name in the certificate that a new connection is shown. */
function shown(url: string): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const socket = connect({ host: "127.0.0.1", port: Number(new URL(url).port), rejectUnauthorized: false }, () => {
    resolve(String(socket.getPeerCertificate().subject.CN));
    socket.destroy();
  });
  socket.on("error", reject);
  return promise;
}

async function createFunction(url: string, source: string): Promise<void> {
  const ZipFile = Buffer.from(await zipOf({ "index.js": source })).toString("base64");
  const body = JSON.stringify({
    FunctionName: "f",
    Runtime: "nodejs22.x",
    Role: "arn:aws:iam::000000000000:role/any",
    Handler: "index.handler",
    Timeout: 30,
    Code: { ZipFile },
  });
  expect((await fetch(`${url}/2015-03-31/functions`, { method: "POST", body, ...trusting })).status).toBe(201);
}
const invoke = (url: string, event: unknown) =>
  fetch(`${url}/2015-03-31/functions/f/invocations`, { method: "POST", body: JSON.stringify(event), ...trusting });

const WAITS = `exports.handler = async ({ ms }) => {
  await new Promise((done) => setTimeout(done, ms));
  return "done";
};`;

describe("a server with a certificate", () => {
  test("speaks TLS and nothing else", async () => {
    const { url } = await start();
    expect(url).toStartWith("https://127.0.0.1:");
    expect((await fetch(`${url}/_lambent/health`, trusting)).status).toBe(200);
    const fails = (address: string) =>
      fetch(`${address}/_lambent/health`).then(
        () => false,
        () => true,
      );
    expect(await fails(url)).toBe(true); // nobody has signed it
    expect(await fails(url.replace("https", "http"))).toBe(true);
    expect((await runLambent(["health", "--url", url])).code).toBe(0); // a health check asks no more than that
  });

  test.if(awsCliAvailable)("serves the AWS CLI with keys, and lambent's own commands", async () => {
    const { url, dataDirectory } = await start("--auth", "keys");
    const own = ["--url", url, "--data-dir", dataDirectory, "--tls-ca", files.cert];
    const made = await runLambent(["keys", "create", "--name", "ann", "--role", "reader", "--json", ...own]);
    expect(made.stderr).toBe("");
    const { accessKeyId, secretAccessKey } = JSON.parse(made.stdout);
    const env = {
      AWS_ACCESS_KEY_ID: accessKeyId,
      AWS_SECRET_ACCESS_KEY: secretAccessKey,
      AWS_CA_BUNDLE: files.cert,
    };
    const run = await awsCliAs(env, url, "lambda", "list-functions");
    expect([run.stderr, run.json()]).toEqual(["", { Functions: [] }]);
    const unsure = await runLambent(["keys", "ls", "--url", url, "--data-dir", dataDirectory]);
    expect(unsure.stderr).toContain("--tls-ca");
  });

  test("takes over one that changes on disk, and harms no call that runs", async () => {
    const { url } = await start();
    await createFunction(url, WAITS);
    await invoke(url, { ms: 0 });
    const running = invoke(url, { ms: 6000 });
    expect(await shown(url)).toBe("first");
    await useCertificate("second");
    await until("the new certificate is shown", async () => (await shown(url).catch(() => "")) === "second", 20_000);
    const answer = await running;
    expect([answer.status, await answer.json()]).toEqual([200, "done"]);
    expect((await invoke(url, { ms: 0 })).status).toBe(200);
  });

  test("takes it over at once for SIGHUP, and keeps the one before when the new one is none", async () => {
    const running = await start();
    await Bun.write(files.cert, "this is no certificate");
    running.signal("SIGHUP");
    await until("it is said", () => running.stderr.includes("Cannot take over the TLS certificate"));
    expect(await shown(running.url)).toBe("first");
    await useCertificate("second");
    running.signal("SIGHUP");
    await until(
      "the new certificate is shown",
      async () => (await shown(running.url).catch(() => "")) === "second",
      1500,
    );
  });
});

describe("a server that cannot start says why:", () => {
  const refusal = async (...flags: string[]) => {
    const args = ["serve", "--port", "0", "--data-dir", join(folder.path, "data"), ...flags];
    const { code, stderr } = await runLambent(args);
    expect(code).not.toBe(0);
    return stderr;
  };

  test("its key belongs to another certificate", async () => {
    await copyFile(join(FIXTURES, "second.key"), files.key);
    expect(await refusal("--tls-cert", files.cert, "--tls-key", files.key)).toMatch(
      /^lambent: Cannot use the TLS certificate .*tls\.crt with the key .*tls\.key: /,
    );
  });

  test("there is a certificate and no key", async () => {
    expect(await refusal("--tls-cert", files.cert)).toBe(
      "lambent: Cannot use --tls-cert or --tls-key alone: give both, or neither\n",
    );
  });

  test("its port is in use, also by another that speaks TLS", async () => {
    const { url } = await start();
    const { port } = new URL(url);
    const flags = ["--tls-cert", files.cert, "--tls-key", files.key];
    const { stderr } = await runLambent(["serve", "--port", port, "--data-dir", join(folder.path, "data"), ...flags]);
    expect(stderr).toContain(`Cannot listen on 127.0.0.1:${port}: another program listens there`);
  });
});
