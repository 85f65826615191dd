/** Handlers in the web standard's form, in real runners. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { specOf, startDispatcher, type TestDispatcher } from "../../support/dispatcher.ts";

let running: TestDispatcher;
/** The fixture and Hono in one file: nothing else of this project is in a function's sight. */
let honoRoot: string;
beforeAll(async () => {
  running = startDispatcher();
  honoRoot = await mkdtemp(join(tmpdir(), "lambent-hono-"));
  await chmod(honoRoot, 0o755);
  const entrypoints = [join(import.meta.dir, "../../fixtures/functions/web/hono.mjs")];
  await Bun.build({ entrypoints, target: "node", outdir: honoRoot, naming: "hono.mjs" });
});
afterAll(async () => {
  await running.close();
  await rm(honoRoot, { recursive: true });
});

const specOfHandler = (handler: string, change = {}) =>
  specOf("web", { handler, ...(handler.startsWith("hono.") && { taskRoot: honoRoot }), ...change });

const httpEvent = (rawPath: string, change: Record<string, unknown> = {}, method = "GET") => ({
  version: "2.0",
  rawPath,
  rawQueryString: "",
  headers: { host: "web.example", "x-forwarded-proto": "https" },
  requestContext: { domainName: "web.example", http: { method, path: rawPath, sourceIp: "192.0.2.1" } },
  isBase64Encoded: false,
  ...change,
});

const variables = { COLOR: "green" };
const web = specOf("web", { handler: "index.handler", variables });
const call = (event: unknown, spec = web) => running.call(spec, event);

describe("a default export with a fetch gets", () => {
  test("the event as a Request", async () => {
    const event = httpEvent(
      "/echo",
      {
        rawQueryString: "a=1&a=2&b=%20",
        headers: { host: "web.example:8080", "x-forwarded-proto": "http", "x-a": "b", "bad name": "c" },
        cookies: ["c=1", "d=2"],
        body: Buffer.from("\xff\x00").toString("base64"),
        isBase64Encoded: true,
      },
      "POST",
    );
    const { value } = await call({ ...event, body: Buffer.from("\xff\x00", "latin1").toString("base64") });
    expect(value.statusCode).toBe(200);
    expect(JSON.parse(value.body)).toMatchObject({
      method: "POST",
      url: "http://web.example:8080/echo?a=1&a=2&b=%20",
      headers: { "x-a": "b", cookie: "c=1; d=2", host: "web.example:8080" },
      body: "\xff\x00",
    });
    expect(value.body).not.toContain("bad name");
  });

  test.each(["GET", "HEAD", "OPTIONS", "DELETE", "PATCH", "TRACE"])("a %s", async (method) => {
    const { value } = await call(httpEvent("/echo", { body: "b" }, method));
    expect(JSON.parse(value.body)).toMatchObject({ method, url: "https://web.example/echo" });
  });

  test("the environment, and a context as Workers have it with Lambda's own in it", async () => {
    const { value, requestId } = await call(httpEvent("/env"));
    expect(JSON.parse(value.body)).toEqual({
      color: "green",
      keys: ["context", "event", "passThroughOnException", "props", "waitUntil"],
      id: requestId,
      path: "/env",
    });
  });

  test("itself as `this`", async () => {
    expect((await call(httpEvent("/this"))).value.body).toBe("this is the object");
  });
});

describe("a Response becomes", () => {
  test.each([
    {
      path: "/cookies",
      result: {
        statusCode: 200,
        cookies: ["a=1; Path=/", "b=2"],
        headers: { "content-type": "text/plain" },
        body: "set",
        isBase64Encoded: false,
      },
    },
    {
      path: "/bytes",
      result: { statusCode: 200, headers: { "content-type": "image/png" }, body: "AP8B", isBase64Encoded: true },
    },
    {
      path: "/badtext",
      result: { statusCode: 200, headers: { "content-type": "text/plain" }, body: "/w==", isBase64Encoded: true },
    },
    {
      path: "/redirect",
      result: { statusCode: 307, headers: { location: "https://a.example/" }, body: "", isBase64Encoded: false },
    },
    { path: "/empty", result: { statusCode: 204, headers: {}, body: "", isBase64Encoded: false } },
    { path: "/ghost", result: { statusCode: 404, body: "none" } },
    {
      path: "/stream",
      result: { statusCode: 201, headers: { "x-kind": "stream" }, body: "one two three", isBase64Encoded: false },
    },
  ])("a result of payload format 2.0: $path", async ({ path, result }) => {
    expect((await call(httpEvent(path))).value).toMatchObject(result);
  });

  test("bytes, where its text is compressed", async () => {
    const { value } = await call(httpEvent("/gzip"));
    expect(Buffer.from(Bun.gunzipSync(Buffer.from(value.body, "base64"))).toString()).toBe("x");
  });

  test("a stream, where one is wanted: the prelude at once, then the body as it comes", async () => {
    const chunks: { text: string; type: string | undefined }[] = [];
    const chunk = (bytes: Uint8Array, type: string | undefined) =>
      void chunks.push({ text: Buffer.from(bytes).toString(), type });
    const answer = await running.call(web, httpEvent("/stream"), { stream: { chunk } });
    expect(answer.text).toBe("");
    expect(chunks[0]).toEqual({
      text: '{"statusCode":201,"headers":{"x-kind":"stream","content-type":"text/plain;charset=UTF-8"}}\0\0\0\0\0\0\0\0',
      type: "application/vnd.awslambda.http-integration-response",
    });
    expect(chunks.slice(1).map(({ text }) => text)).toEqual(["one ", "two ", "three"]);
  });
});

describe("what goes wrong is the function's error:", () => {
  test.each([
    { name: "fetch throws", event: httpEvent("/throws"), errorType: "RangeError", message: /^no$/ },
    {
      name: "fetch returns nothing",
      event: httpEvent("/nothing"),
      errorType: "TypeError",
      message: /has to return a Response, not undefined$/,
    },
    {
      name: "fetch returns something else",
      event: httpEvent("/plain"),
      errorType: "TypeError",
      message: /not object$/,
    },
    { name: "the body breaks", event: httpEvent("/breaks"), errorType: "Error", message: /^in the body$/ },
    {
      name: "an event of another kind",
      event: { a: 1 },
      errorType: "Runtime.NotAnHttpEvent",
      message: /^Cannot make a Request of the event: .*payload format 2\.0$/,
    },
    { name: "no event", event: null, errorType: "Runtime.NotAnHttpEvent", message: /payload format 2\.0/ },
    {
      name: "payload format 1.0",
      event: { version: "1.0", path: "/", httpMethod: "GET" },
      errorType: "Runtime.NotAnHttpEvent",
      message: /rawPath/,
    },
    {
      name: "a host that is none",
      event: httpEvent("/", { headers: { host: "a b" } }),
      errorType: "Runtime.NotAnHttpEvent",
      message: /URL/i,
    },
  ])("$name", async ({ event, errorType, message }) => {
    const answer = await call(event);
    expect(answer).toMatchObject({ kind: "function-error", functionError: "Handled", errorType });
    expect(answer.errorMessage).toMatch(message);
  });

  test("also in the midst of a stream", async () => {
    const answer = await running.call(web, httpEvent("/breaks"), { stream: { chunk: () => {} } });
    expect(answer).toMatchObject({ kind: "function-error", errorMessage: "in the body" });
  });
});

test("what was handed to waitUntil is done before the call ends; its failure is logged, and is not the answer's", async () => {
  const answer = await running.call(web, httpEvent("/later"), { wantsLogTail: true });
  expect(answer.value.body).toBe("now");
  expect(answer.logTail).toContain("done later");
  expect(answer.logTail).toContain("failed later");
});

describe("a handler string finds", () => {
  test.each<{ handler: string; path?: string; body: string }>([
    { handler: "index.default", path: "/this", body: "this is the object" },
    { handler: "index.fetch", path: "/this", body: "this is the object" },
    { handler: "index.default.fetch", path: "/this", body: "this is the object" },
    { handler: "hono.handler", path: "/hello/you", body: '{"hello":"you","color":"green"}' },
    { handler: "hono.default", path: "/wait", body: "waited" },
    { handler: "hono.app", path: "/hello/me", body: '{"hello":"me","color":"green"}' },
    { handler: "common.handler", body: "common" },
    { handler: "both.default", body: "default" },
    { handler: "deno.handler", body: "GET 192.0.2.1 green" },
    { handler: "deno-finished.handler", body: "served" },
    { handler: "deno-error.handler", body: "caught" },
  ])("an answer to requests: $handler", async ({ handler, path = "/", body }) => {
    const answer = await call(httpEvent(path), specOfHandler(handler, { variables }));
    expect(answer.value?.body).toBe(body);
  });

  test.each<{ handler: string; value: unknown }>([
    { handler: "both.handler", value: "named" },
    { handler: "named.fetch", value: { plain: 1 } },
    { handler: "deno-exported.handler", value: "exported" },
    { handler: "no-deno.handler", value: "undefined" },
  ])("a handler like any other: $handler", async ({ handler, value }) => {
    expect((await call({ a: 1 }, specOf("web", { handler }))).value).toEqual(value);
  });

  test.each([
    { handler: "number.handler", errorType: "Runtime.HandlerNotFound", message: /is undefined or not exported$/ },
    { handler: "number.default", errorType: "Runtime.HandlerNotFound", message: /is not a function$/ },
    { handler: "deno-nothing.handler", errorType: "TypeError", message: /handler function must be provided/ },
  ])("nothing: $handler", async ({ handler, errorType, message }) => {
    const answer = await call(httpEvent("/"), specOf("web", { handler }));
    expect(answer).toMatchObject({ kind: "function-error", errorType });
    expect(answer.errorMessage).toMatch(message);
  });
});

test("a Hono app reads forms", async () => {
  const headers = { host: "web.example", "content-type": "application/x-www-form-urlencoded" };
  const event = httpEvent(
    "/form",
    { headers, body: Buffer.from("a=b+c").toString("base64"), isBase64Encoded: true },
    "POST",
  );
  expect((await call(event, specOfHandler("hono.handler"))).value.body).toBe("b c");
});

test("a module that fails after it serves ends its environment", async () => {
  const answer = await call(httpEvent("/"), specOf("web", { handler: "deno-later.handler" }));
  expect(answer).toMatchObject({ functionError: "Unhandled", errorType: "Runtime.UnhandledPromiseRejection" });
  expect(answer.errorMessage).toBe("Error: after serving");
});
