/** Function URLs of the built executable, asked by curl, over sockets, and by fetch: as browsers and programs reach them. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { CreateFunctionUrlConfigCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { create, createFrom, invoke, request } from "../support/lambda-http.ts";
import { rawConnection } from "../support/raw-http.ts";
import { type RunningServer, startServer } from "../support/server.ts";
import { until } from "../support/until.ts";
import { zipOf } from "../support/zip.ts";

setDefaultTimeout(30_000);

let server: RunningServer;
let client: LambdaClient;

const ECHO = "exports.handler = async (event) => ({ statusCode: 200, body: JSON.stringify(event) });";
/** One part, then nothing until the connection that the query names has asked for it. */
const STREAM = `
exports.handler = awslambda.streamifyResponse(async (event, stream) => {
  const { count = "2", size = "4", gap = "0", fail } = event.queryStringParameters ?? {};
  for (let i = 0; i < Number(count); i++) {
    if (!stream.write(String(i).padStart(Number(size), "."))) await new Promise((then) => stream.once("drain", then));
    if (gap !== "0") await new Promise((then) => setTimeout(then, Number(gap)));
    console.log("wrote " + i);
  }
  if (fail) throw new Error("half way");
  stream.end();
});`;

beforeAll(async () => {
  server = await startServer({ flags: ["--log-level", "warn"] });
  const credentials = { accessKeyId: "test", secretAccessKey: "test" };
  client = new LambdaClient({ endpoint: server.url, region: "us-east-1", credentials, maxAttempts: 1 });
});
afterAll(async () => {
  client.destroy();
  await server.stop();
});

let count = 0;
/** A function's URL, as CreateFunctionUrlConfig answers it. */
async function makeUrl(source: string, config: object = {}, settings: object = {}, file = "index.js"): Promise<URL> {
  const name = `web-${++count}`;
  const made = await create(server.url, name, await zipOf({ [file]: source }), { ...settings });
  expect({ status: made.status, warning: made.headers.get("x-lambent-warning") }).toEqual({
    status: 201,
    warning: null,
  });
  const input = { FunctionName: name, AuthType: "NONE" as const, ...config };
  const { FunctionUrl } = await client.send(new CreateFunctionUrlConfigCommand(input));
  return new URL(FunctionUrl ?? "");
}

const byPath = (url: URL): string => `${server.url}/_lambent/urls/${url.hostname.split(".")[0]}`;
const get = (url: URL, path = "/", more = ""): string => `GET ${path} HTTP/1.1\r\nHost: ${url.host}\r\n${more}\r\n`;

describe("the URL that the API answers", () => {
  test("leads curl to the function, since names under localhost need no DNS", async () => {
    const url = await makeUrl(ECHO);
    expect(url.host).toEndWith(`.lambda-url.us-east-1.localhost:${new URL(server.url).port}`);
    const child = Bun.spawn(["curl", "-sS", "-i", "--noproxy", "*", "-d", "a=1", `${url}a/b?c=d`], { stdout: "pipe" });
    const answer = await new Response(child.stdout).text();
    expect(answer).toStartWith("HTTP/1.1 200 OK");
    const event = JSON.parse(answer.slice(answer.indexOf("\r\n\r\n")));
    expect(event).toMatchObject({
      rawPath: "/a/b",
      rawQueryString: "c=d",
      headers: { host: url.host, "content-type": "application/x-www-form-urlencoded", "x-forwarded-port": url.port },
      requestContext: { domainName: url.host, http: { method: "POST", sourceIp: "127.0.0.1" } },
      body: "YT0x",
      isBase64Encoded: true,
    });
  });

  test("leads by path those that know no such names", async () => {
    const answer = await fetch(`${byPath(await makeUrl(ECHO))}/x?y=z`);
    expect(await answer.json()).toMatchObject({ rawPath: "/x", rawQueryString: "y=z" });
  });

  test("is there after a crash", async () => {
    const own = await startServer();
    try {
      await createFrom(own.url, "web", ECHO);
      const made = await request(own.url, "POST", "/2021-10-31/functions/web/url", { body: '{"AuthType":"NONE"}' });
      const id = new URL(String(made.json()["FunctionUrl"])).hostname.split(".")[0];
      await own.kill9();
      await own.restart();
      expect((await fetch(`${own.url}/_lambent/urls/${id}/`)).status).toBe(200);
    } finally {
      await own.stop();
    }
  });
});

describe("over one connection", () => {
  test("several requests are answered, whatever their method", async () => {
    const url = await makeUrl(ECHO);
    const connection = rawConnection(server.url);
    for (const method of ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]) {
      connection.send(`${method} /${method} HTTP/1.1\r\nHost: ${url.host}\r\nContent-Length: 0\r\n\r\n`);
      await connection.receives(new RegExp(`"rawPath":"/${method}"`));
    }
    connection.send(`HEAD / HTTP/1.1\r\nHost: ${url.host}\r\n\r\n`);
    expect(await connection.receives(/Content-Length: \d+\r\n\r\n$/i)).toContain("HTTP/1.1 200 OK");
    connection.send(get(url, "/after"));
    const all = await connection.receives(/"rawPath":"\/after"/);
    expect(all.match(/HTTP\/1.1 200 OK/g)).toHaveLength(8);
    connection.socket.destroy();
  });

  test("a header that comes twice is one, and its case does not matter", async () => {
    const url = await makeUrl(ECHO);
    const connection = rawConnection(server.url);
    connection.send(
      `GET / HTTP/1.1\r\nhOST: ${url.host.toUpperCase()}\r\nX-A: one\r\nx-a: two\r\nCookie: a=1\r\ncookie: b=2\r\nX-U: \xc3\xa9\r\n\r\n`,
    );
    const text = await connection.receives(/\}$/);
    const event = JSON.parse(Buffer.from(text.slice(text.indexOf("{")), "latin1").toString());
    expect(event.headers).toMatchObject({ "x-a": "one, two", cookie: "a=1; b=2", "x-u": "é" });
    expect(event.cookies).toEqual(["a=1", "b=2"]);
    connection.socket.destroy();
  });

  test.each([
    { name: "a host that is none", host: "a b/c@d", status: 400 },
    { name: "no host", host: "", status: 400 },
    { name: "a host of another kind", host: "x.lambda-url.", status: 403 },
  ])("$name is refused", async ({ host, status }) => {
    const connection = rawConnection(server.url);
    connection.send(`GET /2015-03-31/functions/ HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
    expect(await connection.receives(/HTTP\/1.1 \d+/)).toStartWith(`HTTP/1.1 ${status}`);
    connection.socket.destroy();
  });
});

describe("a stream", () => {
  test("has its first byte with the client before the handler ends", async () => {
    const url = await makeUrl(STREAM, { InvokeMode: "RESPONSE_STREAM" });
    const connection = rawConnection(server.url);
    connection.send(get(url, "/?count=2&gap=400"));
    expect(await connection.receives(/\.\.\.0/)).not.toContain("...1");
    expect(await connection.receives(/\r\n0\r\n\r\n$/)).toContain("...1");
    connection.socket.destroy();
  });

  test("waits for a client that does not read, and takes no more memory", async () => {
    const url = await makeUrl(STREAM, { InvokeMode: "RESPONSE_STREAM" }, { Timeout: 20 });
    const connection = rawConnection(server.url);
    connection.socket.pause();
    connection.send(get(url, "/?count=300&size=500000"));
    const log = async () =>
      (await Bun.$`cat ${server.dataDirectory}/logs/web-${count}/*`.nothrow().quiet().text()).match(/wrote \d+/g)
        ?.length ?? 0;
    const rss = () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${server.pid}/status`, "utf8"))?.[1]) / 1024;
    await until("the handler was let write", async () => (await log()) > 2);
    let before = -1;
    await until("it writes no more", async () => {
      const now = await log();
      await Bun.sleep(200);
      const still = now === before;
      before = now;
      return still;
    });
    expect(before).toBeLessThan(60); // of 300: what fits in buffers on the way
    expect(rss()).toBeLessThan(400);
    connection.socket.resume();
    await connection.receives(/\r\n0\r\n\r\n$/);
    connection.socket.destroy();
  });

  test("breaks off, and is not taken for whole, when the handler fails half way", async () => {
    const url = await makeUrl(STREAM, { InvokeMode: "RESPONSE_STREAM" });
    const connection = rawConnection(server.url);
    connection.send(get(url, "/?fail=yes&gap=50"));
    expect(await connection.ends()).toBe("reset");
    expect(connection.received).toContain("...1");
    expect(connection.received).not.toMatch(/\r\n0\r\n\r\n$/);
    expect(server.stderr).not.toContain("half way");
  });

  test("breaks off when its time is up", async () => {
    const url = await makeUrl(STREAM, { InvokeMode: "RESPONSE_STREAM" }, { Timeout: 1 });
    const connection = rawConnection(server.url);
    connection.send(get(url, "/?count=100&gap=100"));
    expect(await connection.ends()).toBe("reset");
  });

  test("is none for HEAD, which ends at once", async () => {
    const url = await makeUrl(STREAM, { InvokeMode: "RESPONSE_STREAM" });
    const connection = rawConnection(server.url);
    connection.send(`HEAD /?count=50&size=100000 HTTP/1.1\r\nHost: ${url.host}\r\n\r\n`);
    await connection.receives(/HTTP\/1.1 200 OK[\s\S]*\r\n\r\n$/);
    connection.send(get(url));
    await connection.receives(/\r\n0\r\n\r\n$/);
    connection.socket.destroy();
  });
});

describe("a handler in the web standard's form", () => {
  const FETCH = `
    export default {
      async fetch(request: Request, env: Record<string, string>, ctx: { waitUntil(p: Promise<unknown>): void }): Promise<Response> {
        const url = new URL(request.url);
        if (url.pathname === "/slow") {
          const parts = (async function* () { yield "one"; await Bun.sleep(400); yield "two"; })();
          return new Response(ReadableStream.from(parts).pipeThrough(new TextEncoderStream()), { headers: { "content-type": "text/plain" } });
        }
        const headers = new Headers({ "x-method": request.method, "content-type": request.headers.get("content-type") ?? "text/plain" });
        headers.append("set-cookie", "a=1");
        headers.append("set-cookie", "b=2");
        return new Response(await request.arrayBuffer(), { status: 201, headers });
      },
    };`;

  test.each(["BUFFERED", "RESPONSE_STREAM"])("answers over its URL, %s", async (InvokeMode) => {
    const url = await makeUrl(FETCH, { InvokeMode }, {}, "index.ts");
    const body = Uint8Array.from({ length: 1000 }, (_, i) => i % 256);
    const answer = await fetch(byPath(url), { method: "PUT", body, headers: { "content-type": "image/x" } });
    expect([answer.status, answer.headers.get("x-method"), answer.headers.get("content-type")]).toEqual([
      201,
      "PUT",
      "image/x",
    ]);
    expect(answer.headers.getSetCookie()).toEqual(["a=1", "b=2"]);
    expect(await answer.bytes()).toEqual(body);
    const head = await fetch(byPath(url), { method: "HEAD" });
    expect([head.status, head.headers.get("x-method"), await head.text()]).toEqual([201, "HEAD", ""]);
  });

  test("streams: the first byte is there before the last was made", async () => {
    const url = await makeUrl(FETCH, { InvokeMode: "RESPONSE_STREAM" }, {}, "index.ts");
    const connection = rawConnection(server.url);
    connection.send(get(url, "/slow"));
    expect(await connection.receives(/one/)).not.toContain("two");
    expect(await connection.receives(/\r\n0\r\n\r\n$/)).toContain("two");
    connection.socket.destroy();
  });

  test("may be a Hono app, called by its URL and by Invoke", async () => {
    const built = await Bun.build({
      entrypoints: [join(import.meta.dir, "../fixtures/functions/web/hono.mjs")],
      target: "node",
    });
    const url = await makeUrl(
      (await built.outputs[0]?.text()) ?? "",
      {},
      { Environment: { Variables: { COLOR: "red" } } },
      "index.mjs",
    );
    expect(await (await fetch(`${byPath(url)}/hello/you`)).json()).toEqual({ hello: "you", color: "red" });
    expect((await fetch(`${byPath(url)}/ghost`)).status).toBe(404);
    const event = { version: "2.0", rawPath: "/hello/me", requestContext: { http: { method: "GET" } } };
    expect((await invoke(server.url, `web-${count}`, event)).value()).toMatchObject({
      statusCode: 200,
      body: '{"hello":"me","color":"red"}',
    });
    const other = await invoke(server.url, `web-${count}`, { Records: [] });
    expect([other.functionError, other.json()["errorType"]]).toEqual(["Handled", "Runtime.NotAnHttpEvent"]);
  });

  test("may call Deno.serve, in JavaScript and in TypeScript", async () => {
    for (const file of ["index.js", "index.ts"]) {
      const url = await makeUrl("Deno.serve((request) => new Response(new URL(request.url).pathname));", {}, {}, file);
      const answer = await fetch(`${byPath(url)}/a`);
      expect([await answer.text(), answer.headers.get("content-type")]).toEqual(["/a", "text/plain;charset=UTF-8"]);
    }
  });
});

test("a client that goes away, before its answer or in the midst of it, leaves nothing behind", async () => {
  const slow = await makeUrl("exports.handler = () => new Promise((then) => setTimeout(then, 300));");
  const stream = await makeUrl(STREAM, { InvokeMode: "RESPONSE_STREAM" }, { Timeout: 5 });
  const running = async () => (await request(server.url, "GET", "/_lambent/health")).json()["running"];
  const waiting = rawConnection(server.url);
  waiting.send(get(slow));
  const reading = rawConnection(server.url);
  reading.socket.pause();
  reading.send(get(stream, "/?count=100&size=300000"));
  await until("both run", async () => (await running()) === 2);
  waiting.socket.destroy();
  reading.socket.destroy();
  await until("neither runs", async () => (await running()) === 0);
  expect((await fetch(`${byPath(stream)}/`)).status).toBe(200);
});
