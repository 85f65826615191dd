/** Patterns as EventBridge has them: which events fit, and which patterns are refused. */
import { describe, expect, test } from "bun:test";
import { compilePattern, PatternError } from "../../../src/invoke/sources/event-pattern.ts";
import { isWanted, recordOf } from "../../../src/invoke/sources/sqs-record.ts";

const EVENT = {
  source: "shop",
  detail: {
    state: "paid",
    total: 12.5,
    count: 0,
    tags: ["new", "eu"],
    gift: null,
    empty: "",
    fast: true,
    code: "AB-12",
  },
  items: [
    { sku: "a", n: 1 },
    { sku: "b", n: 20 },
  ],
};

describe("a pattern", () => {
  test.each<[unknown, boolean]>([
    [{}, true],
    [{ source: ["shop"] }, true],
    [{ source: ["other", "shop"] }, true],
    [{ source: ["Shop"] }, false],
    [{ source: ["shop"], detail: { state: ["paid"] } }, true],
    [{ source: ["shop"], detail: { state: ["open"] } }, false],
    [{ detail: { total: [12.5] } }, true],
    [{ detail: { total: ["12.5"] } }, false],
    [{ detail: { count: [0] } }, true],
    [{ detail: { gift: [null] } }, true],
    [{ detail: { state: [null] } }, false],
    [{ detail: { ghost: [null] } }, false],
    [{ detail: { empty: [""] } }, true],
    [{ detail: { fast: [true] } }, true],
    [{ detail: { tags: ["eu"] } }, true],
    [{ detail: { tags: ["us"] } }, false],
    [{ detail: { state: [{ prefix: "pa" }] } }, true],
    [{ detail: { state: [{ prefix: "PA" }] } }, false],
    [{ detail: { state: [{ prefix: { "equals-ignore-case": "PA" } }] } }, true],
    [{ detail: { code: [{ suffix: "-12" }] } }, true],
    [{ detail: { total: [{ prefix: "1" }] } }, false],
    [{ detail: { state: [{ "equals-ignore-case": "PAID" }] } }, true],
    [{ detail: { code: [{ wildcard: "A*-*2" }] } }, true],
    [{ detail: { code: [{ wildcard: "A*-3" }] } }, false],
    [{ detail: { code: [{ wildcard: "A\\*" }] } }, false],
    [{ detail: { total: [{ numeric: [">", 10, "<=", 12.5] }] } }, true],
    [{ detail: { total: [{ numeric: ["<", 12.5] }] } }, false],
    [{ detail: { count: [{ numeric: ["=", 0] }] } }, true],
    [{ detail: { state: [{ numeric: [">", 0] }] } }, false],
    [{ detail: { state: [{ "anything-but": "paid" }] } }, false],
    [{ detail: { state: [{ "anything-but": ["open", "closed"] }] } }, true],
    [{ detail: { total: [{ "anything-but": [12.5] }] } }, false],
    [{ detail: { ghost: [{ "anything-but": "x" }] } }, false],
    [{ detail: { state: [{ "anything-but": { prefix: "pa" } }] } }, false],
    [{ detail: { state: [{ "anything-but": { suffix: ["x", "y"] } }] } }, true],
    [{ detail: { code: [{ "anything-but": { wildcard: "A*" } }] } }, false],
    [{ detail: { state: [{ exists: true }] } }, true],
    [{ detail: { gift: [{ exists: true }] } }, true],
    [{ detail: { ghost: [{ exists: false }] } }, true],
    [{ detail: { state: [{ exists: false }] } }, false],
    [{ ghost: { deep: [{ exists: false }] } }, true],
    [{ ghost: { deep: [{ exists: true }] } }, false],
    [{ source: { deep: [{ exists: false }] } }, false],
    [{ items: { sku: ["b"] } }, true],
    [{ items: { sku: ["a"], n: [20] } }, false], // one and the same item has to fit
    [{ items: { n: [{ numeric: [">", 15] }] } }, true],
    [{ items: { n: [{ exists: false }] } }, false],
    [{ $or: [{ source: ["x"] }, { detail: { state: ["paid"] } }] }, true],
    [{ $or: [{ source: ["x"] }, { source: ["y"] }] }, false],
    [{ source: ["shop"], $or: [{ source: ["x"] }, { detail: { count: [0] } }] }, true],
    [{ detail: { $or: [{ state: ["open"] }, { total: [{ numeric: [">", 12] }] }] } }, true],
    [{ constructor: [{ exists: true }] }, false],
  ])("%j fits: %p", (pattern, fits) => {
    expect(compilePattern(JSON.stringify(pattern))(EVENT)).toBe(fits);
  });

  test.each([
    ["", "JSON"],
    ["[]", "a JSON object"],
    ["null", "a JSON object"],
    ['{"a":"x"}', "'a' has to hold a list or an object"],
    ['{"a":[]}', "'a' holds an empty list"],
    ['{"a":{}}', "'a' holds an empty object"],
    ['{"a":{"b":1}}', "'a.b'"],
    ['{"a":[["x"]]}', "a list in a list"],
    ['{"a":[{"like":"x"}]}', "none of exists, prefix"],
    ['{"a":[{"constructor":"x"}]}', "none of exists, prefix"],
    ['{"a":[{"prefix":"x","suffix":"y"}]}', "none of exists, prefix"],
    ['{"a":[{"prefix":1}]}', "'a.prefix' has to be a string"],
    ['{"a":[{"prefix":""}]}', "'a.prefix' is empty"],
    ['{"a":[{"exists":"yes"}]}', "true or false"],
    ['{"a":[{"numeric":[">"]}]}', "'a.numeric' has to be like"],
    ['{"a":[{"numeric":["!",1]}]}', "'a.numeric' has to be like"],
    ['{"a":[{"numeric":[">","1"]}]}', "'a.numeric' has to be like"],
    ['{"a":[{"anything-but":[]}]}', "'a.anything-but'"],
    ['{"a":[{"anything-but":{"numeric":[">",1]}}]}', "'a.anything-but'"],
    ['{"a":[{"wildcard":"a**b"}]}', "two * in a row"],
    ['{"a":[{"wildcard":"a\\\\b"}]}', "before something else"],
    ['{"$or":[{"a":["x"]}]}', "two patterns or more"],
  ])("%s is refused: %s", (text, says) => {
    expect(() => compilePattern(text)).toThrow(PatternError);
    expect(() => compilePattern(text)).toThrow(says);
  });
});

test.each<[string, unknown, boolean]>([
  ['{"n":5}', { body: { n: [5] } }, true],
  ['{"n":5}', { body: { n: [6] } }, false],
  ['{"n":5}', { body: { m: [{ exists: false }] } }, true],
  ['{"n":5}', { body: { n: [{ exists: false }] } }, false],
  ["plain", { body: { n: [{ exists: false }] } }, false],
  ["plain", { body: ["plain"] }, true],
  ['{"n":5}', { body: ['{"n":5}'] }, false],
  ["5", { body: [5] }, true],
  ["5", { body: ["5"] }, true],
  ["plain", {}, true],
  ["plain", { messageAttributes: { kind: { stringValue: ["order"] } } }, true],
  ["plain", { attributes: { MessageGroupId: ["g"] } }, false],
])("a message with the body %s is wanted by %j: %p", (Body, pattern, wanted) => {
  const MessageAttributes = { kind: { DataType: "String", StringValue: "order" } };
  const record = recordOf({ MessageId: "m", ReceiptHandle: "r", Body, MessageAttributes }, "arn:aws:sqs:x:y:z");
  expect(isWanted(record, [compilePattern(JSON.stringify(pattern))])).toBe(wanted);
});
