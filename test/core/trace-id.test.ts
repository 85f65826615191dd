import { expect, test } from "bun:test";
import { newTraceId } from "../../src/core/trace-id.ts";

const REQUEST_ID = "8f507cfc-a1b2-4697-b07a-ac58fc914c95";
const NOW_MS = Date.UTC(2026, 0, 2);

test("a trace header has the second and the request id's random bits, in the form that X-Ray documents", () => {
  const header = newTraceId(NOW_MS, REQUEST_ID);
  expect(header).toBe("Root=1-69570a80-8f507cfca1b24697b07aac58;Parent=b07aac58fc914c95");
  expect(header).toMatch(/^Root=1-[\da-f]{8}-[\da-f]{24};Parent=[\da-f]{16}$/);
});

test("it decides for or against sampling where that is asked", () => {
  expect(newTraceId(NOW_MS, REQUEST_ID, true)).toEndWith(";Sampled=1");
  expect(newTraceId(NOW_MS, REQUEST_ID, false)).toEndWith(";Sampled=0");
});
