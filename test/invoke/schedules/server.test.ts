/** Schedules from outside: Lambent's own pages, and the command line. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { temporaryDirectories } from "../../store/temporary-directory.ts";
import { createFrom, request } from "../../support/lambda-http.ts";
import { runCommand, start } from "../queue/source-server.ts";

const temporaryDirectory = temporaryDirectories();
let server: Awaited<ReturnType<typeof start>>;
let collector: Bun.Server<undefined>;
const got: Record<string, unknown>[] = [];

beforeAll(async () => {
  collector = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    async fetch(incoming) {
      got.push((await incoming.json()) as Record<string, unknown>);
      return new Response();
    },
  });
  server = await start(join(await temporaryDirectory(), "data"), "--clock", "manual");
  const source = `exports.handler = async (event, context) => {
    await fetch("http://127.0.0.1:${collector.port}", { method: "POST", body: JSON.stringify({ event, arn: context.invokedFunctionArn }) });
  };`;
  await createFrom(server.url, "tick", source, { MemorySize: 512 });
  await request(server.url, "POST", "/2015-03-31/functions/tick/versions", { body: "{}" });
  const alias = JSON.stringify({ Name: "live", FunctionVersion: "1" });
  await request(server.url, "POST", "/2015-03-31/functions/tick/aliases", { body: alias });
});
afterAll(async () => {
  server.child.kill("SIGTERM");
  await server.child.exited;
  await collector.stop(true);
});

const advance = (advanceSeconds: number) =>
  request(server.url, "POST", "/_lambent/clock", { body: JSON.stringify({ advanceSeconds }) });
const command = (...args: string[]) => runCommand("schedule", ...args, "--url", server.url);
const put = (name: string, body: unknown) =>
  request(server.url, "PUT", `/_lambent/schedules/${name}`, { body: JSON.stringify(body) });

test("a schedule is added, listed, run for a day in a moment, disabled, enabled and deleted", async () => {
  const added = await command("add", "hourly", "--function", "tick:live", "--expression", "rate(1 hour)");
  expect(added).toMatchObject({ code: 0, stdout: expect.stringContaining("hourly runs next at 20") });
  const again = await command("add", "hourly", "--function", "tick", "--expression", "rate(1 hour)");
  expect(again).toMatchObject({ code: 1, stderr: "lambent: Schedule already exists: hourly\n" });
  expect((await command("ls")).stdout).toMatch(
    /^NAME {4}EXPRESSION {4}TIMEZONE {2}FUNCTION {3}NEXT .*\nhourly {2}rate\(1 hour\) {2}UTC {7}tick:live /,
  );

  await advance(24 * 3600);
  expect(got).toHaveLength(24);
  expect(got[0]).toMatchObject({
    arn: "arn:aws:lambda:us-east-1:000000000000:function:tick:live",
    event: { source: "aws.events", "detail-type": "Scheduled Event" },
  });
  expect(JSON.parse((await command("show", "hourly")).stdout)).toMatchObject({ enabled: true, missed: "once" });

  expect((await command("disable", "hourly")).stdout).toBe("hourly is disabled\n");
  await advance(24 * 3600);
  expect(got).toHaveLength(24);
  expect((await command("enable", "hourly")).stdout).toBe("hourly is enabled\n");
  await advance(3600);
  expect(got).toHaveLength(25);

  const replacing = [
    "--expression",
    "cron(0 12 * * ? *)",
    "--timezone",
    "Asia/Tokyo",
    "--input",
    '{"n":1}',
    "--replace",
  ];
  expect((await command("add", "hourly", "--function", "tick", ...replacing)).stdout).toMatch(/T03:00:00Z\n$/);
  await advance(24 * 3600);
  expect(got.slice(25)).toEqual([{ event: { n: 1 }, arn: "arn:aws:lambda:us-east-1:000000000000:function:tick" }]);

  expect((await command("rm", "hourly")).stdout).toBe("hourly is deleted\n");
  expect((await command("ls")).stdout).toBe("There are no schedules\n");
  await advance(48 * 3600);
  expect(got).toHaveLength(26);
});

const VALID = { function: "tick", expression: "rate(1 hour)" };
describe("a schedule is refused", () => {
  test.each<{ name: string; body: unknown; status: number; says: string }>([
    { name: "x", body: "[]", status: 400, says: "has to be a JSON object" },
    { name: "x", body: { expression: "rate(1 hour)" }, status: 400, says: "at 'function'" },
    { name: "x", body: { function: "tick" }, status: 400, says: "at 'expression'" },
    { name: "a b", body: VALID, status: 400, says: "at 'name'" },
    { name: "x", body: { ...VALID, function: "ghost" }, status: 404, says: "Function not found" },
    { name: "x", body: { ...VALID, function: "tick:ghost" }, status: 404, says: "function:tick:ghost" },
    { name: "x", body: { ...VALID, expression: "rate(1 hours)" }, status: 400, says: "rate(1 hour)" },
    {
      name: "x",
      body: { ...VALID, expression: "at(1999-01-01T00:00:00)" },
      status: 400,
      says: "no such time is to come",
    },
    { name: "x", body: { ...VALID, timezone: "Mars/Olympus" }, status: 400, says: "no time zone" },
    { name: "x", body: { ...VALID, missed: "all" }, status: 400, says: "[once, skip]" },
    { name: "x", body: { ...VALID, missed: "skip", missedWithin: 5 }, status: 400, says: "missedWithin" },
    { name: "x", body: { ...VALID, enabled: "yes" }, status: 400, says: "" },
    { name: "x", body: { ...VALID, input: "x".repeat(300_000) }, status: 400, says: "262144 bytes" },
  ])("$name: $status $says", async ({ name, body, status, says }) => {
    const answer =
      typeof body === "string"
        ? await request(server.url, "PUT", `/_lambent/schedules/${name}`, { body })
        : await put(encodeURIComponent(name), body);
    expect(answer.status).toBe(status);
    expect(answer.text).toContain(says);
    expect((await request(server.url, "GET", "/_lambent/schedules")).text).toBe('{"schedules":[]}');
  });

  test.each(["GET", "DELETE"])("%s of one that is not there", async (method) => {
    expect((await request(server.url, method, "/_lambent/schedules/ghost")).status).toBe(404);
    expect((await request(server.url, "POST", "/_lambent/schedules/ghost/enable")).status).toBe(404);
  });

  test.each([
    { args: ["add", "x"], says: "required option '--function <name>'" },
    {
      args: ["add", "x", "--function", "tick", "--expression", "rate(1 hour)", "--input", "{"],
      says: "it has to be JSON",
    },
    { args: ["add", "x", "--function", "ghost", "--expression", "rate(1 hour)"], says: "Function not found" },
    { args: ["rm", "ghost"], says: "Cannot find a schedule with the name ghost" },
  ])("by the command $args", async ({ args, says }) => {
    const { code, stderr } = await command(...args);
    expect(code).not.toBe(0);
    expect(stderr).toContain(says);
  });
});
