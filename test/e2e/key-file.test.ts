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
