/** `FRAME_FUZZ_CASES=1000000` makes it the million that `make bench` (--full) also tries. */
import { expect, test } from "bun:test";
import { fuzzFrames } from "../support/frame-fuzz.ts";

const CASES = Number(process.env.FRAME_FUZZ_CASES ?? 50_000);

test("frames of a hostile runner are read or refused, and nothing else is ever thrown", () => {
  const report = fuzzFrames({ count: CASES, seed: 20_261_125 });
  expect(report.escaped).toEqual([]);
  expect(report.refused).toBeGreaterThan(CASES / 10);
  expect(report.frames).toBeGreaterThan(CASES / 50);
}, 600_000);
