/** Every constraint of every member of every operation, broken once: a refusal that the API models, soon, and never one of ours. */
import { beforeEach, expect, test } from "bun:test";
import { ERROR_CODES } from "../../src/errors/codes.ts";
import { OPERATIONS, type OperationName } from "../../src/shapes/operations.ts";
import { appForEach } from "../support/app.ts";
import { type BrokenRequest, brokenRequests } from "../support/broken-requests.ts";

const app = appForEach();
const ANSWER_MS_MAX = 2000;
const NAMES = Object.keys(OPERATIONS) as OperationName[];

beforeEach(async () => {
  await app().createFunction("f", { Publish: true });
});

test("there is something to break in nearly all of the 88 operations", () => {
  const counts = NAMES.map((name) => [name, brokenRequests(name).length] as const);
  expect(counts).toHaveLength(88);
  expect(counts.filter(([, count]) => count === 0).map(([name]) => name)).toEqual(["GetAccountSettings"]);
  expect(counts.reduce((sum, [, count]) => sum + count, 0)).toBeGreaterThan(1000);
});

test.each(NAMES)("%s refuses each broken constraint", async (name) => {
  const wrong: string[] = [];
  for (const broken of brokenRequests(name)) {
    const complaint = await complaintAbout(broken);
    if (complaint !== undefined) wrong.push(`${broken.what}: ${complaint}`);
  }
  expect(wrong).toEqual([]);
});

async function complaintAbout({ method, path, headers, body }: BrokenRequest): Promise<string | undefined> {
  const beganAtMs = performance.now();
  const answer = await app().app.request(path, {
    method,
    headers,
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  const tookMs = performance.now() - beganAtMs;
  if (tookMs > ANSWER_MS_MAX) return `took ${Math.round(tookMs)} ms`;
  const type = answer.headers.get("x-amzn-ErrorType") ?? "";
  if (answer.status < 400 || answer.status > 499) return `answered ${answer.status} ${type} ${text.slice(0, 200)}`;
  return type in ERROR_CODES ? undefined : `answered with the error type '${type}'`;
}
