/**
 * Frames as a hostile runner might send them: valid ones that were bent, cut, joined or made up, all drawn from one seed. What has to hold:
 * nothing but FrameError is ever thrown, and what a reader keeps stays within one frame.
 */
import {
  encodeFrame,
  FrameError,
  FrameReader,
  HEAD_BYTES_MAX,
  PAYLOAD_BYTES_MAX,
  parseRunnerFrame,
  readRunnerHead,
} from "../../runtime/protocol.ts";

export interface FuzzReport {
  readonly cases: number;
  /** How many were refused, and how many frames were read. Both have to be some, or nothing was tried. */
  readonly refused: number;
  readonly frames: number;
  /** Whatever was thrown that is no FrameError; empty. */
  readonly escaped: readonly string[];
}

/** A small generator of 32-bit numbers (xorshift): the same seed, the same cases. */
function drawsOf(seed: number): (below: number) => number {
  let state = seed | 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

type Draw = (below: number) => number;

const ID = "8f507cfc-xmpl-4697-b07a-ac58fc914c95";
const VALUES: readonly unknown[] = [
  ...[
    null,
    true,
    0,
    -1,
    1e308,
    "",
    "x".repeat(5000),
    [],
    {},
    [[[[]]]],
    { toString: "x" },
    { length: 1e9 },
    ID,
    "hello",
  ],
];
const NAMES = ["type", "id", "marked", "kind", "errorType", "reason", "contentType", "__proto__", "constructor", "x"];
const TYPES = [
  "hello",
  "ready",
  "init-error",
  "chunk",
  "result",
  "error",
  "rejected",
  "returned",
  "fault",
  "init",
  "invoke",
  "",
];
/** Lengths around every limit, and those that would overflow. */
const LENGTHS = [
  ...[0, 1, 3, 4, 5, 7, 8, 255, 256, HEAD_BYTES_MAX - 1, HEAD_BYTES_MAX, HEAD_BYTES_MAX + 1, PAYLOAD_BYTES_MAX],
  ...[
    4 + HEAD_BYTES_MAX + PAYLOAD_BYTES_MAX,
    5 + HEAD_BYTES_MAX + PAYLOAD_BYTES_MAX,
    0x7fffffff,
    0x80000000,
    0xffffffff,
  ],
];
const HEADS = [
  "",
  "{",
  "null",
  "[]",
  '"hello"',
  "1e999",
  '{"type":"hello"',
  '{"type":"hello","type":"fault"}',
  "\u0000",
  "\ufeff{}",
];

const pick = <T>(draw: Draw, values: readonly T[]): T => values[draw(values.length)] as T;

function frame(draw: Draw): Uint8Array {
  const head: Record<string, unknown> = { type: pick(draw, TYPES) };
  for (let n = draw(5); n > 0; n--) head[pick(draw, NAMES)] = pick(draw, VALUES);
  return new Uint8Array(Buffer.concat(encodeFrame(head as never, new Uint8Array(draw(64)))));
}

function rawFrame(draw: Draw): Uint8Array {
  const head = Buffer.from(pick(draw, HEADS));
  const bytes = Buffer.alloc(8 + head.length + draw(32));
  bytes.writeUInt32LE(draw(2) === 0 ? bytes.length - 4 : pick(draw, LENGTHS), 0);
  bytes.writeUInt32LE(draw(2) === 0 ? head.length : pick(draw, LENGTHS), 4);
  head.copy(bytes, 8);
  return new Uint8Array(bytes);
}

function bend(draw: Draw, bytes: Uint8Array): Uint8Array {
  for (let n = draw(4); n > 0 && bytes.length > 0; n--) bytes[draw(bytes.length)] = draw(256);
  return draw(4) === 0 ? bytes.subarray(0, draw(bytes.length + 1)) : bytes;
}

const noise = (draw: Draw): Uint8Array => Uint8Array.from({ length: draw(48) }, () => draw(256));

/** Bytes of one connection, as the chunks in which they arrive. */
function chunksOf(draw: Draw): Uint8Array[] {
  const makers = [
    frame,
    frame,
    rawFrame,
    (by: Draw) => bend(by, frame(by)),
    (by: Draw) => bend(by, rawFrame(by)),
    noise,
  ];
  const parts = Array.from({ length: 1 + draw(3) }, () => pick(draw, makers)(draw));
  const whole = new Uint8Array(Buffer.concat(parts));
  const chunks: Uint8Array[] = [];
  for (let at = 0; at < whole.length; ) {
    const length = 1 + draw(draw(3) === 0 ? 4 : whole.length);
    chunks.push(whole.slice(at, at + length));
    at += length;
  }
  return chunks;
}

export function fuzzFrames(input: { count: number; seed: number }): FuzzReport {
  const draw = drawsOf(input.seed);
  const escaped: string[] = [];
  let refused = 0;
  let frames = 0;
  for (let n = 0; n < input.count; n++) {
    const count = (head: unknown): void => {
      parseRunnerFrame(head);
      frames++;
    };
    const reader = new FrameReader(count, { readHead: readRunnerHead });
    try {
      for (const chunk of chunksOf(draw)) reader.push(chunk);
    } catch (error) {
      if (error instanceof FrameError) refused++;
      else escaped.push(`case ${n} of seed ${input.seed}: ${error}`);
    }
  }
  return { cases: input.count, refused, frames, escaped };
}
