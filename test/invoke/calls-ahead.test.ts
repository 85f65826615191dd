import { expect, test } from "bun:test";
import { type Call, makeCall, NotBegunError } from "../../src/invoke/call.ts";
import { CallsAhead } from "../../src/invoke/calls-ahead.ts";

function callOf(requestId: string): { call: Call; outcome: Promise<unknown> } {
  const invocation = { requestId, invokedArn: "arn", payload: new Uint8Array(), wantsLogTail: false };
  const { call, promise } = makeCall(invocation, 1000);
  return { call, outcome: promise.catch((error) => error) };
}

test("a call that is given back has not begun, and the others keep their order", async () => {
  const ahead = new CallsAhead();
  const calls = ["a", "b", "c"].map(callOf);
  for (const { call } of calls) ahead.push(call);
  ahead.giveBack("b");
  expect(await calls[1]?.outcome).toBeInstanceOf(NotBegunError);
  expect([ahead.shift(), ahead.shift(), ahead.shift()].map((call) => call?.invocation.requestId)).toEqual([
    "a",
    "c",
    undefined,
  ]);
});

test("one that has begun, or that nobody knows, cannot be given back", () => {
  const ahead = new CallsAhead();
  const [first, second] = [callOf("a"), callOf("b")];
  ahead.push(first.call);
  ahead.push(second.call);
  const begun = ahead.shift();
  ahead.giveBack("a");
  ahead.giveBack("forged");
  expect(begun).toBe(first.call);
  expect(ahead.has("b")).toBe(true);
});

test("those behind a call that has become old are asked back once, and there is no room until another has begun", () => {
  const ahead = new CallsAhead();
  ahead.begin(callOf("first").call);
  ahead.push(callOf("a").call);
  expect(ahead.areHeldUpBy(1)).toBe(false);
  expect(ahead.hasRoom).toBe(true);
  expect(ahead.areHeldUpBy(11)).toBe(true);
  expect(ahead.areHeldUpBy(40)).toBe(false);
  expect(ahead.hasRoom).toBe(false);
  const next = ahead.shift();
  if (next) ahead.begin(next);
  expect(ahead.hasRoom).toBe(true);
});

test("nobody is asked back where nobody waits, and yet there is no room", () => {
  const ahead = new CallsAhead();
  ahead.begin(callOf("first").call);
  expect(ahead.areHeldUpBy(11)).toBe(false);
  expect(ahead.hasRoom).toBe(false);
});

test("answers that were kept are received in their order; one that has to be kept again says so", () => {
  const ahead = new CallsAhead();
  const received: number[] = [];
  expect(ahead.receiveKept()).toBe(false);
  ahead.keep(() => received.push(1));
  ahead.keep(() => received.push(2));
  expect(ahead.receiveKept()).toBe(true);
  expect(received).toEqual([1, 2]);
  ahead.keep(() => ahead.keep(() => received.push(3)));
  expect(ahead.receiveKept()).toBe(false);
  expect(ahead.receiveKept()).toBe(true);
  expect(received).toEqual([1, 2, 3]);
});
