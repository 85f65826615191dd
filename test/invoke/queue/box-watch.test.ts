import { expect, test } from "bun:test";
import { pino } from "pino";
import { BoxWatch, LARGE_COUNT } from "../../../src/invoke/queue/box-watch.ts";
import { openStore } from "../../../src/store/open-store.ts";
import type { NewDeadLetter } from "../../../src/store/queue-port.ts";
import { queuedCall } from "../../store/queue-contract.ts";

const LETTER: NewDeadLetter = {
  ...{ functionName: "f", lane: "f", requestId: "r", acceptedAtMs: 0, boxedAtMs: 0, attemptCount: 1 },
  ...{ condition: "RetriesExhausted", reason: "it broke", body: Buffer.from("{}") },
  head: { kind: "invocation", functionName: "f" },
};

test("a box that grows large is warned of, and again when it has doubled", async () => {
  const { queue, close } = await openStore({ memory: true });
  const lines: { count: number }[] = [];
  const log = pino({ level: "warn" }, { write: (line: string) => void lines.push(JSON.parse(line)) });
  const watch = new BoxWatch({ queue, log });
  const boxed = async (count: number): Promise<void> => {
    await queue.accept([queuedCall("f")]);
    const wanted = [{ lane: "f", countMax: 1 }];
    const { taken } = await queue.exchange({ nowMs: 100, leasedUntilMs: 200, settlements: [], wanted });
    const box = Array.from({ length: count }, () => LETTER);
    const settlements = [{ id: taken[0]?.id ?? 0, next: "end" as const, box }];
    await queue.exchange({ nowMs: 100, leasedUntilMs: 200, settlements, wanted: [] });
    await watch.noteSettled(settlements);
  };
  await boxed(LARGE_COUNT - 1);
  expect(lines).toEqual([]);
  await boxed(100);
  expect(lines.map(({ count }) => count)).toEqual([LARGE_COUNT + 99]);
  await boxed(500);
  expect(lines).toHaveLength(1);
  await boxed(700);
  expect(lines.map(({ count }) => count)).toEqual([LARGE_COUNT + 99, LARGE_COUNT + 1299]);
  await close();
});
