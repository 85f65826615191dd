/** A million streams of frames as a hostile runner might send them: how many threw what they must not, and what they leave. */
import { fuzzFrames } from "../../test/support/frame-fuzz.ts";
import type { Figure } from "../figure.ts";

const COUNT = 1_000_000;
const MIB = 1024 ** 2;

export const fuzzedFrames: Figure = {
  name: "fuzzed-frames",
  fullOnly: true,
  async measure() {
    fuzzFrames({ count: COUNT / 10, seed: 1 }); // what the engine keeps, it keeps by then
    Bun.gc(true);
    const before = process.memoryUsage.rss();
    const { escaped } = fuzzFrames({ count: COUNT, seed: 2 });
    Bun.gc(true);
    const growth = (process.memoryUsage.rss() - before) / MIB;
    for (const failure of escaped) process.stderr.write(`${failure}\n`);
    return [
      { what: "Fuzzed frames that threw", value: escaped.length, unit: "", target: { max: 0 }, note: "of a million" },
      { what: "Growth over a million fuzzed frames", value: Math.max(0, growth), unit: "MB", target: { max: 32 } },
    ];
  },
};
