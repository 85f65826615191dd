/**
 * The calls that lie in a runner behind the one that it runs, so that it need not wait for the host in between. None of them has begun, so
 * any of them can still be run elsewhere.
 */
import { type Call, NotBegunError } from "./call.ts";
import { isPlain } from "./waiting.ts";

/** A wave of that many clients is served with one write to the runner. */
const AHEAD_MAX = 15;
/** From when on a call holds up those behind it. */
const HELD_UP_AFTER_MS = 10;

export class CallsAhead {
  readonly #calls: Call[] = [];
  /** Answers to them, which came while the call before them still waits for the rest of its output. */
  readonly #early: (() => void)[] = [];
  #isBehindPlain = false;
  /** The call before them takes long: no other is to lie behind it. */
  isHeldUp = false;

  /** A call has begun: they lie behind this one. */
  begin({ invocation }: Call): void {
    this.isHeldUp = false;
    this.#isBehindPlain = isPlain(invocation);
  }

  get hasRoom(): boolean {
    return this.#isBehindPlain && !this.isHeldUp && this.#calls.length < AHEAD_MAX;
  }

  /** Whether they are to be asked back, since the call before them is that old; said once. */
  areHeldUpBy(callAgeMs: number): boolean {
    if (this.isHeldUp || callAgeMs <= HELD_UP_AFTER_MS) return false;
    this.isHeldUp = true;
    return this.#calls.length > 0;
  }

  push(call: Call): void {
    this.#calls.push(call);
  }

  /** The call before them has ended: the next one is to begin. */
  shift(): Call | undefined {
    this.isHeldUp = false;
    return this.#calls.shift();
  }

  has(id: string): boolean {
    return this.#calls.some(({ invocation }) => invocation.requestId === id);
  }

  /** The runner will not run it. What it says of any other call is forged. */
  giveBack(id: string): void {
    const at = this.#calls.findIndex(({ invocation }) => invocation.requestId === id);
    if (at >= 0) this.#calls.splice(at, 1)[0]?.reject(new NotBegunError());
  }

  /** The runner is gone. */
  giveBackAll(): void {
    for (const call of this.#calls.splice(0)) call.reject(new NotBegunError());
  }

  keep(receiveAnswer: () => void): void {
    this.#early.push(receiveAnswer);
  }

  /** Receives what was kept; answers whether there was any, and none of it had to be kept again. */
  receiveKept(): boolean {
    if (this.#early.length === 0) return false;
    for (const receiveAnswer of this.#early.splice(0)) receiveAnswer();
    return this.#early.length === 0;
  }
}
