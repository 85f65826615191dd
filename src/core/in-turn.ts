/** What is under way, by what it is about. */
const turns = new Map<unknown, Promise<unknown>>();

/** Runs `work` when nothing else that was given the same `about` (a path, an object) runs, in the order in which they were asked for. */
export async function inTurn<T>(about: unknown, work: () => Promise<T>): Promise<T> {
  const before = turns.get(about) ?? Promise.resolve();
  const mine = before.catch(() => undefined).then(work);
  turns.set(about, mine);
  try {
    return await mine;
  } finally {
    if (turns.get(about) === mine) turns.delete(about);
  }
}
