/** What figures of the asynchronous queue share: events as clients send them, events that are there already, and whether any are left. */
import { openStore } from "../src/store/open-store.ts";
import type { NewEvent } from "../src/store/queue-port.ts";
import type { LoadRequest } from "./load-protocol.ts";
import { invokeRequest, type Server } from "./server.ts";

const SEEDED_AT_ONCE = 5000;
const LOOK_EVERY_MS = 10;
const BODY = Buffer.from('{"greeting":"hello","count":1}');

export function eventRequest(name: string): LoadRequest {
  const request = invokeRequest(name);
  return { ...request, headers: { ...request.headers, "X-Amz-Invocation-Type": "Event" } };
}

/** Puts so many events of a function into the queue of a server that is not running. */
export async function seedQueue(
  dataDirectory: string,
  { functionName, count, dueAtMs }: { functionName: string; count: number; dueAtMs: number },
): Promise<void> {
  const store = await openStore({ directory: dataDirectory });
  const event = (n: number): NewEvent => ({
    lane: functionName,
    requestId: `00000000-0000-4000-8000-${String(n).padStart(12, "0")}`,
    acceptedAtMs: Date.now(),
    dueAtMs,
    head: { kind: "invocation", functionName },
    body: BODY,
  });
  for (let at = 0; at < count; at += SEEDED_AT_ONCE) {
    const some = Math.min(SEEDED_AT_ONCE, count - at);
    await store.queue.accept(Array.from({ length: some }, (_, n) => event(at + n)));
  }
  await store.close();
}

/** Resolves when nothing waits and nothing runs. */
export async function drained(server: Server): Promise<void> {
  while ((await metric(server, "lambent_queue_lanes")) > 0) await Bun.sleep(LOOK_EVERY_MS);
}

/** Calls of a function that have ended since the server started. */
export const endedCount = (server: Server, name: string): Promise<number> =>
  metric(server, `lambent_invocations_total{function="${name}"}`);

async function metric(server: Server, name: string): Promise<number> {
  const text = await (await server.request("GET", "/metrics")).text();
  const line = text.split("\n").find((one) => one.startsWith(`${name} `));
  return line === undefined ? 0 : Number(line.slice(name.length + 1));
}
