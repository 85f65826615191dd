/** The keys that seal secrets at rest, as an operator meets them. */
import { expect, test } from "bun:test";
import { chmodSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { runLambent, startServer, temporaryDirectory } from "../support/server.ts";

test("the key file is made at the first start, for its owner alone, and the same at the next", async () => {
  const server = await startServer();
  try {
    const path = join(server.dataDirectory, "lambent.key");
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const before = readFileSync(path, "utf8");
    await server.restart();
    expect(readFileSync(path, "utf8")).toBe(before);
  } finally {
    await server.stop();
  }
});

test("a key file that others may read ends the start with what to do", async () => {
  const directory = await temporaryDirectory();
  try {
    const server = await startServer({ dataDirectory: directory.path });
    await server.stop();
    const path = join(directory.path, "lambent.key");
    chmodSync(path, 0o644);
    const { code, stderr } = await runLambent(["serve", "--port", "0", "--data-dir", directory.path]);
    expect(stderr).toContain(`chmod 600 ${path}`);
    expect(code).toBe(1);
  } finally {
    await directory.remove();
  }
});

test("a key file that was rotated opens what it opened before, for the server and for its host", async () => {
  const server = await startServer({ flags: ["--auth", "keys"] });
  try {
    const own = ["--data-dir", server.dataDirectory];
    const list = () => runLambent(["keys", "ls", "--url", server.url, ...own]);
    await runLambent(["keys", "create", "--name", "ann", "--role", "reader", "--url", server.url, ...own]);
    const rotated = await runLambent(["keys", "rotate-file", ...own]);
    expect(rotated.stdout).toContain("has a new first key");
    expect((await list()).stdout).toContain("ann"); // the server does not know the new one yet
    await server.restart();
    expect((await list()).stdout).toMatch(/ann +AKIA\w+ +reader +\S+ +never/);
  } finally {
    await server.stop();
  }
});
