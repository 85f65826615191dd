import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import {
  encodeFrame,
  FrameError,
  FrameReader,
  HEAD_BYTES_MAX,
  PAYLOAD_BYTES_MAX,
  parseHostFrame,
  parseRunnerFrame,
  type RunnerFrame,
  readRunnerHead,
} from "../../runtime/protocol.ts";
import { FrameOutbox } from "../../runtime/protocol-socket.ts";

type Frame = { head: unknown; payload: Uint8Array };

const id = fc.uuid();
const word = fc.string({ maxLength: 100 });
const runnerFrames: fc.Arbitrary<RunnerFrame> = fc.oneof(
  fc.constant({ type: "hello" } as const),
  fc.constant({ type: "ready" } as const),
  fc.record({ type: fc.constant("init-error" as const), errorType: word }),
  fc.record({ type: fc.constant("chunk" as const), id }),
  fc.record({ type: fc.constant("chunk" as const), id, contentType: word }),
  fc.record({ type: fc.constant("result" as const), id, marked: fc.boolean() }),
  fc.record({
    type: fc.constant("error" as const),
    id,
    marked: fc.boolean(),
    kind: fc.constantFrom("Handled" as const, "Unhandled" as const),
    errorType: word,
  }),
  fc.record({ type: fc.constant("rejected" as const), id, reason: word }),
  fc.record({ type: fc.constant("returned" as const), id }),
  fc.record({ type: fc.constant("fault" as const), errorType: word }),
);

const bytesOf = (pieces: readonly Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(pieces));

function readAll(chunks: readonly Uint8Array[], payloadBytesMax?: number): Frame[] {
  const frames: Frame[] = [];
  const reader = new FrameReader((head, payload) => frames.push({ head, payload: payload.slice() }), {
    readHead: readRunnerHead,
    ...(payloadBytesMax !== undefined && { payloadBytesMax }),
  });
  for (const chunk of chunks) reader.push(chunk);
  return frames;
}

/** Cuts at the given places, wherever they fall. */
function cut(bytes: Uint8Array, places: readonly number[]): Uint8Array[] {
  const ends = [...places.map((place) => place % (bytes.length + 1)), bytes.length].sort((a, b) => a - b);
  return ends.map((end, n) => bytes.slice(ends[n - 1] ?? 0, end));
}

function rawFrame(input: {
  total?: number;
  headLength?: number;
  head?: string | Uint8Array;
  payload?: Uint8Array;
}): Uint8Array {
  const head = Buffer.from(input.head ?? '{"type":"hello"}');
  const payload = input.payload ?? new Uint8Array();
  const prefix = Buffer.alloc(8);
  prefix.writeUInt32LE(input.total ?? 4 + head.length + payload.length, 0);
  prefix.writeUInt32LE(input.headLength ?? head.length, 4);
  return new Uint8Array(Buffer.concat([prefix, head, payload]));
}

describe("FrameReader", () => {
  test("reads what encodeFrame wrote, however the bytes are cut", () => {
    const sent = fc.array(fc.tuple(runnerFrames, fc.uint8Array({ maxLength: 300 })), { maxLength: 6 });
    fc.assert(
      fc.property(sent, fc.array(fc.nat(), { maxLength: 12 }), (frames, places) => {
        const bytes = bytesOf(frames.flatMap(([head, payload]) => encodeFrame(head, payload)));
        const read = readAll(cut(bytes, places));
        expect(read).toEqual(frames.map(([head, payload]) => ({ head, payload })));
        expect(read.map(({ head }) => parseRunnerFrame(head))).toEqual(frames.map(([head]) => head));
      }),
      { numRuns: 1000 },
    );
  });

  test("reads frames that come a byte at a time", () => {
    const payload = new Uint8Array([0, 255, 10, 0]);
    const bytes = bytesOf([
      ...encodeFrame({ type: "hello" }),
      ...encodeFrame({ type: "result", id: "a", marked: true }, payload),
    ]);
    const read = readAll([...bytes].map((byte) => new Uint8Array([byte])));
    expect(read).toEqual([
      { head: { type: "hello" }, payload: new Uint8Array() },
      { head: { type: "result", id: "a", marked: true }, payload },
    ]);
  });

  test("reads the largest payload that the treaty allows, which leaves in a piece of its own", () => {
    const payload = new Uint8Array(PAYLOAD_BYTES_MAX).fill(7);
    const pieces = encodeFrame({ type: "result", id: "a", marked: false }, payload);
    expect(pieces.length).toBe(2);
    const [frame] = readAll(pieces);
    expect(frame?.payload.length).toBe(PAYLOAD_BYTES_MAX);
    expect(frame?.payload.at(-1)).toBe(7);
  });

  test.each<{ name: string; bytes: Uint8Array; message: RegExp }>([
    { name: "a length below that of an empty head", bytes: rawFrame({ total: 3 }), message: /frame of 3 bytes/ },
    { name: "a length of zero", bytes: new Uint8Array(8), message: /frame of 0 bytes/ },
    { name: "a length of 4 GiB", bytes: new Uint8Array([255, 255, 255, 255]), message: /frame of 4294967295 bytes/ },
    {
      name: "a length one over the limit",
      bytes: rawFrame({ total: 4 + HEAD_BYTES_MAX + PAYLOAD_BYTES_MAX + 1 }),
      message: /frame of \d+ bytes/,
    },
    {
      name: "a head longer than its frame",
      bytes: rawFrame({ headLength: 17 }),
      message: /head of 17 bytes in a frame of/,
    },
    {
      name: "a head with the sign bit set",
      bytes: rawFrame({ headLength: 0x80000000 }),
      message: /head of 2147483648 bytes/,
    },
    {
      name: "a head over its own limit",
      bytes: rawFrame({ head: `"${"x".repeat(HEAD_BYTES_MAX)}"` }),
      message: /head of \d+ bytes/,
    },
    { name: "an empty head", bytes: rawFrame({ head: "" }), message: /not JSON/ },
    { name: "a head that is half JSON", bytes: rawFrame({ head: '{"type":' }), message: /not JSON/ },
    { name: "bytes of HTTP", bytes: new TextEncoder().encode("GET / HTTP/1.1\r\n\r\n"), message: /frame of \d+ bytes/ },
  ])("refuses $name", ({ bytes, message }) => {
    expect(() => readAll([bytes])).toThrow(message);
    expect(() => readAll([bytes])).toThrow(FrameError);
    expect(() => readAll([...bytes].map((byte) => new Uint8Array([byte])))).toThrow(FrameError);
  });

  test("keeps a smaller limit when it is given one", () => {
    const bytes = rawFrame({ payload: new Uint8Array(HEAD_BYTES_MAX + 200) });
    expect(() => readAll([bytes], 100)).toThrow(FrameError);
    expect(readAll([rawFrame({ payload: new Uint8Array(100) })], 100).length).toBe(1);
  });

  test("lets nothing but FrameError escape from 120,000 hostile inputs", () => {
    const seeds = [
      rawFrame({}),
      rawFrame({ head: '{"type":"result","id":"a","marked":true}', payload: new Uint8Array(20) }),
      rawFrame({ head: '{"type":"chunk","id":"b","contentType":"text/plain"}', payload: new Uint8Array(5) }),
      rawFrame({ head: '{"type":"error","id":"c","kind":"Handled","errorType":"E"}' }),
    ];
    const random = generator(20260102);
    let refused = 0;
    let parsed = 0;
    for (let n = 0; n < 120_000; n++) {
      const bytes = n % 4 === 0 ? randomBytes(random) : mutate(seeds[n % seeds.length] ?? new Uint8Array(), random);
      try {
        const reader = new FrameReader(
          (head) => {
            parseRunnerFrame(head);
            parsed++;
          },
          { readHead: readRunnerHead },
        );
        for (const part of cut(bytes, [random(bytes.length + 1), random(bytes.length + 1)])) reader.push(part);
      } catch (error) {
        if (!(error instanceof FrameError)) throw new Error(`${Buffer.from(bytes).toString("hex")}`, { cause: error });
        refused++;
      }
    }
    expect(refused).toBeGreaterThan(50_000);
    expect(parsed).toBeGreaterThan(5_000);
  });
});

/** A small generator of its own (mulberry32), so that a failing input comes again. */
function generator(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % Math.max(1, below);
  };
}

function randomBytes(random: (below: number) => number): Uint8Array {
  const bytes = new Uint8Array(random(40));
  for (let i = 0; i < bytes.length; i++) bytes[i] = random(4) === 0 ? random(256) : random(8);
  return bytes;
}

function mutate(seed: Uint8Array, random: (below: number) => number): Uint8Array {
  const bytes = Buffer.concat([seed, random(3) === 0 ? seed : new Uint8Array()]);
  for (let changes = random(4); changes > 0; changes--) bytes[random(bytes.length)] = random(256);
  const from = random(6) === 0 ? random(bytes.length) : 0;
  const to = random(6) === 0 ? random(bytes.length) : bytes.length;
  return new Uint8Array(bytes.subarray(from, Math.max(from, to)));
}

describe("readRunnerHead", () => {
  const answerOf = (read: (text: string) => unknown, text: string): unknown => {
    try {
      return read(text);
    } catch {
      return "refused";
    }
  };

  test("answers what JSON.parse does, whatever stands in the form that it reads by itself", () => {
    const texts = fc.oneof(
      runnerFrames.map((frame) => JSON.stringify(frame)),
      fc
        .string({ unit: fc.constantFrom("a", "-", '"', "\\", "\n", ",", ":", "{", "}", "\u0000", "é"), maxLength: 8 })
        .map((inside) => `{"type":"result","id":"${inside}","marked":false}`),
    );
    fc.assert(
      fc.property(texts, (text) => {
        expect(answerOf(readRunnerHead, text)).toEqual(answerOf(JSON.parse, text));
      }),
      { numRuns: 2000 },
    );
  });

  test.each([
    '{"type":"result","id":"","marked":false}',
    '{"type":"result","id":"a","marked":false} ',
    '{"type":"result","id":"a","id":"b","marked":false}',
    '{"type":"result","id":"\\u0061","marked":false}',
    '{"type":"result","id":"a","marked":true,"marked":false}',
    '{"type":"result","id":"","marked":false}","marked":false}',
  ])("as for %s", (text) => {
    expect(answerOf(readRunnerHead, text)).toEqual(answerOf(JSON.parse, text));
  });
});

describe("parseRunnerFrame", () => {
  const longText = "x".repeat(4097);
  test.each<{ name: string; head: unknown }>([
    { name: "null", head: null },
    { name: "nothing", head: undefined },
    { name: "a number", head: 1 },
    { name: "a text", head: "hello" },
    { name: "an array", head: [{ type: "hello" }] },
    { name: "an empty object", head: {} },
    { name: "an unknown type", head: { type: "goodbye" } },
    { name: "a type of a prototype's member", head: { type: "constructor" } },
    { name: "a type that is an array", head: { type: ["hello"] } },
    { name: "a host's frame", head: { type: "invoke", id: "a" } },
    { name: "a result without an id", head: { type: "result", marked: true } },
    { name: "a result with a number for an id", head: { type: "result", id: 7, marked: true } },
    { name: "a result with an id that is too long", head: { type: "result", id: longText } },
    { name: "an error without its type", head: { type: "error", id: "a", kind: "Handled" } },
    { name: "an error type that is an object", head: { type: "error", id: "a", errorType: { toString: "E" } } },
    { name: "an error type that is too long", head: { type: "fault", errorType: longText } },
    { name: "an init error without its type", head: { type: "init-error" } },
    { name: "a chunk without an id", head: { type: "chunk" } },
    { name: "a chunk with a content type that is null", head: { type: "chunk", id: "a", contentType: null } },
    { name: "a chunk with a content type that is too long", head: { type: "chunk", id: "a", contentType: longText } },
    { name: "a returned call without an id", head: { type: "returned" } },
    { name: "a rejection without a reason", head: { type: "rejected", id: "a" } },
    { name: "a rejection with a list for a reason", head: { type: "rejected", id: "a", reason: [] } },
  ])("refuses $name", ({ head }) => {
    expect(() => parseRunnerFrame(head)).toThrow(FrameError);
  });

  test("keeps nothing that is not the treaty's", () => {
    const head = JSON.parse('{"type":"hello","__proto__":{"polluted":true},"extra":1,"id":"a"}');
    expect(parseRunnerFrame(head)).toEqual({ type: "hello" });
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
  });

  test("takes anything but true for unmarked, and any unknown kind for Unhandled", () => {
    expect(parseRunnerFrame({ type: "result", id: "a", marked: "yes" })).toEqual({
      type: "result",
      id: "a",
      marked: false,
    });
    expect(parseRunnerFrame({ type: "error", id: "a", kind: "Nice", errorType: "E" })).toMatchObject({
      kind: "Unhandled",
    });
  });

  test("answers a frame or a FrameError for any value at all", () => {
    const heads = fc.oneof(
      fc.anything(),
      fc.dictionary(
        fc.constantFrom("type", "id", "marked", "kind", "errorType", "reason", "contentType"),
        fc.jsonValue(),
      ),
      fc.record({ type: fc.constantFrom("hello", "chunk", "result", "error", "rejected", "fault"), id: fc.anything() }),
    );
    fc.assert(
      fc.property(heads, (head) => {
        try {
          expect(typeof parseRunnerFrame(head).type).toBe("string");
        } catch (error) {
          expect(error).toBeInstanceOf(FrameError);
        }
      }),
      { numRuns: 2000 },
    );
  });
});

describe("parseHostFrame", () => {
  test.each([[null], [1], ["init"], [[]], [{}], [{ type: "hello" }], [{ type: "result" }]])("refuses %p", (head) => {
    expect(() => parseHostFrame(head)).toThrow(FrameError);
  });
});

describe("FrameOutbox", () => {
  test("keeps order, whatever part of the bytes the socket takes each time", () => {
    const pieces = fc.array(fc.uint8Array({ minLength: 1, maxLength: 50 }), { minLength: 1, maxLength: 10 });
    fc.assert(
      fc.property(pieces, fc.array(fc.integer({ min: -1, max: 30 }), { maxLength: 60 }), (written, takes) => {
        const outbox = new FrameOutbox();
        const taken: number[] = [];
        let full = false;
        const socket = {
          write(bytes: Uint8Array): number {
            const count = full
              ? (takes.shift() ?? bytes.length)
              : Math.min(bytes.length, takes.shift() ?? bytes.length);
            const part = bytes.subarray(0, Math.max(0, Math.min(count, bytes.length)));
            taken.push(...part);
            full = part.length < bytes.length;
            return count < 0 ? -1 : part.length;
          },
        };
        for (const piece of written) outbox.write(socket, [piece]);
        for (let n = 0; n < 1000 && !outbox.isEmpty; n++) outbox.flush(socket);
        expect(taken).toEqual(written.flatMap((piece) => [...piece]));
        expect(outbox.isEmpty).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  test("tells once when everything has gone, and not before", () => {
    const outbox = new FrameOutbox();
    let room = 2;
    let told = 0;
    const socket = { write: (bytes: Uint8Array) => Math.min(room, bytes.length) };
    outbox.write(socket, [new Uint8Array(5)]);
    outbox.onceEmpty(() => told++);
    outbox.flush(socket);
    expect([told, outbox.isEmpty]).toEqual([0, false]);
    room = 100;
    outbox.flush(socket);
    outbox.flush(socket);
    expect([told, outbox.isEmpty]).toEqual([1, true]);
  });
});
