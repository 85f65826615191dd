import { afterEach, beforeEach } from "bun:test";
import type { Store } from "../../../src/store/port.ts";

/** A store for each test of the surrounding block: call the answer to get at it. */
export function openedForEach(open: () => Promise<Store>): () => Store {
  let store: Store | undefined;
  beforeEach(async () => {
    store = await open();
  });
  afterEach(() => store?.close());
  return () => {
    if (!store) throw new Error("The store is open during a test only");
    return store;
  };
}
