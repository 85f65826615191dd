import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { IS_GUARD_OFFERED } from "../sandbox/guard/offered-guard.ts";
import { OFFERED } from "../sandbox/offered-walls.ts";
import { type RunningServer, startServer } from "../support/server.ts";
import { zipOf } from "../support/zip.ts";

const SOURCE = `
import { connect } from "node:net";
const reach = ([host, port]) => new Promise((resolve) => {
  const socket = connect(port, host, () => { resolve("connected"); socket.destroy(); });
  socket.on("error", (error) => resolve(error.code));
});
export const handler = async ({ to }) => Promise.all(to.map(reach));
`;
const FUNCTIONS = "/2015-03-31/functions";
const METADATA = ["169.254.169.254", 80];

let host: Bun.TCPSocketListener<undefined>;
let folder: string;

beforeAll(async () => {
  host = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
  folder = await mkdtemp(join(tmpdir(), "lambent-network-"));
});
afterAll(async () => {
  host.stop(true);
  await rm(folder, { recursive: true });
});

async function withServer(flags: readonly string[], work: (server: RunningServer) => Promise<void>): Promise<void> {
  const server = await startServer({ flags: ["--log-level", "warn", ...flags] });
  try {
    await work(server);
  } finally {
    await server.stop();
  }
}

async function create(server: RunningServer, name: string, securityGroupIds: readonly string[] = []) {
  const zip = Buffer.from(await zipOf({ "index.mjs": SOURCE })).toString("base64");
  return fetch(`${server.url}${FUNCTIONS}`, {
    method: "POST",
    body: JSON.stringify({
      FunctionName: name,
      Runtime: "nodejs22.x",
      Role: "arn:aws:iam::000000000000:role/any",
      Handler: "index.handler",
      Code: { ZipFile: zip },
      VpcConfig: { SubnetIds: ["subnet-1"], SecurityGroupIds: securityGroupIds },
    }),
  });
}

async function reach(server: RunningServer, name: string, ...to: (readonly (string | number)[])[]) {
  const answer = await fetch(`${server.url}${FUNCTIONS}/${name}/invocations`, {
    method: "POST",
    body: JSON.stringify({ to }),
  });
  return (await answer.json()) as string[];
}

describe.skipIf(!IS_GUARD_OFFERED).each(OFFERED.map(({ kind }) => kind))("with %s", (isolation) => {
  const flags = ["--isolation", isolation];

  test("a function reaches neither the host nor the server nor metadata, and the operator is told", () =>
    withServer(flags, async (server) => {
      await create(server, "f");
      const own = Number(new URL(server.url).port);
      const answers = await reach(server, "f", ["127.0.0.1", host.port], ["127.0.0.1", own], ["::1", own], METADATA);
      expect(answers).toEqual(["EACCES", "EACCES", "EACCES", "EACCES"]);
      expect(server.stderr).toContain(`"function":"f","destination":"127.0.0.1:${host.port}"`);
    }));

  test("it reaches what the operator opened", () =>
    withServer([...flags, "--network-open", `localhost:${host.port}`], async (server) => {
      await create(server, "f");
      expect(await reach(server, "f", ["127.0.0.1", host.port], METADATA)).toEqual(["connected", "EACCES"]);
    }));

  test("each function is held to the policy of its security group", async () => {
    const path = join(folder, `${isolation}.json`);
    await writeFile(path, JSON.stringify({ "sg-open": `127.0.0.1:${host.port}`, "sg-shut": "none" }));
    await withServer([...flags, "--network-policies", path], async (server) => {
      await create(server, "open", ["sg-open"]);
      await create(server, "shut", ["sg-shut"]);
      await create(server, "both", ["sg-shut", "sg-open"]);
      await create(server, "neither");
      const answers = await Promise.all(
        ["open", "shut", "both", "neither"].map((name) => reach(server, name, ["127.0.0.1", host.port])),
      );
      expect(answers.flat()).toEqual(["connected", "EACCES", "connected", "EACCES"]);
      const refused = await create(server, "odd", ["sg-ghost"]);
      expect([refused.status, refused.headers.get("x-amzn-errortype")]).toEqual([
        400,
        "InvalidParameterValueException",
      ]);
      expect(await refused.text()).toContain("The security group 'sg-ghost' does not exist");
    });
  });
});

test("a policy that could not hold is no start: without walls there is none", async () => {
  const starting = startServer({ flags: ["--isolation", "none", "--network", "none"] });
  await expect(starting).rejects.toThrow(
    "Cannot hold functions to a network policy: functions run without walls (--isolation none)",
  );
});

test.each([
  { flags: ["--network", "a b"], says: "Cannot use 'a b' for --network: 'a b' is no destination" },
  { flags: ["--network-open", "host:0"], says: "for --network-open: 'host:0' is no destination" },
  { flags: ["--network-policies", "/nowhere.json"], says: "Cannot use '/nowhere.json' for --network-policies: ENOENT" },
])("what cannot be read is said: $flags", async ({ flags, says }) => {
  await expect(startServer({ flags })).rejects.toThrow(says);
});
