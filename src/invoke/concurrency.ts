/** How many calls run at the same time, for the account and for each function; what is reserved for one is taken from the others. */
import type { ThrottleReason } from "./invocation.ts";

export class Concurrency {
  readonly accountMax: number;
  readonly #running = new Map<string, number>();
  readonly #reserved = new Map<string, number>();
  #unreservedRunning = 0;
  #reservedTotal = 0;

  constructor(accountMax: number) {
    this.accountMax = accountMax;
  }

  /** Null: the function shares what nobody reserved. */
  reserve(functionName: string, count: number | null): void {
    this.#reservedTotal += (count ?? 0) - (this.#reserved.get(functionName) ?? 0);
    const running = this.#running.get(functionName) ?? 0;
    if (this.#reserved.has(functionName)) this.#unreservedRunning += running;
    if (count === null) this.#reserved.delete(functionName);
    else {
      this.#reserved.set(functionName, count);
      this.#unreservedRunning -= running;
    }
  }

  /** Counts one more running call, or answers why there is no room for it. */
  enter(functionName: string): ThrottleReason | undefined {
    const running = this.#running.get(functionName) ?? 0;
    const reserved = this.#reserved.get(functionName);
    if (reserved === undefined) {
      if (this.#unreservedRunning >= this.accountMax - this.#reservedTotal) return "ConcurrentInvocationLimitExceeded";
      this.#unreservedRunning++;
    } else if (running >= reserved) return "ReservedFunctionConcurrentInvocationLimitExceeded";
    this.#running.set(functionName, running + 1);
    return undefined;
  }

  leave(functionName: string): void {
    const running = (this.#running.get(functionName) ?? 1) - 1;
    if (running === 0) this.#running.delete(functionName);
    else this.#running.set(functionName, running);
    if (!this.#reserved.has(functionName)) this.#unreservedRunning--;
  }

  get total(): number {
    let total = 0;
    for (const running of this.#running.values()) total += running;
    return total;
  }
}
