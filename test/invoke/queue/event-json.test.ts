import { expect, test } from "bun:test";
import { parseEvent } from "../../../runtime/worker/json-event.ts";
import { flawOf } from "../../../src/invoke/queue/event-json.ts";

const GOOD = [
  '{"a":[1,-2.5e3,"\\u00e9",true,null,{}],"b":[]}',
  "1",
  '"x"',
  "null",
  " [ ] ",
  "[[[]]]",
  '{"a":{"b":{}}}',
];
const BAD = [
  "{",
  "[1,",
  "{x",
  '{"a"',
  '{"a":}',
  '{"a":1,}',
  "[1,]",
  "[1 2]",
  "1 2",
  "nul",
  "undefined",
  "01",
  '"open',
  "{'a':1}",
  '{"a":1}}',
  "[}",
  "+1",
  "\n\n  {\n x",
  "é",
  "",
  "   ",
  "[".repeat(50_000),
];

test.each(GOOD)("%p is well", (text) => {
  expect(flawOf(Buffer.from(text))).toBeUndefined();
});

test.each(BAD.map((text) => ({ text, name: JSON.stringify(text.slice(0, 20)) })))(
  "$name is refused in the words of a synchronous call",
  ({ text }) => {
    const parsed = parseEvent(Buffer.from(text || " "));
    expect(flawOf(Buffer.from(text || " "))).toBe(parsed.ok ? "" : parsed.reason);
  },
);

test.each([[0x87], [0x7b, 0x22, 0x87], [0x22, 0xe2, 0x28, 0xa1], [0x22, 0xf0, 0x9f], [0x22, 0xff]])(
  "the bytes %p... are refused in the words of a synchronous call",
  (...bytes) => {
    const parsed = parseEvent(Uint8Array.from(bytes));
    expect(flawOf(Uint8Array.from(bytes))).toBe(parsed.ok ? "" : parsed.reason);
  },
);
