import { beforeAll, describe, expect, test } from "bun:test";
import { ACCOUNT, appForEach, REGION } from "../support/app.ts";
import { zipOf } from "../support/zip.ts";

const app = appForEach();

/** Answers what the path says; anything else is told the event. */
const SOURCE = `
const ways = {
  "/text": () => "just text",
  "/number": () => 7,
  "/null": () => null,
  "/list": () => [1, "two"],
  "/object": () => ({ no: "status" }),
  "/throws": () => { throw new Error("a secret of the function"); },
  "/exits": () => process.exit(3),
  "/loops": () => new Promise((resolve) => setTimeout(resolve, 60_000)),
  "/large": () => "x".repeat(7_000_000),
  "/given": (event) => JSON.parse(event.body),
};
exports.handler = async (event) => {
  const way = ways[event.rawPath];
  return way ? way(event) : { statusCode: 200, headers: { "x-seen": "yes" }, body: JSON.stringify(event) };
};
exports.streamed = awslambda.streamifyResponse(async (event, stream) => {
  const said = event.body ? JSON.parse(event.body) : {};
  if (said.head) stream = awslambda.HttpResponseStream.from(stream, said.head);
  if (said.type) stream.setContentType(said.type);
  if (said.early) throw new Error("before the first byte");
  for (const part of said.parts ?? ["one ", "two"]) stream.write(part);
  if (said.late) { await new Promise((resolve) => setTimeout(resolve, 20)); throw new Error("after the first byte"); }
  stream.end();
});
`;

let zip: string;
beforeAll(async () => {
  zip = Buffer.from(await zipOf({ "index.js": SOURCE })).toString("base64");
});

interface UrlOptions {
  readonly handler?: string;
  readonly config?: Record<string, unknown>;
  readonly settings?: Record<string, unknown>;
}

/** A function of `SOURCE` and its URL, without the slash at the end. */
async function makeUrl({ handler = "index.handler", config = {}, settings = {} }: UrlOptions = {}): Promise<string> {
  await app().createFunction("web", { Handler: handler, Code: { ZipFile: zip }, ...settings });
  const { body } = await app().send("POST", "/2021-10-31/functions/web/url", { AuthType: "NONE", ...config });
  return body.FunctionUrl.replace(/\/$/, "");
}

const ask = async (url: string, init: RequestInit = {}): Promise<Response> => app().app.request(url, init);
// biome-ignore lint/suspicious/noExplicitAny: tests look into whatever the function was told
const eventOf = async (url: string, init: RequestInit = {}): Promise<any> => (await ask(url, init)).json();
const answering = (url: string, answer: unknown, init: RequestInit = {}): Promise<Response> =>
  ask(`${url}/given`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(answer),
    ...init,
  });

describe("the event of a function URL", () => {
  test("is payload format 2.0 to the letter", async () => {
    const url = await makeUrl();
    const id = new URL(url).hostname.split(".")[0];
    const answer = await ask(`${url}/my/p%20ath?parameter1=value1&parameter1=value2&parameter2=v%20a&flag`, {
      method: "POST",
      headers: { "Content-Type": "text/plain", "User-Agent": "agent", "X-Two": "one", Cookie: "a=1; b=2" },
      body: "Hello from client!",
    });
    expect(answer.headers.get("x-amzn-RequestId")).toMatch(/^[0-9a-f-]{36}$/);
    const host = new URL(url).host;
    const traceId = answer.headers.get("x-amzn-trace-id");
    expect(traceId).toMatch(/^Root=1-[0-9a-f]{8}-[0-9a-f]{24}/);
    expect(await answer.json()).toEqual({
      version: "2.0",
      routeKey: "$default",
      rawPath: "/my/p%20ath",
      rawQueryString: "parameter1=value1&parameter1=value2&parameter2=v%20a&flag",
      cookies: ["a=1", "b=2"],
      headers: {
        "content-type": "text/plain",
        cookie: "a=1; b=2",
        "user-agent": "agent",
        "x-two": "one",
        "x-amzn-trace-id": traceId,
        "x-forwarded-for": "127.0.0.1",
        "x-forwarded-port": "80",
        "x-forwarded-proto": "http",
      },
      queryStringParameters: { parameter1: "value1,value2", parameter2: "v a", flag: "" },
      requestContext: {
        accountId: "anonymous",
        apiId: id,
        domainName: host,
        domainPrefix: id,
        http: {
          method: "POST",
          path: "/my/p%20ath",
          protocol: "HTTP/1.1",
          sourceIp: "127.0.0.1",
          userAgent: "agent",
        },
        requestId: answer.headers.get("x-amzn-RequestId"),
        routeKey: "$default",
        stage: "$default",
        time: "02/Jan/2026:03:04:05 +0000",
        timeEpoch: 1767323045678,
      },
      body: "Hello from client!",
      isBase64Encoded: false,
    });
  });

  test("leaves out what the request has not", async () => {
    const event = await eventOf(`${await makeUrl()}/`);
    for (const member of ["cookies", "queryStringParameters", "body", "pathParameters", "stageVariables"])
      expect(event).not.toHaveProperty(member);
    expect(event).toMatchObject({ rawPath: "/", rawQueryString: "", isBase64Encoded: false });
  });

  test.each<{ name: string; type?: string; encoding?: string; body: Uint8Array | string; isText: boolean }>([
    { name: "JSON", type: "application/json", body: '{"a":1}', isText: true },
    { name: "JSON of a vendor", type: "application/vnd.api+json; charset=utf-8", body: "{}", isText: true },
    { name: "HTML", type: "text/html", body: "<p>é</p>", isText: true },
    { name: "XML", type: "Application/XML", body: "<a/>", isText: true },
    { name: "a form", type: "application/x-www-form-urlencoded", body: "a=1", isText: false },
    { name: "bytes", type: "application/octet-stream", body: Uint8Array.of(0, 255, 1), isText: false },
    { name: "text that is none", type: "text/plain", body: Uint8Array.of(0xff, 0xfe), isText: false },
    { name: "compressed text", type: "text/plain", encoding: "gzip", body: "zzz", isText: false },
    { name: "no type at all", body: Uint8Array.of(1, 2), isText: false },
  ])("carries $name as it should", async ({ type, encoding, body, isText }) => {
    const event = await eventOf(await makeUrl(), {
      method: "PUT",
      headers: { ...(type && { "content-type": type }), ...(encoding && { "content-encoding": encoding }) },
      body,
    });
    expect(event.isBase64Encoded).toBe(!isText);
    const bytes = Buffer.from(event.body, isText ? "utf8" : "base64");
    expect(bytes).toEqual(Buffer.from(body));
  });

  test("is of the alias that the URL is for", async () => {
    await app().createFunction("web", { Handler: "index.handler", Publish: true });
    await app().send("POST", "/2015-03-31/functions/web/aliases", { Name: "live", FunctionVersion: "1" });
    const { body } = await app().send("POST", "/2021-10-31/functions/web/url?Qualifier=live", { AuthType: "NONE" });
    expect(await eventOf(body.FunctionUrl)).toMatchObject({ version: "1" });
  });

  test.each(["/", "/deep/er?x=1"])("is the same by path as by host name, for %s", async (rest) => {
    const url = await makeUrl();
    const id = new URL(url).hostname.split(".")[0];
    const event = await eventOf(`http://10.0.0.5:4566/_lambent/urls/${id}${rest}`);
    const path = rest.replace(/\?.*/, "");
    expect(event).toMatchObject({
      rawPath: path,
      requestContext: { apiId: id, domainPrefix: id, domainName: "10.0.0.5:4566", http: { path } },
    });
    expect((await ask(`http://10.0.0.5/_lambent/urls/${id}`)).status).toBe(200);
  });

  test("names are data, whatever they are", async () => {
    const event = await eventOf(`${await makeUrl()}/?__proto__=x&constructor=y&%F0%9F%90%91=z&bad=%zz`, {
      headers: { __proto__: "p", "x-forwarded-for": "8.8.8.8" },
    });
    expect(JSON.stringify(event.queryStringParameters)).toBe(
      '{"__proto__":"x","constructor":"y","🐑":"z","bad":"%zz"}',
    );
    expect(event.headers["x-forwarded-for"]).toBe("8.8.8.8, 127.0.0.1");
  });
});

describe("the answer of a function URL", () => {
  interface Row {
    readonly name: string;
    readonly path?: string;
    readonly answer?: unknown;
    readonly status: number;
    readonly headers?: Record<string, string | null>;
    readonly body?: string;
  }
  const FAILED = { status: 502, body: "Internal Server Error" };
  test.each<Row>([
    {
      name: "a string is the body",
      path: "/text",
      status: 200,
      headers: { "content-type": "application/json" },
      body: "just text",
    },
    {
      name: "a number is JSON",
      path: "/number",
      status: 200,
      headers: { "content-type": "application/json" },
      body: "7",
    },
    { name: "null is JSON", path: "/null", status: 200, body: "null" },
    { name: "a list is JSON", path: "/list", status: 200, body: '[1,"two"]' },
    {
      name: "an object without a status is JSON",
      path: "/object",
      status: 200,
      headers: { "content-type": "application/json" },
      body: '{"no":"status"}',
    },
    {
      name: "a status alone is an empty answer",
      answer: { statusCode: 201 },
      status: 201,
      headers: { "content-type": "application/json" },
      body: "",
    },
    { name: "a status may be text", answer: { statusCode: "404", body: "gone" }, status: 404, body: "gone" },
    {
      name: "headers are taken whatever their case, numbers and truth too",
      answer: {
        statusCode: 200,
        headers: { "Content-Type": "text/html", "X-Number": 7, "x-true": true, "x-null": null },
        body: "<p>",
      },
      status: 200,
      headers: { "content-type": "text/html", "x-number": "7", "x-true": "true", "x-null": null },
      body: "<p>",
    },
    {
      name: "a redirect goes out as one",
      answer: { statusCode: 302, headers: { Location: "https://a.example/" } },
      status: 302,
      headers: { location: "https://a.example/" },
    },
    {
      name: "base64 is decoded",
      answer: { statusCode: 200, isBase64Encoded: true, body: "aGk=" },
      status: 200,
      body: "hi",
    },
    {
      name: "a body that is no text is JSON",
      answer: { statusCode: 200, body: { a: 1 } },
      status: 200,
      body: '{"a":1}',
    },
    {
      name: "what frames the message is the server's",
      answer: {
        statusCode: 200,
        headers: { "Content-Length": "99", "Transfer-Encoding": "chunked", Connection: "close" },
        body: "x",
      },
      status: 200,
      headers: { "transfer-encoding": null, connection: null },
      body: "x",
    },
    { name: "204 has no body", answer: { statusCode: 204, body: "x" }, status: 204, body: "" },
    { name: "base64 that is none fails", answer: { statusCode: 200, isBase64Encoded: true, body: "***" }, ...FAILED },
    { name: "a status of 99 fails", answer: { statusCode: 99 }, ...FAILED },
    { name: "a status of 101 fails", answer: { statusCode: 101 }, ...FAILED },
    { name: "a status of 600 fails", answer: { statusCode: 600 }, ...FAILED },
    { name: "a status of 200.5 fails", answer: { statusCode: 200.5 }, ...FAILED },
    { name: "a status that is a list fails", answer: { statusCode: [200] }, ...FAILED },
    { name: "a status that is null fails", answer: { statusCode: null, headers: 7 }, ...FAILED },
    {
      name: "a header with a line break fails",
      answer: { statusCode: 200, headers: { a: "b\r\nset-cookie: c" } },
      ...FAILED,
    },
    { name: "a header with a NUL fails", answer: { statusCode: 200, headers: { a: "b\u0000" } }, ...FAILED },
    { name: "a header's name with a space fails", answer: { statusCode: 200, headers: { "a b": "c" } }, ...FAILED },
    { name: "a header's name that is empty fails", answer: { statusCode: 200, headers: { "": "c" } }, ...FAILED },
    { name: "a header that is a list fails", answer: { statusCode: 200, headers: { a: ["b"] } }, ...FAILED },
    { name: "headers that are a list fail", answer: { statusCode: 200, headers: [] }, ...FAILED },
    { name: "headers without end fail", answer: { statusCode: 200, headers: { a: "x".repeat(70_000) } }, ...FAILED },
    { name: "cookies that are no list fail", answer: { statusCode: 200, cookies: "a=1" }, ...FAILED },
    { name: "a cookie with a line break fails", answer: { statusCode: 200, cookies: ["a=1\n"] }, ...FAILED },
    { name: "an error says nothing of itself", path: "/throws", ...FAILED },
    { name: "a function that exits fails", path: "/exits", ...FAILED },
    { name: "a result above six megabytes fails", path: "/large", ...FAILED },
  ])("$name", async ({ path, answer, status, headers = {}, body }) => {
    const url = await makeUrl();
    const response = path === undefined ? await answering(url, answer) : await ask(url + path);
    expect(response.status).toBe(status);
    for (const [name, value] of Object.entries(headers)) expect(response.headers.get(name)).toBe(value);
    if (body !== undefined) expect(await response.text()).toBe(body);
  });

  test("a function that runs out of time fails", async () => {
    const url = await makeUrl({ settings: { Timeout: 1 } });
    const response = await ask(`${url}/loops`);
    expect([response.status, await response.text()]).toEqual([502, "Internal Server Error"]);
  });

  test("cookies go out one by one, beside the header's", async () => {
    const answer = { statusCode: 200, headers: { "set-cookie": "c=3" }, cookies: ["a=1; Path=/", "b=2"] };
    const response = await answering(await makeUrl(), answer);
    expect(response.headers.getSetCookie()).toEqual(["c=3", "a=1; Path=/", "b=2"]);
  });

  test("text beyond Latin-1 in a header goes out as UTF-8", async () => {
    const response = await answering(await makeUrl(), { statusCode: 200, headers: { "x-word": "日本" } });
    expect(Buffer.from(response.headers.get("x-word") ?? "", "latin1").toString()).toBe("日本");
  });

  test("the server's own headers cannot be forged twice over", async () => {
    const answer = { statusCode: 200, headers: { "x-amzn-RequestId": "mine", "X-Amzn-RequestId": "other" } };
    expect((await answering(await makeUrl(), answer)).headers.get("x-amzn-requestid")).toBe("other");
  });

  test("HEAD is called like GET", async () => {
    expect(await (await ask(await makeUrl(), { method: "HEAD" })).headers.get("x-seen")).toBe("yes");
  });
});

describe("a function URL refuses", () => {
  const FORBIDDEN =
    "Forbidden. For troubleshooting Function URL authorization issues, see: https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html";

  test.each([
    `http://${"a".repeat(32)}.lambda-url.us-east-1.localhost/`,
    "http://short.lambda-url.us-east-1.localhost/2015-03-31/functions",
    `http://127.0.0.1/_lambent/urls/${"a".repeat(32)}/`,
    "http://127.0.0.1/_lambent/urls/",
  ])("what nobody made: %s", async (url) => {
    const answer = await ask(url);
    expect([answer.status, await answer.json()]).toEqual([403, { Message: null }]);
    expect(answer.headers.get("x-amzn-ErrorType")).toBe("AccessDeniedException");
  });

  test("a URL that was deleted, though it was just called", async () => {
    const url = await makeUrl();
    expect((await ask(url)).status).toBe(200);
    await app().send("DELETE", "/2021-10-31/functions/web/url");
    expect((await ask(url)).status).toBe(403);
  });

  test("a URL whose function was deleted, though it was just called", async () => {
    const url = await makeUrl();
    expect((await ask(url)).status).toBe(200);
    await app().send("DELETE", "/2015-03-31/functions/web");
    expect((await ask(url)).status).toBe(403);
  });

  test("who did not sign, once it asks for signatures", async () => {
    const url = await makeUrl();
    expect((await ask(url)).status).toBe(200);
    await app().send("PUT", "/2021-10-31/functions/web/url", { AuthType: "AWS_IAM" });
    const answer = await ask(url);
    expect([answer.status, await answer.json()]).toEqual([403, { Message: FORBIDDEN }]);
  });

  test.each([
    {
      where: "header",
      query: "",
      header: `AWS4-HMAC-SHA256 Credential=AKID/20260102/${REGION}/lambda/aws4_request, SignedHeaders=host, Signature=ab`,
    },
    {
      where: "query",
      query: `?X-Amz-Credential=AKID%2F20260102%2F${REGION}%2Flambda%2Faws4_request&X-Amz-Signature=ab`,
      header: undefined,
    },
  ])("not who signed in the $where, whom the event names", async ({ query, header }) => {
    const url = await makeUrl({ config: { AuthType: "AWS_IAM" } });
    const event = await eventOf(`${url}/${query}`, header === undefined ? {} : { headers: { authorization: header } });
    expect(event.requestContext.accountId).toBe(ACCOUNT);
    expect(event.requestContext.authorizer.iam).toMatchObject({
      accessKey: "AKID",
      accountId: ACCOUNT,
      cognitoIdentity: null,
    });
    expect(event.headers).not.toHaveProperty("authorization");
  });

  test.each([
    { name: "with its length", body: () => "x".repeat(6 * 1024 * 1024 + 1) },
    { name: "without its length", body: () => new Blob(["x".repeat(6 * 1024 * 1024 + 1)]).stream() },
    { name: "that is too large as an event", body: () => "x".repeat(5 * 1024 * 1024) },
  ])("a body $name that is too large", async ({ body }) => {
    const answer = await ask(await makeUrl(), { method: "POST", body: body() });
    expect(answer.status).toBe(413);
    expect(await answer.json()).toEqual({
      message: "Request must be smaller than 6291456 bytes for the InvokeFunction operation",
    });
  });

  test("calls for which the function has no room", async () => {
    const url = await makeUrl({ config: { Cors: { AllowOrigins: ["*"] } } });
    await app().send("PUT", "/2017-10-31/functions/web/concurrency", { ReservedConcurrentExecutions: 0 });
    const answer = await ask(url, { headers: { origin: "https://a.example" } });
    expect([answer.status, await answer.json()]).toEqual([
      429,
      { Reason: "ReservedFunctionConcurrentInvocationLimitExceeded", Type: "User", message: "Rate Exceeded." },
    ]);
    expect(answer.headers.get("access-control-allow-origin")).toBe("*");
  });

  test("to be a way to the API: any path there is the function's", async () => {
    const url = await makeUrl();
    const event = await eventOf(`${url}/2015-03-31/functions/web/invocations`, { method: "POST", body: "{}" });
    expect(event.rawPath).toBe("/2015-03-31/functions/web/invocations");
    expect((await eventOf(`${url}/_lambent/health`)).rawPath).toBe("/_lambent/health");
    expect((await eventOf(`${url}/metrics`)).rawPath).toBe("/metrics");
  });
});

describe("cross-origin requests", () => {
  const preflight = (origin: string, method = "PUT", headers = "x-a") => ({
    method: "OPTIONS",
    headers: { origin, "access-control-request-method": method, "access-control-request-headers": headers },
  });
  const corsOf = ({ headers }: Response) =>
    Object.fromEntries(
      [...headers]
        .filter(([name]) => name.startsWith("access-control-"))
        .map(([name, value]) => [name.slice(15), value]),
    );

  test.each<{ name: string; cors: Record<string, unknown>; origin: string; said: Record<string, string> }>([
    {
      name: "everything for everybody",
      cors: { AllowOrigins: ["*"], AllowMethods: ["*"], AllowHeaders: ["*"], MaxAge: 60 },
      origin: "https://a.example",
      said: { "allow-origin": "*", "allow-methods": "*", "allow-headers": "*", "max-age": "60" },
    },
    {
      name: "lists",
      cors: {
        AllowOrigins: ["https://b.example", "https://a.example"],
        AllowMethods: ["GET", "PUT"],
        AllowHeaders: ["x-a", "x-b"],
      },
      origin: "https://a.example",
      said: { "allow-origin": "https://a.example", "allow-methods": "GET,PUT", "allow-headers": "x-a,x-b" },
    },
    {
      name: "credentials, for which a star would mean nothing",
      cors: { AllowOrigins: ["*"], AllowMethods: ["*"], AllowHeaders: ["*"], AllowCredentials: true },
      origin: "https://a.example",
      said: {
        "allow-origin": "https://a.example",
        "allow-credentials": "true",
        "allow-methods": "PUT",
        "allow-headers": "x-a",
      },
    },
    {
      name: "every origin of a scheme",
      cors: { AllowOrigins: ["https://*"] },
      origin: "https://a.example",
      said: { "allow-origin": "https://a.example" },
    },
    {
      name: "nothing to another origin",
      cors: { AllowOrigins: ["https://a.example"], AllowMethods: ["*"] },
      origin: "https://a.example.evil",
      said: {},
    },
    { name: "nothing to another scheme", cors: { AllowOrigins: ["https://*"] }, origin: "http://a.example", said: {} },
  ])("a preflight is told $name, and the function is not asked", async ({ cors, origin, said }) => {
    const url = await makeUrl({ config: { AuthType: "AWS_IAM", Cors: cors } });
    const answer = await ask(url, preflight(origin));
    expect([answer.status, await answer.text()]).toEqual([200, ""]);
    expect(corsOf(answer)).toEqual(said);
  });

  test("without a configuration the function answers preflights itself", async () => {
    const event = await eventOf(await makeUrl(), preflight("https://a.example"));
    expect(event.requestContext.http.method).toBe("OPTIONS");
  });

  test("an OPTIONS that is no preflight is the function's", async () => {
    const url = await makeUrl({ config: { Cors: { AllowOrigins: ["*"] } } });
    expect((await eventOf(url, { method: "OPTIONS" })).requestContext.http.method).toBe("OPTIONS");
  });

  test("an answer has the configuration's headers in place of the function's, once", async () => {
    const cors = { AllowOrigins: ["https://a.example"], ExposeHeaders: ["x-b"], AllowCredentials: true };
    const url = await makeUrl({ config: { Cors: cors } });
    const own = {
      statusCode: 200,
      headers: { "Access-Control-Allow-Origin": "*", "access-control-allow-credentials": "false" },
    };
    const init = (origin: string) => ({ headers: { "content-type": "application/json", origin } });
    expect(corsOf(await answering(url, own, init("https://a.example")))).toEqual({
      "allow-origin": "https://a.example",
      "allow-credentials": "true",
      "expose-headers": "x-b",
    });
    expect(corsOf(await answering(url, own, init("https://b.example")))).toEqual({
      "allow-origin": "*",
      "allow-credentials": "false",
    });
  });

  test("a failure has them too, so that a page can read its status", async () => {
    const url = await makeUrl({ config: { Cors: { AllowOrigins: ["*"] } } });
    const answer = await ask(`${url}/throws`, { headers: { origin: "https://a.example" } });
    expect([answer.status, answer.headers.get("access-control-allow-origin")]).toEqual([502, "*"]);
  });
});

describe("a URL that streams", () => {
  const makeStream = (config = {}) =>
    makeUrl({ handler: "index.streamed", config: { InvokeMode: "RESPONSE_STREAM", ...config } });
  const telling = (url: string, said: unknown, init: RequestInit = {}) =>
    ask(url, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(said), ...init });

  test("sends what the handler writes, as bytes", async () => {
    const answer = await ask(await makeStream());
    expect([answer.status, answer.headers.get("content-type"), await answer.text()]).toEqual([
      200,
      "application/octet-stream",
      "one two",
    ]);
  });

  test("takes the type that the handler set", async () => {
    expect((await telling(await makeStream(), { type: "text/plain" })).headers.get("content-type")).toBe("text/plain");
  });

  test("takes status, headers and cookies from the prelude, with CORS", async () => {
    const url = await makeStream({ Cors: { AllowOrigins: ["*"] } });
    const head = { statusCode: 201, headers: { "X-A": "b" }, cookies: ["c=1", "d=2"] };
    const answer = await telling(
      url,
      { head },
      { headers: { "content-type": "application/json", origin: "https://a.example" } },
    );
    expect([answer.status, answer.headers.get("x-a"), answer.headers.get("access-control-allow-origin")]).toEqual([
      201,
      "b",
      "*",
    ]);
    expect(answer.headers.getSetCookie()).toEqual(["c=1", "d=2"]);
    expect(await answer.text()).toBe("one two");
  });

  test.each([
    { name: "with nothing behind it", said: { head: { statusCode: 404 }, parts: [] }, status: 404, body: "" },
    {
      name: "with a status that is none",
      said: { head: { statusCode: 7 } },
      status: 502,
      body: "Internal Server Error",
    },
    {
      name: "with a header that is none",
      said: { head: { headers: { "a b": "c" } } },
      status: 502,
      body: "Internal Server Error",
    },
    {
      name: "that is larger than any",
      said: { head: { headers: { a: "b".repeat(300_000) } } },
      status: 502,
      body: "Internal Server Error",
    },
    {
      name: "ahead of an error",
      said: { head: { statusCode: 200 }, early: true },
      status: 502,
      body: "Internal Server Error",
    },
  ])("answers $status to a prelude $name", async ({ said, status, body }) => {
    const answer = await telling(await makeStream(), said);
    expect([answer.status, await answer.text()]).toEqual([status, body]);
  });

  test("answers 502 to an error before the first byte", async () => {
    expect((await telling(await makeStream(), { early: true })).status).toBe(502);
  });

  test("breaks off when the handler fails after the first byte", async () => {
    const answer = await telling(await makeStream(), { late: true });
    expect(answer.status).toBe(200);
    const reader = (answer.body as ReadableStream<Uint8Array>).getReader();
    const readAll = async () => {
      while (!(await reader.read()).done);
    };
    await expect(readAll()).rejects.toBeUndefined();
  });

  test("sends the result of a handler that streams nothing as it is", async () => {
    const url = await makeUrl({ config: { InvokeMode: "RESPONSE_STREAM" } });
    const answer = await ask(`${url}/object`);
    expect([answer.headers.get("content-type"), await answer.text()]).toEqual(["application/json", '{"no":"status"}']);
    expect(await (await answering(url, { statusCode: 201 })).json()).toEqual({ statusCode: 201 });
  });

  test("in BUFFERED mode the same handler is answered whole, prelude and all", async () => {
    const url = await makeUrl({ handler: "index.streamed" });
    const answer = await telling(url, { head: { statusCode: 201, headers: { "x-a": "b" } } });
    expect([answer.status, answer.headers.get("x-a"), await answer.text()]).toEqual([201, "b", "one two"]);
    const plain = await ask(url);
    expect([plain.headers.get("content-type"), await plain.text()]).toEqual(["application/octet-stream", "one two"]);
  });
});

test("creating a function URL no longer warns, and its operations are real", async () => {
  await app().createFunction("web");
  const made = await app().send("POST", "/2021-10-31/functions/web/url", { AuthType: "NONE" });
  expect(made.headers.get("x-lambent-warning")).toBeNull();
  const { operations } = (await app().send("GET", "/_lambent/capabilities")).body;
  expect(operations).toMatchObject({ CreateFunctionUrlConfig: "real", DeleteFunctionUrlConfig: "real" });
});
