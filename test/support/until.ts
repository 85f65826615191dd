/** Asks again and again until the answer is something, and fails by saying what it waited for. */
export async function until<T>(
  what: string,
  ask: () => T | undefined | false | null | Promise<T | undefined | false | null>,
  withinMs = 10_000,
): Promise<T> {
  const deadlineMs = performance.now() + withinMs;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined && answer !== false && answer !== null) return answer;
    if (performance.now() > deadlineMs) throw new Error(`Waited ${withinMs} ms in vain until ${what}`);
    await Bun.sleep(5);
  }
}
