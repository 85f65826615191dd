import { expect, test } from "bun:test";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { LATEST } from "../../src/core/states.ts";
import { openStore } from "../../src/store/open-store.ts";
import type { Store } from "../../src/store/port.ts";
import { temporaryDirectories } from "./temporary-directory.ts";

const temporaryDirectory = temporaryDirectories();
const WRITER = join(import.meta.dir, "writer.ts");
const KILLS = 6;

/** Runs a writer, kills it after a while, and answers the names that it got acknowledged. */
async function acknowledgedUntilKilled(directory: string, prefix: string): Promise<string[]> {
  const child = Bun.spawn([process.execPath, WRITER, directory, prefix], { stdout: "pipe", stderr: "inherit" });
  const output = child.stdout.getReader();
  let text = "";
  let killed = false;
  for (;;) {
    const { done, value } = await output.read();
    if (done) break;
    text += new TextDecoder().decode(value);
    if (!killed) setTimeout(() => child.kill("SIGKILL"), 20 + Math.random() * 150); // counted from the first name
    killed = true;
  }
  await child.exited;
  return text.split("\n").slice(0, -1); // a line without its end was not printed whole
}

async function expectWhole(store: Store, name: string): Promise<void> {
  const published = await store.functions.findVersion({ functionName: name, version: "1" });
  const path = await store.packages.find(published?.code.sha256 ?? "");
  expect(await readFile(path ?? "", "utf8")).toBe(name.repeat(2000));
}

test("kill -9 at any moment loses nothing that was acknowledged and leaves nothing half made", async () => {
  const directory = await temporaryDirectory();
  const acknowledged: string[] = [];
  for (let kill = 0; kill < KILLS; kill++) {
    acknowledged.push(...(await acknowledgedUntilKilled(directory, `f${kill}`)));
    const store = await openStore({ directory });

    for (const name of acknowledged) {
      await expectWhole(store, name);
      expect(await store.aliases.find({ functionName: name, name: "live" })).toMatchObject({ version: "1" });
      expect(await store.documents.find({ kind: "policy", owner: name, key: "" })).toMatchObject({ body: { name } });
    }
    const stored = await store.functions.list({ versions: "all", count: 1_000_000 });
    const latest = stored.items.filter((version) => version.version === LATEST);
    expect(stored.items.length).toBe(2 * latest.length);
    for (const { functionName } of latest) await expectWhole(store, functionName); // acknowledged or not
    expect((await store.functions.usage()).codeBytes).toBe(100 * stored.items.length);

    await store.packages.sweep(() => store.functions.digestsInUse());
    for (const { functionName } of latest) await expectWhole(store, functionName);
    await store.close();
  }
  expect(acknowledged.length).toBeGreaterThan(KILLS);
}, 60_000);
