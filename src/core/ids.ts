/** Where ids come from: drawn in one place, so that tests can name theirs. */
export interface Ids {
  /** A random UUID: request ids, revision ids. */
  uuid(): string;
}

export const randomIds: Ids = { uuid: () => crypto.randomUUID() };
