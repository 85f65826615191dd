/** What a process does last, whatever became of its tests: what those that failed have left is put away there. */

const actions: (() => void)[] = [];

/** @param action once, and for a run of tests after all files. */
export function atEnd(action: () => void): void {
  actions.push(action);
}

export function putAway(): void {
  for (const action of actions.splice(0)) action();
}

process.on("exit", putAway); // which `bun test` never emits: see at-end-of-tests.ts
