/** Time comes in as an argument: everything that waits or stamps goes through a `Clock`, so that tests can move it. */
export interface Clock {
  /** Epoch milliseconds. */
  nowMs(): number;
}

export const systemClock: Clock = { nowMs: () => Date.now() };
