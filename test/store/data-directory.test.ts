import { Database } from "bun:sqlite";
import { afterEach, describe, expect, test } from "bun:test";
import { existsSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DataDirectoryHeldError, DataDirectoryUnusableError } from "../../src/store/data-directory.ts";
import { openStore } from "../../src/store/open-store.ts";
import { createActive } from "./contract/records.ts";
import { temporaryDirectories } from "./temporary-directory.ts";

const temporaryDirectory = temporaryDirectories();
const HOLDER = join(import.meta.dir, "holder.ts");

const children: Bun.Subprocess[] = [];
afterEach(async () => {
  for (const child of children.splice(0)) {
    child.kill("SIGKILL");
    await child.exited;
  }
});

const failureOf = (directory: string): Promise<unknown> =>
  openStore({ directory }).then(
    () => undefined,
    (error: unknown) => error,
  );

/** Another process that has the directory open until it is killed. */
async function holder(directory: string) {
  const child = Bun.spawn([process.execPath, HOLDER, directory], { stdout: "pipe", stderr: "inherit" });
  children.push(child);
  const reader = child.stdout.getReader();
  await reader.read();
  reader.releaseLock();
  return child;
}

describe("data directory", () => {
  test("a second process is refused, and told who holds it", async () => {
    const directory = await temporaryDirectory();
    const child = await holder(directory);
    const failure = await failureOf(directory);
    expect(failure).toBeInstanceOf(DataDirectoryHeldError);
    expect(failure).toMatchObject({ directory, holderPid: child.pid });
    expect(String(failure)).toContain(`"${directory}": process ${child.pid} has it open`);
  });

  test("kill -9 of the holder frees it at once, whatever its pid file says", async () => {
    const directory = await temporaryDirectory();
    const child = await holder(directory);
    child.kill("SIGKILL");
    await child.exited;
    expect(existsSync(join(directory, "lambent.pid"))).toBe(true);
    await (await openStore({ directory })).close();
    expect(existsSync(join(directory, "lambent.pid"))).toBe(false);
  });

  test("a second store in the same process is refused, and the first goes on working", async () => {
    const directory = await temporaryDirectory();
    const store = await openStore({ directory });
    expect(await failureOf(directory)).toMatchObject({ name: "DataDirectoryHeldError", holderPid: process.pid });
    await createActive(store, "f");
    const child = Bun.spawn([process.execPath, HOLDER, directory], { stdout: "pipe", stderr: "pipe" });
    children.push(child);
    expect(await new Response(child.stderr).text()).toContain(`process ${process.pid} has it open`); // the refusal in this process did not drop the lock
    await store.close();
    const again = await openStore({ directory });
    expect(await again.functions.find("f")).toBeDefined();
    await again.close();
  });

  test("a closed store takes no more writes", async () => {
    const store = await openStore({ directory: await temporaryDirectory() });
    await store.close();
    expect(createActive(store, "f")).rejects.toThrow();
  });

  test("a directory that cannot be made is refused with the reason", async () => {
    const file = join(await temporaryDirectory(), "file");
    writeFileSync(file, "");
    const failure = await failureOf(join(file, "data"));
    expect(failure).toBeInstanceOf(DataDirectoryUnusableError);
    expect(String(failure)).toMatch(/^DataDirectoryUnusableError: Cannot use data directory ".*": .*ENOTDIR/);
    expect(await failureOf(file)).toBeInstanceOf(DataDirectoryUnusableError);
  });

  test.if(process.platform === "linux")("a directory that cannot be written is refused with the reason", async () => {
    expect(await failureOf("/proc")).toBeInstanceOf(DataDirectoryUnusableError);
    expect(await failureOf("/proc/lambent")).toBeInstanceOf(DataDirectoryUnusableError);
  });

  test("a file that is not a database is refused with the reason, and left as it is", async () => {
    const directory = await temporaryDirectory();
    writeFileSync(join(directory, "lambent.db"), "not a database ".repeat(100));
    const failure = await failureOf(directory);
    expect(failure).toBeInstanceOf(DataDirectoryUnusableError);
    expect(String(failure)).toContain("file is not a database");
    expect(await Bun.file(join(directory, "lambent.db")).text()).toStartWith("not a database");
  });

  test("the database and its log are for their user alone", async () => {
    const directory = await temporaryDirectory();
    const store = await openStore({ directory });
    await createActive(store, "f");
    for (const file of ["lambent.db", "lambent.db-wal"])
      expect(statSync(join(directory, file)).mode & 0o777, file).toBe(0o600);
    expect(statSync(join(directory, "packages")).mode & 0o777).toBe(0o700);
    await store.close();
  });

  test("a copy of the database file alone is whole once the store is closed", async () => {
    const directory = await temporaryDirectory();
    const store = await openStore({ directory });
    await createActive(store, "f");
    await store.close();
    const copy = join(await temporaryDirectory(), "copy.db");
    await Bun.write(copy, Bun.file(join(directory, "lambent.db")));
    const database = new Database(copy);
    expect(database.query("SELECT name FROM functions").all()).toEqual([{ name: "f" }]);
    database.close();
  });
});
