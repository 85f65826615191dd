/**
 * How many environments of a version are there before anybody calls (provisioned concurrency), and how the start of one that fails is
 * tried again: at growing intervals, for as long as they are wanted.
 */
import type { EnvironmentState } from "./environment-state.ts";

export interface ProvisionState {
  /** Started, ready or not. */
  readonly allocated: number;
  /** Ready, or running a call. */
  readonly available: number;
  /** The last start failed. */
  readonly failing: boolean;
}

const RETRY_MS_MIN = 500;
const RETRY_MS_MAX = 60_000;

/** What of an environment this has to see. */
interface Member {
  readonly state: EnvironmentState;
}

export class Provision<Environment extends Member> {
  #count = 0;
  readonly #members = new Set<Environment>();
  readonly #retry: () => void;
  #failures = 0;
  #timer: Timer | undefined;

  /** `retry` is called when it is time to start again. */
  constructor(retry: () => void) {
    this.#retry = retry;
  }

  get isWanted(): boolean {
    return this.#count > 0;
  }

  get state(): ProvisionState {
    const available = [...this.#members].filter(({ state }) => state === "idle" || state === "busy").length;
    return { allocated: this.#members.size, available, failing: this.#failures > 0 };
  }

  /** Whether one more may be started. */
  get lacks(): boolean {
    return this.#members.size < this.#count && this.#timer === undefined;
  }

  has(environment: Environment): boolean {
    return this.#members.has(environment);
  }

  add(environment: Environment): void {
    this.#members.add(environment);
  }

  /** Answers whether it was one of them. */
  delete(environment: Environment): boolean {
    return this.#members.delete(environment);
  }

  /** Answers those that are not wanted any more: they were made for this, and are to serve nobody else. */
  resize(count: number): readonly Environment[] {
    this.#count = count;
    if (count === 0) this.#forgetFailures();
    const dismissed = [...this.#members].slice(count);
    for (const environment of dismissed) this.#members.delete(environment);
    return dismissed;
  }

  started(isReady: boolean): void {
    if (isReady) {
      this.#failures = 0;
      return;
    }
    if (this.#count === 0) return;
    const delayMs = Math.min(RETRY_MS_MAX, RETRY_MS_MIN * 2 ** this.#failures++);
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#retry();
    }, delayMs);
    this.#timer.unref();
  }

  #forgetFailures(): void {
    this.#failures = 0;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
