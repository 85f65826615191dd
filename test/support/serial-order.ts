/**
 * What one function can answer, on a page: given what each client was answered, in its own order, is there one order of all of it in
 * which a single server could have answered just that?
 */

export type Observed =
  /** `$LATEST` read: its content. */
  | { readonly did: "read"; readonly content: string }
  | { readonly did: "update"; readonly timeout: number; readonly answer: "ok" | "busy" }
  /** Under the revision of the client's last read. */
  | { readonly did: "guarded-update"; readonly description: string; readonly answer: "ok" | "busy" | "stale" }
  | { readonly did: "publish"; readonly answer: { readonly version: number; readonly content: string } | "busy" }
  | { readonly did: "delete"; readonly version: number; readonly answer: "ok" | "aliased" }
  | {
      readonly did: "create-alias";
      readonly name: string;
      readonly version: number;
      readonly answer: "ok" | "exists" | "no-version";
    }
  | {
      readonly did: "move-alias";
      readonly name: string;
      readonly version: number;
      readonly answer: "ok" | "missing" | "no-version";
    }
  | { readonly did: "delete-alias"; readonly name: string };

interface State {
  readonly timeout: number;
  readonly description: string;
  /** Counts what gives `$LATEST` a new revision, settling aside. */
  readonly stamp: number;
  readonly given: number;
  readonly versions: Readonly<Record<number, string>>;
  readonly aliases: Readonly<Record<string, number>>;
  /** The stamp at each client's last read. */
  readonly read: readonly number[];
}

export const contentOf = (state: { timeout: number; description: string }): string =>
  `${state.timeout} ${state.description}`;

/** Whether some order explains all answers, beginning with a function of this timeout and no versions. */
export function hasSerialOrder(clients: readonly (readonly Observed[])[], initial: { timeout: number }): boolean {
  const dead = new Set<string>();
  const explains = (state: State, done: readonly number[]): boolean => {
    if (clients.every((client, index) => done[index] === client.length)) return true;
    const key = JSON.stringify([state, done]);
    if (dead.has(key)) return false;
    for (const [index, client] of clients.entries()) {
      const next = client[done[index] ?? 0];
      const after = next && step(state, next, index);
      if (after && explains(after, done.with(index, (done[index] ?? 0) + 1))) return true;
    }
    dead.add(key);
    return false;
  };
  const read = clients.map(() => -1);
  const state = { timeout: initial.timeout, description: "", stamp: 0, given: 0, versions: {}, aliases: {}, read };
  return explains(
    state,
    clients.map(() => 0),
  );
}

/** The state after an answer; undefined when this answer was not possible here. "busy" and "stale" are possible at any time: settling takes its own. */
function step(state: State, seen: Observed, client: number): State | undefined {
  switch (seen.did) {
    case "read":
      if (seen.content !== contentOf(state)) return undefined;
      return { ...state, read: state.read.with(client, state.stamp) };
    case "update":
      return seen.answer === "busy" ? state : { ...state, timeout: seen.timeout, stamp: state.stamp + 1 };
    case "guarded-update":
      if (seen.answer !== "ok") return state;
      if (state.read[client] !== state.stamp) return undefined; // a lost update
      return { ...state, description: seen.description, stamp: state.stamp + 1 };
    case "publish":
      return seen.answer === "busy" ? state : publish(state, seen.answer);
    case "delete": {
      const aliased = Object.values(state.aliases).includes(seen.version);
      if (aliased !== (seen.answer === "aliased")) return undefined;
      if (aliased) return state;
      const { [seen.version]: _, ...versions } = state.versions;
      return { ...state, versions };
    }
    case "create-alias": {
      const answer = seen.name in state.aliases ? "exists" : seen.version in state.versions ? "ok" : "no-version";
      return answer === seen.answer ? moved(state, seen) : undefined;
    }
    case "move-alias": {
      const answer = !(seen.name in state.aliases) ? "missing" : seen.version in state.versions ? "ok" : "no-version";
      return answer === seen.answer ? moved(state, seen) : undefined;
    }
    case "delete-alias": {
      const { [seen.name]: _, ...aliases } = state.aliases;
      return { ...state, aliases };
    }
    default:
      return seen satisfies never;
  }
}

/** Unchanged since the last number was given out, and that version still there: the same number. Otherwise the next one. */
function publish(state: State, answer: { version: number; content: string }): State | undefined {
  const content = contentOf(state);
  if (answer.content !== content) return undefined;
  if (state.versions[state.given] === content) return answer.version === state.given ? state : undefined;
  const given = state.given + 1;
  if (answer.version !== given) return undefined;
  return { ...state, given, stamp: state.stamp + 1, versions: { ...state.versions, [given]: content } };
}

const moved = (state: State, seen: { name: string; version: number; answer: string }): State =>
  seen.answer === "ok" ? { ...state, aliases: { ...state.aliases, [seen.name]: seen.version } } : state;
