/**
 * The longest time without a turn of the event loop while something was done, as a share of all that it took: 1 when it was done in one
 * piece, whatever the machine's speed.
 */
export async function longestPauseShare(work: () => Promise<unknown>): Promise<number> {
  const beganAtMs = performance.now();
  let longestMs = 0;
  let lastMs = beganAtMs;
  const turn = (): void => {
    const nowMs = performance.now();
    longestMs = Math.max(longestMs, nowMs - lastMs);
    lastMs = nowMs;
  };
  const timer = setInterval(turn, 1);
  try {
    await work();
  } finally {
    clearInterval(timer);
  }
  turn();
  return longestMs / (performance.now() - beganAtMs);
}
