import { describe, expect, test } from "bun:test";
import { specOf } from "../../support/dispatcher.ts";
import { exited, hostileHouse, type Scenario, timedOut } from "./scenario.ts";

const hostile = hostileHouse();
const run = async (scenario: Scenario): Promise<void> => void (await hostile.run(scenario));

const onDescriptors = (
  name: string,
  event: Scenario["event"],
  answer: Scenario["answer"],
  spec: Scenario["spec"] = {},
): Scenario => ({
  name,
  fixture: "hostile-descriptors",
  event,
  spec,
  answer,
});
const killed = exited("signal: killed");

describe("closing", () => {
  test.each<Scenario>([
    onDescriptors("its input", { trick: "closeOne", descriptor: 0 }, { value: "closed" }),
    onDescriptors("its output", { trick: "closeOne", descriptor: 1 }, { value: "closed" }),
    onDescriptors("its error output", { trick: "closeOne", descriptor: 2 }, { value: "closed" }),
    onDescriptors("its channel", { trick: "closeOne", descriptor: 3 }, killed),
    onDescriptors("its lifeline", { trick: "closeOne", descriptor: 4 }, { value: "closed" }),
    onDescriptors("all of 0 to 9", { trick: "closeAll" }, killed),
    onDescriptors("all of 0 to 9, and then nothing more", { trick: "closeAllAndHang" }, killed),
  ])("$name", run);

  test.each([5, 6, 7, 8, 9])(
    "descriptor %d, which is the engine's own: it fails itself at most",
    async (descriptor) => {
      const { house } = hostile;
      const spec = specOf("hostile-descriptors", { timeoutMs: 500 });
      await house.call(spec, { trick: "closeOne", descriptor });
      const next = await house.call(spec);
      if (next.kind !== "ok") expect(next).toMatchObject({ functionError: "Unhandled" });
      expect(await house.call(spec)).toMatchObject({ kind: "ok", value: "fine" });
      house.dispatcher.retire(spec.functionName);
    },
  );
});

describe("writing to the channel", () => {
  test.each<Scenario>([
    onDescriptors("text", { trick: "garbageAndHang", descriptor: 3, bytes: "hello, host, here is no frame" }, killed),
    onDescriptors(
      "text, and a result after it",
      { trick: "garbage", descriptor: 3, bytes: "hello, host, here is no frame" },
      killed,
    ),
    onDescriptors("a flood of it", { trick: "flood", descriptor: 3 }, killed),
    onDescriptors("a frame of seven megabytes", { trick: "hugeFrame" }, killed),
    onDescriptors("a frame with a head of 300 kilobytes", { trick: "hugeHead" }, killed),
    onDescriptors("a head nested 120,000 deep", { trick: "deepHead" }, killed),
    onDescriptors("answers to calls that are not its own", { trick: "forgeOther" }, { kind: "ok" }),
    onDescriptors("news of an init that is long over", { trick: "forgeReady" }, { kind: "ok" }),
    onDescriptors("an answer to its own call, ahead of the true one", { trick: "forgeOwn" }, { value: "forged" }),
    onDescriptors(
      "half a frame, into which the true answer runs",
      { trick: "garbage", descriptor: 3, bytes: "\u0040\u0000\u0000\u0000" },
      killed,
    ),
  ])("$name", run);

  test.each<Scenario>([
    onDescriptors(
      "a hundred thousand greetings, each of which asks for an answer",
      { trick: "floodHello", frames: 100_000 },
      { value: "flooded" },
    ),
    onDescriptors("300,000 empty chunks", { trick: "floodEmptyChunks", frames: 300_000 }, { kind: "ok" }),
    onDescriptors("300,000 chunks of a byte", { trick: "floodEmptyChunks", frames: 300_000, bytes: 1 }, { kind: "ok" }),
  ])("$name, which the host does not collect", async (scenario) => {
    Bun.gc(true);
    const before = process.memoryUsage.rss();
    await run(scenario);
    Bun.gc(true);
    expect(process.memoryUsage.rss() - before).toBeLessThan(64 * 1024 * 1024);
  });
});

describe("writing", () => {
  test.each<Scenario>([
    onDescriptors(
      "to its lifeline",
      { trick: "garbage", descriptor: 4, bytes: "anybody there?" },
      { value: "written" },
    ),
    ...[0, 4, 5, 6, 7, 8, 9].map((descriptor) =>
      onDescriptors(`a flood to descriptor ${descriptor}`, { trick: "flood", descriptor }, { kind: "ok" }),
    ),
  ])("$name", run);
});

describe("ten thousand", () => {
  test.each<Scenario>([
    onDescriptors("open files", { trick: "manyFiles" }, { kind: "ok" }, { memoryMib: 512 }),
    onDescriptors("open sockets", { trick: "manySockets" }, { kind: "ok" }, { memoryMib: 512, timeoutMs: 10_000 }),
  ])("$name", run);
});

test("reading its channel in the host's place costs the function its own calls, nobody else's", async () => {
  const { house } = hostile;
  const spec = specOf("hostile-descriptors", { timeoutMs: 400 });
  await house.call(spec, { trick: "stealFrames" });
  const next = await house.call(spec);
  if (next.kind !== "ok") expect(next).toMatchObject(wantsTimeout);
  const last = await house.call(spec);
  if (last.kind !== "ok") expect(last).toMatchObject(wantsTimeout);
  expect(await house.call(spec)).toMatchObject({ kind: "ok", value: "fine" });
  house.dispatcher.retire(spec.functionName);
});
const wantsTimeout = { functionError: timedOut(400).functionError, errorType: timedOut(400).errorType };
