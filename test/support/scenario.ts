/** API tests as rows of a table: what is there first, one request, its answer. */
import { expect } from "bun:test";
import type { TestAnswer, TestApp } from "./app.ts";

export interface Scenario {
  /** A claim: who does what, when. */
  readonly name: string;
  /** Requests that come before, each of which has to succeed. */
  readonly given?: readonly Request[];
  readonly request: Request;
  readonly status: number;
  /** Of a refusal: the header, and the text in full. */
  readonly errorType?: string;
  readonly message?: string;
  /** What the body has to contain. */
  readonly body?: Record<string, unknown>;
  /** Members that the body must not have. */
  readonly without?: readonly string[];
  /** What `x-lambent-warning` has to contain. */
  readonly warning?: string;
}

export type Request = readonly [method: string, path: string, body?: unknown];

export async function run(app: TestApp, scenario: Scenario): Promise<TestAnswer> {
  for (const request of scenario.given ?? []) {
    const answer = await app.send(...request);
    if (answer.status >= 300) throw new Error(`${request[0]} ${request[1]} answered ${JSON.stringify(answer.body)}`);
    await app.settled();
  }
  const answer = await app.send(...scenario.request);
  const { status, headers, body } = answer;
  if (scenario.message !== undefined) expect(body?.Message ?? body?.message).toBe(scenario.message);
  if (scenario.errorType !== undefined) expect(headers.get("x-amzn-ErrorType")).toBe(scenario.errorType);
  expect({ status, body }).toMatchObject({ status: scenario.status });
  if (scenario.body) expect(body).toMatchObject(scenario.body);
  for (const member of scenario.without ?? []) expect(body).not.toHaveProperty(member);
  if (scenario.warning !== undefined) expect(headers.get("x-lambent-warning")).toContain(scenario.warning);
  return answer;
}
