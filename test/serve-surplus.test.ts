import { describe, expect, test } from "bun:test";
import { surplusOf } from "../src/serve-surplus.ts";

interface Row {
  readonly name: string;
  /** Each `network` or `network*`, when a request is under way, in the order of how long they have been quiet: the first for longest. */
  readonly open: string;
  readonly max: number;
  /** Their places in `open`, in the order in which they go. */
  readonly gone: readonly number[];
}

describe("of too many connections there go", () => {
  test.each<Row>([
    { name: "none, when they are no more than allowed", open: "a a b", max: 3, gone: [] },
    { name: "those that have been quiet for longest", open: "a a a a", max: 2, gone: [0, 1] },
    { name: "those of the network that has the most", open: "b a a a", max: 2, gone: [1, 2] },
    { name: "one of each, once networks have equally many", open: "a a a b b", max: 1, gone: [0, 1, 3, 2] },
    { name: "none that is busy, while any is idle", open: "a* a* a* b b", max: 3, gone: [3, 4] },
    { name: "idle ones of the network that has the most, busy ones and all", open: "a* a* a b b", max: 4, gone: [2] },
    { name: "busy ones, when there is nothing else", open: "a* a* b", max: 1, gone: [2, 0] },
    { name: "all, when none is allowed", open: "a b*", max: 0, gone: [0, 1] },
  ])("$name", ({ open, max, gone }) => {
    const words = open.split(" ");
    const connections = words.map((word, at) => ({
      at,
      network: word.replace("*", ""),
      isBusy: word.endsWith("*"),
      quietMs: words.length - at,
    }));
    expect(surplusOf(connections, max).map(({ at }) => at)).toEqual([...gone]);
  });
});
