/** The states of an execution environment, and which may follow which. */
export type EnvironmentState = "starting" | "idle" | "busy" | "stopping" | "dead";

const NEXT: Record<EnvironmentState, readonly EnvironmentState[]> = {
  starting: ["idle", "stopping", "dead"],
  idle: ["busy", "stopping", "dead"],
  busy: ["idle", "stopping", "dead"],
  stopping: ["dead"],
  dead: [],
};

/** @throws Error for a step that the table does not list: that is a bug of ours. */
export function assertStep(from: EnvironmentState, to: EnvironmentState): void {
  if (!NEXT[from].includes(to)) throw new Error(`An environment cannot go from ${from} to ${to}`);
}
