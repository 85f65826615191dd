import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { LogLevel } from "../../../runtime/protocol.ts";
import { specOf, startDispatcher, type TestDispatcher } from "../../support/dispatcher.ts";

const FUNCTION = `
console.log("at load");
const circular = { name: "loop" };
circular.self = circular;
class OrderError extends Error {
  name = "OrderError";
}
const trap = new Proxy({}, { get() { throw new Error("get"); }, ownKeys() { throw new Error("keys"); } });
const says = {
  levels: () => { for (const level of ["log", "info", "debug", "warn", "error"]) console[level](level); },
  trace: () => console.trace("here"),
  formats: () => console.log("%s has %d of %j and %o %%", "Ann", 3, { a: 1 }, [1], "rest", { b: 2 }),
  objects: () => console.log({ a: { b: { c: { d: 1 } } } }, [1, "two"], null, undefined, 1n, Symbol("s")),
  nothing: () => console.log(),
  newline: () => console.log("two\\nlines\\n"),
  nul: () => console.log("a\\u0000b\\u001b[31mred"),
  circular: () => console.log(circular),
  error: () => console.error(new OrderError("late")),
  errorAndText: () => console.warn("failed:", new OrderError("late")),
  hostile: () => { try { console.log(trap); } catch (error) { console.log("threw"); } },
  assert: () => { console.assert(true, "never"); console.assert(false, "wrong %d", 7); console.assert(false); },
  laidOut: () => { console.group("G"); console.log("within"); console.groupEnd(); console.count(); console.count(); console.dir({ a: 1 }); console.table([{ a: 1 }]); },
  value: () => { console.log({ order: 7 }); console.log("text"); console.log(7); console.log(null); console.log([1]); },
  several: () => console.log("a", { b: 1 }),
  unprintable: () => { console.log(circular); console.log({ n: 1n }); console.log({ toJSON() { throw new Error("no"); } }); },
  kept: () => { const { log } = console; log("detached"); [1].forEach(console.log); },
  streams: () => { process.stdout.write("out "); process.stderr.write(Buffer.from("err\\n")); process.stdout.write("6869", "hex", () => console.log("written")); return new Promise((r) => setTimeout(r, 5)); },
};
export const handler = async ({ say }) => { await says[say](); return "said"; };
`;

let root: string;
let test_: TestDispatcher;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "lambent-console-"));
  await Bun.write(join(root, "index.mjs"), FUNCTION);
  test_ = startDispatcher();
});
afterAll(async () => {
  await test_.close();
  await rm(root, { recursive: true, force: true });
});

/** What the call printed: the tail without the platform's own lines. */
async function said(
  say: string,
  logging: { format: "Text" | "JSON"; applicationLevel?: LogLevel },
): Promise<{ lines: string[]; id: string }> {
  const spec = specOf("hostile-calm", { taskRoot: root });
  const level = logging.applicationLevel ?? "INFO";
  const own = { ...spec, logging: { ...spec.logging, format: logging.format, applicationLevel: level } };
  const answer = await test_.call(own, { say }, { wantsLogTail: true });
  if (answer.text !== '"said"') throw new Error(answer.text);
  const isPlatform = (line: string) => /^(INIT_START|START|END|REPORT) |"type":"platform\./.test(line);
  const lines = answer.logTail.split("\n").filter((line) => !isPlatform(line) && !line.includes("at load"));
  return { lines: lines.slice(0, -1), id: answer.requestId };
}

describe("in text, a message is one line of time, request id, level and text:", () => {
  test.each<{ say: string; texts: (string | RegExp)[] }>([
    { say: "levels", texts: ["INFO\tlog", "INFO\tinfo", "DEBUG\tdebug", "WARN\twarn", "ERROR\terror"] },
    { say: "formats", texts: [/^INFO\tAnn has 3 of {"a":1} and \[ 1, .*\] % rest { b: 2 }$/] },
    { say: "objects", texts: ["INFO\t{", /./, /./] },
    { say: "nothing", texts: ["INFO\t"] },
    { say: "nul", texts: ["INFO\ta\u0000b\u001b[31mred"] },
    { say: "kept", texts: ["INFO\tdetached", "INFO\t1 0 [ 1 ]"] },
  ])("$say", async ({ say, texts }) => {
    const { lines, id } = await said(say, { format: "Text" });
    const heads = lines.filter((line) => line.includes(`\t${id}\t`));
    if (say !== "objects") expect(lines.length).toBe(texts.length);
    for (const [n, line] of heads.entries()) {
      expect(line).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z\t[\da-f-]{36}\t(INFO|DEBUG|WARN|ERROR)\t/);
      const text = line.split("\t").slice(2).join("\t");
      const wanted = texts[n] ?? "";
      if (typeof wanted === "string") expect(text.startsWith(wanted)).toBe(true);
      else expect(text).toMatch(wanted);
    }
    expect(heads.length).toBeGreaterThan(0);
  });

  test("newlines within it are kept", async () => {
    const { lines } = await said("newline", { format: "Text" });
    expect(lines.map((line) => line.split("\t").at(-1))).toEqual(["two", "lines", ""]);
  });

  test("errors come with their stack, circular things as such, and hostile ones end nothing", async () => {
    const { lines: error } = await said("error", { format: "Text" });
    expect(error.join("\n")).toMatch(/\tERROR\tOrderError: late\n {4}at .*index\.mjs/);
    const { lines: circular } = await said("circular", { format: "Text" });
    expect(circular.join("\n")).toContain("[Circular");
    expect((await said("hostile", { format: "Text" })).lines.length).toBeGreaterThan(0);
  });

  test("console.trace, assert and what lays out its arguments", async () => {
    expect((await said("trace", { format: "Text" })).lines.join("\n")).toMatch(
      /\tTRACE\tTrace: here\n {4}at .*index\.mjs/,
    );
    const { lines: asserted } = await said("assert", { format: "Text" });
    expect(asserted.map((line) => line.split("\t").slice(2).join(" "))).toEqual([
      "ERROR Assertion failed: wrong 7",
      "ERROR Assertion failed",
    ]);
    const { lines } = await said("laidOut", { format: "Text" });
    expect(lines.join("\n")).toMatch(
      /INFO\tG\n[\s\S]*within[\s\S]*default: 1\n[\s\S]*default: 2\n[\s\S]*{ a: 1 }\n[\s\S]*│/,
    );
  });

  test("process.stdout and process.stderr keep their order with it and print as they are told", async () => {
    const { lines } = await said("streams", { format: "Text" });
    expect(lines[0]).toBe("out err");
    expect(lines[1]).toMatch(/^hi\d{4}-.*\tINFO\twritten$/);
  });
});

describe("in JSON,", () => {
  const parsed = async (say: string, applicationLevel?: LogLevel) => {
    const { lines, id } = await said(say, { format: "JSON", ...(applicationLevel && { applicationLevel }) });
    return { records: lines.map((line) => JSON.parse(line) as Record<string, unknown>), id };
  };

  test("a message is one object of time, level, request id and message", async () => {
    const { records, id } = await parsed("levels", "DEBUG");
    expect(records.map(({ level, message }) => `${level} ${message}`)).toEqual([
      "INFO log",
      "INFO info",
      "DEBUG debug",
      "WARN warn",
      "ERROR error",
    ]);
    for (const record of records) {
      expect(Object.keys(record)).toEqual(["timestamp", "level", "requestId", "message"]);
      expect(record["requestId"]).toBe(id);
      expect(record["timestamp"]).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
    }
  });

  test.each<{ level: LogLevel; levels: string[] }>([
    { level: "TRACE", levels: ["INFO", "INFO", "DEBUG", "WARN", "ERROR"] },
    { level: "INFO", levels: ["INFO", "INFO", "WARN", "ERROR"] },
    { level: "WARN", levels: ["WARN", "ERROR"] },
    { level: "ERROR", levels: ["ERROR"] },
    { level: "FATAL", levels: [] },
  ])("level $level drops what is below it", async ({ level, levels }) => {
    expect((await parsed("levels", level)).records.map((record) => record["level"])).toEqual(levels);
  });

  test("a single value stays what it is, several become text", async () => {
    expect((await parsed("value")).records.map(({ message }) => message)).toEqual([{ order: 7 }, "text", 7, null, [1]]);
    expect((await parsed("several")).records[0]?.["message"]).toBe("a { b: 1 }");
  });

  test("an error has members of its own", async () => {
    for (const say of ["error", "errorAndText"]) {
      const [record] = (await parsed(say)).records;
      expect(record).toMatchObject({ errorType: "OrderError", errorMessage: "late" });
      expect(record).toHaveProperty(["stackTrace", 0], "OrderError: late");
      expect(record?.["message"]).toContain("OrderError: late");
    }
  });

  test("what JSON cannot hold becomes text, and a newline never breaks a line", async () => {
    const { records } = await parsed("unprintable");
    expect(records.map(({ message }) => typeof message)).toEqual(["string", "string", "string"]);
    expect((await parsed("newline")).records.map(({ message }) => message)).toEqual(["two\nlines\n"]);
  });
});
