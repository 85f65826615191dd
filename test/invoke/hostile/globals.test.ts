/**
 * What a handler does to its own globals harms its own environment at most: either the runtime beside it does not need what was taken away,
 * or the environment ends and the next call gets a fresh one.
 */
import { describe, expect, test } from "bun:test";
import { specOf } from "../../support/dispatcher.ts";
import { hostileHouse } from "./scenario.ts";

const hostile = hostileHouse();

/** The runtime holds these itself since before the handler was loaded. */
const WITHSTOOD = [
  "json",
  "jsonMembers",
  "promise",
  "promiseThen",
  "promiseStatics",
  "console",
  "consoleMembers",
  "env",
  "processExit",
  "process",
  "symbol",
  "date",
  "dateMembers",
  "timers",
  "object",
  "objectMembers",
  "error",
  "functionMembers",
  "stringMembers",
  "pollute",
  "polluteThen",
  "listeners",
  "frozen",
];
/** The engine's or the runtime's own code trips over these. */
const SELF_HARM = [
  "uint8Array",
  "dataView",
  "buffer",
  "bufferMembers",
  "textCoders",
  "arrayMembers",
  "arrayIterator",
  "typedArrayMembers",
  "polluteToJson",
  "setters",
  "throwingGetters",
];

describe.each(WITHSTOOD.map((trick) => ({ trick })))("replacing $trick", ({ trick }) => {
  test("does not keep the result, nor the next ones, from the client", async () => {
    const { house } = hostile;
    const spec = specOf("hostile-globals", { timeoutMs: 1500 });
    expect(await house.call(spec, { trick })).toMatchObject({ kind: "ok", value: `done: ${trick}` });
    expect(await house.call(spec)).toMatchObject({ kind: "ok", value: "fine" });
    house.dispatcher.retire(spec.functionName);
  });
});

describe.each([...WITHSTOOD, ...SELF_HARM].map((trick) => ({ trick })))(
  "replacing $trick and then logging and failing",
  ({ trick }) => {
    test("ends the call, and a call soon after works again", async () => {
      const { house } = hostile;
      const spec = specOf("hostile-globals", { timeoutMs: 800 });
      const answer = await house.call(spec, { trick, log: true, fail: true });
      expect(answer.kind).not.toBe("rejected");
      let last = await house.call(spec);
      if (last.kind !== "ok") {
        expect(last.functionError).toBe("Unhandled"); // the environment ended, it did not go on failing
        last = await house.call(spec);
      }
      expect(last).toMatchObject({ kind: "ok", value: "fine" });
      expect(await house.call(specOf("hostile-calm"))).toMatchObject({ kind: "ok" });
      house.dispatcher.retire(spec.functionName);
    });
  },
);
