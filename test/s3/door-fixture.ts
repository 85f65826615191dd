/** Embedded buckets in a temporary folder, and their door, without a port. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Clock, systemClock } from "../../src/core/clock.ts";
import { randomIds } from "../../src/core/ids.ts";
import { makeLog } from "../../src/core/log.ts";
import { Buckets } from "../../src/s3/buckets.ts";
import { makeS3Door, type S3DoorParts, type S3Peer } from "../../src/s3/door.ts";

export interface DoorFixture {
  readonly buckets: Buckets;
  readonly directory: string;
  /** Epoch ms that the clock shows; to be moved. */
  nowMs: number;
  ask(
    method: string,
    path: string,
    init?: { body?: string | Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>; headers?: Record<string, string> },
  ): Promise<Response>;
  /** Closes and opens again, as after a restart. */
  reopen(): Promise<void>;
  close(): Promise<void>;
}

export async function openDoor(parts: Partial<S3DoorParts> = {}, peer?: S3Peer): Promise<DoorFixture> {
  const directory = await mkdtemp(join(tmpdir(), "lambent-s3-"));
  let nowMs = Date.UTC(2026, 0, 2, 3, 4, 5);
  const clock: Clock = { ...systemClock, nowMs: () => nowMs };
  const openBuckets = () => Buckets.open({ directory, clock, ids: randomIds });
  let buckets = await openBuckets();
  return {
    directory,
    get buckets() {
      return buckets;
    },
    get nowMs() {
      return nowMs;
    },
    set nowMs(value) {
      nowMs = value;
    },
    async ask(method, path, init = {}) {
      const door = makeS3Door({ buckets, region: "us-east-1", ids: randomIds, log: makeLog("silent"), ...parts });
      const answer = door(new Request(`http://127.0.0.1:4566${path}`, { method, ...init }), peer);
      if (answer === undefined) throw new Error("the door says that this is not S3's");
      return answer;
    },
    async reopen() {
      buckets.close();
      buckets = await openBuckets();
    },
    async close() {
      buckets.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** The text of the first element of this name. */
export const textOf = (xml: string, name: string): string | undefined =>
  new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1];

export const allTextsOf = (xml: string, name: string): string[] =>
  [...xml.matchAll(new RegExp(`<${name}>([^<]*)</${name}>`, "g"))].map((match) => match[1] ?? "");
