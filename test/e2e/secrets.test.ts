/** Environment variables of the built executable at rest: nothing on disk or in a log reads like one, and lost keys are no crash. */
import { Database } from "bun:sqlite";
import { afterEach, beforeEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createFrom, invoke, request } from "../support/lambda-http.ts";
import { type RunningServer, runLambent, startServer } from "../support/server.ts";
import { until } from "../support/until.ts";

setDefaultTimeout(60_000);

const SECRET = "correct-horse-battery-staple";
const SOURCE = "exports.handler = async () => process.env.SECRET?.length ?? 0;";
const ENVIRONMENT = { Environment: { Variables: { SECRET } } };
const LENGTH = SECRET.length;

let server: RunningServer;
beforeEach(async () => {
  server = await startServer({ flags: ["--log-level", "debug"] });
});
afterEach(() => server.stop());

/** The files of the data directory, SQLite's own logs too, that have the secret in one of its forms. */
function leaks(): string[] {
  const forms = [SECRET, Buffer.from(SECRET).toString("base64").slice(0, -4), Buffer.from(SECRET).toString("hex")];
  const files = readdirSync(server.dataDirectory, { recursive: true, withFileTypes: true }).filter((each) =>
    each.isFile(),
  );
  expect(files.length).toBeGreaterThan(3);
  return files
    .map((file) => join(file.parentPath, file.name))
    .filter((path) => forms.some((form) => readFileSync(path).includes(form)));
}

const configure = (change: Record<string, unknown>) =>
  request(server.url, "PUT", "/2015-03-31/functions/f/configuration", { body: JSON.stringify(change) });
const settled = () =>
  until("the update is through", async () => {
    const state = (await request(server.url, "GET", "/2015-03-31/functions/f/configuration")).json();
    return state["LastUpdateStatus"] !== "InProgress" && state;
  });
const keyFile = () => join(server.dataDirectory, "lambent.key");

test("a secret is nowhere in the data directory: not while it is used, not after a crash, not after an end in good order", async () => {
  await createFrom(server.url, "f", SOURCE, { ...ENVIRONMENT, Publish: true });
  expect((await invoke(server.url, "f")).value()).toBe(LENGTH);
  await invoke(server.url, "f", {}, { "x-amz-invocation-type": "Event", "x-amz-log-type": "Tail" });
  await configure({ Environment: { Variables: { SECRET, MORE: SECRET } } });
  await settled();
  await request(server.url, "POST", "/2015-03-31/functions/f/versions", { body: "{}" });
  await configure({ Environment: { Variables: { SECRET: SECRET.repeat(500) } } });
  await configure({ Environment: { Variables: { "1": SECRET } } });
  expect((await invoke(server.url, "f:2")).value()).toBe(LENGTH);
  expect(leaks()).toEqual([]);
  await server.kill9();
  expect(leaks()).toEqual([]);
  await server.restart();
  expect((await invoke(server.url, "f:1")).value()).toBe(LENGTH);
  server.signal("SIGTERM");
  await server.exited;
  expect(leaks()).toEqual([]);
  expect(server.stdout + server.stderr).not.toContain(SECRET);
});

test("what an older release kept open is sealed at the next start, and nothing of it stays", async () => {
  await createFrom(server.url, "f", SOURCE, { Publish: true });
  server.signal("SIGTERM");
  await server.exited;
  const database = new Database(join(server.dataDirectory, "lambent.db"));
  database.run("UPDATE versions SET settings = json_set(settings, '$.environment', json(?))", [
    JSON.stringify({ SECRET }),
  ]);
  database.close();
  expect(leaks()).not.toEqual([]);
  await server.restart();
  expect(leaks()).toEqual([]);
  for (const name of ["f", "f:1"]) expect((await invoke(server.url, name)).value()).toBe(LENGTH);
});

describe("keys", () => {
  test("rotate: a new one seals everything at the next start, and the old one can go", async () => {
    await createFrom(server.url, "f", SOURCE, { ...ENVIRONMENT, Publish: true });
    const { code, stdout } = await runLambent(["keys", "rotate-file", "--data-dir", server.dataDirectory]);
    expect([code, stdout]).toEqual([
      0,
      expect.stringMatching(/lambent\.key has a new first key, [0-9a-f]{12}: restart/),
    ]);
    expect((await invoke(server.url, "f")).value()).toBe(LENGTH);
    await server.restart();
    const lines = readFileSync(keyFile(), "utf8").trim().split("\n");
    expect(lines).toHaveLength(2);
    writeFileSync(keyFile(), `${lines[0]}\n`);
    await server.restart();
    for (const name of ["f", "f:1"]) expect((await invoke(server.url, name)).value()).toBe(LENGTH);
  });

  test("lost: calls are refused as AWS does, reads say so, everything else goes on", async () => {
    await createFrom(server.url, "f", SOURCE, { ...ENVIRONMENT, Publish: true });
    await createFrom(server.url, "g", SOURCE);
    const concurrency = "/2019-09-30/functions/f/provisioned-concurrency?Qualifier=1";
    await request(server.url, "PUT", concurrency, { body: '{"ProvisionedConcurrentExecutions":1}' });
    writeFileSync(keyFile(), `other ${Buffer.alloc(32, 1).toString("base64")}\n`);
    await server.restart();
    const refused = await invoke(server.url, "f");
    expect([refused.status, refused.headers.get("x-amzn-errortype")]).toEqual([502, "KMSNotFoundException"]);
    expect((await settled())["Environment"]).toMatchObject({ Error: { ErrorCode: "KMSNotFoundException" } });
    expect((await request(server.url, "GET", "/2015-03-31/functions")).json()["Functions"]).toHaveLength(2);
    expect((await invoke(server.url, "g")).value()).toBe(0);
    expect(server.stderr).toContain("Cannot open environment variables");
    expect((await configure(ENVIRONMENT)).status).toBe(200);
    await settled();
    expect((await invoke(server.url, "f")).value()).toBe(LENGTH);
  });

  test("of a team: KMSKeyArn names one", async () => {
    writeFileSync(keyFile(), `${readFileSync(keyFile(), "utf8")}team ${Buffer.alloc(32, 2).toString("base64")}\n`);
    await server.restart();
    const KMSKeyArn = "arn:aws:kms:us-east-1:000000000000:key/team";
    await createFrom(server.url, "f", SOURCE, { ...ENVIRONMENT, KMSKeyArn });
    expect((await settled())["KMSKeyArn"]).toBe(KMSKeyArn);
    expect((await invoke(server.url, "f")).value()).toBe(LENGTH);
    writeFileSync(keyFile(), readFileSync(keyFile(), "utf8").replace(/^team .*\n/m, ""));
    await server.restart();
    expect((await invoke(server.url, "f")).text).toContain("no key 'team'");
  });

  test("rotate refuses a key file that it cannot use, and says why", async () => {
    writeFileSync(keyFile(), "nonsense\n");
    const { code, stderr } = await runLambent(["keys", "rotate-file", "--key-file", keyFile()]);
    expect([code, stderr]).toEqual([1, expect.stringMatching(/^lambent: Cannot use the key file .*line 1 has to be/)]);
    expect(readFileSync(keyFile(), "utf8")).toBe("nonsense\n");
  });
});
