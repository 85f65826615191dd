import { join } from "node:path";
import { openStore } from "../../src/store/open-store.ts";
import { storeContract } from "./contract.ts";
import { temporaryDirectories } from "./temporary-directory.ts";

const temporaryDirectory = temporaryDirectories();

storeContract("SQLite in memory", () => openStore({ memory: true }));
storeContract("SQLite on disk", async () => openStore({ directory: join(await temporaryDirectory(), "data") }));
