import { describe, expect, test } from "bun:test";
import { RESPONSE_BYTES_MAX } from "../../../src/core/limits.ts";
import { specOf } from "../../support/dispatcher.ts";
import { exited, hostileHouse, type Scenario, timedOut } from "./scenario.ts";

const hostile = hostileHouse();
const run = async (scenario: Scenario): Promise<void> => void (await hostile.run(scenario));
const of =
  (fixture: string) =>
  (trick: string, answer: Scenario["answer"], spec: Scenario["spec"] = {}): Scenario => ({
    name: trick,
    fixture,
    event: { trick },
    spec,
    answer,
  });
const tooLarge = {
  functionError: "Unhandled",
  errorType: "Function.ResponseSizeTooLarge",
  errorMessage: `Response payload size exceeded maximum allowed payload size (${RESPONSE_BYTES_MAX} bytes).`,
} as const;

describe("a result that", () => {
  const result = of("hostile-results");
  const unprintable = { functionError: "Unhandled", errorMessage: "Unable to stringify response body" } as const;
  test.each<Scenario>([
    result("circular", unprintable),
    result("bigint", unprintable),
    result("veryDeep", unprintable),
    result("toJsonThrows", unprintable),
    result("toJsonForever", unprintable),
    result("toJsonLoops", timedOut(500), { timeoutMs: 500 }),
    result("getterThrows", unprintable),
    result("proxyThrows", unprintable),
    result("proxyEndless", unprintable),
    result("proxyGetThrows", { functionError: "Handled", errorMessage: "booby trap" }), // by the promise that asks it for `then`
    result("revokedProxy", { functionError: "Handled", errorType: "TypeError" }),
    result("undefinedValue", { value: null }),
    result("functionValue", { value: null }),
    result("symbolValue", { value: null }),
    result("nan", { value: [null, null, 0] }),
    result("toJsonReturnsItself", { value: {} }),
    result("loneSurrogate", { value: "\ud800" }),
    result("typedArray", { value: { 0: 1, 1: 2 } }),
    result("detached", { value: { bytes: {} } }),
    result("deep", { kind: "ok" }),
    result("hugeKey", { kind: "ok" }),
    result("manyKeys", { kind: "ok" }),
    result("justFits", { kind: "ok" }),
    result("tooLarge", tooLarge),
    result("farTooLarge", tooLarge),
    { ...result("proxyGetThrows", unprintable, { handler: "index.plain" }), name: "proxyGetThrows by callback" },
    { ...result("circular", unprintable, { handler: "index.plain" }), name: "circular by callback" },
  ])("is hostile: $name", run);
});

describe("an error that", () => {
  const error = of("hostile-errors");
  const unreadable = {
    functionError: "Handled",
    errorType: "handled",
    errorMessage: /^callback called with Error argument, but there was a problem/,
  } as const;
  test.each<Scenario>([
    error("trap", unreadable),
    error("throwingMessage", unreadable),
    error("throwingName", unreadable),
    error("throwingStack", unreadable),
    error("nameIsObject", unreadable),
    error("circular", { functionError: "Handled", errorMessage: "round" }),
    error("hugeName", { functionError: "Handled" }),
    error("nullPrototype", { functionError: "Handled", errorType: "object" }),
    error("symbol", { functionError: "Handled", errorType: "symbol", errorMessage: "Symbol(thrown)" }),
    error("bigint", { functionError: "Handled", errorType: "bigint", errorMessage: "12" }),
    error("hugeOwn", { functionError: "Handled", errorMessage: "x" }),
    error("hugeMessage", tooLarge),
    error("hugerMessage", tooLarge),
  ])("is hostile: $name", run);
});

describe("a promise or callback that", () => {
  const promise = of("hostile-thenables");
  test.each<Scenario>([
    promise("neverSettles", timedOut(250), { timeoutMs: 250 }),
    promise("neverSettlingThenable", timedOut(250), { timeoutMs: 250 }),
    promise("thenTwice", { value: "first" }),
    promise("rejectThenResolve", { functionError: "Handled", errorMessage: "first" }),
    promise("thenThrows", { functionError: "Handled", errorMessage: "in then" }),
    promise("thenThrowsAfterResolve", { value: "kept" }),
    promise("thenGetterThrows", { functionError: "Handled", errorMessage: "in the getter" }),
    promise("thenableOfThenable", { value: "unwrapped" }),
    promise("promiseSubclass", { functionError: "Handled", errorMessage: "in species" }),
    promise("ownThen", { value: "real" }),
    promise("callbackTwice", { value: "first" }),
    promise("callbackLater", { value: "late" }),
    promise("callbackAndPromise", { value: "by promise" }),
    promise("callbackError", { functionError: "Handled", errorType: "string", errorMessage: "just text" }),
    promise("doneThenThrow", { value: "done" }),
    promise("allAtOnce", { value: "first" }),
    promise("nothingAtAll", { value: null }),
  ])("does not keep the rules: $name", run);

  test("comes in the next call is not its answer", async () => {
    const { house } = hostile;
    const spec = specOf("hostile-thenables");
    expect(await house.call(spec, { trick: "lateCallback" })).toMatchObject({ value: "kept for later" });
    expect(await house.call(spec, { trick: "useLateCallback" })).toMatchObject({ value: "the second call's answer" });
    house.dispatcher.retire(spec.functionName);
  });
});

describe("a stream that", () => {
  const stream = of("hostile-streams");
  test.each<Scenario>([
    stream("good", { kind: "ok" }),
    stream("writeAfterEnd", { functionError: "Handled", errorMessage: "write after end" }),
    stream("endTwice", { functionError: "Handled", errorMessage: "write after end" }),
    stream("neverEnds", timedOut(300), { timeoutMs: 300 }),
    stream("destroyedQuietly", timedOut(300), { timeoutMs: 300 }),
    stream("leftOpen", { kind: "ok" }),
    stream("throwsMidway", { functionError: "Handled", errorType: "TypeError", errorMessage: "midway" }),
    stream("exitsMidway", exited("exit status 3")),
    stream("destroyed", { functionError: "Handled", errorType: "RangeError", errorMessage: "destroyed" }),
    stream("notAString", { functionError: "Handled", errorType: "TypeError" }),
    stream("contentTypeOfNothing", { functionError: "Handled", errorType: "TypeError" }),
    stream("oddContentType", { kind: "ok" }),
    stream("oneLargeChunk", { kind: "ok" }),
    stream("oneHugeChunk", tooLarge),
    stream("hugeHead", tooLarge),
  ])("does not keep the rules: $name", run);

  const collect = async (event: object, onChunk: (bytes: Uint8Array) => void | Promise<void>) => {
    const spec = specOf("hostile-streams", { timeoutMs: 10_000 });
    const answer = await hostile.house.call(spec, event, { stream: { chunk: onChunk } });
    hostile.house.dispatcher.retire(spec.functionName);
    return answer;
  };

  test("writes ten megabytes at once reaches whoever streams it, in pieces, whole", async () => {
    const sizes: number[] = [];
    const answer = await collect({ trick: "oneHugeChunk" }, (bytes) => void sizes.push(bytes.length));
    expect(answer.kind).toBe("ok");
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(10 * 1024 * 1024);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(1024 * 1024);
  });

  test("writes a hundred megabytes to a slow reader is held back, and the host keeps little of it", async () => {
    Bun.gc(true);
    const before = process.memoryUsage.rss();
    let highest = 0;
    let taken = 0;
    let looks = 0;
    const answer = await collect({ trick: "muchAtOnce", mib: 100 }, async (bytes) => {
      taken += bytes.length;
      await Bun.sleep(2);
      if (taken < (looks + 1) * 8 * 1024 * 1024) return;
      looks++;
      Bun.gc(true); // what is kept counts, not what is yet to be collected
      highest = Math.max(highest, process.memoryUsage.rss());
    });
    expect(looks).toBe(12);
    expect(answer.kind).toBe("ok");
    expect(taken).toBe(100 * 1024 * 1024);
    expect(highest - before).toBeLessThan(64 * 1024 * 1024);
  });

  test("fails midway has already sent its first part", async () => {
    let text = "";
    const answer = await collect({ trick: "throwsMidway" }, (bytes) => {
      text += Buffer.from(bytes).toString();
    });
    expect([text, answer.errorType]).toEqual(["half of it", "TypeError"]);
  });
});
