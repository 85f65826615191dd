/** Opens the store in the directory named by its argument, says so, and holds it until killed. */
import { openStore } from "../../src/store/open-store.ts";

await openStore({ directory: Bun.argv[2] ?? "" });
console.log("open");
setInterval(() => Bun.gc(true), 5); // nothing refers to the store any more: the lock must not depend on that
