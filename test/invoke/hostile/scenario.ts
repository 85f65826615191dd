/**
 * A handler that misbehaves, and what has to hold however it does: its call ends as it should, the next call of the same function works
 * within a cold start, and a neighbour neither loses its environment nor waits for long.
 */
import { afterAll, beforeAll, expect } from "bun:test";
import type { ExecutionSpec } from "../../../src/invoke/invocation.ts";
import { type CallAnswer, sinkOf, specOf, startDispatcher, type TestDispatcher } from "../../support/dispatcher.ts";

export interface Scenario {
  readonly name: string;
  readonly fixture: string;
  readonly event: Readonly<Record<string, unknown>>;
  readonly spec?: Partial<ExecutionSpec>;
  /** What the call answers; `errorMessage` without the `RequestId: <id> Error: ` before it. */
  readonly answer: {
    readonly kind?: CallAnswer["kind"];
    readonly functionError?: "Handled" | "Unhandled";
    readonly errorType?: string;
    readonly errorMessage?: string | RegExp;
    readonly value?: unknown;
  };
  /** What the next call answers; the fixtures say "fine". */
  readonly next?: unknown;
}

/** Cold starts take some 30 ms here; a machine that runs other things at the same time may need far longer. */
const NEXT_CALL_MS_MAX = 2500;
/** What a neighbour may wait while somebody misbehaves; again for a busy machine. */
const NEIGHBOUR_MS_MAX = 1000;

export const FINE = { kind: "ok", value: "fine" } as const;

/** One dispatcher for a file's scenarios, and the neighbour's answer to begin with. */
export function hostileHouse(): { readonly house: TestDispatcher; run(scenario: Scenario): Promise<CallAnswer> } {
  let house: TestDispatcher | undefined;
  let neighbour: ExecutionSpec;
  let neighbourEnvironment: unknown;
  const get = (): TestDispatcher => {
    if (!house) throw new Error("The dispatcher is not there outside of tests");
    return house;
  };
  beforeAll(async () => {
    house = startDispatcher({ logSinkOf: () => sinkOf() });
    neighbour = specOf("hostile-calm", { memoryMib: 512 });
    neighbourEnvironment = (await house.call(neighbour)).value.environment;
  });
  afterAll(() => get().close());

  const visitNeighbour = async (): Promise<void> => {
    const answer = await get().call(neighbour);
    expect(answer.value?.environment).toBe(neighbourEnvironment);
    expect(answer.tookMs).toBeLessThan(NEIGHBOUR_MS_MAX);
  };

  return {
    get house() {
      return get();
    },
    async run(scenario) {
      const spec = specOf(scenario.fixture, { timeoutMs: 5000, ...scenario.spec });
      let over = false;
      const call = get()
        .call(spec, scenario.event, { wantsLogTail: true })
        .finally(() => {
          over = true;
        });
      while (!over) {
        await visitNeighbour();
        await Bun.sleep(2);
      }
      const answer = await call;
      expectAnswer(answer, scenario.answer);
      const next = await get().call(spec, {});
      expect(next).toMatchObject({ kind: "ok", value: scenario.next ?? "fine" });
      expect(next.tookMs).toBeLessThan(NEXT_CALL_MS_MAX);
      await visitNeighbour();
      expect(get().dispatcher.census().running).toBe(0);
      get().dispatcher.retire(spec.functionName);
      return answer;
    },
  };
}

function expectAnswer(answer: CallAnswer, wanted: Scenario["answer"]): void {
  const { errorMessage, ...rest } = wanted;
  const kind = rest.functionError === undefined ? "ok" : "function-error";
  expect(answer).toMatchObject({ kind, ...rest });
  if (errorMessage === undefined) return;
  const told = answer.errorMessage?.replace(`RequestId: ${answer.requestId} Error: `, "") ?? "";
  if (typeof errorMessage === "string") expect(told).toBe(errorMessage);
  else expect(told).toMatch(errorMessage);
}

export const timedOut = (ms: number): Scenario["answer"] => ({
  functionError: "Unhandled",
  errorType: "Sandbox.Timedout",
  errorMessage: `Task timed out after ${(ms / 1000).toFixed(2)} seconds`,
});

export const exited = (how: string): Scenario["answer"] => ({
  functionError: "Unhandled",
  errorType: "Runtime.ExitError",
  errorMessage: how === "" ? "Runtime exited without providing a reason" : `Runtime exited with error: ${how}`,
});
