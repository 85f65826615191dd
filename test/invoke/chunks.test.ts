import { expect, test } from "bun:test";
import fc from "fast-check";
import { RESPONSE_BYTES_MAX } from "../../src/core/limits.ts";
import { Chunks } from "../../src/invoke/chunks.ts";

const NOTHING = new Uint8Array();

test("chunks that nobody streams are put together, whatever their sizes, and bytes are taken, not kept by reference", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 30 }), (parts) => {
      const chunks = new Chunks(undefined);
      const wanted = Buffer.concat(parts);
      for (const part of parts) {
        chunks.take(part, undefined);
        part.fill(0);
      }
      const result = chunks.result(NOTHING);
      expect(result.kind === "ok" && Buffer.from(result.payload).equals(wanted)).toBe(true);
    }),
  );
});

test("a result without chunks is its last frame's payload", () => {
  const payload = new Uint8Array([1, 2, 3]);
  expect(new Chunks(undefined).result(payload)).toEqual({ kind: "ok", payload });
});

test.each([
  { bytes: RESPONSE_BYTES_MAX, kind: "ok" },
  { bytes: RESPONSE_BYTES_MAX + 1, kind: "function-error" },
])("$bytes bytes in all: $kind", ({ bytes, kind }) => {
  const chunks = new Chunks(undefined);
  const block = new Uint8Array(1_000_000);
  for (let rest = bytes; rest > 0; rest -= block.length) chunks.take(block.subarray(0, rest), undefined);
  const result = chunks.result(NOTHING);
  expect(result.kind).toBe(kind as typeof result.kind);
  if (result.kind === "ok") expect(result.payload.length).toBe(bytes);
  if (result.kind === "function-error") expect(result.errorType).toBe("Function.ResponseSizeTooLarge");
});

test("a million chunks of a byte or of nothing hold no more memory than their bytes", () => {
  Bun.gc(true);
  const before = process.memoryUsage();
  const chunks = new Chunks(undefined);
  for (let n = 0; n < 1_000_000; n++) chunks.take(n % 2 === 0 ? new Uint8Array(1) : NOTHING, undefined);
  Bun.gc(true);
  const after = process.memoryUsage();
  expect(after.heapUsed + after.external - before.heapUsed - before.external).toBeLessThan(8 * 1024 * 1024);
  expect(chunks.result(NOTHING)).toMatchObject({ kind: "ok" });
});

test("a sink gets each chunk as it comes, and its answer is handed on", async () => {
  const seen: [number, string | undefined][] = [];
  const pause = Promise.resolve();
  const chunks = new Chunks({
    chunk: (bytes, contentType) => {
      seen.push([bytes.length, contentType]);
      return pause;
    },
  });
  expect(chunks.take(new Uint8Array(3), "text/plain")).toBe(pause);
  chunks.take(new Uint8Array(RESPONSE_BYTES_MAX + 1), undefined);
  expect(seen).toEqual([
    [3, "text/plain"],
    [RESPONSE_BYTES_MAX + 1, undefined],
  ]);
  expect(chunks.result(NOTHING)).toEqual({ kind: "ok", payload: NOTHING });
});
