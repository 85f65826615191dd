/** The queue from outside: the API, Lambent's own pages, and the command line. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { temporaryDirectories } from "../../store/temporary-directory.ts";
import { type Answer, createFrom, request } from "../../support/lambda-http.ts";
import { runCommand, start } from "./source-server.ts";

const temporaryDirectory = temporaryDirectories();
let server: Awaited<ReturnType<typeof start>>;

beforeAll(async () => {
  server = await start(join(await temporaryDirectory(), "data"), "--clock", "manual");
  await createFrom(server.url, "echo", "exports.handler = async (event) => event;", { MemorySize: 512 });
  await createFrom(server.url, "bad", "exports.handler = async () => { throw new Error('it broke'); };", {
    MemorySize: 512,
  });
});
afterAll(async () => {
  server.child.kill("SIGTERM");
  await server.child.exited;
});

const path = (name: string): string => `/2015-03-31/functions/${name}/invocations`;
const event = (name: string, body: string): Promise<Answer> =>
  request(server.url, "POST", path(name), { headers: { "x-amz-invocation-type": "Event" }, body });
const advance = (advanceSeconds: number): Promise<Answer> =>
  request(server.url, "POST", "/_lambent/clock", { body: JSON.stringify({ advanceSeconds }) });
const box = async (query = ""): Promise<Record<string, unknown>[]> =>
  (await request(server.url, "GET", `/_lambent/events${query}`)).json()["events"] as Record<string, unknown>[];
const command = (...args: string[]) => runCommand("events", ...args, "--url", server.url);

describe("an Event call", () => {
  test.each(["{}", '"text"', ""])("with the payload %p is answered 202, with no body and no version", async (body) => {
    const answer = await event("echo", body);
    expect(answer.status).toBe(202);
    expect(answer.text).toBe("");
    expect(answer.headers.get("x-amz-executed-version")).toBeNull();
    expect(answer.headers.get("x-amzn-requestid")).toMatch(/^[0-9a-f-]{36}$/);
  });

  test("of the largest payload is answered 202, and of one byte more 413", async () => {
    const largest = JSON.stringify("x".repeat(1_048_574));
    expect((await event("echo", largest)).status).toBe(202);
    const refused = await event("echo", `${largest} `);
    expect(refused.status).toBe(413);
    expect(refused.headers.get("x-amzn-errortype")).toBe("RequestEntityTooLargeException");
    expect(refused.json()["message"]).toBe(
      "1048577 byte payload is too large for the Event invocation type (limit 1048576 bytes)",
    );
  });

  test.each(["{", "nope", '{"a":1,}'])("with the payload %p is refused as a synchronous one is", async (body) => {
    const sync = await request(server.url, "POST", path("echo"), { body });
    const refused = await event("echo", body);
    expect({ status: refused.status, text: refused.text }).toEqual({ status: 400, text: sync.text });
  });

  test.each(["ghost", "echo:ghost"])("of %p is answered 404", async (name) => {
    const refused = await event(name, "{}");
    expect(refused.status).toBe(404);
    expect(refused.json()["Message"]).toContain("Function not found: arn:aws:lambda:us-east-1:000000000000:function:");
  });
});

test("InvokeAsync is answered 202, and no body", async () => {
  const answer = await request(server.url, "POST", "/2014-11-13/functions/echo/invoke-async", { body: "{}" });
  expect([answer.status, answer.text]).toEqual([202, ""]);
});

test("three hours of retries pass in a moment, and the box can be read, sent back from and emptied", async () => {
  const requestId = (await event("bad", '{"n":1}')).headers.get("x-amzn-requestid");
  expect((await advance(0)).status).toBe(200);
  expect(await box()).toEqual([]);
  expect((await request(server.url, "GET", "/_lambent/events/queued")).json()["events"]).toMatchObject([
    { requestId, function: "bad", attempts: 1 },
  ]);
  await advance(3 * 3600);
  const [letter] = await box();
  expect(letter).toMatchObject({ requestId, function: "bad", condition: "RetriesExhausted", attempts: 3 });

  const id = String(letter?.["id"]);
  expect((await command("ls")).stdout).toContain(`${requestId}  3      RetriesExhausted  Error: it broke`);
  expect(JSON.parse((await command("show", id)).stdout)).toMatchObject({ requestId, payload: { n: 1 } });
  expect((await command("redrive", id)).stdout).toBe("1 sent back into the queue\n");
  await advance(0);
  expect(await box()).toEqual([]);
  expect((await command("ls", "--queued")).stdout).toContain(requestId ?? "");
  await advance(3600);
  expect(await box("?function=bad")).toMatchObject([{ requestId, attempts: 3 }]);
  expect(await box("?function=echo")).toEqual([]);
  expect((await command("purge", "--all")).stdout).toBe("1 deleted\n");
  expect((await command("ls")).stdout).toBe("The dead-letter box is empty\n");
});

describe("the command line refuses", () => {
  test.each([
    { args: ["show", "1000000"], says: "There is no such event in the dead-letter box" },
    { args: ["redrive"], says: "give an id, --function <name> or --all" },
    { args: ["purge"], says: "give an id, --function <name> or --all" },
    { args: ["purge", "all"], says: "its id is a whole number" },
    { args: ["redrive", "1000000"], says: "There is no such event in the dead-letter box" },
  ])("events $args", async ({ args, says }) => {
    const { code, stderr } = await command(...args);
    expect(code).toBe(1);
    expect(stderr).toContain(says);
  });
});

test.each(["", "{}", '{"advanceSeconds":-1}', '{"advanceSeconds":"1"}', '{"advanceSeconds":1e99}'])(
  "the clock is not moved by %p",
  async (body) => {
    const before = (await request(server.url, "GET", "/_lambent/clock")).text;
    expect((await request(server.url, "POST", "/_lambent/clock", { body })).status).toBe(400);
    expect((await request(server.url, "GET", "/_lambent/clock")).text).toBe(before);
  },
);
