import { expect, test } from "bun:test";
import { followLineage } from "../../../src/invoke/queue/lineage.ts";

const TRACE = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1";
const A = "arn:aws:lambda:us-east-1:000000000000:function:a";
const B = "arn:aws:lambda:us-east-1:000000000000:function:b";

test("the first call of a chain is counted as 0, and each one more", () => {
  const first = followLineage(TRACE, A);
  expect(first.callsBefore).toBe(0);
  expect(first.traceId).toMatch(/^Root=[^;]+;Parent=[^;]+;Sampled=1;Lineage=[0-9a-f]{8}:0$/);
  const second = followLineage(first.traceId, A);
  expect(second.callsBefore).toBe(1);
  expect(second.traceId).toBe(first.traceId.replace(/:0$/, ":1"));
});

test("functions are counted apart", () => {
  const chain = [A, B, A, B, B].reduce((traceId, arn) => followLineage(traceId, arn).traceId, TRACE);
  expect(followLineage(chain, A).callsBefore).toBe(2);
  expect(followLineage(chain, B).callsBefore).toBe(3);
});

test.each(["Lineage=", "Lineage=nonsense", "Lineage=zzzzzzzz:1", "Lineage=01234567:-4", "Lineage=|||"])(
  "%p counts nothing",
  (lineage) => {
    const step = followLineage(`${TRACE};${lineage}`, A);
    expect(step.callsBefore).toBe(0);
    expect(step.traceId).toMatch(/;Lineage=[0-9a-f]{8}:0$/);
  },
);

test("a header does not grow without end, whatever a client sends", () => {
  const entries = Array.from({ length: 10_000 }, (_, index) => `${index.toString(16).padStart(8, "0")}:1`).join("|");
  expect(followLineage(`${TRACE};Lineage=${entries}`, A).traceId.length).toBeLessThan(600);
});
