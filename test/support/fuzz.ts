/** Requests that no client of ours sends, by the thousand: made of what the API knows, and of what it does not; the same for a seed. */
import { OPERATIONS, type OperationRow } from "../../src/shapes/operations.ts";

export interface FuzzReport {
  /** How many answers had each status. */
  readonly statuses: Readonly<Record<number, number>>;
  /** The first few requests that were answered with 5xx, or not at all. */
  readonly failures: readonly string[];
  readonly closedCount: number;
}

const ROWS = Object.values(OPERATIONS) as OperationRow[];
const ANSWER_MS_MAX = 30_000;
const FAILURES_SHOWN = 5;
/** S3's word for what it does not have, and HTTP's for a version that is none. */
const NO_FAULTS: ReadonlySet<number> = new Set([501, 505]);

export async function fuzz(input: {
  port: number;
  count: number;
  seed: number;
  connections: number;
  /** Default: requests for the API. */
  make?: (random: Random) => FuzzRequest;
  /** Default: every 5xx that HTTP has not a reason of its own for. */
  isFault?: (status: number) => boolean;
}): Promise<FuzzReport> {
  const { make = requestOf, isFault = (status: number) => status >= 500 && !NO_FAULTS.has(status) } = input;
  const random = randomOf(input.seed);
  const statuses: Record<number, number> = {};
  const failures: string[] = [];
  let closedCount = 0;
  let left = input.count;
  const client = async (): Promise<void> => {
    let wire: Wire | undefined;
    while (left-- > 0) {
      const request = make(random);
      wire ??= await Wire.open(input.port);
      const status = await wire.ask(request);
      if (status === undefined) closedCount++;
      else statuses[status] = (statuses[status] ?? 0) + 1;
      if (status !== undefined && isFault(status) && failures.length < FAILURES_SHOWN)
        failures.push(`${status}: ${request.bytes.toString("latin1").slice(0, 600)}`);
      if (!wire.isOpen || request.breaks) {
        wire.close();
        wire = undefined;
      }
    }
    wire?.close();
  };
  await Promise.all(Array.from({ length: input.connections }, client));
  return { statuses, failures, closedCount };
}

export interface FuzzRequest {
  readonly bytes: Buffer;
  readonly isHead: boolean;
  /** The connection is of no use after it. */
  readonly breaks: boolean;
}

export type Random = () => number;

/** A small generator of good enough numbers from 0 to 1 (mulberry32). */
function randomOf(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export const below = (random: Random, count: number): number => Math.floor(random() * count);
export const oneOf = <T>(random: Random, values: readonly T[]): T => values[below(random, values.length)] as T;

const METHODS = ["GET", "POST", "PUT", "DELETE", "HEAD", "PATCH", "OPTIONS"] as const;
const WORDS = [
  "f",
  "ghost",
  "$LATEST",
  "prod",
  "1",
  "0",
  "-1",
  "99999999999999999999",
  "null",
  "true",
  "..",
  ".",
  "%2e%2e",
  "%00",
  "%",
  "%zz",
  "%F0%9F%90%8E",
  "arn:aws:lambda:us-east-1:000000000000:function:f",
  "arn%3Aaws%3Alambda%3Aus-east-1%3A000000000000%3Afunction%3Af",
  "a".repeat(300),
  "__proto__",
  "constructor",
  "_lambent",
  "photos",
  "2015-03-31",
  "functions",
  "invocations",
  "x'y\"z",
  "é",
  "*",
  "?",
  "&",
  "=",
  "+",
  "AKIA",
  "{}",
  "[]",
] as const;
const PREFIXES = [
  "/_lambent/",
  "/_lambent/keys/",
  "/_lambent/events/",
  "/_lambent/urls/",
  "/metrics",
  "/photos/",
  "/",
  "//",
  "/2015-03-31/",
] as const;
export const HEADERS = [
  "Authorization",
  "X-Amz-Date",
  "X-Amz-Content-Sha256",
  "X-Amz-Security-Token",
  "X-Amz-Invocation-Type",
  "X-Amz-Log-Type",
  "X-Amz-Client-Context",
  "Content-Type",
  "Content-Encoding",
  "Content-MD5",
  "Range",
  "If-Match",
  "X-Amz-Copy-Source",
  "X-Amz-Decoded-Content-Length",
  "X-Amzn-Trace-Id",
  "Cookie",
  "X-Amz-Trailer",
  "Expect",
  "Accept-Encoding",
  "X-Lambent-Routing",
  "X-Amz-Tagging",
  "Origin",
  "X-Forwarded-For",
] as const;
export const VALUES = [
  "",
  "x",
  "Event",
  "DryRun",
  "RequestResponse",
  "Tail",
  "e30=",
  "bm90IGpzb24=",
  "bytes=0-1",
  "bytes=9-1",
  "bytes=-",
  "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
  "UNSIGNED-PAYLOAD",
  "20260301T120000Z",
  "99999999T999999Z",
  "AWS4-HMAC-SHA256 Credential=AKIA/20260301/us-east-1/lambda/aws4_request, SignedHeaders=host, Signature=00",
  "AWS4-HMAC-SHA256",
  "Basic eA==",
  "aws-chunked",
  "gzip",
  "application/json",
  "Root=1;Lineage=a:1|b:2",
  "/photos/a",
  "a=b&c=d",
  "1e309",
  "-5",
  "100-continue",
  "f".repeat(64),
  "\u00ff\u00fe",
] as const;

function requestOf(random: Random): FuzzRequest {
  if (random() < 0.02) return { bytes: garbage(random), isHead: false, breaks: true };
  const row = oneOf(random, ROWS);
  const known = random() < 0.7;
  const method = known && random() < 0.9 ? row.method : oneOf(random, METHODS);
  const path = known
    ? row.path.replace(/\{\w+\}/g, () => wordOf(random))
    : `${oneOf(random, PREFIXES)}${random() < 0.7 ? wordOf(random) : ""}`;
  const query =
    random() < 0.4
      ? `?${Array.from({ length: 1 + below(random, 4) }, () => `${parameterOf(random, row)}=${wordOf(random)}`).join("&")}`
      : "";
  const body = method === "GET" || method === "HEAD" ? Buffer.alloc(0) : bodyOf(random, row);
  const headers = Array.from(
    { length: below(random, 5) },
    () => `${oneOf(random, HEADERS)}: ${random() < 0.8 ? oneOf(random, VALUES) : wordOf(random)}\r\n`,
  );
  const chunked = body.length > 0 && random() < 0.2;
  const length = chunked
    ? "Transfer-Encoding: chunked\r\n"
    : body.length > 0 || method !== "GET"
      ? `Content-Length: ${body.length}\r\n`
      : "";
  const head = `${method} ${path.replace(/\s/g, "_")}${query.replace(/\s/g, "+")} HTTP/1.1\r\nHost: ${random() < 0.95 ? "127.0.0.1" : wordOf(random).replace(/[^\w.:-]/g, "")}\r\n${length}${headers.join("")}\r\n`;
  const framed = chunked
    ? Buffer.concat([Buffer.from(`${body.length.toString(16)}\r\n`), body, Buffer.from("\r\n0\r\n\r\n")])
    : body;
  return { bytes: Buffer.concat([Buffer.from(head), framed]), isHead: method === "HEAD", breaks: false };
}

export function wordOf(random: Random): string {
  if (random() < 0.8) return oneOf(random, WORDS);
  return Array.from({ length: below(random, 20) }, () => String.fromCharCode(33 + below(random, 94)))
    .join("")
    .replaceAll("#", "");
}

const parameterOf = (random: Random, { input }: OperationRow): string => {
  const names = input.members.filter(({ location }) => location === "query").map(({ wire }) => wire);
  return names.length > 0 && random() < 0.7
    ? oneOf(random, names)
    : oneOf(random, [
        "Marker",
        "MaxItems",
        "Qualifier",
        "uploads",
        "uploadId",
        "partNumber",
        "X-Amz-Signature",
        "X-Amz-Credential",
        "list-type",
        "max-keys",
      ]);
};

function bodyOf(random: Random, { input }: OperationRow): Buffer {
  const kind = random();
  if (kind < 0.1) return Buffer.alloc(0);
  if (kind < 0.2) return Buffer.from(Array.from({ length: below(random, 400) }, () => below(random, 256)));
  if (kind < 0.25) return Buffer.from(`${"[".repeat(below(random, 5000))}`);
  if (kind < 0.3) return Buffer.from("<Delete><Object><Key>a</Key></Object></Delete>".slice(0, below(random, 48)));
  const members = input.members.filter(({ location }) => location === "body");
  const entries = members.filter(() => random() < 0.5).map(({ name }) => [name, jsonValue(random, 0)] as const);
  const text = JSON.stringify({
    ...Object.fromEntries(entries),
    ...(random() < 0.2 && { [wordOf(random)]: jsonValue(random, 0) }),
  });
  return Buffer.from(random() < 0.1 ? text.slice(0, below(random, text.length)) : text);
}

export function jsonValue(random: Random, depth: number): unknown {
  const kind = random();
  if (kind < 0.4) return wordOf(random);
  if (kind < 0.55) return oneOf(random, [0, 1, -1, 3, 128, 1e20, 0.5, 2 ** 53, Number.MAX_VALUE]);
  if (kind < 0.65) return random() < 0.5;
  if (kind < 0.7) return null;
  if (depth > 3) return "deep";
  if (kind < 0.85) return Array.from({ length: below(random, 4) }, () => jsonValue(random, depth + 1));
  return Object.fromEntries(
    Array.from({ length: below(random, 4) }, () => [wordOf(random), jsonValue(random, depth + 1)]),
  );
}

/** Not HTTP, or nearly. */
export function garbage(random: Random): Buffer {
  const bytes = Buffer.from(Array.from({ length: 1 + below(random, 300) }, () => below(random, 256)));
  const starts = [
    "",
    "GET ",
    "POST / HTTP/9.9\r\n",
    "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n",
    "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n",
    "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
  ];
  return Buffer.concat([Buffer.from(oneOf(random, starts)), bytes, Buffer.from("\r\n\r\n")]);
}

class Wire {
  isOpen = true;
  #buffer = Buffer.alloc(0);
  #socket: { write(bytes: Uint8Array): number; end(): void } | undefined;
  #settle: ((status: number | undefined) => void) | undefined;
  #isHead = false;
  #unsent: Uint8Array | undefined;

  static async open(port: number): Promise<Wire> {
    const wire = new Wire();
    wire.#socket = await Bun.connect({
      hostname: "127.0.0.1",
      port,
      socket: {
        data: (_, bytes) => wire.#take(bytes),
        drain: () => wire.#send(),
        close: () => wire.#closed(),
        error: () => wire.#closed(),
      },
    });
    return wire;
  }

  /** The answer's status; undefined: the connection was closed instead. */
  ask({ bytes, isHead, breaks }: FuzzRequest): Promise<number | undefined> {
    const { promise, resolve } = Promise.withResolvers<number | undefined>();
    const late = setTimeout(() => resolve(breaks ? undefined : 599), breaks ? 50 : ANSWER_MS_MAX);
    this.#settle = (status) => {
      clearTimeout(late);
      this.#settle = undefined;
      resolve(status);
    };
    this.#isHead = isHead;
    this.#unsent = bytes;
    this.#send();
    return promise;
  }

  close(): void {
    this.isOpen = false;
    this.#socket?.end();
  }

  #send(): void {
    if (!this.#unsent || !this.isOpen) return;
    const written = this.#socket?.write(this.#unsent) ?? 0;
    this.#unsent = written < this.#unsent.length ? this.#unsent.subarray(Math.max(written, 0)) : undefined;
  }

  #closed(): void {
    this.isOpen = false;
    this.#settle?.(undefined);
  }

  #take(bytes: Uint8Array): void {
    this.#buffer = Buffer.concat([this.#buffer, bytes]);
    const headEnd = this.#buffer.indexOf("\r\n\r\n");
    if (headEnd < 0) return;
    const head = this.#buffer.toString("latin1", 0, headEnd);
    const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(head)?.[1]);
    if (status === 100) {
      this.#buffer = this.#buffer.subarray(headEnd + 4);
      return this.#take(new Uint8Array());
    }
    if (!this.#isWhole(head, headEnd + 4, status)) return;
    this.#buffer = Buffer.alloc(0);
    if (/^connection: close/im.test(head)) this.isOpen = false;
    this.#settle?.(status);
  }

  #isWhole(head: string, bodyAt: number, status: number): boolean {
    if (this.#isHead || status === 204 || status === 304) return true;
    if (/^transfer-encoding: chunked/im.test(head))
      return this.#buffer.subarray(bodyAt).toString("latin1").endsWith("0\r\n\r\n");
    const length = Number(/^content-length: (\d+)/im.exec(head)?.[1] ?? 0);
    return this.#buffer.length >= bodyAt + length;
  }
}
