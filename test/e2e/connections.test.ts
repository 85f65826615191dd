/** Clients that take their time, or ask too much: none of them keeps the server busy for longer than it allows. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { type RunningServer, startServer } from "../support/server.ts";
import { zipOf } from "../support/zip.ts";

setDefaultTimeout(60_000);

const IDLE_SECONDS = 3;

let server: RunningServer;
beforeAll(async () => {
  server = await startServer({ flags: ["--connection-timeout", String(IDLE_SECONDS)] });
});
afterAll(() => server.stop());

interface Wire {
  write(text: string): void;
  /** What was answered, and after how many seconds the server closed. */
  readonly closed: Promise<{ answer: string; seconds: number }>;
  /** Resolves at the first bytes of an answer. */
  readonly answered: Promise<string>;
}

async function open(): Promise<Wire> {
  const startMs = performance.now();
  let answer = "";
  const closed = Promise.withResolvers<{ answer: string; seconds: number }>();
  const answered = Promise.withResolvers<string>();
  const socket = await Bun.connect({
    hostname: "127.0.0.1",
    port: Number(new URL(server.url).port),
    socket: {
      data(_, bytes) {
        answer += bytes.toString();
        answered.resolve(answer);
      },
      close() {
        closed.resolve({ answer, seconds: (performance.now() - startMs) / 1000 });
      },
    },
  });
  return { write: (text) => void socket.write(text), closed: closed.promise, answered: answered.promise };
}

/** Until the connection is closed, a piece a second. */
async function drip(wire: Wire, piece: (count: number) => string): Promise<{ answer: string; seconds: number }> {
  let isOver = false;
  const closed = wire.closed.finally(() => {
    isOver = true;
  });
  for (let count = 0; !isOver; count++) {
    wire.write(piece(count));
    await Promise.race([closed, Bun.sleep(1000)]);
  }
  return await closed;
}

const head = (line: string, ...headers: string[]): string => [line, "Host: x", ...headers, "", ""].join("\r\n");
const unfinished = "GET / HTTP/1.1\r\nHost: x\r\n";
const CREATE = "POST /2015-03-31/functions HTTP/1.1";
const INVOKE = "POST /2015-03-31/functions/f/invocations HTTP/1.1";

interface Slow {
  readonly name: string;
  readonly start: string;
  /** What comes each second; undefined: nothing. */
  readonly piece?: (count: number) => string;
  readonly secondsMax: number;
}

describe("a connection is closed", () => {
  test.concurrent.each<Slow>([
    { name: "on which nothing comes", start: "", secondsMax: 20 },
    { name: "on which the head does not end", start: unfinished, secondsMax: 20 },
    {
      name: "on which the head comes a line a second",
      start: unfinished,
      piece: (count) => `X-${count}: y\r\n`,
      secondsMax: 20,
    },
    {
      name: "on which the body does not go on",
      start: `${head(CREATE, "Content-Length: 100")}{`,
      secondsMax: 15,
    },
    {
      name: "on which a small body comes a byte a second",
      start: `${head(CREATE, "Content-Length: 1000")}{`,
      piece: () => " ",
      secondsMax: 15,
    },
    {
      name: "on which a large body comes a byte a second",
      start: `${head(CREATE, "Content-Length: 10000000")}{`,
      piece: () => " ",
      secondsMax: 15,
    },
    {
      name: "on which a body of chunks comes a byte a second",
      start: head(INVOKE, "Transfer-Encoding: chunked"),
      piece: () => "1\r\n \r\n",
      secondsMax: 15,
    },
    {
      name: "on which an object does not go on",
      start: `${head("PUT /photos/a HTTP/1.1", "Content-Length: 10000000")}x`,
      secondsMax: 15,
    },
    {
      name: "that has had its answer, and asks no more",
      start: head("GET /_lambent/health HTTP/1.1"),
      secondsMax: 15,
    },
    {
      name: "that has had an error for an answer, and asks no more",
      start: `${head(INVOKE, "Content-Length: 2")}{}`,
      secondsMax: 15,
    },
    {
      name: "that has had an error of a bucket's for an answer, and asks no more",
      start: head("GET /no-such-bucket/a HTTP/1.1"),
      secondsMax: 15,
    },
  ])("$name", async ({ start, piece, secondsMax }) => {
    await fetch(`${server.url}/photos`, { method: "PUT" });
    const wire = await open();
    if (start !== "") wire.write(start);
    const { seconds } = await (piece ? drip(wire, piece) : wire.closed);
    expect(seconds).toBeLessThan(secondsMax);
  });
});

async function make(name: string, source: string): Promise<void> {
  const made = await fetch(`${server.url}/2015-03-31/functions`, {
    method: "POST",
    body: JSON.stringify({
      FunctionName: name,
      Runtime: "nodejs22.x",
      Role: "arn:aws:iam::000000000000:role/any",
      Handler: "index.handler",
      Timeout: 100,
      Code: { ZipFile: Buffer.from(await zipOf({ "index.js": source })).toString("base64") },
    }),
  });
  expect(made.status).toBe(201);
}

test.concurrent("a connection is closed that has had a stream for an answer, and asks no more", async () => {
  await make(
    "streams",
    "exports.handler = awslambda.streamifyResponse(async (event, stream) => stream.end('streamed'));",
  );
  const url = await fetch(`${server.url}/2021-10-31/functions/streams/url`, {
    method: "POST",
    body: JSON.stringify({ AuthType: "NONE", InvokeMode: "RESPONSE_STREAM" }),
  });
  const { FunctionUrl } = (await url.json()) as { FunctionUrl: string };
  const host = `Host: ${new URL(FunctionUrl).host}`;
  for (const request of [
    `${head("POST /2021-11-15/functions/streams/response-streaming-invocations HTTP/1.1", "Content-Length: 2")}{}`,
    `GET / HTTP/1.1\r\n${host}\r\n\r\n`,
    `HEAD / HTTP/1.1\r\n${host}\r\n\r\n`,
  ]) {
    const wire = await open();
    wire.write(request);
    const { answer, seconds } = await wire.closed;
    expect(answer).toStartWith("HTTP/1.1 200");
    expect(answer.includes("streamed")).toBe(!request.startsWith("HEAD"));
    expect(seconds).toBeLessThan(15);
  }
});

test.concurrent("a call may take longer than a connection may be idle", async () => {
  const source = `exports.handler = (event, context, done) => setTimeout(() => done(null, 'late'), ${2 * IDLE_SECONDS * 1000});`;
  await make("slow", source);
  const answer = await fetch(`${server.url}/2015-03-31/functions/slow/invocations`, { method: "POST", body: "{}" });
  expect(await answer.json()).toBe("late");
});

describe("a request is refused, and the server goes on,", () => {
  const many = Array.from({ length: 500 }, (_, count) => `x-${count}: y`);
  test.each<[string, string, number]>([
    ["whose headers are too large", head("GET / HTTP/1.1", `X-Large: ${"x".repeat(20_000)}`), 431],
    ["that has too many headers", head("GET / HTTP/1.1", ...many), 431],
    ["whose address is too long", head(`GET /${"x".repeat(20_000)} HTTP/1.1`), 431],
    ["whose body says it is larger than a call takes", head(INVOKE, "Content-Length: 7000000"), 413],
    ["whose body says it is larger than code may be", head(CREATE, "Content-Length: 900000000"), 413],
    ["that is no HTTP", `${String.fromCharCode(1, 2, 3)} hello\r\n\r\n`, 400],
  ])("%s", async (_, text, status) => {
    const wire = await open();
    wire.write(text);
    const answer = await Promise.race([wire.answered, wire.closed.then((closed) => closed.answer)]);
    expect(answer).toStartWith(`HTTP/1.1 ${status}`);
    expect((await fetch(`${server.url}/_lambent/health`)).status).toBe(200);
  });
});
