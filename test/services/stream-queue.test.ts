import { expect, test } from "bun:test";
import { StreamQueue } from "../../src/services/invocations/stream-queue.ts";

const isPending = async (promise: void | Promise<void>): Promise<boolean> =>
  (await Promise.race([promise, Bun.sleep(0).then(() => "pending" as const)])) === "pending";

test("whoever puts waits until it is read, all of them", async () => {
  const queue = new StreamQueue<number>();
  const waiting = [queue.put(1), queue.put(2)];
  for (const each of waiting) expect(await isPending(each)).toBe(true);
  const reader = queue.readable.getReader();
  await reader.read();
  await reader.read();
  for (const each of waiting) expect(await isPending(each)).toBe(false);
});

test.each<{ end: string; by: (queue: StreamQueue<number>) => unknown }>([
  { end: "its end, unread", by: (queue) => queue.end() },
  { end: "a failure", by: (queue) => queue.fail(undefined) },
  { end: "a reader that goes away", by: (queue) => queue.readable.cancel() },
])("nobody waits beyond $end", async ({ by }) => {
  const queue = new StreamQueue<number>();
  const waiting = [queue.put(1), queue.put(2)];
  await by(queue);
  for (const each of waiting) expect(await isPending(each)).toBe(false);
  expect(queue.put(3)).toBeUndefined();
});
