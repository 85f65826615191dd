/**
 * The load generator, a process of its own: HTTP/1.1 over plain sockets, connections kept open, one request at a time on each. It is
 * driven by `load-process.ts`. Beside `fetch` in the same Bun it takes 8 µs of CPU a request where that takes 20 (with one client 25
 * and 62), and sees 65 µs of an echo's latency where that sees 101. Since it shares the machine with what it measures, lean matters.
 */
import type { Socket } from "bun";
import type { LoadCommand, LoadReport } from "./load-protocol.ts";

const HEAD_END = Buffer.from("\r\n\r\n");
const LENGTH_HEADER = "\r\ncontent-length:";
const FAILURE_BYTES_SHOWN = 400;

process.on("message", (command: LoadCommand) => {
  run(command).then(
    (report) => process.send?.(report),
    (error: unknown) => process.send?.({ failure: error instanceof Error ? error.message : String(error) }),
  );
});
process.on("disconnect", () => process.exit(0)); // whoever asked is gone

async function run(command: LoadCommand): Promise<LoadReport> {
  const requests = command.requests.map((request) => encode(request, command.port));
  const latenciesMs: number[] = [];
  const countMax = command.count ?? Number.POSITIVE_INFINITY;
  let startedMs = 0;
  let untilMs = 0;
  let handedOut = 0;
  let errorCount = 0;
  const next = (nowMs: number): Uint8Array | undefined =>
    handedOut < countMax && nowMs < untilMs ? requests[handedOut++ % requests.length] : undefined;
  const clients = await Promise.all(
    Array.from({ length: command.clients }, () =>
      connect(command.port, (client, answer) => {
        latenciesMs.push(answer.latencyMs);
        if (answer.status < 200 || answer.status > 299) {
          if (command.strict) throw new Error(`Cannot go on: an answer was ${answer.text()}`);
          errorCount++;
        }
        const request = next(performance.now());
        if (request) client.send(request);
        else client.end();
      }),
    ),
  );
  startedMs = performance.now();
  untilMs = startedMs + (command.durationMs ?? Number.POSITIVE_INFINITY);
  for (const client of clients) {
    const request = next(startedMs);
    if (request) client.send(request);
    else client.end();
  }
  await Promise.all(clients.map((client) => client.done));
  return { elapsedMs: performance.now() - startedMs, latenciesMs: Float64Array.from(latenciesMs), errorCount };
}

function encode({ method, path, headers, body }: LoadCommand["requests"][number], port: number): Uint8Array {
  const lines = Object.entries(headers ?? {}).map(([name, value]) => `${name}: ${value}\r\n`);
  const head = `${method} ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n${lines.join("")}Content-Length: ${body.length}\r\n\r\n`;
  return Buffer.concat([Buffer.from(head), body]);
}

interface Answer {
  readonly status: number;
  readonly latencyMs: number;
  text(): string;
}

interface Client {
  /** Fulfilled by `end`. */
  readonly done: Promise<void>;
  send(request: Uint8Array): void;
  end(): void;
}

/** A connection whose every answer is handed to `onAnswer`, which sends the next request or ends it. */
async function connect(port: number, onAnswer: (client: Client, answer: Answer) => void): Promise<Client> {
  const { promise: done, resolve, reject } = Promise.withResolvers<void>();
  let sentAtMs = 0;
  let unsent: Uint8Array | undefined;
  let finished = false;
  const answer = new AnswerReader();
  const write = (socket: Socket, bytes: Uint8Array): void => {
    const taken = Math.max(0, socket.write(bytes));
    unsent = taken < bytes.length ? bytes.subarray(taken) : undefined;
  };
  const socket = await Bun.connect({
    hostname: "127.0.0.1",
    port,
    socket: {
      data(_socket, bytes) {
        try {
          if (!answer.push(bytes)) return;
          const { status } = answer;
          onAnswer(client, { status, latencyMs: performance.now() - sentAtMs, text: () => answer.text() });
        } catch (error) {
          reject(error);
        }
      },
      drain(ready) {
        if (unsent) write(ready, unsent);
      },
      close() {
        if (!finished) reject(new Error("Cannot go on: the server closed a connection"));
      },
      error(_socket, error) {
        reject(error);
      },
    },
  });
  const client: Client = {
    done,
    send(request) {
      answer.reset();
      sentAtMs = performance.now();
      write(socket, request);
    },
    end() {
      finished = true;
      socket.end();
      resolve();
    },
  };
  return client;
}

/** Knows when an answer is whole: by its Content-Length, which Bun.serve always sends for a body that is at hand. */
class AnswerReader {
  status = 0;
  #head = "";
  #shown = "";
  #bodyLength = 0;
  #bodySeen = 0;
  /** The beginning of a head that came in pieces. */
  #held: Buffer | undefined;

  reset(): void {
    this.status = 0;
    this.#held = undefined;
  }

  /** Whether the answer is whole. */
  push(bytes: Buffer): boolean {
    if (this.status === 0) return this.#readHead(this.#held ? Buffer.concat([this.#held, bytes]) : bytes);
    this.#bodySeen += bytes.length;
    return this.#isWhole();
  }

  text(): string {
    return `${this.#head.split("\r\n", 1)[0]}: ${this.#shown}`;
  }

  #readHead(bytes: Buffer): boolean {
    const end = bytes.indexOf(HEAD_END);
    if (end < 0) {
      this.#held = Buffer.from(bytes);
      return false;
    }
    this.#head = bytes.toString("latin1", 0, end);
    this.status = Number.parseInt(this.#head.slice(9, 12), 10);
    const at = this.#head.toLowerCase().indexOf(LENGTH_HEADER);
    if (at < 0 && this.status !== 204) throw new Error("Cannot read an answer: it has no Content-Length");
    this.#bodyLength = at < 0 ? 0 : Number.parseInt(this.#head.slice(at + LENGTH_HEADER.length), 10);
    this.#bodySeen = bytes.length - end - HEAD_END.length;
    this.#shown = this.status < 300 ? "" : bytes.toString("latin1", end + HEAD_END.length, end + FAILURE_BYTES_SHOWN);
    return this.#isWhole();
  }

  #isWhole(): boolean {
    if (this.#bodySeen > this.#bodyLength) throw new Error("Cannot read an answer: more came than was announced");
    return this.#bodySeen === this.#bodyLength;
  }
}
