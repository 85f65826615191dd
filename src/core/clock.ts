/** Time comes in as an argument: everything that waits or stamps goes through a `Clock`, so that tests can move it. */
export interface Clock {
  /** Epoch milliseconds. */
  nowMs(): number;
  /** Calls back once `atMs` has come, never before this returns. A timer by itself does not keep the process alive. */
  setTimer(atMs: number, callback: () => void): CancelTimer;
}

/** Does nothing when the timer has gone off. */
export type CancelTimer = () => void;

/** Longer waits overflow what the engine's timers can count, and go off at once. */
const TIMEOUT_MS_MAX = 2 ** 31 - 1;

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  setTimer(atMs, callback) {
    let timer: Timer;
    const arm = (): void => {
      // In parts: the machine may sleep, or its clock be set, and then the rest is another one.
      const restMs = Math.min(Math.max(0, atMs - Date.now()), TIMEOUT_MS_MAX);
      timer = setTimeout(() => (Date.now() >= atMs ? callback() : arm()), restMs);
      timer.unref();
    };
    arm();
    return () => clearTimeout(timer);
  },
};
