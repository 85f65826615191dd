import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { parseEvent } from "../../../runtime/worker/json-event.ts";

const encoder = new TextEncoder();
const parse = (text: string) => parseEvent(encoder.encode(text));
const reasonOf = (payload: Uint8Array | string): string => {
  const parsed = typeof payload === "string" ? parse(payload) : parseEvent(payload);
  if (parsed.ok) throw new Error(`${payload} was taken for JSON`);
  return parsed.reason;
};
const at = (line: number, column: number): string =>
  `\n at [Source: REDACTED (\`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION\` disabled); line: ${line}, column: ${column}]`;
const unrecognized = (word: string): string =>
  `Unrecognized token '${word}': was expecting (JSON String, Number, Array, Object or token 'null', 'true' or 'false')`;
const unexpected = (character: string): string =>
  `Unexpected character ('${character}' (code ${character.codePointAt(0)}))`;
const END = "Unexpected end-of-input";

test("no payload is an empty object", () => {
  expect(parseEvent(new Uint8Array())).toEqual({ ok: true, event: {} });
});

describe("what is not JSON is refused with the first bad token and its place:", () => {
  test.each<{ text: string; what: string; line?: number; column: number }>([
    { text: "hello", what: unrecognized("hello"), column: 1 },
    { text: "{a:1}", what: unrecognized("a"), column: 2 },
    { text: "{'a':1}", what: unexpected("'"), column: 2 },
    { text: "nul", what: unrecognized("nul"), column: 1 },
    { text: "nulll", what: unrecognized("nulll"), column: 1 },
    { text: "true$", what: unrecognized("true$"), column: 1 },
    { text: "NaN", what: unrecognized("NaN"), column: 1 },
    { text: "undefined", what: unrecognized("undefined"), column: 1 },
    { text: "[1,True]", what: unrecognized("True"), column: 4 },
    { text: " ", what: END, column: 2 },
    { text: "{", what: END, column: 2 },
    { text: "[", what: END, column: 2 },
    { text: "[1,2", what: END, column: 5 },
    { text: '{"a"', what: END, column: 5 },
    { text: '{"a":', what: END, column: 6 },
    { text: '{"a":1', what: END, column: 7 },
    { text: '{"a":1,', what: END, column: 8 },
    { text: "{}}", what: unexpected("}"), column: 3 },
    { text: "[]]", what: unexpected("]"), column: 3 },
    { text: "[}", what: unexpected("}"), column: 2 },
    { text: "{]", what: unexpected("]"), column: 2 },
    { text: "[1,]", what: unexpected("]"), column: 4 },
    { text: '{"a":1,}', what: unexpected("}"), column: 8 },
    { text: "[,1]", what: unexpected(","), column: 2 },
    { text: "[1 2]", what: unexpected("2"), column: 4 },
    { text: '{"a" 1}', what: unexpected("1"), column: 6 },
    { text: '{"a":}', what: unexpected("}"), column: 6 },
    { text: '{"a":1 "b":2}', what: unexpected('"'), column: 8 },
    { text: "{1:2}", what: unexpected("1"), column: 2 },
    { text: "01", what: unexpected("0"), column: 1 },
    { text: "+1", what: unexpected("+"), column: 1 },
    { text: "-", what: unexpected("-"), column: 1 },
    { text: "1.", what: unexpected("1"), column: 1 },
    { text: ".5", what: unexpected("."), column: 1 },
    { text: "1 2", what: unexpected("2"), column: 3 },
    { text: "{} x", what: unrecognized("x"), column: 4 },
    { text: '"open', what: unexpected('"'), column: 1 },
    { text: '"bad \\x"', what: unexpected('"'), column: 1 },
    { text: '"tab\t"', what: unexpected('"'), column: 1 },
    { text: "[1,\n2,\n  x]", what: unrecognized("x"), line: 3, column: 3 },
    { text: "\n\n{", what: END, line: 3, column: 2 },
    { text: '["ü",x]', what: unrecognized("x"), column: 7 }, // columns count bytes
    { text: "[\u00a01]", what: unexpected("\u00a0"), column: 2 },
    { text: "[😀]", what: unexpected("😀"), column: 2 },
    { text: "\u2028", what: unexpected("\u2028"), column: 1 },
  ])("$text", ({ text, what, line = 1, column }) => {
    expect(reasonOf(text)).toBe(what + at(line, column));
  });
});

describe("bytes that are not UTF-8 are refused by name:", () => {
  test.each<{ name: string; bytes: number[]; what: string; column: number }>([
    { name: "a middle byte first", bytes: [0x22, 0x61, 0x87, 0x22], what: "Invalid UTF-8 start byte 0x87", column: 3 },
    { name: "an overlong form", bytes: [0x22, 0xc0, 0x80, 0x22], what: "Invalid UTF-8 start byte 0xc0", column: 2 },
    { name: "0xff", bytes: [0xff], what: "Invalid UTF-8 start byte 0xff", column: 1 },
    {
      name: "a start byte past U+10FFFF",
      bytes: [0x22, 0xf5, 0x80, 0x80, 0x80, 0x22],
      what: "Invalid UTF-8 start byte 0xf5",
      column: 2,
    },
    { name: "two bytes cut short", bytes: [0x22, 0xc3, 0x22], what: "Invalid UTF-8 middle byte 0x22", column: 3 },
    {
      name: "three bytes cut short",
      bytes: [0x22, 0xe2, 0x82, 0x22],
      what: "Invalid UTF-8 middle byte 0x22",
      column: 4,
    },
    {
      name: "an overlong form of three bytes",
      bytes: [0x22, 0xe0, 0x80, 0x80, 0x22],
      what: "Invalid UTF-8 middle byte 0x80",
      column: 3,
    },
    { name: "a surrogate", bytes: [0x22, 0xed, 0xa0, 0x80, 0x22], what: "Invalid UTF-8 middle byte 0xa0", column: 3 },
    {
      name: "an overlong form of four bytes",
      bytes: [0x22, 0xf0, 0x80, 0x80, 0x80, 0x22],
      what: "Invalid UTF-8 middle byte 0x80",
      column: 3,
    },
    {
      name: "what is past U+10FFFF",
      bytes: [0x22, 0xf4, 0x90, 0x80, 0x80, 0x22],
      what: "Invalid UTF-8 middle byte 0x90",
      column: 3,
    },
    {
      name: "a text that ends within a character",
      bytes: [0x22, 0xe2, 0x82],
      what: "Invalid UTF-8 start byte 0xe2",
      column: 2,
    },
  ])("$name", ({ bytes, what, column }) => {
    expect(reasonOf(new Uint8Array(bytes))).toBe(what + at(1, column));
  });

  test("any broken bytes at all", () => {
    const strict = new TextDecoder("utf-8", { fatal: true });
    const payloads = fc
      .uint8Array({ minLength: 1, maxLength: 12 })
      .map((bytes) => new Uint8Array([0x22, ...bytes, 0x22]));
    fc.assert(
      fc.property(payloads, (payload) => {
        let valid = true;
        try {
          strict.decode(payload);
        } catch {
          valid = false;
        }
        const parsed = parseEvent(payload);
        expect(!parsed.ok && parsed.reason.startsWith("Invalid UTF-8")).toBe(!valid);
      }),
      { numRuns: 3000 },
    );
  });
});

describe("agrees with JSON.parse:", () => {
  test("every JSON text is taken, as the same value", () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom(undefined, 1, "\t"), (value, space) => {
        const text = JSON.stringify(value, undefined, space);
        expect(parse(text)).toEqual({ ok: true, event: JSON.parse(text) });
      }),
      { numRuns: 1000 },
    );
  });

  test("a bad token is found in texts that JSON.parse refuses, never in others, and before their end", () => {
    // A text followed by a closed bracket that nobody opened: the bracket is the first bad token exactly when the text was JSON.
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom("", " ", "\n\t\r "), (value, space) => {
        const text = JSON.stringify(value);
        const lines = space.split("\n");
        const column =
          lines.length > 1 ? encoder.encode(lines.at(-1)).length + 1 : encoder.encode(text + space).length + 1;
        expect(reasonOf(`${text}${space}]`)).toBe(unexpected("]") + at(lines.length, column));
      }),
      { numRuns: 1000 },
    );
  });

  test("a mutated text is refused exactly when JSON.parse refuses it, and gets a reason", () => {
    const mutated = fc
      .tuple(
        fc.jsonValue(),
        fc.nat(),
        fc.constantFrom("", ",", "]", "}", '"', "\\", "1", "x", ":", "{", "\n", "\u0001"),
        fc.nat({ max: 2 }),
      )
      .map(([value, place, put, dropped]) => {
        const text = JSON.stringify(value);
        const where = place % (text.length + 1);
        return text.slice(0, where) + put + text.slice(where + dropped);
      })
      .filter((text) => text.isWellFormed() && text !== "");
    fc.assert(
      fc.property(mutated, (text) => {
        let valid = true;
        try {
          JSON.parse(text);
        } catch {
          valid = false;
        }
        const parsed = parse(text);
        expect(parsed.ok).toBe(valid);
        if (!parsed.ok)
          expect(parsed.reason).toMatch(/^(Unexpected|Unrecognized) .*\n at \[Source: .*; line: \d+, column: \d+\]$/s);
      }),
      { numRuns: 3000 },
    );
  });
});

describe("stays quick and whole with", () => {
  test("deep nesting, closed or not", () => {
    const depth = 200_000;
    expect(parse("[".repeat(depth) + "]".repeat(depth)).ok).toBe(true);
    expect(reasonOf("[".repeat(depth))).toBe(END + at(1, depth + 1));
    expect(reasonOf(`${'{"a":'.repeat(depth)}x`)).toBe(unrecognized("x") + at(1, 5 * depth + 1));
  });

  test("six megabytes of text without its closing quote", () => {
    const beganAtMs = performance.now();
    expect(reasonOf(`{"a":"${"b".repeat(6_000_000)}`)).toBe(unexpected('"') + at(1, 6));
    expect(performance.now() - beganAtMs).toBeLessThan(20_000);
  });

  test("a word of megabytes, of which only the beginning is told", () => {
    expect(reasonOf("a".repeat(1_000_000)).length).toBeLessThan(500);
  });

  test("keys that would reach a prototype", () => {
    const parsed = parse('{"__proto__":{"polluted":1},"constructor":2}');
    expect(parsed.ok && Object.keys(parsed.event as object)).toEqual(["__proto__", "constructor"]);
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
  });
});
