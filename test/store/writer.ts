/**
 * Makes functions one after the other in the directory named by its argument until killed: package, function with version 1,
 * alias, document. Prints each name when all of it is acknowledged.
 */
import { openStore } from "../../src/store/open-store.ts";
import { alias, code, create, latestOf } from "./contract/records.ts";

const [directory = "", prefix = ""] = Bun.argv.slice(2);
const store = await openStore({ directory });
for (let count = 0; ; count++) {
  const name = `${prefix}-${count}`;
  const use = code(name, 100);
  const release = await store.packages.put({ sha256: use.sha256, bytes: new TextEncoder().encode(name.repeat(2000)) });
  const latest = latestOf(name, { code: use });
  await create(store, latest, { published: { ...latest, version: "1" } });
  release();
  await store.aliases.create(alias(name, "live", { version: "1" }));
  await store.documents.put({ kind: "policy", owner: name, key: "", body: { name }, nowMs: count });
  process.stdout.write(`${name}\n`);
}
