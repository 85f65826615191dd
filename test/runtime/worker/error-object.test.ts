import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { toErrorObject, toLogText } from "../../../runtime/worker/error-object.ts";

class OrderError extends Error {
  override name = "OrderError";
}
const boom = (): never => {
  throw new Error("booby trap");
};
const traps = Object.fromEntries(
  ["get", "has", "getPrototypeOf", "ownKeys", "getOwnPropertyDescriptor", "apply"].map((name) => [name, boom]),
);
const withGetter = (name: string): Error => Object.defineProperty(new Error("x"), name, { get: boom });
const circular: Error & { self?: unknown } = new Error("round");
circular.cause = circular;
circular.self = circular;
const UNREADABLE =
  "callback called with Error argument, but there was a problem while retrieving one or more of its message, name, and stack";

describe("toErrorObject tells", () => {
  test.each<{ name: string; thrown: unknown; errorType: string; errorMessage: string; trace?: string[] }>([
    { name: "an error", thrown: new Error("it broke"), errorType: "Error", errorMessage: "it broke" },
    {
      name: "an error of a class of its own",
      thrown: new OrderError("late"),
      errorType: "OrderError",
      errorMessage: "late",
    },
    { name: "an error without a message", thrown: new TypeError(), errorType: "TypeError", errorMessage: "" },
    {
      name: "what only looks like an error",
      thrown: { name: "N", message: "m", stack: "s" },
      errorType: "N",
      errorMessage: "m",
      trace: ["s"],
    },
    {
      name: "an error whose stack is a number",
      thrown: { name: "N", message: "m", stack: 7 },
      errorType: "N",
      errorMessage: "m",
      trace: ["N: m"],
    },
    { name: "a circular error", thrown: circular, errorType: "Error", errorMessage: "round" },
    { name: "a text", thrown: "just text", errorType: "string", errorMessage: "just text", trace: [] },
    { name: "a number", thrown: 42, errorType: "number", errorMessage: "42", trace: [] },
    { name: "null", thrown: null, errorType: "object", errorMessage: "null", trace: [] },
    { name: "nothing", thrown: undefined, errorType: "undefined", errorMessage: "undefined", trace: [] },
    { name: "a symbol", thrown: Symbol("s"), errorType: "symbol", errorMessage: "Symbol(s)", trace: [] },
    { name: "a bigint", thrown: 12n, errorType: "bigint", errorMessage: "12", trace: [] },
    { name: "an object", thrown: { code: 1 }, errorType: "object", errorMessage: "[object Object]", trace: [] },
    {
      name: "an object without a prototype",
      thrown: Object.create(null),
      errorType: "object",
      errorMessage: "[object Object]",
      trace: [],
    },
    {
      name: "a proxy that throws at every touch",
      thrown: new Proxy({}, traps),
      errorType: "handled",
      errorMessage: UNREADABLE,
      trace: [],
    },
    {
      name: "a message that throws",
      thrown: withGetter("message"),
      errorType: "handled",
      errorMessage: UNREADABLE,
      trace: [],
    },
    {
      name: "a name that throws",
      thrown: withGetter("name"),
      errorType: "handled",
      errorMessage: UNREADABLE,
      trace: [],
    },
    {
      name: "a stack that throws",
      thrown: withGetter("stack"),
      errorType: "handled",
      errorMessage: UNREADABLE,
      trace: [],
    },
    {
      name: "a text that cannot be had",
      thrown: { toString: boom },
      errorType: "handled",
      errorMessage: UNREADABLE,
      trace: [],
    },
  ])("$name", ({ thrown, errorType, errorMessage, trace }) => {
    const told = toErrorObject(thrown);
    expect(told).toMatchObject({ errorType, errorMessage, ...(trace && { trace }) });
    expect(() => JSON.stringify(told)).not.toThrow();
  });

  test("a trace that begins with type and message, as AWS's do, and holds none of the runtime's own frames", () => {
    const { trace } = toErrorObject(new OrderError("no such order"));
    expect(trace[0]).toBe("OrderError: no such order");
    expect(trace[1]).toMatch(/^ {4}at .*error-object\.test\.ts:\d+:\d+/);
    const ours = {
      name: "E",
      message: "m",
      stack: `E: m\n    at user (/var/task/index.js:1:1)\n    at call (${import.meta.dir.replace("/test/", "/")}/call.ts:1:1)`,
    };
    expect(toErrorObject(ours).trace).toEqual(["E: m", "    at user (/var/task/index.js:1:1)"]);
  });

  test("a name of any length within what a frame's head may hold", () => {
    const { errorType } = toErrorObject(Object.assign(new Error("x"), { name: "N".repeat(100_000) }));
    expect(errorType.length).toBe(1024);
  });

  test("whatever there is, without throwing", () => {
    fc.assert(
      fc.property(
        fc.anything({ withBigInt: true, withDate: true, withNullPrototype: true, withObjectString: true }),
        (thrown) => {
          const { errorType, errorMessage, trace } = toErrorObject(thrown);
          expect([typeof errorType, typeof errorMessage, Array.isArray(trace)]).toEqual(["string", "string", true]);
          expect(typeof toLogText(thrown)).toBe("string");
        },
      ),
      { numRuns: 2000 },
    );
  });
});

describe("toLogText", () => {
  test("adds an error's own members to the wire's", () => {
    const logged = JSON.parse(toLogText(Object.assign(new OrderError("late"), { code: "E_LATE", order: { id: 7 } })));
    expect(logged).toMatchObject({ errorType: "OrderError", errorMessage: "late", code: "E_LATE", order: { id: 7 } });
    expect(logged.stack[0]).toBe("OrderError: late");
  });

  test("tells causes, each with its own members and cause, and what is no error as it is", () => {
    const root = Object.assign(new TypeError("root", { cause: { table: "orders" } }), { code: "E_ROOT" });
    const logged = JSON.parse(toLogText(new Error("outer", { cause: new OrderError("late", { cause: root }) })));
    expect(logged.cause).toMatchObject({ errorType: "OrderError", errorMessage: "late" });
    expect(logged.cause.cause).toMatchObject({ errorType: "TypeError", code: "E_ROOT", cause: { table: "orders" } });
    expect(logged.cause.cause.stack[0]).toBe("TypeError: root");
  });

  test("ends where an error is its own cause", () => {
    const own: Error = new Error("round");
    Object.defineProperty(own, "cause", { value: own });
    const text = toLogText(own);
    expect(JSON.parse(text).cause).toMatchObject({ errorMessage: "round" });
    expect(text.length).toBeLessThan(100_000);
  });

  test.each([
    ["circular members", circular],
    ["a member that throws", Object.defineProperty(new Error("x"), "own", { get: boom, enumerable: true })],
    ["a bigint member", Object.assign(new Error("x"), { n: 1n })],
    ["a proxy", new Proxy({}, traps)],
  ])("leaves out what cannot be printed: %s", (_name, thrown) => {
    expect(Object.keys(JSON.parse(toLogText(thrown)))).toEqual(["errorType", "errorMessage", "stack"]);
  });
});
