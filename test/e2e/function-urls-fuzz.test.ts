/** Function URLs under requests and answers of any shape: none is an error of ours, and the server does not grow. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { rssBytes } from "../../bench/process-facts.ts";
import {
  below,
  type FuzzRequest,
  fuzz,
  garbage,
  HEADERS,
  jsonValue,
  oneOf,
  type Random,
  VALUES,
  wordOf,
} from "../support/fuzz.ts";
import { createFrom, request } from "../support/lambda-http.ts";
import { type RunningServer, startServer } from "../support/server.ts";

setDefaultTimeout(600_000);

const COUNT = Number(process.env.FUZZ_COUNT ?? 6000);
const SEED = Number(process.env.FUZZ_SEED ?? 1);
const GROWTH_BYTES_MAX = 64 * 1024 ** 2;

/** Echoes the event; or answers, or streams, what the body says. */
const SOURCE = `
const said = (event) => JSON.parse(Buffer.from(event.body ?? "null", event.isBase64Encoded ? "base64" : "utf8").toString());
exports.echo = async (event) => ({ statusCode: 200, body: JSON.stringify(event) });
exports.say = async (event) => said(event);
exports.stream = awslambda.streamifyResponse(async (event, stream) => {
  const { type, prelude, parts = [] } = said(event) ?? {};
  if (prelude !== undefined) stream = awslambda.HttpResponseStream.from(stream, prelude);
  if (type !== undefined) stream.setContentType(type);
  for (const part of parts) stream.write(Buffer.from(part, "base64"));
  stream.end();
});`;
const CORS = { AllowOrigins: ["https://*"], AllowMethods: ["*"], AllowHeaders: ["*"], AllowCredentials: true };

let server: RunningServer;
const ids: Record<string, string> = {};

beforeAll(async () => {
  server = await startServer({ flags: ["--log-level", "error"] });
  for (const name of ["echo", "say", "stream"]) {
    await createFrom(server.url, name, SOURCE, { Handler: `index.${name}`, MemorySize: 256, Timeout: 20 });
    const config = { AuthType: "NONE", Cors: CORS, InvokeMode: name === "stream" ? "RESPONSE_STREAM" : "BUFFERED" };
    const made = await request(server.url, "POST", `/2021-10-31/functions/${name}/url`, {
      body: JSON.stringify(config),
    });
    ids[name] = new URL(String(made.json()["FunctionUrl"])).hostname.split(".")[0] ?? "";
  }
});
afterAll(() => server.stop());

const METHODS = ["GET", "POST", "PUT", "DELETE", "HEAD", "PATCH", "OPTIONS", "TRACE", "PROPFIND", "PURGE"];
const NAMES = [
  ...HEADERS,
  "Access-Control-Request-Method",
  "Access-Control-Request-Headers",
  "X-Forwarded-Proto",
  "__proto__",
];
const MORE = [
  ...VALUES,
  "https://a.example",
  "null",
  "text/plain;charset=nonsense",
  "multipart/form-data",
  "a,b;;=, ;",
];

const requestTo =
  (name: string, bodyOf: (random: Random) => Buffer) =>
  (random: Random): FuzzRequest => {
    if (random() < 0.02) return { bytes: garbage(random), isHead: false, breaks: true };
    const method = name === "echo" ? oneOf(random, METHODS) : "POST";
    const byHost = random() < 0.7;
    const path = `${byHost ? "" : `/_lambent/urls/${ids[name]}`}/${random() < 0.7 ? wordOf(random).replace(/[\s?]/g, "_") : ""}`;
    const query =
      random() < 0.5
        ? `?${wordOf(random).replace(/\s/g, "+")}=${wordOf(random).replace(/\s/g, "+")}&${wordOf(random).replace(/\s/g, "+")}`
        : "";
    const host =
      random() < 0.98 && byHost
        ? `${ids[name]}.lambda-url.us-east-1.localhost`
        : byHost
          ? `${wordOf(random).replace(/[^\w.:-]/g, "")}.lambda-url.x`
          : "127.0.0.1";
    const headers = Array.from(
      { length: below(random, 6) },
      () => `${oneOf(random, NAMES)}: ${oneOf(random, MORE)}\r\n`,
    ).join("");
    const body = method === "GET" || method === "HEAD" || method === "TRACE" ? Buffer.alloc(0) : bodyOf(random);
    const head = `${method} ${path}${query} HTTP/1.1\r\nHost: ${host}\r\nContent-Length: ${body.length}\r\n${headers}\r\n`;
    return { bytes: Buffer.concat([Buffer.from(head), body]), isHead: method === "HEAD", breaks: false };
  };

/** 501 and 505 are for what is no HTTP, and for a host that S3 takes for a bucket. */
const isOurs = (status: number): boolean => status >= 500 && status !== 501 && status !== 505;

const bytesOf = (random: Random, max: number): Buffer =>
  Buffer.from(Array.from({ length: below(random, max) }, () => below(random, 256)));

/** Nearly right, in every member. Never a 5xx that it asks for itself. */
function answer(random: Random): unknown {
  if (random() < 0.2) return jsonValue(random, 0);
  const maybe = <T>(value: T) => (random() < 0.8 ? value : jsonValue(random, 0));
  const text = () => oneOf(random, [...MORE, wordOf(random), "日本\u0001", "a\r\nb: c", "\ud800"]);
  return {
    ...(random() < 0.9 && {
      statusCode: oneOf(random, [
        200,
        201,
        204,
        301,
        304,
        404,
        418,
        499,
        "200",
        99,
        101,
        199,
        600,
        1e9,
        -1,
        200.5,
        null,
        "2e2",
        [200],
        {},
      ]),
    }),
    ...(random() < 0.7 && {
      headers: maybe(
        Object.fromEntries(
          Array.from({ length: below(random, 5) }, () => [
            oneOf(random, [
              ...NAMES,
              "content-length",
              "Transfer-Encoding",
              "Connection",
              "",
              "a b",
              "é",
              "set-cookie",
              "Date",
            ]),
            random() < 0.8 ? text() : jsonValue(random, 0),
          ]),
        ),
      ),
    }),
    ...(random() < 0.3 && { cookies: maybe([text(), "a=1"]) }),
    ...(random() < 0.8 && { body: maybe(text()) }),
    ...(random() < 0.3 && { isBase64Encoded: maybe(true) }),
  };
}

const tellStream = (random: Random): Buffer =>
  Buffer.from(
    JSON.stringify({
      ...(random() < 0.6 && { prelude: answer(random) }),
      ...(random() < 0.3 && { type: oneOf(random, MORE) }),
      parts: Array.from({ length: below(random, 4) }, () => bytesOf(random, 3000).toString("base64")),
    }),
  );

test.each([
  {
    name: "echo",
    faults: "any 5xx",
    isFault: isOurs,
    bodyOf: (random: Random) => bytesOf(random, 2000),
  },
  {
    name: "say",
    faults: "5xx but 502",
    isFault: (status: number) => isOurs(status) && status !== 502,
    bodyOf: (random: Random) => Buffer.from(JSON.stringify(answer(random))),
  },
  {
    name: "stream",
    faults: "5xx but 502",
    isFault: (status: number) => isOurs(status) && status !== 502,
    bodyOf: tellStream,
  },
])(
  "a function that is to $name never answers $faults, and leaves nothing behind",
  async ({ name, isFault, bodyOf }) => {
    const port = Number(new URL(server.url).port);
    const round = (count: number, seed: number) =>
      fuzz({ port, count, seed, connections: 8, make: requestTo(name, bodyOf), isFault });
    await round(Math.min(COUNT, 3000), SEED + 1);
    const before = rssBytes(server.pid);
    const { failures, statuses } = await round(COUNT, SEED);
    if (process.env.FUZZ_COUNT)
      console.log(
        name,
        statuses,
        `grew ${((rssBytes(server.pid) - before) / 1024 ** 2).toFixed(1)} MiB from ${(before / 1024 ** 2).toFixed(1)}`,
      );
    expect(failures).toEqual([]);
    expect(Object.keys(statuses).length).toBeGreaterThan(2);
    expect(rssBytes(server.pid) - before).toBeLessThan(GROWTH_BYTES_MAX);
    expect(server.stderr).toBe("");
  },
);
