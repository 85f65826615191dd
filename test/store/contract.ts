/** What any implementation of the store has to pass, and all that one has to pass. */
import { describe } from "bun:test";
import type { Store } from "../../src/store/port.ts";
import { aliasContract } from "./contract/aliases.ts";
import { documentContract } from "./contract/documents.ts";
import { functionContract } from "./contract/functions.ts";
import { modelContract } from "./contract/model.ts";
import { packageContract } from "./contract/packages.ts";
import { scheduleContract } from "./contract/schedules.ts";
import { versionContract } from "./contract/versions.ts";

/** `open` answers an empty store, a new one at every call; the tests close it. */
export function storeContract(implementation: string, open: () => Promise<Store>): void {
  describe(implementation, () => {
    functionContract(open);
    versionContract(open);
    aliasContract(open);
    documentContract(open);
    packageContract(open);
    scheduleContract(open);
    modelContract(open);
  });
}
