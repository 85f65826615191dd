/** `--isolation` and `lambent doctor`, as an operator meets them. */
import { afterAll, describe, expect, test } from "bun:test";
import { OFFERED } from "../sandbox/offered-walls.ts";
import { createFrom, invoke, request } from "../support/lambda-http.ts";
import { type RunningServer, runLambent, startServer } from "../support/server.ts";

const servers: RunningServer[] = [];
afterAll(async () => {
  for (const server of servers) await server.stop();
});
const serve = async (isolation: string): Promise<RunningServer> => {
  const server = await startServer({ flags: ["--isolation", isolation] });
  servers.push(server);
  return server;
};

const SOURCE = `
  const { readFileSync, writeFileSync } = require("node:fs");
  const { tmpdir } = require("node:os");
  exports.handler = async () => {
    writeFileSync(tmpdir() + "/kept", "kept");
    return { root: process.env.LAMBDA_TASK_ROOT, kept: readFileSync(tmpdir() + "/kept", "utf8"), cwd: process.cwd(),
      status: readFileSync("/proc/self/status", "utf8"), niceness: require("node:os").getPriority() };
  };`;

const kinds = [...OFFERED.map(({ kind }) => kind), "none"];

describe.each(kinds.map((kind) => ({ kind })))("--isolation $kind", ({ kind }) => {
  test("is what is started with, said, and what a function finds itself in", async () => {
    const server = await serve(kind);
    expect(server.stdout).toContain(`isolation of functions: ${kind}`);
    const capabilities = (await request(server.url, "GET", "/_lambent/capabilities")).json();
    expect(capabilities).toMatchObject({ isolation: kind, processor: "niceness by MemorySize" });
    await createFrom(server.url, "look", SOURCE);
    const { root, kept, cwd, status, niceness } = (await invoke(server.url, "look", {})).json();
    expect({ kept, cwd }).toEqual({ kept: "kept", cwd: root });
    expect(root === "/var/task").toBe(kind === "namespaces");
    expect(/^NoNewPrivs:\t1$/m.test(String(status))).toBe(kind !== "none");
    expect(niceness).toBe(2); // 128 of the 1,769 MB that are worth a core
  });
});

test("auto takes the strongest that works", async () => {
  const server = await serve("auto");
  expect(server.stdout).toContain(`isolation of functions: ${kinds[0]}`);
});

test.skipIf(process.platform !== "linux")("walls that do not hold here keep the server from starting", async () => {
  const elsewhere = { PATH: "/nonexistent" }; // where no bubblewrap is
  const { code, stderr } = await runLambent(["serve", "--port", "0", "--isolation", "namespaces"], elsewhere);
  expect(code).toBe(1);
  expect(stderr).toContain("Cannot wall functions in (namespaces: bubblewrap is not installed");
  expect(stderr).toContain("--isolation none");
});

test("another word is refused", async () => {
  const { code, stderr } = await runLambent(["serve", "--isolation", "strong"]);
  expect(code).toBe(2);
  expect(stderr).toContain(
    "Cannot use 'strong' for --isolation: it has to be one of: auto, namespaces, landlock, none",
  );
});

describe("lambent doctor", () => {
  test("says what was tried, and what auto takes", async () => {
    const { code, stdout } = await runLambent(["doctor"]);
    for (const what of ["bubblewrap", "user namespaces", "Landlock", "seccomp", "control groups"])
      expect(stdout).toMatch(new RegExp(`^  ${what} +\\S`, "m"));
    for (const { kind } of OFFERED) expect(stdout).toMatch(new RegExp(`^  ${kind} +works$`, "m"));
    expect(stdout).toContain(`--isolation auto takes: ${kinds[0]}`);
    expect(code).toBe(0);
  });

  test.skipIf(process.platform !== "linux")("says why walls do not hold, and what would help", async () => {
    const { stdout } = await runLambent(["doctor"], { PATH: "/nonexistent" });
    expect(stdout).toMatch(/^ {2}namespaces +does not work: bubblewrap is not installed/m);
    expect(stdout).toContain("Install bubblewrap");
  });
});
