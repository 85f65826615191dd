import { describe, expect, test } from "bun:test";
import { sinkOf, specOf, startDispatcher } from "../../support/dispatcher.ts";
import { exited, FINE, hostileHouse, type Scenario } from "./scenario.ts";

const hostile = hostileHouse();
const MIB = 1024 * 1024;

const prints = (name: string, event: Scenario["event"], answer: Scenario["answer"] = FINE): Scenario => ({
  name,
  fixture: "hostile-output",
  event,
  spec: { timeoutMs: 20_000, memoryMib: 512 },
  answer,
});

test("a hundred megabytes of output, again and again, leave the control plane as it was", async () => {
  const spec = specOf("hostile-output", { timeoutMs: 20_000, memoryMib: 512 });
  const flood = () => hostile.house.call(spec, { trick: "megabytes", mib: 100 });
  expect(await flood()).toMatchObject(FINE); // buffers that are used again come into being here
  Bun.gc(true);
  const before = process.memoryUsage.rss();
  for (let n = 0; n < 4; n++) expect(await flood()).toMatchObject(FINE);
  Bun.gc(true);
  expect(process.memoryUsage.rss() - before).toBeLessThan(12 * MIB);
  hostile.house.dispatcher.retire(spec.functionName);
});

describe("printing", () => {
  test.each<Scenario>([
    prints("a hundred megabytes to stderr", { trick: "megabytes", mib: 100, descriptor: 2 }),
    prints("fifty megabytes by console", { trick: "byConsole", mib: 50 }),
    prints("a hundred megabytes by a child", { trick: "byChild", mib: 100 }),
    prints("a line of twenty megabytes", { trick: "hugeLine" }),
    prints("twenty megabytes of the byte that begins a mark", { trick: "megabytes", mib: 20, fill: "\u001e" }),
    prints("ten megabytes of beginnings of marks", { trick: "megabytes", mib: 10, fill: "\u001elambent-end " }),
    prints("a thousand marks of other calls", { trick: "forgeOtherMarks" }),
    prints("half a mark", { trick: "halfMark" }),
    prints("nothing, having closed its output", { trick: "closeOutput" }),
    prints("its last words before SIGKILL", { trick: "thenCrash" }, exited("signal: killed")),
  ])("$name", async (scenario) => void (await hostile.run(scenario)));
});

describe("the log", () => {
  const call = async (trick: string) => {
    const spec = specOf("hostile-output");
    const answer = await hostile.house.call(spec, { trick }, { wantsLogTail: true });
    hostile.house.dispatcher.retire(spec.functionName);
    const own = answer.logTail.split("\n").filter((line) => !/^(INIT_START|START|END|REPORT) /.test(line));
    return { ...answer, own: own.map((line) => line.split("\t").at(-1)) };
  };

  test("keeps the order of console, process.stdout, raw writes and children", async () => {
    expect((await call("mixed")).own).toEqual(["1 console", "2 stdout", "3 stderr", "4 child", "5 error", "6 raw", ""]);
  });

  test("has the last words of a process that was killed, before its END and REPORT", async () => {
    const { logTail } = await call("thenCrash");
    expect(logTail).toMatch(/\tlast words\nEND RequestId: .*\nREPORT RequestId: .*\tStatus: error\n$/);
  });

  test("has what came after a forged mark of its own call, and no mark", async () => {
    const { own, logTail } = await call("forgeMark");
    expect(logTail).not.toContain("\u001e");
    if (own.length > 1) expect(own).toEqual(["said after the forged mark", ""]);
  });

  test("has what only began like a mark, before END", async () => {
    expect((await call("halfMark")).logTail).toContain("\u001elambent-end END RequestId");
  });

  test("of the tail is exactly the last 4,096 bytes", async () => {
    const { logTail } = await call("hugeLine");
    expect(Buffer.byteLength(logTail)).toBe(4096);
    expect(logTail).toMatch(/^z+\nEND RequestId: .*\nREPORT RequestId: /);
  });

  test("that takes long to be written holds the handler back, not the memory", async () => {
    let taken = 0;
    const house = startDispatcher({
      logSinkOf: () =>
        sinkOf(async (bytes) => {
          await Bun.sleep(1);
          taken += bytes.length;
        }),
    });
    Bun.gc(true);
    const before = process.memoryUsage.rss();
    const answer = await house.call(specOf("hostile-output", { timeoutMs: 20_000 }), { trick: "megabytes", mib: 20 });
    expect(answer).toMatchObject(FINE);
    expect(taken).toBeGreaterThan(19 * MIB);
    Bun.gc(true);
    expect(process.memoryUsage.rss() - before).toBeLessThan(16 * MIB);
    await house.close();
  });
});
