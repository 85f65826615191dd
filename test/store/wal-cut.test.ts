/**
 * A power cut takes from the write-ahead log what was not synced: some end of it. So the log of a run is cut at every frame and in the
 * middle of each, and what is left has to open, and hold exactly the commits that end before the cut.
 */
import { expect, test } from "bun:test";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { openStore } from "../../src/store/open-store.ts";
import type { Store } from "../../src/store/port.ts";
import { create, latestOf } from "./contract/records.ts";
import { queuedCall } from "./queue-contract.ts";
import { temporaryDirectories } from "./temporary-directory.ts";

const temporaryDirectory = temporaryDirectories();
// Source: sqlite.org/fileformat2.html#the_write_ahead_log.
const HEADER_BYTES = 32;
const FRAME_HEADER_BYTES = 24;
const ROUNDS = 8;

/** Everything that the run below changes, as text. */
async function stateOf({ documents, functions, queue, schedules }: Store): Promise<string> {
  const [kept, made, queued, boxed, scheduled] = await Promise.all([
    documents.list({ kind: "cut", count: 1000 }),
    functions.list({ versions: "all", count: 1000 }),
    queue.listQueued({ countMax: 1000 }),
    queue.listBox({ countMax: 1000 }),
    schedules.list({ count: 1000 }),
  ]);
  const facts = [
    kept.items.map(({ key, body }) => [key, body]),
    made.items.map(({ functionName }) => functionName),
    queued.map(({ id, lane, leased, attemptCount, dueAtMs }) => [id, lane, leased, attemptCount, dueAtMs]),
    boxed.map(({ id, reason }) => [id, reason]),
    scheduled.items.map(({ name, nextAtMs, lastAtMs }) => [name, nextAtMs, lastAtMs]),
  ];
  return JSON.stringify(facts);
}

/** One commit each. */
function* run(store: Store): Iterable<() => Promise<unknown>> {
  const { documents, queue, schedules } = store;
  const definition = {
    functionName: "f",
    expression: "rate(1 minute)",
    timezone: "UTC",
    enabled: true,
    missed: { run: "skip" as const },
  };
  for (let n = 0; n < ROUNDS; n++) {
    const place = { kind: "cut", owner: "", key: `k${n % 3}` };
    yield () => documents.put({ ...place, body: { n, filler: "x".repeat(n * 900) }, nowMs: n });
    yield () => create(store, latestOf(`f${n}`));
    yield () => queue.accept([queuedCall("a"), queuedCall("b", { body: Buffer.alloc(n * 3000, 65) })]);
    let id = 0;
    yield async () => {
      const wanted = [{ lane: "a", countMax: 1 }];
      const { taken } = await queue.exchange({ nowMs: 1000, leasedUntilMs: 2000 + n, settlements: [], wanted });
      id = taken[0]?.id ?? 0;
    };
    const letter = {
      ...{ functionName: "a", lane: "a", requestId: "r", acceptedAtMs: 0, boxedAtMs: n, attemptCount: 1 },
      ...{ condition: "RetriesExhausted" as const, reason: `round ${n}`, body: Buffer.from("{}") },
      head: { kind: "invocation" as const, functionName: "a" },
    };
    const end = { next: "end" as const, enqueue: [queuedCall("c")], box: [letter] };
    const again = { next: "again" as const, dueAtMs: 5000, attemptCount: 1, deferralCount: 0 };
    yield () => {
      const settlements = [{ id, ...(n % 2 === 0 ? end : again) }];
      return queue.exchange({ nowMs: 1000, leasedUntilMs: 2000, settlements, wanted: [] });
    };
    yield () => schedules.put({ name: `s${n}`, definition, nextAtMs: 10 * n + 1, nowMs: n });
    yield () =>
      schedules.fire([
        {
          ...{ name: `s${n}`, revision: 1, dueAtMs: 10 * n + 1, nextAtMs: 10 * n + 2 },
          end: { kind: "run", atMs: 10 * n + 1, event: queuedCall("f") },
        },
      ]);
    if (n % 4 === 3) yield () => queue.purgeBox({ id: (n + 1) / 2 });
    if (n % 4 === 2) yield () => documents.delete(place);
  }
}

test("whatever end of the write-ahead log is lost, what is left opens, and holds exactly the commits before", async () => {
  const directory = await temporaryDirectory();
  const store = await openStore({ directory });
  const logOf = (of: string): string => join(of, "lambent.db-wal");
  const logBytes = (): number => Bun.file(logOf(directory)).size;
  const commits = [{ logBytes: 0, state: await stateOf(store) }];
  for (const commit of run(store)) {
    const before = logBytes();
    await commit();
    expect(logBytes()).toBeGreaterThan(before); // each is a commit, and none was folded into the file yet
    commits.push({ logBytes: logBytes(), state: await stateOf(store) });
  }
  const database = await readFile(join(directory, "lambent.db"));
  const log = await readFile(logOf(directory));
  await store.close();

  const frameBytes = FRAME_HEADER_BYTES + log.readUInt32BE(8);
  const frameCount = (log.length - HEADER_BYTES) / frameBytes;
  expect(Number.isInteger(frameCount)).toBe(true);
  expect(new Set(commits.map(({ state }) => state)).size).toBe(commits.length);
  const cuts = [0, HEADER_BYTES - 1];
  for (let frame = 0; frame <= frameCount; frame++) {
    cuts.push(HEADER_BYTES + frame * frameBytes);
    if (frame < frameCount && frame % 4 === 0) cuts.push(HEADER_BYTES + frame * frameBytes + frameBytes / 2);
  }

  const copy = join(await temporaryDirectory(), "copy");
  for (const cut of cuts) {
    await mkdir(copy, { recursive: true });
    await writeFile(join(copy, "lambent.db"), database);
    await writeFile(logOf(copy), log.subarray(0, cut));
    const opened = await openStore({ directory: copy });
    const state = await stateOf(opened);
    await opened.close();
    await rm(copy, { recursive: true });
    expect([cut, state]).toEqual([cut, commits.findLast((commit) => commit.logBytes <= cut)?.state ?? ""]);
  }
  console.log(`${commits.length - 1} commits in ${frameCount} frames, opened after ${cuts.length} cuts`);
}, 120_000);
